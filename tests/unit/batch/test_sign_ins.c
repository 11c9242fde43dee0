/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/diagnoses.h"
#include "base/mem.h"
#include "batch/sign_ins.h"

static struct fault refused(enum fault_code code, int side, const char *diagnosis)
{
    struct fault fault;
    fault_set(&fault, code, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, side, "refused: %s",
              diagnosis);
    fault.diagnosis = diagnosis_by_id(diagnosis);
    return fault;
}

/* -- the decision -- */

static void test_streaks(void **state)
{
    /* a, b: refused in these ways; c: at the other side; t: for another reason than the sign-in;
       .: let in. */
    static const struct {
        const char *course;
        bool is_enough;
    } cases[] = {
        {"", false},      {"a", false},     {"aa", false},     {"aaa", true},   {"aba", false},
        {"aab", false},   {"aabb", false},  {"aabbb", true},   {"aa.a", false}, {"aa.aaa", true},
        {".....", false}, {"aca", false},   {"ttt", false},    {"atata", true}, {"aaa.", true},
        {"aaa.b", true},  {"a.a.a", false}, {"ababab", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sign_in_streak streak;
        bool is_enough = false;
        memset(&streak, 0, sizeof(streak));
        for (const char *p = cases[i].course; *p != '\0'; p++) {
            struct fault fault = refused(*p == 't' ? FAULT_CLOSED : FAULT_AUTH, *p == 'c' ? 2 : 1,
                                         *p == 'b' ? "aadsts-consent" : "aadsts-secret");
            bool was_enough = is_enough;
            is_enough = sign_in_streak_note(&streak, *p == '.' ? NULL : &fault);
            assert_true(is_enough || !was_enough || *p == 't');
        }
        if (is_enough != cases[i].is_enough)
            fail_msg("%s: %d", cases[i].course, is_enough);
    }
}

/* -- whose -- */

static void give(struct settings *settings, const char *user, const char *authuser,
                 const char *profile)
{
    settings_init(settings);
    settings->side[0].host = mem_strdup("old.example.org");
    settings->side[0].user = mem_strdup(user);
    settings->side[1].host = mem_strdup("new.example.org");
    settings->side[1].user = mem_strdup(user);
    if (authuser != NULL)
        settings->side[0].authuser = mem_strdup(authuser);
    if (profile != NULL)
        settings->side[0].auth = mem_strdup(profile);
}

static bool note(struct sign_ins *sign_ins, const struct settings *settings, int side,
                 struct buffer *line)
{
    struct pair_result result;
    memset(&result, 0, sizeof(result));
    result.status = JOB_FAILED;
    result.fault = refused(FAULT_AUTH, side, "aadsts-secret");
    buffer_clear(line);
    return sign_ins_note(sign_ins, settings, &result, line);
}

/* Three users fail, then a fourth wants to sign in. */
static void check_whose(const char *authuser, const char *profile, int side, const char *name)
{
    static const char *const users[] = {"ada", "bob", "cyd", "dan"};
    struct sign_ins *sign_ins = sign_ins_init();
    struct buffer line;
    struct fault fault;
    buffer_init(&line, 4096);
    assert_non_null(sign_ins);
    for (size_t i = 0; i < 4; i++) {
        struct settings settings;
        give(&settings, users[i], authuser, profile);
        assert_int_equal(sign_ins_are_paused(sign_ins, &settings, &fault), i == 3 && name != NULL);
        if (i < 3)
            assert_int_equal(note(sign_ins, &settings, side, &line), i == 2 && name != NULL);
        settings_deinit(&settings);
    }
    if (name != NULL) {
        assert_non_null(strstr(buffer_str(&line), name));
        assert_non_null(strstr(fault.text, name));
        assert_int_equal(fault.code, FAULT_AUTH);
        assert_int_equal(fault.side, side);
        assert_string_equal(diagnosis_id(fault.diagnosis), "aadsts-secret");
    }
    buffer_deinit(&line);
    sign_ins_deinit(&sign_ins);
    assert_null(sign_ins);
}

static void test_whose(void **state)
{
    (void)state;
    check_whose(NULL, "contoso", 1, "the profile \"contoso\"");
    check_whose("admin", NULL, 1, "admin at old.example.org");
    check_whose("admin", "contoso", 1, "the profile \"contoso\"");
    /* Each signs in for itself. */
    check_whose(NULL, NULL, 1, NULL);
    check_whose("admin", "contoso", 2, NULL);
}

static void test_one_that_is_let_in(void **state)
{
    struct sign_ins *sign_ins = sign_ins_init();
    struct settings settings;
    struct buffer line;
    struct fault fault;
    (void)state;
    buffer_init(&line, 4096);
    give(&settings, "ada", NULL, "contoso");
    assert_false(note(sign_ins, &settings, 1, &line));
    assert_false(note(sign_ins, &settings, 1, &line));
    sign_ins_let_in(sign_ins, &settings, 2);
    sign_ins_let_in(sign_ins, &settings, 1);
    assert_false(note(sign_ins, &settings, 1, &line));
    assert_false(note(sign_ins, &settings, 1, &line));
    assert_false(sign_ins_are_paused(sign_ins, &settings, &fault));
    assert_true(note(sign_ins, &settings, 1, &line));
    /* It is said once, and stays. */
    assert_false(note(sign_ins, &settings, 1, &line));
    sign_ins_let_in(sign_ins, &settings, 1);
    assert_true(sign_ins_are_paused(sign_ins, &settings, &fault));
    settings_deinit(&settings);
    buffer_deinit(&line);
    sign_ins_deinit(&sign_ins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streaks),
        cmocka_unit_test(test_whose),
        cmocka_unit_test(test_one_that_is_let_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
