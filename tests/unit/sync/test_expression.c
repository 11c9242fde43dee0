/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/messages/expression.h"
#include "tests/unit/sync/expression_examples.h"

#define RESULT_MAX ((size_t)64 * 1024 * 1024)

static struct expression *compile(const char *text, enum expression_use use)
{
    struct buffer error;
    buffer_init(&error, 4096);
    struct expression *expression = expression_init(text, use, &error);
    if (expression == NULL)
        fail_msg("%s: %s", text, buffer_str(&error));
    assert_int_equal(error.used, 0);
    buffer_deinit(&error);
    return expression;
}

static void test_every_example_does_what_perl_does(void **state)
{
    (void)state;
    struct buffer result;
    buffer_init(&result, RESULT_MAX);
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *row = &examples[i];
        struct expression *expression = compile(row->expression, EXPRESSION_EDIT);
        enum expression_result found = expression_edit(expression, row->before.data,
                                                       row->before.size, RESULT_MAX, &result);
        bool is_changed = row->before.size != row->after.size ||
                          memcmp(row->before.data, row->after.data, row->after.size) != 0;
        if (is_changed && found != EXPRESSION_HIT)
            fail_msg("%s changes nothing in: %s", row->expression, row->before.data);
        if (found == EXPRESSION_HIT &&
            (result.used != row->after.size ||
             memcmp(buffer_str(&result), row->after.data, result.used) != 0))
            fail_msg("%s makes \"%s\" of \"%s\"", row->expression, buffer_str(&result),
                     row->before.data);
        assert_true(found == EXPRESSION_HIT || found == EXPRESSION_MISS);
        expression_deinit(&expression);
        assert_null(expression);
    }
    buffer_deinit(&result);
}

static void test_every_question_is_answered_as_by_perl(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *row = &questions[i];
        struct expression *expression = compile(row->expression, EXPRESSION_TEST);
        enum expression_result found = expression_match(expression, row->text.data, row->text.size);
        if (found != (row->is_match ? EXPRESSION_HIT : EXPRESSION_MISS))
            fail_msg("%s and %s: %d", row->expression, row->text.data, (int)found);
        expression_deinit(&expression);
    }
}

/* -- what is refused -- */

static void assert_refused(const char *text, enum expression_use use, const char *words)
{
    struct buffer error;
    buffer_init(&error, 4096);
    struct expression *expression = expression_init(text, use, &error);
    if (expression != NULL)
        fail_msg("%s is taken", text);
    if (strstr(buffer_str(&error), words) == NULL || strchr(buffer_str(&error), '\n') != NULL)
        fail_msg("%s: %s", text, buffer_str(&error));
    buffer_deinit(&error);
}

