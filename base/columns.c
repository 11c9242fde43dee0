/* SPDX-License-Identifier: MIT */
#include "base/columns.h"

#include <stdint.h>
#include <string.h>

#include "base/columns_ranges.h"
#include "base/str.h"

/* Of a text that is to be cut to a few columns nobody reads more. */
#define COLUMNS_TEXT_MAX_BYTES 4096
/* More marks on one character are nothing that people write. */
#define COLUMNS_MARKS_MAX 3

#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS    "\xe2\x80\xa6"

#define IS_IN(ranges, code) range_holds(ranges, sizeof(ranges) / sizeof((ranges)[0]), code)

static bool range_holds(const struct columns_range *ranges, size_t count, uint32_t code)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && ranges[low].first <= code;
}

/* The character at `text`, which is valid UTF-8. */
static uint32_t code_point(const char *text, size_t *size_r)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t size = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t code = size == 1 ? bytes[0] : bytes[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (bytes[i] & 0x3fu);
    *size_r = size;
    return code;
}

static size_t code_columns(uint32_t code)
{
    if (code < 0x300)
        return 1;
    return IS_IN(columns_none, code) ? 0 : IS_IN(columns_wide, code) ? 2 : 1;
}

size_t columns_of(const char *text)
{
    size_t columns = 0;
    size_t size;
    for (; *text != '\0'; text += size)
        columns += code_columns(code_point(text, &size));
    return columns;
}

/* Without what hides or turns around, and without towers of marks. */
static void append_calm(struct buffer *calm, const char *text)
{
    size_t marks = COLUMNS_MARKS_MAX; /* none before the first character */
    size_t size;
    for (; *text != '\0'; text += size) {
        uint32_t code = code_point(text, &size);
        bool is_hidden = code == 0xad || code == 0x61c ||
                         (code > 0x300 && IS_IN(columns_hidden, code));
        marks = is_hidden || code_columns(code) > 0 ? 0 : marks + 1;
        if (is_hidden)
            buffer_append_str(calm, REPLACEMENT);
        else if (marks <= COLUMNS_MARKS_MAX)
            buffer_append(calm, text, size);
    }
}

static void append_blanks(struct buffer *line, size_t count)
{
    while (count-- > 0)
        buffer_append_byte(line, ' ');
}

/* As much as fits; the rest of the width stays blank. */
static void append_cut(struct buffer *line, const char *text, size_t width)
{
    size_t at = 0;
    size_t size;
    if (width == 0)
        return;
    for (; *text != '\0'; text += size) {
        size_t columns = code_columns(code_point(text, &size));
        if (at + columns > width - 1)
            break;
        buffer_append(line, text, size);
        at += columns;
    }
    buffer_append_str(line, ELLIPSIS);
    append_blanks(line, width - 1 - at);
}

static void columns_make_calm(const char *text, struct buffer *calm)
{
    struct buffer printable;
    buffer_init(&printable, (size_t)4 * COLUMNS_TEXT_MAX_BYTES + 1);
    buffer_init(calm, (size_t)4 * COLUMNS_TEXT_MAX_BYTES + 1);
    str_append_printable(&printable, text, strnlen(text, COLUMNS_TEXT_MAX_BYTES));
    append_calm(calm, buffer_str(&printable));
    buffer_deinit(&printable);
}

size_t columns_wanted(const char *text)
{
    struct buffer calm;
    columns_make_calm(text, &calm);
    size_t columns = columns_of(buffer_str(&calm));
    buffer_deinit(&calm);
    return columns;
}

void columns_append_cell(struct buffer *line, const char *text, size_t width, bool is_right)
{
    struct buffer calm;
    columns_make_calm(text, &calm);
    size_t columns = columns_of(buffer_str(&calm));
    if (columns > width) {
        append_cut(line, buffer_str(&calm), width);
    } else {
        append_blanks(line, is_right ? width - columns : 0);
        buffer_append_str(line, buffer_str(&calm));
        append_blanks(line, is_right ? 0 : width - columns);
    }
    buffer_deinit(&calm);
}
