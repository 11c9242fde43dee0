/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "report/format.h"

static void test_bytes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {1024 * 1024 - 1, "1.0 MiB"},
        {UINT64_C(5) << 30, "5.0 GiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    char text[REPORT_FORMAT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        report_format_bytes(rows[i].bytes, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_durations(void **state)
{
    static const struct {
        int64_t msecs;
        const char *text, *seconds;
    } rows[] = {
        {-5, "0.000 s", "0.000"},           {0, "0.000 s", "0.000"},
        {9999, "9.999 s", "9.999"},         {10000, "10 s", "10.000"},
        {59999, "59 s", "59.999"},          {195250, "3 min 15 s", "195.250"},
        {3600000, "1 h 0 min", "3600.000"}, {93780007, "26 h 3 min", "93780.007"},
    };
    char text[REPORT_FORMAT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        report_format_duration(rows[i].msecs, text);
        assert_string_equal(text, rows[i].text);
        report_format_seconds(rows[i].msecs, text);
        assert_string_equal(text, rows[i].seconds);
    }
}

static void test_cells(void **state)
{
    static const struct {
        const char *text;
        size_t width;
        bool is_right;
        const char *cell;
    } rows[] = {
        {"ab", 4, false, "ab  "},
        {"ab", 4, true, "  ab"},
        {"abcd", 4, true, "abcd"},
        {"abcde", 4, false, "abc\xe2\x80\xa6"},
        {"caf\xc3\xa9", 5, false, "caf\xc3\xa9 "},
        {"\xc3\xa9\xc3\xa9\xc3\xa9", 2, false, "\xc3\xa9\xe2\x80\xa6"},
        {"", 2, false, "  "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer line;
        buffer_init(&line, 100);
        report_append_cell(&line, rows[i].text, rows[i].width, rows[i].is_right);
        assert_string_equal(buffer_str(&line), rows[i].cell);
        buffer_deinit(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
