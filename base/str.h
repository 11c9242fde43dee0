/* SPDX-License-Identifier: MIT
 * Strings and numbers from outside. Everything here is pure; any thread may call it. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Decimal digits only, at most `max`; false on anything else, also on none. */
bool str_to_uint64(const char *text, size_t size, uint64_t max, uint64_t *value_r);
/* What people type: "100_000" (an underscore only between digits), "2.5", a sign; with
   may_scale also a suffix k, M or G (1000, 1000 000, 1000 000 000), any case. */
bool str_to_number(const char *text, bool may_scale, double *value_r);
/* As str_to_number(), and only whole numbers (after scaling) in [min, max]. */
bool str_to_integer(const char *text, bool may_scale, int64_t min, int64_t max, int64_t *value_r);

/* ASCII case is ignored, the locale is not asked. */
bool str_iequals(const char *a, const char *b);
bool str_iequals_n(const char *a, size_t a_size, const char *b);
bool str_istarts_with(const char *text, const char *prefix);
/* Where `needle` starts in `text` (ASCII case ignored), or NULL. */
const char *str_ifind(const char *text, const char *needle);
char str_lower(char c);

/* Cuts blanks at both ends, in place; returns `text`. */
char *str_trim(char *text);
/* True if valid UTF-8 (RFC 3629, no surrogates). */
bool str_is_utf8(const char *text, size_t size);
/* Appends `text` so that a terminal or a log shows it as one harmless line: control bytes (C0, DEL,
   C1 encoded in UTF-8) and bytes that are not UTF-8 become \xHH, a backslash stays itself. */
void str_append_printable(struct buffer *buf, const char *text, size_t size);

/* The system's words for an errno; strerror() is only for programs without threads. Returns
   text_r. */
#define STR_ERROR_SIZE 128
const char *str_error(int error, char text_r[STR_ERROR_SIZE]);

/* A list of owned strings. */
struct str_list {
    char **items;
    size_t count;
    size_t alloc;
};
void str_list_add(struct str_list *list, const char *text);
void str_list_copy(struct str_list *to, const struct str_list *from);
void str_list_deinit(struct str_list *list);

#endif
