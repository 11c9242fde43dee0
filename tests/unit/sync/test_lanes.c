/* SPDX-License-Identifier: MIT
 * How many connections to the destination pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/lanes.h"

/* A distant server that makes every APPEND wait, and plenty to do. */
static struct lanes_question distant(size_t open)
{
    struct lanes_question question = {.max = 10,
                                      .open = open,
                                      .waits_for_each = true,
                                      .rtt_usecs = 40000,
                                      .messages_left = 10000};
    return question;
}

static void test_auto_goes_up_in_steps(void **state)
{
    (void)state;
    struct lanes_question question = distant(1);
    assert_int_equal(lanes_wanted(&question), 4);
    question.open = 4;
    assert_int_equal(lanes_wanted(&question), 8);
    question.open = 8;
    assert_int_equal(lanes_wanted(&question), 10);
    question.open = 10;
    assert_int_equal(lanes_wanted(&question), 10);
}

static void test_auto_stays_where_more_would_not_pay(void **state)
{
    (void)state;
    struct lanes_question question = distant(1);
    question.rtt_usecs = 1000; /* near */
    assert_int_equal(lanes_wanted(&question), 1);
    question = distant(1);
    question.waits_for_each = false; /* literals need no invitation */
    assert_int_equal(lanes_wanted(&question), 1);
    question = distant(1);
    question.is_paced = true; /* the budget sets the rate */
    assert_int_equal(lanes_wanted(&question), 1);
    question = distant(4);
    question.is_settled = true; /* the last ones brought nothing */
    assert_int_equal(lanes_wanted(&question), 4);
    question = distant(1);
    question.messages_left = 15; /* not enough for two */
    assert_int_equal(lanes_wanted(&question), 1);
    question = distant(1);
    question.opening = 3; /* first see what they bring */
    assert_int_equal(lanes_wanted(&question), 4);
}

static void test_a_fixed_number_within_the_ceiling(void **state)
{
    (void)state;
    struct lanes_question question = distant(1);
    question.fixed = 3;
    question.rtt_usecs = 0;
    question.waits_for_each = false;
    assert_int_equal(lanes_wanted(&question), 3);
    question.opening = 2;
    assert_int_equal(lanes_wanted(&question), 3);
    question = distant(1);
    question.fixed = 16;
    assert_int_equal(lanes_wanted(&question), 10);
    question.max = 1;
    assert_int_equal(lanes_wanted(&question), 1);
}

static void test_lanes_pay_from_a_tenth_on(void **state)
{
    (void)state;
    assert_true(lanes_paid(100, 111));
    assert_false(lanes_paid(100, 109));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auto_goes_up_in_steps),
        cmocka_unit_test(test_auto_stays_where_more_would_not_pay),
        cmocka_unit_test(test_a_fixed_number_within_the_ceiling),
        cmocka_unit_test(test_lanes_pay_from_a_tenth_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
