/* SPDX-License-Identifier: MIT
 * Text from anywhere in the columns of a terminal: East Asian characters take two, marks that
 * combine take none. Everything here is pure; any thread may call it. */
#ifndef BASE_COLUMNS_H
#define BASE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Columns of valid UTF-8 without control characters. */
size_t columns_of(const char *text);
/* Columns that a cell with this text, from anywhere, takes where it is not cut. */
size_t columns_wanted(const char *text);
/* Appends exactly `width` columns: the text padded on the right, or on the left (is_right), or cut
   with an ellipsis. Control characters and bytes that are not UTF-8 become \xHH, as
   str_append_printable() has them; what would turn the line around (bidirectional controls) or hide
   becomes U+FFFD. */
void columns_append_cell(struct buffer *line, const char *text, size_t width, bool is_right);

#endif
