/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/columns.h"

static void test_width(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"\xc3\xa9", 1},                 /* é */
        {"e\xcc\x81", 1},                /* e and a combining acute */
        {"\xe9\x82\xae\xe4\xbb\xb6", 4}, /* two ideographs */
        {"\xed\x95\x9c", 2},             /* a Hangul syllable */
        {"\xe1\x84\x92\xe1\x85\xa1", 2}, /* the same in two jamo */
        {"\xef\xbc\xa1", 2},             /* full-width A */
        {"\xef\xbd\xb1", 1},             /* half-width katakana */
        {"\xf0\x9f\x93\xa7", 2},         /* an emoji */
        {"\xf0\xa0\x80\x80", 2},         /* an ideograph of plane 2 */
        {"\xd7\xa9\xd6\xb8\xd7\x9c", 2}, /* Hebrew with a point */
        {"\xe2\x82\xac", 1},             /* the euro */
        {"\xf4\x8f\xbf\xbf", 1},         /* the last code point */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(columns_of(rows[i].text), rows[i].columns);
}

static void test_cell(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
        bool is_right;
        const char *cell;
    } rows[] = {
        {"", 3, false, "   "},
        {"ab", 4, false, "ab  "},
        {"ab", 4, true, "  ab"},
        {"abcd", 4, false, "abcd"},
        {"abcde", 4, false, "abc\xe2\x80\xa6"},
        {"abcde", 1, false, "\xe2\x80\xa6"},
        {"abcde", 0, false, ""},
        /* a wide character that would stand half outside leaves a blank */
        {"\xe9\x82\xae\xe9\x82\xae\xe9\x82\xae", 6, false, "\xe9\x82\xae\xe9\x82\xae\xe9\x82\xae"},
        {"\xe9\x82\xae\xe9\x82\xae\xe9\x82\xae", 5, false, "\xe9\x82\xae\xe9\x82\xae\xe2\x80\xa6"},
        {"\xe9\x82\xae\xe9\x82\xae\xe9\x82\xae", 4, false, "\xe9\x82\xae\xe2\x80\xa6 "},
        /* nothing that a terminal obeys */
        {"\x1b[2J", 8, false, "\\x1b[2J "},
        {"a\nb", 8, false, "a\\x0ab  "},
        {"\xc2\x9b"
         "2J",
         12, false, "\\xc2\\x9b2J  "},
        {"\xff", 6, false, "\\xff  "},
        {"a\xe2\x80\xae"
         "b",
         4, false,
         "a\xef\xbf\xbd"
         "b "}, /* RIGHT-TO-LEFT OVERRIDE */
        {"a\xe2\x81\xa6"
         "b",
         4, false,
         "a\xef\xbf\xbd"
         "b "}, /* an isolate */
        {"a\xe2\x80\x8b"
         "b",
         4, false,
         "a\xef\xbf\xbd"
         "b "}, /* ZERO WIDTH SPACE */
        {"a\xe2\x80\xa8"
         "b",
         4, false,
         "a\xef\xbf\xbd"
         "b "}, /* LINE SEPARATOR */
        {"a\xc2\xad"
         "b",
         4, false,
         "a\xef\xbf\xbd"
         "b "}, /* SOFT HYPHEN */
        /* no towers of marks, and none on the text before the cell */
        {"a\xcc\x81\xcc\x82\xcc\x83\xcc\x84"
         "b",
         3, false,
         "a\xcc\x81\xcc\x82\xcc\x83"
         "b "},
        {"\xcc\x81"
         "a",
         3, false, "a  "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer line;
        buffer_init(&line, 1000);
        columns_append_cell(&line, rows[i].text, rows[i].width, rows[i].is_right);
        assert_string_equal(buffer_str(&line), rows[i].cell);
        assert_int_equal(columns_of(buffer_str(&line)), rows[i].width);
        buffer_deinit(&line);
    }
}

/* Whatever it is given, a cell is as wide as it is to be and harmless. */
static void test_any_bytes(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        char text[64];
        for (size_t i = 0; i < sizeof(text) - 1; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = (char)((seed >> 24) != 0 ? seed >> 24 : 1);
        }
        text[sizeof(text) - 1] = '\0';
        struct buffer line;
        buffer_init(&line, 10000);
        columns_append_cell(&line, text, (size_t)round % 80, false);
        assert_int_equal(columns_of(buffer_str(&line)), round % 80);
        for (const char *c = buffer_str(&line); *c != '\0'; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        buffer_deinit(&line);
    }
}

static void test_very_long(void **state)
{
    (void)state;
    char text[100001];
    struct buffer line;
    memset(text, '\x1b', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    buffer_init(&line, 1000);
    columns_append_cell(&line, text, 9, false);
    assert_string_equal(buffer_str(&line), "\\x1b\\x1b\xe2\x80\xa6");
    buffer_deinit(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_cell),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_very_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
