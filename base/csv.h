/* SPDX-License-Identifier: MIT
 * Writes CSV rows (RFC 4180: comma, double quotes where needed) onto a buffer; lines end in "\n".
 * Made for files that people open in a spreadsheet although servers had a word in them:
 * - a text cell that begins with = + - @ or with a tab, CR or line feed would be run as a formula,
 *   so it gets an apostrophe in front; numbers don't;
 * - control characters other than line feed and tab, and bytes that are not UTF-8, become \xHH.
 * Pure; a row belongs to one thread. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct csv_row {
    struct buffer *out;
    bool has_cells;
};

/* Starts a row. `out` must outlive it and shows in has_failed whether everything found room. */
void csv_row_init(struct csv_row *row, struct buffer *out);
/* Text from anywhere. */
void csv_row_text(struct csv_row *row, const char *text);
void csv_row_text_n(struct csv_row *row, const char *text, size_t size);
void csv_row_int64(struct csv_row *row, int64_t value);
void csv_row_uint64(struct csv_row *row, uint64_t value);
/* Our own words (a time, a number with decimals, nothing): quoted if needed, never defused. */
void csv_row_plain(struct csv_row *row, const char *text);
void csv_row_end(struct csv_row *row);

#endif
