/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "batch/rate.h"

#define SEC CLOCK_NSECS_PER_SEC

static void test_young_is_a_plain_average(void **state)
{
    (void)state;
    struct rate rate = {0};
    rate_note(&rate, 100 * SEC, 10, 5, 50);
    assert_float_equal(rate.messages_per_sec, 0, 1e-9);
    rate_note(&rate, 101 * SEC, 10, 25, 1050);
    assert_float_equal(rate.messages_per_sec, 20, 1e-9);
    assert_float_equal(rate.bytes_per_sec, 1000, 1e-9);
    rate_note(&rate, 104 * SEC, 10, 25, 1050); /* nothing for 3 s: 20 in 4 s */
    assert_float_equal(rate.messages_per_sec, 5, 1e-9);
}

static void test_old_growth_is_forgotten(void **state)
{
    (void)state;
    struct rate rate = {0};
    uint64_t sum = 0;
    for (int second = 0; second <= 60; second++, sum += 100)
        rate_note(&rate, (1000 + second) * SEC, 10, sum, 0);
    assert_float_equal(rate.messages_per_sec, 100, 1e-6);
    for (int second = 61; second <= 70; second++)
        rate_note(&rate, (1000 + second) * SEC, 10, sum, 0);
    assert_true(rate.messages_per_sec > 33 && rate.messages_per_sec < 46); /* 100 / e, about */
    for (int second = 71; second <= 200; second++)
        rate_note(&rate, (1000 + second) * SEC, 10, sum, 0);
    assert_true(rate.messages_per_sec < 0.01);
}

static void test_odd_times_and_sums(void **state)
{
    (void)state;
    struct rate rate = {0};
    rate_note(&rate, 10 * SEC, 10, 100, 100);
    rate_note(&rate, 10 * SEC, 10, 200, 200); /* no time has passed */
    assert_float_equal(rate.messages_per_sec, 0, 1e-9);
    rate_note(&rate, 11 * SEC, 10, 50, 50); /* counted anew */
    assert_float_equal(rate.messages_per_sec, 0, 1e-9);
    rate_note(&rate, 12 * SEC, 10, 60, 60);
    assert_float_equal(rate.messages_per_sec, 5, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_young_is_a_plain_average),
        cmocka_unit_test(test_old_growth_is_forgotten),
        cmocka_unit_test(test_odd_times_and_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
