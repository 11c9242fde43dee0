/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/messages/lines.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_longest(void **state)
{
    static const struct {
        const char *text;
        size_t longest;
    } rows[] = {
        {"", 0},           {"a", 1},        {"\n", 1},
        {"abc\r\n", 5},    {"abc\r\nd", 5}, {"a\r\nbcdefg", 6},
        {"a\nbc\nd\n", 3}, {"\r\n\r\n", 2}, {"abc\rdef\n", 8},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(lines_longest(rows[i].text, strlen(rows[i].text)), rows[i].longest);
    assert_int_equal(lines_longest("\0\0\n", 3), 3);
}

static void test_rule_is_recognised(void **state)
{
    static const struct {
        const char *rule;
        size_t length;
    } rows[] = {
        {"s,(.{10239}),$1\\r\\n,g", 10239}, {"s,(.{10500}),$1\\r\\n,g", 10500},
        {"s,(.{9900}),$1\\r\\n,g", 9900},   {"s/(.{1})/$1\\r\\n/g", 1},
        {"s#(.{65535})#$1\\r\\n#g", 65535}, {"s{(.{998})}{$1\\r\\n}g", 998},
        {"s{(.{998})} {${1}\\r\\n}g", 998}, {"s((.{998}))($1\\r\\n)gi", 998},
        {"s[(.{998})]/$1\\r\\n/g", 998},    {"s<(.{998})><\\1\\r\\n>gxm", 998},
        {"s|(.{010})|$1\\r\\n|g", 10},
    };
    static const char *const others[] = {
        "",
        "s",
        "s,(.{10239}),$1\\r\\n,",   /* the first only */
        "s,(.{10239}),$1\\r\\n,gs", /* . is LF too */
        "s,(.{10239}),$1\\r\\n,ge",
        "s,(.{0}),$1\\r\\n,g",
        "s,(.{65536}),$1\\r\\n,g",
        "s,(.{99999999999999999999}),$1\\r\\n,g",
        "s,(.{10,20}),$1\\r\\n,g",
        "s,(.{}),$1\\r\\n,g",
        "s,(.{1 }),$1\\r\\n,g",
        "s,(.{10239}),$1\\n,g",
        "s,(.{10239}),$2\\r\\n,g",
        "s,(.{10239}),$1\\r\\n",
        "s,(.{10239})/$1\\r\\n/g",
        "s'(.{10239})'$1\\r\\n'g", /* Perl puts nothing in there */
        "s{(.{998})}{$1\\r\\n/g",
        "s{(.{998})}",
        "s{(.{998})} ",
        "s,x(.{10239}),$1\\r\\n,g",
        "m,(.{10239}),$1\\r\\n,g",
        " s,(.{10239}),$1\\r\\n,g",
        "s,(.{10239}),$1\\r\\n,g ",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t length = 0;
        if (!lines_wrap_rule(rows[i].rule, &length) || length != rows[i].length)
            fail_msg("%s: %zu", rows[i].rule, length);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        size_t length;
        if (lines_wrap_rule(others[i], &length))
            fail_msg("%s is not the rule", others[i]);
    }
}

static void check_wrap(const char *text, size_t length, const char *wanted, uint64_t wanted_lines)
{
    struct buffer out;
    uint64_t lines = 0;
    size_t size = strlen(text);
    buffer_init(&out, 4096);
    assert_true(lines_wrap(text, size, length, &out, &lines));
    assert_string_equal(buffer_str(&out), wanted);
    assert_int_equal(lines, wanted_lines);
    assert_int_equal(lines_need_wrap(text, size, length), wanted_lines > 0);
    buffer_deinit(&out);
}

/* As Perl does it, byte by byte. */
static void test_wrap(void **state)
{
    (void)state;
    check_wrap("", 4, "", 0);
    check_wrap("abc", 4, "abc", 0);
    check_wrap("abcd", 4, "abcd\r\n", 1);
    check_wrap("abcde", 4, "abcd\r\ne", 1);
    check_wrap("abcdefgh\n", 4, "abcd\r\nefgh\r\n\n", 1);
    check_wrap("ab\r\nab\r\n", 4, "ab\r\nab\r\n", 0);
    /* The CR is one of the line's bytes: one byte less than the limit gains an empty line. */
    check_wrap("abc\r\nx\r\n", 4, "abc\r\r\n\nx\r\n", 1);
    check_wrap("abcd\r\nx\r\n", 4, "abcd\r\n\r\nx\r\n", 1);
    check_wrap("abcdefghi\r\nx\r\nabcdefg\r\n", 4, "abcd\r\nefgh\r\ni\r\nx\r\nabcd\r\nefg\r\r\n\n",
               2);
    check_wrap("\n\n\nabc\nabcd", 4, "\n\n\nabc\nabcd\r\n", 1);
    check_wrap("abcdefg\nabc", 4, "abcd\r\nefg\nabc", 1);
}

/* The quick look finds a line wherever it stands. */
static void test_need_wrap_everywhere(void **state)
{
    char text[64];
    (void)state;
    for (size_t start = 0; start + 8 <= sizeof(text); start++) {
        for (size_t length = 1; length <= 8; length++) {
            memset(text, '\n', sizeof(text));
            memset(text + start, 'x', length);
            assert_int_equal(lines_need_wrap(text, sizeof(text), 8), length == 8);
        }
    }
}

static void test_full_buffer(void **state)
{
    struct buffer out;
    uint64_t lines;
    (void)state;
    buffer_init(&out, 5);
    assert_false(lines_wrap("abcdefgh", 8, 4, &out, &lines));
    buffer_clear(&out);
    assert_false(lines_append_crlf("a\nb\nc\n", 6, &out));
    buffer_deinit(&out);
}

static void test_line_ends(void **state)
{
    static const struct {
        const char *text;
        const char *wanted;
    } rows[] = {
        {"", ""},
        {"\n", "\r\n"},
        {"a\r\nb\r\n", "a\r\nb\r\n"},
        {"a\nb\r\nc\n", "a\r\nb\r\nc\r\n"},
        {"a\r\r\n\nx", "a\r\r\n\r\nx"},
        {"a\rb\n\n", "a\rb\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out;
        size_t size = strlen(rows[i].text);
        buffer_init(&out, 4096);
        assert_true(lines_append_crlf(rows[i].text, size, &out));
        assert_string_equal(buffer_str(&out), rows[i].wanted);
        assert_int_equal(lines_have_bare_lf(rows[i].text, size),
                         strcmp(rows[i].text, rows[i].wanted) != 0);
        assert_false(lines_have_bare_lf(out.data, out.used));
        buffer_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest),     cmocka_unit_test(test_rule_is_recognised),
        cmocka_unit_test(test_wrap),        cmocka_unit_test(test_need_wrap_everywhere),
        cmocka_unit_test(test_full_buffer), cmocka_unit_test(test_line_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
