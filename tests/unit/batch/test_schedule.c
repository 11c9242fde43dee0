/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/schedule.h"

#define NONE SCHEDULE_UNKNOWN

static void test_average(void **state)
{
    (void)state;
    static const struct {
        uint64_t messages[4];
        uint64_t average;
    } rows[] = {
        {{NONE, NONE, NONE, NONE}, 0},
        {{NONE, 7, NONE, NONE}, 7},
        {{1, 2, 3, NONE}, 2},
        {{1, 1, 1, 0}, 0},
        {{3, 3, 3, 2}, 2},
        {{5, 2, NONE, 1}, 2},
        {{INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}, INT64_MAX},
        {{UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1}, UINT64_MAX - 1},
        {{UINT64_MAX - 1, 0, 0, 1}, (UINT64_MAX - 1) / 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(schedule_average(rows[i].messages, 4) == rows[i].average);
    assert_int_equal(schedule_average(NULL, 0), 0);
}

static void test_order(void **state)
{
    (void)state;
    /* The giant before the unknown ones, those before what is smaller than the average. */
    static const uint64_t first_to_last[] = {1000000, 51, NONE, 49, 1, 0};
    for (size_t i = 0; i + 1 < sizeof(first_to_last) / sizeof(first_to_last[0]); i++)
        assert_true(schedule_order(first_to_last[i], 50) <
                    schedule_order(first_to_last[i + 1], 50));
    /* Equal ones stay as the manifest has them: the queue takes the first that was added. */
    assert_true(schedule_order(NONE, 50) == schedule_order(50, 50));
    assert_true(schedule_order(NONE, 0) == schedule_order(0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
