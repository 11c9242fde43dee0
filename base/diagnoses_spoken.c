/* SPDX-License-Identifier: MIT
 * Which of a server's words are its own, and whether they are like a pattern. */
#include <string.h>

#include "base/diagnoses_private.h"
#include "base/str.h"

static bool is_letter(char c)
{
    c = str_lower(c);
    return (c >= 'a' && c <= 'z') || ((unsigned char)c & 0x80) != 0;
}

static bool is_word_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static void spoken_add(struct spoken *spoken, const char *begin, const char *end)
{
    if (spoken->count == SPOKEN_MAX_SPANS || begin == end)
        return;
    spoken->spans[spoken->count].begin = begin;
    spoken->spans[spoken->count++].end = end;
}

/* The closing sign for an opening one, or 0. An apostrophe opens only in front of a word. */
static char closing_sign(const char *text, const char *at)
{
    bool is_inside_word = at > text && is_word_byte(at[-1]);
    switch (*at) {
    case '"':
        return '"';
    case '[':
        return ']';
    case '<':
        return '>';
    case '\'':
    case '`':
        return is_inside_word ? '\0' : '\'';
    default:
        return '\0';
    }
}

static const char *find_closing(const char *at, char sign)
{
    for (; *at != '\0'; at++) {
        if (*at == sign && (sign != '\'' || !is_word_byte(at[1])))
            return at;
    }
    return NULL;
}

static void spoken_add_quotes(struct spoken *spoken)
{
    for (const char *at = spoken->text; *at != '\0'; at++) {
        char sign = closing_sign(spoken->text, at);
        const char *end = sign == '\0' ? NULL : find_closing(at + 1, sign);
        if (end == NULL)
            continue;
        spoken_add(spoken, at + 1, end);
        at = end;
    }
}

/* Every place where the name stands as words of its own. */
static void spoken_add_name(struct spoken *spoken, const char *name)
{
    size_t size = strlen(name);
    const char *at = spoken->text;
    while (size > 0 && (at = str_ifind(at, name)) != NULL) {
        bool is_alone = (at == spoken->text || !is_word_byte(at[-1]) || !is_word_byte(name[0])) &&
                        (!is_word_byte(at[size]) || !is_word_byte(name[size - 1]));
        if (is_alone)
            spoken_add(spoken, at, at + size);
        at += is_alone ? size : 1;
    }
}

static bool spoken_has_span(const struct spoken *spoken, const char *begin, const char *end)
{
    for (size_t i = 0; i < spoken->count; i++) {
        if (begin >= spoken->spans[i].begin && end <= spoken->spans[i].end)
            return true;
    }
    return false;
}

static bool spoken_says_something(const struct spoken *spoken)
{
    for (const char *at = spoken->text; *at != '\0'; at++) {
        if (is_letter(*at) && !spoken_has_span(spoken, at, at + 1))
            return true;
    }
    return false;
}

void spoken_init(struct spoken *spoken, const char *text, const char *subject)
{
    const char *leaf = subject + strlen(subject);
    while (leaf > subject && leaf[-1] != '/' && leaf[-1] != '.')
        leaf--;
    spoken->text = text;
    spoken->count = 0;
    spoken_add_name(spoken, subject);
    if (leaf != subject)
        spoken_add_name(spoken, leaf);
    spoken_add_quotes(spoken);
    /* A folder may be called exactly what the server says. */
    if (!spoken_says_something(spoken))
        spoken->count = 0;
}

static bool piece_is_at(const char *at, const char *piece, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (str_lower(at[i]) != str_lower(piece[i])) /* the end of `at` differs too */
            return false;
    }
    return true;
}

/* Where the piece ends that is found at or behind `at`; NULL if it is not. */
static const char *spoken_find(const struct spoken *spoken, const char *at, const char *piece,
                               size_t size, bool is_here)
{
    for (;; at++) {
        if (piece_is_at(at, piece, size) && !spoken_has_span(spoken, at, at + size))
            return at + size;
        if (is_here || *at == '\0')
            return NULL;
    }
}

static bool spoken_is_like_one(const struct spoken *spoken, const char *pattern, size_t size,
                               bool is_anywhere)
{
    const char *at = spoken->text;
    const char *end = pattern + size;
    bool is_here = !is_anywhere;
    while (at != NULL && pattern < end) {
        const char *star = memchr(pattern, '*', (size_t)(end - pattern));
        const char *piece_end = star == NULL ? end : star;
        if (piece_end > pattern)
            at = spoken_find(spoken, at, pattern, (size_t)(piece_end - pattern), is_here);
        is_here = false;
        pattern = star == NULL ? end : star + 1;
    }
    return at != NULL;
}

bool spoken_is_like(const struct spoken *spoken, const char *patterns, bool is_anywhere)
{
    while (*patterns != '\0') {
        size_t size = strcspn(patterns, "|");
        if (spoken_is_like_one(spoken, patterns, size, is_anywhere))
            return true;
        patterns += size;
        patterns += *patterns == '|';
    }
    return false;
}
