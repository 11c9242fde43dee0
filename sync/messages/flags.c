/* SPDX-License-Identifier: MIT */
#include "sync/messages/flags.h"

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
