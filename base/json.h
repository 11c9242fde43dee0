/* SPDX-License-Identifier: MIT
 * Writes JSON (RFC 8259) onto a buffer as it goes, indented by two; there is no tree and no parser.
 * The caller may consume what was written at any time. Misuse (a value without its key, closing
 * what is not open, nesting deeper than JSON_MAX_DEPTH) and a full buffer show in
 * json_is_complete(). Pure; an object belongs to one thread. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define JSON_MAX_DEPTH 16

struct json {
    struct buffer *out;
    unsigned int depth;
    bool is_object[JSON_MAX_DEPTH]; /* per open level, else an array */
    bool has_items[JSON_MAX_DEPTH];
    bool is_line;  /* without line ends, but for the last */
    bool has_key;  /* a key waits for its value */
    bool has_root; /* the one outermost value was begun */
    bool has_failed;
};

/* `out` must outlive it. */
void json_init(struct json *json, struct buffer *out);
/* The same in one line. */
void json_init_line(struct json *json, struct buffer *out);
/* True once the outermost value is closed and nothing went wrong. */
bool json_is_complete(const struct json *json);

void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
/* Inside an object, before its value. Keys are escaped like strings. */
void json_key(struct json *json, const char *key);

/* Any bytes: what is not UTF-8 becomes U+FFFD, control characters (C0, DEL, C1) are escaped. */
void json_string(struct json *json, const char *text);
void json_string_n(struct json *json, const char *text, size_t size);
void json_int64(struct json *json, int64_t value);
void json_uint64(struct json *json, uint64_t value);
/* The shortest digits that read back as the same number; infinite or not a number becomes null. */
void json_double(struct json *json, double value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* A key with its value. */
void json_add_string(struct json *json, const char *key, const char *text);
void json_add_uint64(struct json *json, const char *key, uint64_t value);
void json_add_bool(struct json *json, const char *key, bool value);
/* In ISO 8601, UTC, to the second; 0 is null. */
void json_add_time(struct json *json, const char *key, int64_t wall_msecs);
/* The lines of a text as an array. */
void json_add_lines(struct json *json, const char *key, const char *lines);

#endif
