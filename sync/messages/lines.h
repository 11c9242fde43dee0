/* SPDX-License-Identifier: MIT
 * The lines of a message: how long they are, breaking those that are too long, their ends. A line
 * ends with LF; a CR before it counts as one of its bytes, as in imapsync. Pure; any thread. */
#ifndef SYNC_MESSAGES_LINES_H
#define SYNC_MESSAGES_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* The length of the longest line, its end included. */
size_t lines_longest(const void *text, size_t size);

/* Recognises the rule of imapsync's documentation that breaks long lines, s,(.{N}),$1\r\n,g, with
   any N from 1 to 65535 and any delimiters. False: it is another expression. */
bool lines_wrap_rule(const char *rule, size_t *length_r);
/* Whether that rule finds anything: `length` bytes in a row without LF. Looks at one byte of many.
 */
bool lines_need_wrap(const void *text, size_t size, size_t length);
/* Appends the text with CR LF behind each `length` bytes of a line, byte by byte as the rule does:
   the CR at the end of a line is one of its bytes. False when `out` is full. *lines_r: how many
   lines were broken. */
bool lines_wrap(const void *text, size_t size, size_t length, struct buffer *out,
                uint64_t *lines_r);

/* Whether there is an LF without a CR before it. */
bool lines_have_bare_lf(const void *text, size_t size);
/* Appends the text with CR LF for each of them. False when `out` is full. */
bool lines_append_crlf(const void *text, size_t size, struct buffer *out);

#endif
