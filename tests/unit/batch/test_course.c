/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "batch/course.h"

static void test_stretches(void **state)
{
    static const struct {
        int64_t since_start_msecs, stretch_msecs;
    } rows[] = {
        {-5000, 1000},        {0, 1000},          {99000, 1000},
        {200000, 2000},       {36000000, 360000}, {360000000, 3600000},
        {INT64_MAX, 3600000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(course_stretch_msecs(rows[i].since_start_msecs), rows[i].stretch_msecs);
}

/* So a chart of a run of any length has points enough, and the store few rows. */
static void test_number_of_stretches(void **state)
{
    int64_t at_msecs = 0;
    int count = 0;
    (void)state;
    for (; at_msecs < INT64_C(10) * 24 * 3600 * 1000; count++)
        at_msecs += course_stretch_msecs(at_msecs);
    assert_in_range(count, 200, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_number_of_stretches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
