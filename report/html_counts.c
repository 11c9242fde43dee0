/* SPDX-License-Identifier: MIT */
#include "report/html_counts.h"

#include <string.h>

static uint64_t count_of(const struct html_count *column, const void *counts)
{
    uint64_t count;
    memcpy(&count, (const char *)counts + column->offset, sizeof(count));
    return count;
}

static bool is_shown(const struct html_counts *counts, const struct html_count *column)
{
    return column->is_always || count_of(column, counts->sums) > 0;
}

void html_counts_append_heads(const struct html_counts *counts, struct buffer *text)
{
    for (size_t i = 0; i < counts->count; i++) {
        if (is_shown(counts, &counts->columns[i]))
            buffer_printf(text, "<th scope=col class=r>%s",
                          words_get(counts->language, counts->columns[i].word));
    }
}

void html_counts_append_cells(const struct html_counts *counts, const void *row,
                              struct buffer *text)
{
    char number[REPORT_FORMAT_SIZE];
    for (size_t i = 0; i < counts->count; i++) {
        if (!is_shown(counts, &counts->columns[i]))
            continue;
        words_format_number(counts->language, count_of(&counts->columns[i], row), number);
        buffer_printf(text, "<td class=r>%s", number);
    }
}
