/* SPDX-License-Identifier: MIT */
#include "sync/messages/header.h"

#include <string.h>

#include "base/str.h"

/* The offset behind the line that starts at `from`. */
static size_t line_behind(const char *data, size_t size, size_t from)
{
    const char *lf = memchr(data + from, '\n', size - from);
    return lf == NULL ? size : (size_t)(lf - data) + 1;
}

static bool is_blank_line(const char *line, size_t size)
{
    return size == 0 || line[0] == '\n' || (size >= 2 && line[0] == '\r' && line[1] == '\n');
}

/* The length of a field's name, or 0 if the line is no field. */
static size_t field_name_length(const char *line, size_t size)
{
    size_t length = 0;
    while (length < size && line[length] > ' ' && line[length] < 0x7f && line[length] != ':')
        length++;
    return length < size && line[length] == ':' ? length : 0;
}

bool header_next(const void *data, size_t size, size_t *position, struct header_field *field_r)
{
    const char *text = data;
    while (*position < size) {
        size_t start = *position;
        size_t end = line_behind(text, size, start);
        if (is_blank_line(text + start, end - start))
            return false;
        while (end < size && (text[end] == ' ' || text[end] == '\t'))
            end = line_behind(text, size, end);
        *position = end;
        size_t name_size = field_name_length(text + start, end - start);
        if (name_size > 0) {
            field_r->name = text + start;
            field_r->name_size = name_size;
            field_r->value = text + start + name_size + 1;
            field_r->value_size = end - start - name_size - 1;
            return true;
        }
    }
    return false;
}

bool header_field_is(const struct header_field *field, const char *name)
{
    return str_iequals_n(field->name, field->name_size, name);
}

static void append_unfolded(const struct header_field *field, bool is_ascii, struct buffer *value)
{
    bool is_blank_due = false;
    bool has_begun = false;
    size_t size = field->value_size > HEADER_VALUE_MAX_BYTES ? HEADER_VALUE_MAX_BYTES
                                                             : field->value_size;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)field->value[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            is_blank_due = has_begun;
            continue;
        }
        if (is_blank_due)
            buffer_append_byte(value, ' ');
        is_blank_due = false;
        has_begun = true;
        buffer_append_byte(value, is_ascii && c >= 0x80 ? 'X' : c);
    }
}

void header_append_normal(const struct header_field *field, struct buffer *value)
{
    append_unfolded(field, true, value);
}

void header_append_text(const struct header_field *field, struct buffer *value)
{
    append_unfolded(field, false, value);
}

bool header_find(const void *data, size_t size, const char *name, struct header_field *field_r)
{
    size_t position = 0;
    while (header_next(data, size, &position, field_r)) {
        if (header_field_is(field_r, name))
            return true;
    }
    return false;
}
