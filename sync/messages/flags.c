/* SPDX-License-Identifier: MIT */
#include "sync/messages/flags.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* -- words -- */

static const char *system_flag(const char *text, size_t size)
{
    static const char *const names[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
                                        "\\Draft"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_iequals_n(text, size, names[i]))
            return names[i];
    }
    return NULL;
}

/* flag-keyword = atom, flag-extension = "\" atom (RFC 9051 section 9). */
static bool is_atom(const char *text, size_t size)
{
    if (size == 0 || size > 255)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
            return false;
    }
    return true;
}

static struct flag_word flag_word_make(const char *text, size_t size)
{
    const char *system = system_flag(text, size);
    if (system != NULL)
        return (struct flag_word){system, strlen(system), FLAG_SYSTEM};
    bool has_backslash = size > 0 && text[0] == '\\';
    enum flag_kind kind = str_iequals_n(text, size, "\\Recent")                  ? FLAG_RECENT
                          : !is_atom(text + has_backslash, size - has_backslash) ? FLAG_NONE
                          : has_backslash                                        ? FLAG_UNKNOWN
                                                                                 : FLAG_KEYWORD;
    return (struct flag_word){text, size, kind};
}

bool flag_word_next(const char **text, struct flag_word *word_r)
{
    *text += strspn(*text, " ");
    size_t size = strcspn(*text, " ");
    if (size == 0)
        return false;
    *word_r = flag_word_make(*text, size);
    *text += size;
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

bool flags_have(const char *text, const char *word, size_t size)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length == size && equals_n(text, word, size))
            return true;
        text += length;
        text += strspn(text, " ");
    }
    return false;
}

static bool has_all(const char *text, const char *other)
{
    struct flag_word word;
    while (flag_word_next(&text, &word)) {
        if (!flags_have(other, word.text, word.size))
            return false;
    }
    return true;
}

bool flags_are_equal(const char *a, const char *b)
{
    return has_all(a, b) && has_all(b, a);
}

void flags_append_missing(const char *text, const char *other, struct buffer *missing)
{
    struct flag_word word;
    while (flag_word_next(&text, &word)) {
        if (flags_have(other, word.text, word.size))
            continue;
        if (missing->used > 0)
            buffer_append_byte(missing, ' ');
        buffer_append(missing, word.text, word.size);
    }
}

/* -- tokens -- */

static int compare_folded(const struct flag_word *left, const struct flag_word *right)
{
    for (size_t i = 0; i < left->size && i < right->size; i++) {
        int order = (unsigned char)str_lower(left->text[i]) -
                    (unsigned char)str_lower(right->text[i]);
        if (order != 0)
            return order;
    }
    return left->size < right->size ? -1 : left->size > right->size;
}

/* Those that differ by case alone come in an order of their own. */
static int compare_words(const void *a, const void *b)
{
    const struct flag_word *left = a;
    const struct flag_word *right = b;
    int order = compare_folded(left, right);
    return order != 0 ? order : memcmp(left->text, right->text, left->size);
}

void flags_append_canonical(const struct imap_token *flags, size_t count, struct buffer *text)
{
    struct flag_word words[FLAGS_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < FLAGS_MAX; i++) {
        if (flags[i].type != IMAP_TOKEN_ATOM)
            continue;
        words[kept] = flag_word_make(flags[i].data, flags[i].size);
        kept += words[kept].kind != FLAG_NONE && words[kept].kind != FLAG_RECENT;
    }
    if (kept > 1)
        qsort(words, kept, sizeof(words[0]), compare_words);
    for (size_t i = 0; i < kept; i++) {
        if (i > 0 && compare_folded(&words[i - 1], &words[i]) == 0)
            continue;
        if (i > 0)
            buffer_append_byte(text, ' ');
        buffer_append(text, words[i].text, words[i].size);
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
