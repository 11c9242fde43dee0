/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_plain_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool is_good;
        uint64_t value;
    } rows[] = {
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"0x1", 9, false, 0},
        {"10", 9, false, 0},
        {"5", 4, false, 0},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"4294967296", UINT32_MAX, false, 0},
        {"1", 0, false, 0},
        {"0", 0, true, 0},
        {"9", 9, true, 9},
        {"0009", 9, true, 9},
        {"4294967295", UINT32_MAX, true, UINT32_MAX},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 0;
        bool is_good = str_to_uint64(rows[i].text, strlen(rows[i].text), rows[i].max, &value);
        if (is_good != rows[i].is_good || value != rows[i].value)
            fail_msg("row %zu: %d %llu", i, is_good, (unsigned long long)value);
    }
}

static void test_numbers_as_people_type_them(void **state)
{
    static const struct {
        const char *text;
        bool may_scale;
        bool is_good;
        double value;
    } rows[] = {
        {"", true, false, 0},      {"-", true, false, 0},
        {".", true, false, 0},     {"k", true, false, 0},
        {"_1", true, false, 0},    {"1_", true, false, 0},
        {"1__0", true, false, 0},  {"1_.5", true, false, 0},
        {"1.5.5", true, false, 0}, {"1e5", true, false, 0},
        {"0x10", true, false, 0},  {"inf", true, false, 0},
        {"nan", true, false, 0},   {"5k", false, false, 0},
        {"5kk", true, false, 0},   {"5T", true, false, 0},
        {"5 k", true, false, 0},   {"--5", true, false, 0},
        {"5", false, true, 5},     {"+5", false, true, 5},
        {"-5", false, true, -5},   {"100_000", false, true, 100000},
        {"2.5", false, true, 2.5}, {".5", false, true, 0.5},
        {"5.", false, true, 5},    {"1.5k", true, true, 1500},
        {"2M", true, true, 2e6},   {"1g", true, true, 1e9},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double value = 0;
        bool is_good = str_to_number(rows[i].text, rows[i].may_scale, &value);
        if (is_good != rows[i].is_good || value != rows[i].value)
            fail_msg("row %zu (%s): %d %g", i, rows[i].text, is_good, value);
    }
}

