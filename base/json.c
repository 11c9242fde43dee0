/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

void json_init(struct json *json, struct buffer *out)
{
    memset(json, 0, sizeof(*json));
    json->out = out;
}

void json_init_line(struct json *json, struct buffer *out)
{
    json_init(json, out);
    json->is_line = true;
}

bool json_is_complete(const struct json *json)
{
    return json->has_root && json->depth == 0 && !json->has_failed && !json->out->has_failed;
}

static void json_new_line(struct json *json)
{
    if (json->is_line)
        return;
    buffer_append_byte(json->out, '\n');
    for (unsigned int i = 0; i < json->depth; i++)
        buffer_append_str(json->out, "  ");
}

static void json_separate(struct json *json)
{
    if (json->has_items[json->depth - 1])
        buffer_append_str(json->out, json->is_line ? ", " : ",");
    json->has_items[json->depth - 1] = true;
    json_new_line(json);
}

/* What stands before every value; false if none may stand here. */
static bool json_begin_value(struct json *json)
{
    if (json->depth == 0) {
        json->has_failed = json->has_failed || json->has_root;
        json->has_root = true;
    } else if (json->is_object[json->depth - 1]) {
        json->has_failed = json->has_failed || !json->has_key;
        json->has_key = false;
    } else if (!json->has_failed) {
        json_separate(json);
    }
    return !json->has_failed;
}

static void json_open(struct json *json, bool is_object)
{
    if (!json_begin_value(json))
        return;
    if (json->depth == JSON_MAX_DEPTH) {
        json->has_failed = true;
        return;
    }
    buffer_append_byte(json->out, is_object ? '{' : '[');
    json->is_object[json->depth] = is_object;
    json->has_items[json->depth] = false;
    json->depth++;
}

static void json_close(struct json *json, bool is_object)
{
    if (json->has_failed || json->depth == 0 || json->has_key ||
        json->is_object[json->depth - 1] != is_object) {
        json->has_failed = true;
        return;
    }
    json->depth--;
    if (json->has_items[json->depth])
        json_new_line(json);
    buffer_append_byte(json->out, is_object ? '}' : ']');
    if (json->depth == 0)
        buffer_append_byte(json->out, '\n');
}

void json_object_begin(struct json *json)
{
    json_open(json, true);
}

void json_object_end(struct json *json)
{
    json_close(json, true);
}

void json_array_begin(struct json *json)
{
    json_open(json, false);
}

void json_array_end(struct json *json)
{
    json_close(json, false);
}

/* One ASCII byte inside a string. */
static void json_append_ascii(struct buffer *out, unsigned char c)
{
    static const char short_names[] = "b\bf\fn\nr\rt\t\"\"\\\\";
    for (const char *p = short_names; *p != '\0'; p += 2) {
        if (c == (unsigned char)p[1]) {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, (unsigned char)p[0]);
            return;
        }
    }
    if (c < 0x20 || c == 0x7f)
        buffer_printf(out, "\\u%04x", c);
    else
        buffer_append_byte(out, c);
}

/* The sequence at `text` that is more than one byte long; 0 if there is no valid one. */
static size_t json_utf8_length(const char *text, size_t size)
{
    for (size_t length = 2; length <= 4 && length <= size; length++) {
        if (str_is_utf8(text, length))
            return length;
    }
    return 0;
}

static void json_append_string(struct buffer *out, const char *text, size_t size)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < size;) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80) {
            json_append_ascii(out, c);
            i++;
            continue;
        }
        size_t length = json_utf8_length(text + i, size - i);
        if (length == 0)
            buffer_append_str(out, "\xef\xbf\xbd");
        else if (length == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)
            buffer_printf(out, "\\u%04x", (unsigned char)text[i + 1]);
        else
            buffer_append(out, text + i, length);
        i += length == 0 ? 1 : length;
    }
    buffer_append_byte(out, '"');
}

void json_key(struct json *json, const char *key)
{
    if (json->has_failed || json->depth == 0 || !json->is_object[json->depth - 1] ||
        json->has_key) {
        json->has_failed = true;
        return;
    }
    json_separate(json);
    json_append_string(json->out, key, strlen(key));
    buffer_append_str(json->out, ": ");
    json->has_key = true;
}

void json_string(struct json *json, const char *text)
{
    json_string_n(json, text, strlen(text));
}

void json_string_n(struct json *json, const char *text, size_t size)
{
    if (json_begin_value(json))
        json_append_string(json->out, text, size);
}

static void json_literal(struct json *json, const char *literal)
{
    if (json_begin_value(json))
        buffer_append_str(json->out, literal);
}

void json_int64(struct json *json, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    json_literal(json, text);
}

void json_uint64(struct json *json, uint64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    json_literal(json, text);
}

void json_double(struct json *json, double value)
{
    char text[40] = "null";
    for (int digits = 15; isfinite(value) && digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        /* Fewer digits suffice for what people write; 17 always do. */
        if (!(strtod(text, NULL) < value) && !(strtod(text, NULL) > value))
            break;
    }
    json_literal(json, text);
}

void json_bool(struct json *json, bool value)
{
    json_literal(json, value ? "true" : "false");
}

void json_null(struct json *json)
{
    json_literal(json, "null");
}

void json_add_string(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

void json_add_uint64(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_uint64(json, value);
}

void json_add_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

void json_add_time(struct json *json, const char *key, int64_t wall_msecs)
{
    char text[CLOCK_ISO8601_SIZE];
    json_key(json, key);
    if (wall_msecs == 0) {
        json_null(json);
        return;
    }
    clock_format(wall_msecs, text);
    json_string(json, text);
}

void json_add_lines(struct json *json, const char *key, const char *lines)
{
    json_key(json, key);
    json_array_begin(json);
    while (*lines != '\0') {
        size_t size = strcspn(lines, "\n");
        json_string_n(json, lines, size);
        lines += size;
        lines += *lines == '\n';
    }
    json_array_end(json);
}
