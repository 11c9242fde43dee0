/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sync/notes.h"

/* A dry run notes every message, with one text. */
static void test_a_text_is_kept_once(void **state)
{
    enum {
        MANY = 100000
    };
    struct notes notes = {0};
    (void)state;
    for (uint32_t i = 0; i < MANY; i++)
        notes_add(&notes, i, i % 2 == 0 ? PROBLEM_EXCLUDED : PROBLEM_TOO_BIG,
                  i % 2 == 0 ? "not wanted" : "too big", i % 2 == 0 ? "" : "over-maxsize");
    assert_int_equal(notes.count, MANY);
    assert_int_equal(notes.text_count, 2);
    assert_true(notes.alloc * sizeof(notes.items[0]) <= (size_t)9 * MANY + 100);
    assert_string_equal(notes_text(&notes, MANY - 2)->words, "not wanted");
    assert_string_equal(notes_text(&notes, MANY - 2)->diagnosis, "");
    assert_string_equal(notes_text(&notes, MANY - 1)->words, "too big");
    assert_string_equal(notes_text(&notes, MANY - 1)->diagnosis, "over-maxsize");
    assert_int_equal(notes.items[MANY - 1].index, MANY - 1);
    assert_int_equal(notes.items[MANY - 1].reason, PROBLEM_TOO_BIG);
    notes_deinit(&notes);
    assert_int_equal(notes.count, 0);
}

static void test_each_has_its_own_text(void **state)
{
    struct notes notes = {0};
    char text[30];
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "refused %u", i % 50);
        notes_add(&notes, 1000 - i, PROBLEM_FAILED, text, i % 3 == 0 ? "virus" : "quota");
    }
    for (uint32_t i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "refused %u", i % 50);
        assert_string_equal(notes_text(&notes, i)->words, text);
        assert_string_equal(notes_text(&notes, i)->diagnosis, i % 3 == 0 ? "virus" : "quota");
    }
    notes_deinit(&notes);
}

static void test_of_the_vanished_nobody_can_be_asked(void **state)
{
    struct notes notes = {0};
    (void)state;
    assert_false(notes_want_description(&notes));
    notes_add(&notes, 1, PROBLEM_VANISHED, "gone", "");
    assert_false(notes_want_description(&notes));
    notes_add(&notes, 2, PROBLEM_FAILED, "refused", "");
    assert_true(notes_want_description(&notes));
    notes_deinit(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_is_kept_once),
        cmocka_unit_test(test_each_has_its_own_text),
        cmocka_unit_test(test_of_the_vanished_nobody_can_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