static void test_what_is_no_expression(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum expression_use use;
        const char *words;
    } rows[] = {
        {"", EXPRESSION_EDIT, "no expression of the form s/a/b/"},
        {"INBOX", EXPRESSION_EDIT, "no expression of the form s/a/b/"},
        {"FooArchiv", EXPRESSION_TEST, "no expression of the form"},
        {"s", EXPRESSION_EDIT, "no expression of the form"},
        {"sub/a/b/", EXPRESSION_EDIT, "no expression of the form"},
        {"s/a", EXPRESSION_EDIT, "a delimiter is missing"},
        {"s/a/b", EXPRESSION_EDIT, "a delimiter is missing"},
        {"s/a\\/b/", EXPRESSION_EDIT, "a delimiter is missing"},
        {"s{a}", EXPRESSION_EDIT, "a delimiter is missing"},
        {"s{a} b ", EXPRESSION_EDIT, "a delimiter is missing"},
        {"s{a{b}{c}", EXPRESSION_EDIT, "a delimiter is missing"},
        {"m/a", EXPRESSION_TEST, "a delimiter is missing"},
        {"tr/a/b", EXPRESSION_EDIT, "a delimiter is missing"},
        {"s #a#b#", EXPRESSION_EDIT, "no delimiter"},
        {"s'a'b'", EXPRESSION_EDIT, "no delimiter"},
        {"s/a/b/q", EXPRESSION_EDIT, "no modifier"},
        {"s/a/b/r", EXPRESSION_EDIT, "no modifier"},
        {"s/a/b/ or die", EXPRESSION_EDIT, "no modifier"},
        {"tr/a/b/r", EXPRESSION_EDIT, "no modifier"},
        {"s/(/b/", EXPRESSION_EDIT, "missing closing parenthesis (at character 1"},
        {"s/[a/b/", EXPRESSION_EDIT, "terminating ] "},
        {"s/a/$1/", EXPRESSION_EDIT, "uses $1, and the pattern has 0 groups"},
        {"s/(a)/\\2/", EXPRESSION_EDIT, "uses $2, and the pattern has 1 groups"},
        {"tr/z-a/b/", EXPRESSION_EDIT, "a range that goes down"},
        {"m/a/", EXPRESSION_EDIT, "wants s/a/b/"},
        {"s/a/b/", EXPRESSION_TEST, "wants m/a/"},
        {"(", EXPRESSION_PATTERN, "no good expression"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(rows[i].text, rows[i].use, rows[i].words);
}

static void test_what_needs_perl(void **state)
{
    (void)state;
    assert_refused("s/.*?(?:(\\\\(?:Answered|Flagged|Deleted|Seen|Draft)\\s?)|$)/"
                   "defined($1)?$1:q()/eg",
                   EXPRESSION_EDIT, "use --systemflagsonly");
    assert_refused("s/a/lc($&)/e", EXPRESSION_EDIT, "runs code");
    assert_refused("s/\\A/X: $sync->{user1}\\n/", EXPRESSION_EDIT, "a variable of Perl");
    assert_refused("s/a/${name}/", EXPRESSION_EDIT, "a variable of Perl");
    assert_refused("s/(?{ print 1 })a/b/", EXPRESSION_EDIT, "no good expression");
    assert_refused("s/a/b/; unlink", EXPRESSION_EDIT, "no modifier");
}

static void test_what_the_shell_has_eaten(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "s/\\Flagged//g",
        "s/\\Seen//",
        "s/\\Indexed//gi",
        "s/\\ATTACHED//gi",
        "s/x|\\FORWARDED|\\Draft//gi",
        "s/$MDNSent//g",
        "s/$label1/x/g",
        "s/a\\\\\\Flagged//",
        "s/${HOME}//",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(rows[i], EXPRESSION_EDIT, "'s/\\\\Flagged//g' or 's/\\$MDNSent//g'");
}

static void test_a_list_names_the_setting(void **state)
{
    (void)state;
    struct str_list texts = {0};
    struct expression_list list = {0};
    struct buffer faults, text, scratch;
    size_t guilty = 7;
    buffer_init(&faults, 4096);
    buffer_init(&text, 4096);
    buffer_init(&scratch, 4096);
    str_list_add(&texts, "s/a/b/");
    str_list_add(&texts, "nonsense");
    str_list_add(&texts, "s/b/c/g");
    assert_false(expression_list_init(&list, &texts, EXPRESSION_EDIT, "regexflag", &faults));
    assert_string_equal(buffer_str(&faults),
                        "regexflag: nonsense is no expression of the form s/a/b/, m/a/ or "
                        "tr/a/b/\n");
    assert_int_equal(list.count, 2);
    buffer_append_str(&text, "ab");
    assert_int_equal(expression_list_edit(&list, &text, &scratch, 4096, &guilty), EXPRESSION_HIT);
    assert_string_equal(buffer_str(&text), "cc");
    assert_int_equal(expression_list_edit(&list, &text, &scratch, 4096, &guilty), EXPRESSION_MISS);
    assert_string_equal(buffer_str(&text), "cc");
    buffer_clear(&text);
    buffer_append_str(&text, "abbb");
    assert_int_equal(expression_list_edit(&list, &text, &scratch, 3, &guilty),
                     EXPRESSION_TOO_LARGE);
    assert_int_equal(guilty, 0);
    expression_list_deinit(&list);
    assert_int_equal(list.count, 0);
    str_list_deinit(&texts);
    buffer_deinit(&faults);
    buffer_deinit(&text);
    buffer_deinit(&scratch);
}

/* -- limits -- */

static enum expression_result edit_filled(const char *text, size_t size, size_t max_bytes,
                                          size_t *result_size_r)
{
    struct buffer result;
    char *subject = mem_alloc(size + 1);
    struct expression *expression = compile(text, EXPRESSION_EDIT);
    memset(subject, 'a', size);
    buffer_init(&result, RESULT_MAX);
    enum expression_result found = expression_edit(expression, subject, size, max_bytes, &result);
    *result_size_r = result.used;
    assert_true(result.used <= max_bytes);
    expression_deinit(&expression);
    buffer_deinit(&result);
    mem_free(subject);
    return found;
}

static void test_nothing_hangs(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "s/(a+)+[bc]//",    "s/(a|aa)+b//g",           "s/(.*)*b//",
        "s/(a*)*(a*)*c//g", "s/(?:(?:a?){50}){50}c//", "s/(.*)(.*)(.*)(.*)x//s",
    };
    size_t size;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum expression_result found = edit_filled(rows[i], 20000, RESULT_MAX, &size);
        assert_true(found == EXPRESSION_TOO_HARD || found == EXPRESSION_MISS);
    }
    /* many searches, each of them slow */
    assert_int_equal(edit_filled("s/a(?=(a|aa)*b|)//g", 200000, RESULT_MAX, &size),
                     EXPRESSION_TOO_HARD);
}

