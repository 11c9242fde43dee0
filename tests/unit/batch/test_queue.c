/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "batch/queue.h"

static struct queue *new_queue(void)
{
    struct queue *queue = NULL;
    struct fault fault;
    assert_true(queue_init(&queue, &fault));
    return queue;
}

static void add(struct queue *queue, uint64_t id, uint64_t order, int64_t not_before)
{
    struct queue_job job = {id, order, not_before, 0};
    assert_true(queue_add(queue, &job));
}

/* The id that comes next at `now`; 0: wait until *until_r; UINT64_MAX: the end. */
static uint64_t next(struct queue *queue, int64_t now, int64_t *until_r)
{
    struct queue_job job = {0, 0, 0, 0};
    switch (queue_try_take(queue, now, &job, until_r)) {
    case QUEUE_JOB:
        return job.id;
    case QUEUE_WAIT:
        return 0;
    case QUEUE_END:
        break;
    }
    return UINT64_MAX;
}

static void test_empty_ends_at_once(void **state)
{
    (void)state;
    struct queue *queue = new_queue();
    struct queue_job job;
    int64_t until = 0;
    assert_int_equal(next(queue, 0, &until), UINT64_MAX);
    assert_false(queue_take(queue, &job));
    queue_deinit(&queue);
    assert_null(queue);
    queue_deinit(&queue);
}

static void test_stopped_gives_nothing(void **state)
{
    (void)state;
    struct queue *queue = new_queue();
    struct queue_job job;
    int64_t until = 0;
    add(queue, 1, 0, 0);
    queue_stop(queue);
    assert_int_equal(next(queue, 0, &until), UINT64_MAX);
    assert_false(queue_take(queue, &job));
    assert_int_equal(queue_count(queue), 1);
    queue_deinit(&queue);
}

static void test_order_then_arrival(void **state)
{
    (void)state;
    struct queue *queue = new_queue();
    int64_t until = 0;
    for (uint64_t i = 1; i <= 100; i++)
        add(queue, i, i % 10, 0);
    assert_int_equal(queue_count(queue), 100);
    for (uint64_t order = 0; order < 10; order++) {
        for (uint64_t i = 0; i < 10; i++)
            assert_int_equal(next(queue, 0, &until), (order == 0 ? 10 : order) + i * 10);
    }
    assert_int_equal(next(queue, 0, &until), 0); /* they are only taken */
    assert_true(until == INT64_MAX);
    for (int i = 0; i < 100; i++)
        queue_finish(queue, &(struct queue_job){0, 0, 0, 0});
    assert_int_equal(next(queue, 0, &until), UINT64_MAX);
    queue_deinit(&queue);
}

static void test_not_before(void **state)
{
    (void)state;
    struct queue *queue = new_queue();
    int64_t until = 0;
    add(queue, 1, 1, 300);
    add(queue, 2, 9, 100);
    add(queue, 3, 5, 200);
    add(queue, 4, 7, 0);
    assert_int_equal(next(queue, 50, &until), 4);
    assert_int_equal(next(queue, 99, &until), 0);
    assert_int_equal(until, 100);
    assert_int_equal(next(queue, 100, &until), 2);
    assert_int_equal(next(queue, 100, &until), 0);
    assert_int_equal(until, 200);
    /* Once both may run, their order counts and not how long they waited. */
    assert_int_equal(next(queue, 300, &until), 1);
    assert_int_equal(next(queue, 300, &until), 3);
    queue_deinit(&queue);
}

static void test_again(void **state)
{
    (void)state;
    struct queue *queue = new_queue();
    struct queue_job job = {1, 0, 500, 0};
    int64_t until = 0;
    add(queue, 1, 0, 0);
    assert_int_equal(next(queue, 10, &until), 1);
    assert_int_equal(next(queue, 10, &until), 0);
    assert_true(until == INT64_MAX);
    assert_true(queue_again(queue, &job));
    assert_int_equal(next(queue, 10, &until), 0);
    assert_int_equal(until, 500);
    assert_int_equal(next(queue, 500, &until), 1);
    queue_finish(queue, &job);
    assert_int_equal(next(queue, 500, &until), UINT64_MAX);
    queue_deinit(&queue);
}

static void test_take_waits_for_its_time(void **state)
{
    (void)state;
    struct queue *queue = new_queue();
    struct queue_job job;
    int64_t at = clock_mono_nsecs() + 20 * CLOCK_NSECS_PER_MSEC;
    add(queue, 1, 0, at);
    assert_true(queue_take(queue, &job));
    assert_true(clock_mono_nsecs() >= at);
    assert_int_equal(job.id, 1);
    queue_finish(queue, &job);
    assert_false(queue_take(queue, &job));
    queue_deinit(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_ends_at_once),
        cmocka_unit_test(test_stopped_gives_nothing),
        cmocka_unit_test(test_order_then_arrival),
        cmocka_unit_test(test_not_before),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_take_waits_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
