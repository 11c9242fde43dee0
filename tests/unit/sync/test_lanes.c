/* SPDX-License-Identifier: MIT
 * How many connections to the destination and to the source pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/lane_set.h"
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
    assert_int_equal(lanes_wanted(&question), 8);
    question.rtt_usecs = 19999; /* not so far */
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

/* A refused one must not be asked for again and again. */
static void test_a_fixed_number_is_not_insisted_on(void **state)
{
    (void)state;
    struct lanes_question question = distant(2);
    question.fixed = 4;
    question.is_settled = true;
    assert_int_equal(lanes_wanted(&question), 2);
}

/* -- the source -- */

/* A source that is waited for while the destination is idle, and plenty to do. */
static struct source_lanes_question slow_source(size_t open)
{
    struct source_lanes_question question = {
        .max = 10, .open = open, .is_waited_for = true, .rate = 500, .messages_left = 10000};
    return question;
}

static void test_auto_adds_one_source_at_a_time(void **state)
{
    (void)state;
    struct source_lanes_question question = slow_source(1);
    assert_int_equal(source_lanes_wanted(&question), 2);
    question.open = 9;
    assert_int_equal(source_lanes_wanted(&question), 10);
    question.open = 10;
    assert_int_equal(source_lanes_wanted(&question), 10);
    question.max = 4; /* never fewer than there are */
    assert_int_equal(source_lanes_wanted(&question), 10);
}

static void test_auto_leaves_the_source_alone(void **state)
{
    (void)state;
    struct source_lanes_question question = slow_source(1);
    question.is_waited_for = false; /* the destination has enough to do */
    assert_int_equal(source_lanes_wanted(&question), 1);
    question = slow_source(1);
    question.is_paced = true;
    assert_int_equal(source_lanes_wanted(&question), 1);
    question = slow_source(2);
    question.is_settled = true;
    assert_int_equal(source_lanes_wanted(&question), 2);
    question = slow_source(1);
    question.opening = 1; /* first see what it brings */
    assert_int_equal(source_lanes_wanted(&question), 2);
    question = slow_source(1);
    question.max = 1;
    assert_int_equal(source_lanes_wanted(&question), 1);
}

static void test_a_source_needs_much_to_give(void **state)
{
    static const struct {
        size_t open;
        double rate;
        uint64_t messages_left;
        size_t wanted;
    } rows[] = {
        {1, 100, 400, 1}, {1, 100, 401, 2}, {1, 1000, 1000, 1}, {1, 1000, 1001, 2},
        {3, 100, 800, 3}, {3, 100, 801, 4}, {1, 0, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct source_lanes_question question = slow_source(rows[i].open);
        question.rate = rows[i].rate;
        question.messages_left = rows[i].messages_left;
        assert_int_equal(source_lanes_wanted(&question), rows[i].wanted);
    }
}

static void test_a_fixed_number_of_sources(void **state)
{
    (void)state;
    struct source_lanes_question question = {.fixed = 4, .max = 10, .open = 1};
    assert_int_equal(source_lanes_wanted(&question), 4);
    question.opening = 3;
    assert_int_equal(source_lanes_wanted(&question), 4);
    question.max = 2;
    question.opening = 0;
    assert_int_equal(source_lanes_wanted(&question), 2);
    question.is_settled = true; /* one was refused or lost */
    assert_int_equal(source_lanes_wanted(&question), 1);
}

static void test_waited_for_is_most_of_the_time(void **state)
{
    (void)state;
    assert_true(source_lanes_are_waited_for(750, 1000));
    assert_true(source_lanes_are_waited_for(1000, 1000));
    assert_false(source_lanes_are_waited_for(749, 1000));
    assert_false(source_lanes_are_waited_for(0, 0));
}

static void test_lanes_pay_from_a_tenth_on(void **state)
{
    (void)state;
    assert_true(lanes_paid(100, 111));
    assert_false(lanes_paid(100, 109));
}

static void test_care_for_servers_that_throttle(void **state)
{
    static const struct {
        const char *greeting;
        bool was_throttled;
        enum lane_care care;
    } rows[] = {
        {"", false, LANE_CARE_NONE},
        {"Dovecot ready.", false, LANE_CARE_NONE},
        {"The Microsoft Exchange IMAP4 service is ready. [TQBO]", false, LANE_CARE_LARGE},
        {"Gimap ready for requests from 192.0.2.1 x", false, LANE_CARE_LARGE},
        {"microsoft", false, LANE_CARE_NONE},
        {"Dovecot ready.", true, LANE_CARE_ALL},
        {"The Microsoft Exchange IMAP4 service is ready.", true, LANE_CARE_ALL},
        {"", true, LANE_CARE_ALL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lane_care_for(rows[i].greeting, rows[i].was_throttled), rows[i].care);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auto_goes_up_in_steps),
        cmocka_unit_test(test_auto_stays_where_more_would_not_pay),
        cmocka_unit_test(test_a_fixed_number_within_the_ceiling),
        cmocka_unit_test(test_a_fixed_number_is_not_insisted_on),
        cmocka_unit_test(test_auto_adds_one_source_at_a_time),
        cmocka_unit_test(test_auto_leaves_the_source_alone),
        cmocka_unit_test(test_a_source_needs_much_to_give),
        cmocka_unit_test(test_a_fixed_number_of_sources),
        cmocka_unit_test(test_waited_for_is_most_of_the_time),
        cmocka_unit_test(test_lanes_pay_from_a_tenth_on),
        cmocka_unit_test(test_care_for_servers_that_throttle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