static void test_long_texts_are_no_hard_ones(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "s/a/b/g", "s,(.{10239}),$1\\r\\n,g", "s/x*y//g", "s/\\z/b/", "s/^/b/gm", "s/.*/b/s"};
    size_t size;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum expression_result found = edit_filled(rows[i], 20 * 1024 * 1024, RESULT_MAX, &size);
        assert_true(found == EXPRESSION_HIT || found == EXPRESSION_MISS);
    }
}

static void test_the_result_has_a_ceiling(void **state)
{
    (void)state;
    size_t size;
    assert_int_equal(edit_filled("s/a/aa/g", 1000, 2000, &size), EXPRESSION_HIT);
    assert_int_equal(size, 2000);
    assert_int_equal(edit_filled("s/a/aa/g", 1000, 1999, &size), EXPRESSION_TOO_LARGE);
    assert_int_equal(edit_filled("s/(a*)/$1$1$1$1$1$1$1$1/", 1000000, 7999999, &size),
                     EXPRESSION_TOO_LARGE);
    assert_int_equal(edit_filled("tr/a/b/", 1000, 999, &size), EXPRESSION_TOO_LARGE);
    assert_int_equal(edit_filled("tr/a/b/", 1000, 1000, &size), EXPRESSION_HIT);
}

static void test_bytes_are_bytes(void **state)
{
    (void)state;
    static const char text[] = "\xc3\xa4\x00\xff";
    struct buffer result;
    buffer_init(&result, 100);
    struct expression *expression = compile("s/./x/gs", EXPRESSION_EDIT);
    assert_int_equal(expression_edit(expression, text, 4, 100, &result), EXPRESSION_HIT);
    assert_string_equal(buffer_str(&result), "xxxx");
    expression_deinit(&expression);
    expression = compile("s/\\xC3\\xA4/\\xe4/", EXPRESSION_EDIT);
    assert_int_equal(expression_edit(expression, text, 4, 100, &result), EXPRESSION_HIT);
    assert_int_equal(result.used, 3);
    assert_memory_equal(result.data, "\xe4\x00\xff", 3);
    expression_deinit(&expression);
    buffer_deinit(&result);
}

static void test_bare_patterns(void **state)
{
    (void)state;
    struct buffer error;
    buffer_init(&error, 1000);
    struct expression *expression = compile("fold1|fold 2|(?i)SPAM", EXPRESSION_PATTERN);
    assert_int_equal(expression_match(expression, "a fold 2", 8), EXPRESSION_HIT);
    assert_int_equal(expression_match(expression, "spam", 4), EXPRESSION_HIT);
    assert_int_equal(expression_match(expression, "FOLD1", 5), EXPRESSION_MISS);
    expression_deinit(&expression);
    expression = expression_init_pattern("^ x .* y", "xi", &error);
    assert_int_equal(expression_match(expression, "Xay", 3), EXPRESSION_HIT);
    expression_deinit(&expression);
    expression_deinit(&expression);
    buffer_deinit(&error);
}

static void test_groups_that_are_forgotten(void **state)
{
    static const struct {
        const char *text;
        bool forgets;
    } rows[] = {
        {"s,(.{10239}),\\r\\n,g", true},
        {"s{\\A(.*?(?! ^$))^Date:(.*?)$}{Date:\\nX-Date:}gxms", true},
        {"s/(.+)/x\\\\1/", true}, /* a backslash, and 1 */
        {"s,(.{10239}),$1\\r\\n,g", false},
        {"s,(.{10239}),${1}\\r\\n,g", false},
        {"s,(.{10239}),\\1\\r\\n,g", false},
        {"s,(.{10239}),$&\\r\\n,g", false},
        {"s,(.{10239}),,g", false}, /* that is meant */
        {"s,(?:.{10239}),\\r\\n,g", false},
        {"s,\\(.*,\\r\\n,g", false},
        {"s/(\\x00)+\\Z//g", false},
        {"s/(Sent|Gesendet)/Sent/", false},
        {"m/(.*)/", false},
        {"tr/(.*/abcd/", false},
        {"s/(.*)/no end", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (expression_forgets_group(rows[i].text) != rows[i].forgets)
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_that_are_forgotten),
        cmocka_unit_test(test_every_example_does_what_perl_does),
        cmocka_unit_test(test_every_question_is_answered_as_by_perl),
        cmocka_unit_test(test_what_is_no_expression),
        cmocka_unit_test(test_what_needs_perl),
        cmocka_unit_test(test_what_the_shell_has_eaten),
        cmocka_unit_test(test_a_list_names_the_setting),
        cmocka_unit_test(test_nothing_hangs),
        cmocka_unit_test(test_long_texts_are_no_hard_ones),
        cmocka_unit_test(test_the_result_has_a_ceiling),
        cmocka_unit_test(test_bytes_are_bytes),
        cmocka_unit_test(test_bare_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
