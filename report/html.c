/* SPDX-License-Identifier: MIT */
#include "report/html.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* str_append_printable() takes at most four times the bytes; a character has at most four. */
#define MAX_GROWTH 16

static const char *reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* The bytes of the character at `p`, which is valid UTF-8. */
static size_t character_size(const unsigned char *p)
{
    return p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
}

/* Only what has three bytes or less; that is all that is asked about. */
static uint32_t code_point(const unsigned char *p, size_t size)
{
    if (size == 1)
        return p[0];
    if (size == 2)
        return (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
    return (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
}

/* Turns the direction, breaks the line, or shows nothing where it stands. */
static bool is_sly(uint32_t code)
{
    return code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb);
}

/* Valid UTF-8 without control characters. */
static void append_characters(struct buffer *text, const char *words, size_t max_characters)
{
    const unsigned char *p = (const unsigned char *)words;
    for (size_t count = 0; *p != '\0'; count++) {
        size_t size = character_size(p);
        const char *name = size == 1 ? reference((char)*p) : NULL;
        uint32_t code = size < 4 ? code_point(p, size) : 0;
        if (count == max_characters) {
            buffer_append_str(text, "\xe2\x80\xa6");
            return;
        }
        if (name != NULL)
            buffer_append_str(text, name);
        else if (is_sly(code))
            buffer_printf(text, "[U+%04X]", (unsigned int)code);
        else
            buffer_append(text, p, size);
        p += size;
    }
}

void html_append_text(struct buffer *text, const char *words, size_t max_characters)
{
    struct buffer printable;
    size_t size = strlen(words);
    /* What is not shown need not be looked at; a character may be cut, but not among those shown.
     */
    if (size / MAX_GROWTH > max_characters)
        size = max_characters * MAX_GROWTH;
    buffer_init(&printable, size * MAX_GROWTH + 1);
    str_append_printable(&printable, words, size);
    append_characters(text, buffer_str(&printable), max_characters);
    buffer_deinit(&printable);
}

void html_append_name(struct buffer *text, const char *name)
{
    buffer_append_str(text, "<bdi>");
    html_append_text(text, name, HTML_NAME_CHARACTERS);
    buffer_append_str(text, "</bdi>");
}
