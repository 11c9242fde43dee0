/* SPDX-License-Identifier: MIT */
#include "base/csv.h"

#include <csv.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"

void csv_row_init(struct csv_row *row, struct buffer *out)
{
    row->out = out;
    row->has_cells = false;
}

static void csv_row_separate(struct csv_row *row)
{
    if (row->has_cells)
        buffer_append_byte(row->out, ',');
    row->has_cells = true;
}

static bool csv_needs_quotes(const unsigned char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (strchr(",\"\n\r\t;", text[i]) != NULL)
            return true;
    }
    return size > 0 && (text[0] == ' ' || text[size - 1] == ' ');
}

static void csv_append_cell(struct buffer *out, const unsigned char *text, size_t size)
{
    if (!csv_needs_quotes(text, size)) {
        buffer_append(out, text, size);
        return;
    }
    size_t quoted_size = csv_write2(NULL, 0, text, size, CSV_QUOTE);
    unsigned char *to = buffer_reserve(out, quoted_size);
    if (to != NULL) {
        (void)csv_write2(to, quoted_size, text, size, CSV_QUOTE);
        buffer_commit(out, quoted_size);
    }
}

void csv_row_text(struct csv_row *row, const char *text)
{
    csv_row_text_n(row, text, strlen(text));
}

void csv_row_text_n(struct csv_row *row, const char *text, size_t size)
{
    struct buffer safe;
    buffer_init(&safe, buffer_room(row->out));
    if (size > 0 && text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL)
        buffer_append_byte(&safe, '\'');
    for (size_t i = 0; i < size;) {
        size_t end = i;
        while (end < size && text[end] != '\n' && text[end] != '\t')
            end++;
        str_append_printable(&safe, text + i, end - i);
        if (end < size)
            buffer_append_byte(&safe, (unsigned char)text[end]);
        i = end + 1;
    }
    csv_row_separate(row);
    csv_append_cell(row->out, safe.data, safe.used);
    if (safe.has_failed)
        row->out->has_failed = true;
    buffer_deinit(&safe);
}

void csv_row_int64(struct csv_row *row, int64_t value)
{
    csv_row_separate(row);
    buffer_printf(row->out, "%" PRId64, value);
}

void csv_row_uint64(struct csv_row *row, uint64_t value)
{
    csv_row_separate(row);
    buffer_printf(row->out, "%" PRIu64, value);
}

void csv_row_plain(struct csv_row *row, const char *text)
{
    csv_row_separate(row);
    csv_append_cell(row->out, (const unsigned char *)text, strlen(text));
}

void csv_row_end(struct csv_row *row)
{
    buffer_append_byte(row->out, '\n');
    row->has_cells = false;
}
