/* SPDX-License-Identifier: MIT
 * Numbers and names as people read them. Pure; any thread may call these. */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define REPORT_FORMAT_SIZE 48

/* "999 B", "1.5 KiB", "12.0 GiB". */
void report_format_bytes(uint64_t bytes, char text_r[REPORT_FORMAT_SIZE]);
/* "0.250 s", "59 s", "3 min 15 s", "26 h 3 min". A negative time (a clock set back) is 0. */
void report_format_duration(int64_t msecs, char text_r[REPORT_FORMAT_SIZE]);
/* Seconds with three decimals: "195.250". */
void report_format_seconds(int64_t msecs, char text_r[REPORT_FORMAT_SIZE]);

/* Characters (code points) of a valid UTF-8 text. */
size_t report_text_width(const char *text);
/* Appends text in `width` characters: padded at the left (is_right) or the right, or cut with an
   ellipsis as its last character. */
void report_append_cell(struct buffer *line, const char *text, size_t width, bool is_right);

#endif
