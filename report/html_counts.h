/* SPDX-License-Identifier: MIT
 * Columns of counts in a table of an HTML report, one row for each folder. Those in which every
 * folder would say 0 are left out: they are most, and thousands of mailboxes have such tables.
 * Pure; any thread may call these. */
#ifndef REPORT_HTML_COUNTS_H
#define REPORT_HTML_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/words.h"

struct html_count {
    enum word word; /* the heading */
    size_t offset;  /* of a uint64_t in a struct of counts */
    bool is_always; /* shown even so */
};

/* `sums`: the counts of all the table's rows together; with it `columns` are those of the table. */
struct html_counts {
    const struct html_count *columns;
    size_t count;
    const void *sums;
    enum language language;
};

void html_counts_append_heads(const struct html_counts *counts, struct buffer *text);
/* The cells of a row, which has these counts. */
void html_counts_append_cells(const struct html_counts *counts, const void *row,
                              struct buffer *text);

#endif
