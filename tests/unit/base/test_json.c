/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

#include "base/json.h"

static void test_document(void **state)
{
    struct buffer out;
    struct json json;
    (void)state;
    buffer_init(&out, 4096);
    json_init(&json, &out);
    assert_false(json_is_complete(&json));
    json_object_begin(&json);
    json_key(&json, "a");
    json_uint64(&json, UINT64_MAX);
    json_key(&json, "b");
    json_array_begin(&json);
    json_int64(&json, INT64_MIN);
    json_bool(&json, true);
    json_bool(&json, false);
    json_null(&json);
    json_object_begin(&json);
    json_object_end(&json);
    json_array_end(&json);
    json_key(&json, "c\"");
    json_array_begin(&json);
    json_array_end(&json);
    assert_false(json_is_complete(&json));
    json_object_end(&json);
    assert_true(json_is_complete(&json));
    assert_string_equal(buffer_str(&out), "{\n"
                                          "  \"a\": 18446744073709551615,\n"
                                          "  \"b\": [\n"
                                          "    -9223372036854775808,\n"
                                          "    true,\n"
                                          "    false,\n"
                                          "    null,\n"
                                          "    {}\n"
                                          "  ],\n"
                                          "  \"c\\\"\": []\n"
                                          "}\n");
    buffer_deinit(&out);
}

#define FFFD "\xef\xbf\xbd"

static void test_in_one_line(void **state)
{
    struct buffer out;
    struct json json;
    (void)state;
    buffer_init(&out, 4096);
    json_init_line(&json, &out);
    json_object_begin(&json);
    json_key(&json, "a");
    json_array_begin(&json);
    json_int64(&json, 1);
    json_string(&json, "two\nlines");
    json_array_end(&json);
    json_key(&json, "b");
    json_object_begin(&json);
    json_object_end(&json);
    json_object_end(&json);
    assert_true(json_is_complete(&json));
    assert_string_equal(buffer_str(&out), "{\"a\": [1, \"two\\nlines\"], \"b\": {}}\n");
    buffer_deinit(&out);
}

static void test_strings(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *json;
    } rows[] = {
        {"", 0, "\"\""},
        {"a/b", 3, "\"a/b\""},
        {"\"\\", 2, "\"\\\"\\\\\""},
        {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"\0\x1b[\x7f", 4, "\"\\u0000\\u001b[\\u007f\""},
        {"\xc2\x85\xc2\xa0", 4, "\"\\u0085\xc2\xa0\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa7", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa7\""},
        {"\xff", 1, "\"" FFFD "\""},
        {"a\xc3", 2, "\"a" FFFD "\""},
        {"\xc3(", 2, "\"" FFFD "(\""},
        {"\xc0\xaf", 2, "\"" FFFD FFFD "\""},                   /* overlong */
        {"\xed\xa0\x80", 3, "\"" FFFD FFFD FFFD "\""},          /* a surrogate */
        {"\xf4\x90\x80\x80", 4, "\"" FFFD FFFD FFFD FFFD "\""}, /* beyond U+10FFFF */
        {"\xe2\x82\"", 3, "\"" FFFD FFFD "\\\"\""},             /* can't swallow the quote */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        struct json json;
        buffer_init(&out, 4096);
        json_init(&json, &out);
        json_string_n(&json, rows[i].text, rows[i].size);

        assert_string_equal(buffer_str(&out), rows[i].json);
        assert_true(json_is_complete(&json));
        buffer_deinit(&out);
    }
}

static void test_doubles(void **state)
{
    static const struct {
        double value;
        const char *json;
    } rows[] = {
        {0, "0"},
        {0.1, "0.1"},
        {195.25, "195.25"},
        {1.234, "1.234"},
        {-1e300, "-1e+300"},
        {0.1 + 0.2, "0.30000000000000004"},
        {(double)NAN, "null"},
        {(double)INFINITY, "null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        struct json json;
        buffer_init(&out, 64);
        json_init(&json, &out);
        json_double(&json, rows[i].value);
        assert_string_equal(buffer_str(&out), rows[i].json);
        buffer_deinit(&out);
    }
}

static void misuse_value_without_key(struct json *json)
{
    json_object_begin(json);
    json_null(json);
    json_object_end(json);
}

static void misuse_key_in_array(struct json *json)
{
    json_array_begin(json);
    json_key(json, "k");
    json_array_end(json);
}

static void misuse_key_without_value(struct json *json)
{
    json_object_begin(json);
    json_key(json, "k");
    json_object_end(json);
}

static void misuse_wrong_end(struct json *json)
{
    json_object_begin(json);
    json_array_end(json);
}

static void misuse_end_of_nothing(struct json *json)
{
    json_object_end(json);
}

static void misuse_two_roots(struct json *json)
{
    json_null(json);
    json_null(json);
}

static void misuse_too_deep(struct json *json)
{
    for (int i = 0; i <= JSON_MAX_DEPTH; i++)
        json_array_begin(json);
    for (int i = 0; i <= JSON_MAX_DEPTH; i++)
        json_array_end(json);
}

static void misuse_full_buffer(struct json *json)
{
    json_string(json, "0123456789012345678901234567890123456789"
                      "0123456789012345678901234567890123456789");
}

static void test_misuse_shows(void **state)
{
    static void (*const rows[])(struct json *) = {
        misuse_value_without_key, misuse_key_in_array, misuse_key_without_value, misuse_wrong_end,
        misuse_end_of_nothing,    misuse_two_roots,    misuse_too_deep,          misuse_full_buffer,
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        struct json json;
        buffer_init(&out, i == 6 ? 4096 : 64);
        json_init(&json, &out);
        rows[i](&json);
        assert_false(json_is_complete(&json));
        buffer_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misuse_shows), cmocka_unit_test(test_document),
        cmocka_unit_test(test_in_one_line),  cmocka_unit_test(test_strings),
        cmocka_unit_test(test_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
