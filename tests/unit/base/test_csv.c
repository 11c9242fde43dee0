/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/csv.h"

static void test_text_cells(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *cell;
    } rows[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"a,b", 3, "\"a,b\""},
        {"a;b", 3, "\"a;b\""},
        {"say \"hi\"", 8, "\"say \"\"hi\"\"\""},
        {"\"", 1, "\"\"\"\""},
        {"two\nlines", 9, "\"two\nlines\""},
        {" x", 2, "\" x\""},
        {"x ", 2, "\"x \""},
        {"=cmd|'/c calc'!A1", 17, "'=cmd|'/c calc'!A1"},
        {"+1", 2, "'+1"},
        {"-1", 2, "'-1"},
        {"@SUM(1,2)", 9, "\"'@SUM(1,2)\""},
        {"\tx", 2, "\"'\tx\""},
        {"\rx", 2, "'\\x0dx"},
        {"\n=x", 3, "\"'\n=x\""},
        {"x=1", 3, "x=1"},
        {"a\0b", 3, "a\\x00b"},
        {"\0=", 2, "\\x00="},
        {"\x1b[2J\x7f", 5, "\\x1b[2J\\x7f"},
        {"\xc2\x9b\xc3\xa9", 4, "\\xc2\\x9b\xc3\xa9"},
        {"\xff", 1, "\\xff"},
        {"a\r\nb", 4, "\"a\\x0d\nb\""},
        {"a\tb", 3, "\"a\tb\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        struct csv_row row;
        buffer_init(&out, 256);
        csv_row_init(&row, &out);
        csv_row_text_n(&row, rows[i].text, rows[i].size);
        assert_string_equal(buffer_str(&out), rows[i].cell);
        buffer_deinit(&out);
    }
}

static void test_rows(void **state)
{
    struct buffer out;
    struct csv_row row;
    (void)state;
    buffer_init(&out, 256);
    csv_row_init(&row, &out);
    csv_row_text(&row, "");
    csv_row_int64(&row, INT64_MIN);
    csv_row_uint64(&row, UINT64_MAX);
    csv_row_plain(&row, "-1.500");
    csv_row_plain(&row, "");
    csv_row_end(&row);
    csv_row_plain(&row, "a,b");
    csv_row_end(&row);
    assert_string_equal(buffer_str(&out),
                        ",-9223372036854775808,18446744073709551615,-1.500,\n\"a,b\"\n");
    buffer_deinit(&out);
}

static void test_no_room_shows(void **state)
{
    static const char *const texts[] = {"0123456789", "\"\"\"\"", "\x01\x01\x01"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buffer out;
        struct csv_row row;
        buffer_init(&out, 8);
        csv_row_init(&row, &out);
        csv_row_text(&row, texts[i]);
        assert_true(out.has_failed);
        buffer_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_room_shows),
        cmocka_unit_test(test_text_cells),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
