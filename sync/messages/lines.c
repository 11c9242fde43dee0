/* SPDX-License-Identifier: MIT */
#include "sync/messages/lines.h"

#include <string.h>

#include "base/str.h"

/* More can't be written in an expression. */
#define WRAP_LENGTH_MAX 65535

size_t lines_longest(const void *text, size_t size)
{
    const char *at = text;
    const char *end = at + size;
    size_t longest = 0;
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((lf == NULL ? end : lf + 1) - at);
        longest = length > longest ? length : longest;
        at += length;
    }
    return longest;
}

/* -- the rule -- */

static bool take(const char **at, const char *text)
{
    size_t size = strlen(text);
    if (strncmp(*at, text, size) != 0)
        return false;
    *at += size;
    return true;
}

/* One of these would be read as something else, or ends where the rule does not. */
static bool is_delimiter(char c)
{
    return c != '\0' && strchr(" \t\r\n\\'$(.{})[]<>", c) == NULL && !(c >= '0' && c <= '9') &&
           !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_';
}

static char closing_of(char c)
{
    static const char pairs[] = "(){}[]<>";
    const char *at = c == '\0' ? NULL : strchr(pairs, c);
    return at == NULL || (at - pairs) % 2 == 1 ? '\0' : at[1];
}

static bool take_pattern(const char **at, size_t *length_r)
{
    uint64_t length;
    if (!take(at, "(.{"))
        return false;
    size_t digits = strspn(*at, "0123456789");
    if (!str_to_uint64(*at, digits, WRAP_LENGTH_MAX, &length) || length == 0)
        return false;
    *at += digits;
    *length_r = (size_t)length;
    return take(at, "})");
}

static bool take_replacement(const char **at)
{
    return (take(at, "$1") || take(at, "${1}") || take(at, "\\1")) && take(at, "\\r\\n");
}

/* "g", and what changes nothing here. */
static bool is_global(const char *modifiers)
{
    return modifiers[strspn(modifiers, "gimx")] == '\0' && strchr(modifiers, 'g') != NULL;
}

/* s{...}{...}: the second half may have delimiters of its own, and blanks before it. */
static bool take_bracketed(const char **at, size_t *length_r)
{
    char closing = closing_of(**at);
    (*at)++;
    if (!take_pattern(at, length_r) || **at != closing)
        return false;
    (*at)++;
    *at += strspn(*at, " \t");
    closing = closing_of(**at);
    if (closing == '\0') {
        closing = **at;
        if (!is_delimiter(closing))
            return false;
    }
    (*at)++;
    if (!take_replacement(at) || **at != closing)
        return false;
    (*at)++;
    return true;
}

static bool take_delimited(const char **at, size_t *length_r)
{
    char delimiter = **at;
    if (!is_delimiter(delimiter))
        return false;
    (*at)++;
    if (!take_pattern(at, length_r) || **at != delimiter)
        return false;
    (*at)++;
    if (!take_replacement(at) || **at != delimiter)
        return false;
    (*at)++;
    return true;
}

bool lines_wrap_rule(const char *rule, size_t *length_r)
{
    const char *at = rule;
    if (!take(&at, "s"))
        return false;
    bool is_one = closing_of(*at) != '\0' ? take_bracketed(&at, length_r)
                                          : take_delimited(&at, length_r);
    return is_one && is_global(at);
}

/* -- breaking -- */

bool lines_need_wrap(const void *text, size_t size, size_t length)
{
    const char *from = text;
    while (size >= length) {
        /* Backwards from where a match would end: all that lies before an LF is passed over. */
        size_t at = length;
        while (at > 0 && from[at - 1] != '\n')
            at--;
        if (at == 0)
            return true;
        from += at;
        size -= at;
    }
    return false;
}

bool lines_wrap(const void *text, size_t size, size_t length, struct buffer *out, uint64_t *lines_r)
{
    const char *at = text;
    const char *end = at + size;
    *lines_r = 0;
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = lf == NULL ? end : lf;
        *lines_r += (size_t)(line_end - at) >= length;
        for (; (size_t)(line_end - at) >= length; at += length) {
            if (!buffer_append(out, at, length) || !buffer_append(out, "\r\n", 2))
                return false;
        }
        line_end = lf == NULL ? end : lf + 1;
        if (!buffer_append(out, at, (size_t)(line_end - at)))
            return false;
        at = line_end;
    }
    return true;
}

/* -- line ends -- */

/* The next LF without CR, or NULL. */
static const char *next_bare_lf(const char *begin, const char *from, const char *end)
{
    const char *lf = from;
    while ((lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL) {
        if (lf == begin || lf[-1] != '\r')
            return lf;
        lf++;
    }
    return NULL;
}

bool lines_have_bare_lf(const void *text, size_t size)
{
    return size > 0 && next_bare_lf(text, text, (const char *)text + size) != NULL;
}

bool lines_append_crlf(const void *text, size_t size, struct buffer *out)
{
    const char *begin = text;
    const char *end = begin + size;
    const char *at = begin;
    while (at < end) {
        const char *lf = next_bare_lf(begin, at, end);
        const char *until = lf == NULL ? end : lf;
        if (!buffer_append(out, at, (size_t)(until - at)) ||
            (lf != NULL && !buffer_append(out, "\r\n", 2)))
            return false;
        at = lf == NULL ? end : lf + 1;
    }
    return true;
}
