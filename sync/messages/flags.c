/* SPDX-License-Identifier: MIT */
#include "sync/messages/flags.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *system_flag(const struct imap_token *flag)
{
    static const char *const names[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
                                        "\\Draft"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (imap_token_is(flag, names[i]))
            return names[i];
    }
    return NULL;
}

/* flag-keyword = atom (RFC 9051 section 9). */
static bool is_keyword(const struct imap_token *flag)
{
    if (flag->type != IMAP_TOKEN_ATOM || flag->size == 0 || flag->size > 255)
        return false;
    for (size_t i = 0; i < flag->size; i++) {
        unsigned char c = (unsigned char)flag->data[i];
        if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
            return false;
    }
    return true;
}

static bool equals_n(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (str_lower(a[i]) != str_lower(b[i]))
            return false;
    }
    return true;
}

/* permanentflags holds words between blanks. */
static bool is_listed(const struct imap_mailbox *destination, const char *flag, size_t size)
{
    const char *word = destination->permanentflags;
    while (*word != '\0') {
        size_t length = strcspn(word, " ");
        if (length == size && equals_n(word, flag, size))
            return true;
        word += length;
        word += strspn(word, " ");
    }
    return false;
}

size_t flags_append_kept(const struct imap_token *flags, size_t count,
                         const struct imap_mailbox *destination, struct buffer *text)
{
    size_t dropped = 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = system_flag(&flags[i]);
        size_t size = name == NULL ? flags[i].size : strlen(name);
        bool is_possible = name != NULL || is_keyword(&flags[i]);
        /* A server that lists nothing gave no rule: everything may be tried. */
        bool is_kept = is_possible &&
                       (!destination->has_permanentflags ||
                        (name == NULL && destination->may_create_keywords) ||
                        is_listed(destination, name == NULL ? flags[i].data : name, size));
        if (is_kept) {
            if (kept++ > 0)
                buffer_append_byte(text, ' ');
            buffer_append(text, name == NULL ? flags[i].data : name, size);
        } else if (!imap_token_is(&flags[i], "\\Recent")) {
            dropped++;
        }
    }
    return dropped;
}

struct word {
    const char *text;
    size_t size;
};

static int compare_words(const void *a, const void *b)
{
    const struct word *left = a;
    const struct word *right = b;
    for (size_t i = 0; i < left->size && i < right->size; i++) {
        int order = (unsigned char)str_lower(left->text[i]) -
                    (unsigned char)str_lower(right->text[i]);
        if (order != 0)
            return order;
    }
    return left->size < right->size ? -1 : left->size > right->size;
}

void flags_append_canonical(const struct imap_token *flags, size_t count, struct buffer *text)
{
    struct word words[FLAGS_MAX] = {{NULL, 0}};
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < FLAGS_MAX; i++) {
        const char *name = system_flag(&flags[i]);
        if (name != NULL)
            words[kept++] = (struct word){name, strlen(name)};
        else if (is_keyword(&flags[i]))
            words[kept++] = (struct word){flags[i].data, flags[i].size};
    }
    qsort(words, kept, sizeof(words[0]), compare_words);
    for (size_t i = 0; i < kept; i++) {
        if (i > 0 && compare_words(&words[i - 1], &words[i]) == 0)
            continue;
        if (i > 0)
            buffer_append_byte(text, ' ');
        for (size_t k = 0; k < words[i].size; k++)
            buffer_append_byte(text, (unsigned char)(words[i].text[0] == '\\'
                                                         ? words[i].text[k]
                                                         : str_lower(words[i].text[k])));
    }
}

size_t flags_leave_out(const struct imap_token *flags, size_t count, const char *name,
                       struct imap_token kept_r[FLAGS_MAX])
{
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < FLAGS_MAX; i++) {
        if (!imap_token_is(&flags[i], name))
            kept_r[kept++] = flags[i];
    }
    return kept;
}

static bool text_has_word(const char *text, const char *word, size_t size)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length == size && memcmp(text, word, size) == 0)
            return true;
        text += length;
        text += strspn(text, " ");
    }
    return false;
}

/* The words of `text` that `other` has not. */
static void append_missing(const char *text, const char *other,
                           const struct imap_mailbox *destination, struct buffer *missing)
{
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        bool is_flag = text[0] != '%'; /* a label, see labels.h */
        bool is_kept = is_flag && (!destination->has_permanentflags ||
                                   (text[0] != '\\' && destination->may_create_keywords) ||
                                   is_listed(destination, text, size));
        if (is_kept && !text_has_word(other, text, size)) {
            if (missing->used > 0)
                buffer_append_byte(missing, ' ');
            buffer_append(missing, text, size);
        }
        text += size;
        text += strspn(text, " ");
    }
}

void flags_append_changes(const char *before, const char *after,
                          const struct imap_mailbox *destination, struct buffer *added,
                          struct buffer *removed)
{
    append_missing(after, before, destination, added);
    append_missing(before, after, destination, removed);
}