static void test_whole_numbers_in_a_range(void **state)
{
    static const struct {
        const char *text;
        int64_t min;
        int64_t max;
        bool is_good;
        int64_t value;
    } rows[] = {
        {"2.5", 0, 10, false, 0},     {"11", 0, 10, false, 0},
        {"-1", 0, 10, false, 0},      {"99999999999999999999", 0, INT64_MAX, false, 0},
        {"0.0001k", 0, 10, false, 0}, {"10", 0, 10, true, 10},
        {"-1", -1, 10, true, -1},     {"2.5k", 0, 10000, true, 2500},
        {"0.001k", 0, 10, true, 1},   {"1.1M", 0, 10000000, true, 1100000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 0;
        bool is_good = str_to_integer(rows[i].text, true, rows[i].min, rows[i].max, &value);
        if (is_good != rows[i].is_good || value != rows[i].value)
            fail_msg("row %zu (%s): %d %lld", i, rows[i].text, is_good, (long long)value);
    }
}

static void test_comparisons(void **state)
{
    (void)state;
    assert_true(str_iequals("", ""));
    assert_true(str_iequals("InBoX", "iNbOx"));
    assert_false(str_iequals("INBOX", "INBO"));
    assert_false(str_iequals("INBO", "INBOX"));
    /* Only ASCII: these differ in bit 5 alone. */
    assert_false(str_iequals("@", "`"));
    assert_false(str_iequals("[", "{"));
    assert_false(str_iequals("\xc3\x84", "\xc3\xa4"));
    assert_true(str_iequals_n("OKAY", 2, "ok"));
    assert_false(str_iequals_n("OKAY", 2, "okay"));
    assert_false(str_iequals_n("a\0b", 3, "a"));
    assert_true(str_istarts_with("INBOX.Sent", "inbox."));
    assert_true(str_istarts_with("x", ""));
    assert_false(str_istarts_with("INBO", "INBOX"));
    assert_string_equal(str_ifind("a BACKoff b", "backOFF"), "BACKoff b");
    assert_null(str_ifind("back", "backoff"));
    assert_null(str_ifind("", "x"));
    assert_string_equal(str_ifind("x", ""), "x");
}

static void test_trim(void **state)
{
    static const char *const rows[][2] = {
        {"", ""}, {" \t\r\n", ""}, {"a", "a"}, {"  a b \n", "a b"}, {"a\n", "a"}, {"\va\f", "a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[20];
        strcpy(text, rows[i][0]);
        assert_ptr_equal(str_trim(text), text);
        if (strcmp(text, rows[i][1]) != 0)
            fail_msg("row %zu: \"%s\"", i, text);
    }
}

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        bool is_utf8;
        const char *printable;
    } rows[] = {
        {"\x80", false, "\\x80"},
        {"a\xc3", false, "a\\xc3"},
        {"\xc3(", false, "\\xc3("},
        {"\xc0\xaf", false, "\\xc0\\xaf"},          /* overlong */
        {"\xe0\x80\x80", false, "\\xe0\\x80\\x80"}, /* overlong */
        {"\xf0\x80\x80\x80", false, "\\xf0\\x80\\x80\\x80"},
        {"\xed\xa0\x80", false, "\\xed\\xa0\\x80"},          /* surrogate */
        {"\xf4\x90\x80\x80", false, "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
        {"\xe2\x82", false, "\\xe2\\x82"},
        {"\xff\xfe", false, "\\xff\\xfe"},
        {"", true, ""},
        {"plain \\ text", true, "plain \\ text"},
        {"t\xc3\xa4g \xe2\x82\xac \xf0\x9f\x93\xa7", true,
         "t\xc3\xa4g \xe2\x82\xac \xf0\x9f\x93\xa7"},
        {"\xed\x9f\xbf\xee\x80\x80", true, "\xed\x9f\xbf\xee\x80\x80"},
        {"\xf4\x8f\xbf\xbf", true, "\xf4\x8f\xbf\xbf"},
        /* valid, and harmful on a terminal */
        {"a\x1b[31mb", true, "a\\x1b[31mb"},
        {"a\r\nb\tc\x7f", true, "a\\x0d\\x0ab\\x09c\\x7f"},
        {"a\xc2\x9b"
         "31m",
         true, "a\\xc2\\x9b31m"},
        {"\xc2\xa0", true, "\xc2\xa0"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out;
        buffer_init(&out, 1000);
        size_t size = strlen(rows[i].text);
        str_append_printable(&out, rows[i].text, size);
        if (str_is_utf8(rows[i].text, size) != rows[i].is_utf8 ||
            strcmp(buffer_str(&out), rows[i].printable) != 0)
            fail_msg("row %zu: %s", i, buffer_str(&out));
        buffer_deinit(&out);
    }
}

static void test_lists_own_their_strings(void **state)
{
    struct str_list list = {NULL, 0, 0};
    struct str_list copy;
    char text[] = "x0";
    (void)state;
    for (int i = 0; i < 20; i++) {
        text[1] = (char)('a' + i);
        str_list_add(&list, text);
    }
    str_list_copy(&copy, &list);
    str_list_deinit(&list);
    assert_int_equal(list.count, 0);
    assert_int_equal(copy.count, 20);
    assert_string_equal(copy.items[0], "xa");
    assert_string_equal(copy.items[19], "xt");
    str_list_deinit(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_numbers),
        cmocka_unit_test(test_numbers_as_people_type_them),
        cmocka_unit_test(test_whole_numbers_in_a_range),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_lists_own_their_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
