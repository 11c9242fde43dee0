/* SPDX-License-Identifier: MIT
 * Real threads; to be run under ThreadSanitizer as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "base/clock.h"
#include "batch/pool.h"

#define JOBS_MAX 1000

struct record {
    struct stop stop;
    atomic_int runs[JOBS_MAX];
    atomic_int running;
    atomic_int most_running;
    atomic_int sum;
    atomic_bool is_signal_open; /* some worker had SIGTERM unblocked */
    int64_t again_at;
    int looks;
};

static void record_init(struct record *record)
{
    memset(record, 0, sizeof(*record));
    assert_true(stop_init(&record->stop));
}

static struct queue *queue_of(uint64_t jobs)
{
    struct queue *queue = NULL;
    struct fault fault;
    assert_true(queue_init(&queue, &fault));
    for (uint64_t i = 0; i < jobs; i++) {
        struct queue_job job = {i, i, 0, 0};
        assert_true(queue_add(queue, &job));
    }
    return queue;
}

static void nap(int msecs)
{
    (void)poll(NULL, 0, msecs);
}

static enum pool_verdict job_count(void *context, uint64_t id, int64_t *again_nsecs_r)
{
    struct record *record = context;
    sigset_t blocked;
    (void)again_nsecs_r;
    if (pthread_sigmask(SIG_SETMASK, NULL, &blocked) != 0 || !sigismember(&blocked, SIGTERM))
        atomic_store(&record->is_signal_open, true);
    int running = atomic_fetch_add(&record->running, 1) + 1;
    int most = atomic_load(&record->most_running);
    while (running > most && !atomic_compare_exchange_weak(&record->most_running, &most, running))
        continue;
    if (id < 16)
        nap(2);
    atomic_fetch_add(&record->runs[id], 1);
    atomic_fetch_add(&record->sum, 1);
    atomic_fetch_sub(&record->running, 1);
    return POOL_DONE;
}

static void test_each_job_once(void **state)
{
    (void)state;
    static const struct {
        uint64_t jobs;
        size_t threads;
        size_t started;
    } rows[] = {{0, 8, 0}, {1, 8, 1}, {3, 8, 3}, {1000, 1, 1}, {1000, 8, 8}, {1000, 64, 64}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct record record;
        struct fault fault;
        size_t started = 99;
        record_init(&record);
        struct queue *queue = queue_of(rows[i].jobs);
        struct pool_work work = {.context = &record, .run = job_count};
        assert_true(pool_run(queue, rows[i].threads, &work, &record.stop, &started, &fault));
        assert_int_equal(started, rows[i].started);
        for (size_t id = 0; id < JOBS_MAX; id++)
            assert_int_equal(atomic_load(&record.runs[id]), id < rows[i].jobs ? 1 : 0);
        assert_true((size_t)atomic_load(&record.most_running) <= rows[i].threads);
        assert_false(atomic_load(&record.is_signal_open));
        queue_deinit(&queue);
        stop_deinit(&record.stop);
    }
}

/* Odd jobs come back once, 20 ms later; meanwhile the others run. */
static enum pool_verdict job_again(void *context, uint64_t id, int64_t *again_nsecs_r)
{
    struct record *record = context;
    int runs = atomic_fetch_add(&record->runs[id], 1) + 1;
    if (id % 2 == 0 || runs == 2) {
        if (runs == 2 && clock_mono_nsecs() < record->again_at)
            atomic_fetch_add(&record->sum, 1000);
        atomic_fetch_add(&record->sum, 1);
        return POOL_DONE;
    }
    *again_nsecs_r = record->again_at;
    return POOL_AGAIN;
}

static void test_job_comes_back(void **state)
{
    (void)state;
    struct record record;
    struct fault fault;
    size_t started;
    record_init(&record);
    record.again_at = clock_mono_nsecs() + 20 * CLOCK_NSECS_PER_MSEC;
    struct queue *queue = queue_of(20);
    struct pool_work work = {.context = &record, .run = job_again};
    assert_true(pool_run(queue, 4, &work, &record.stop, &started, &fault));
    assert_int_equal(atomic_load(&record.sum), 20); /* none before its time */
    for (int i = 0; i < 20; i++)
        assert_int_equal(atomic_load(&record.runs[i]), i % 2 ? 2 : 1);
    queue_deinit(&queue);
    stop_deinit(&record.stop);
}

/* The third job to start asks to stop; those running see it. */
static enum pool_verdict job_stop(void *context, uint64_t id, int64_t *again_nsecs_r)
{
    struct record *record = context;
    (void)again_nsecs_r;
    atomic_fetch_add(&record->runs[id], 1);
    if (atomic_fetch_add(&record->sum, 1) + 1 == 3)
        stop_request(&record->stop);
    struct pollfd fd = {.fd = record->stop.fd, .events = POLLIN};
    (void)poll(&fd, 1, 10000);
    nap(50);
    return POOL_DONE;
}

static void test_stop_leaves_the_rest(void **state)
{
    (void)state;
    struct record record;
    struct fault fault;
    size_t started;
    record_init(&record);
    struct queue *queue = queue_of(100);
    struct pool_work work = {.context = &record, .run = job_stop};
    assert_true(pool_run(queue, 4, &work, &record.stop, &started, &fault));
    assert_in_range(atomic_load(&record.sum), 3, 4);
    assert_int_equal(queue_count(queue), 100 - (size_t)atomic_load(&record.sum));
    queue_deinit(&queue);
    stop_deinit(&record.stop);
}

/* All workers wait for a job whose time is far away: the stop wakes them. */
static enum pool_verdict job_much_later(void *context, uint64_t id, int64_t *again_nsecs_r)
{
    struct record *record = context;
    atomic_fetch_add(&record->runs[id], 1);
    if (atomic_fetch_add(&record->sum, 1) + 1 == 4)
        stop_request(&record->stop);
    *again_nsecs_r = clock_mono_nsecs() + 3600 * CLOCK_NSECS_PER_SEC;
    return POOL_AGAIN;
}

static void test_stop_wakes_waiters(void **state)
{
    (void)state;
    struct record record;
    struct fault fault;
    size_t started;
    record_init(&record);
    struct queue *queue = queue_of(4);
    struct pool_work work = {.context = &record, .run = job_much_later};
    int64_t before = clock_mono_nsecs();
    assert_true(pool_run(queue, 4, &work, &record.stop, &started, &fault));
    assert_true(clock_mono_nsecs() - before < 60 * CLOCK_NSECS_PER_SEC);
    assert_int_equal(queue_count(queue), 4);
    queue_deinit(&queue);
    stop_deinit(&record.stop);
}

/* The waiting thread looks before each wait and may ask to be woken for the next look. */
static int look_until_third(void *context)
{
    struct record *record = context;
    if (++record->looks == 3)
        stop_request_for(&record->stop, STOP_REASON_TIME_WINDOW);
    return record->looks < 3 ? 1 : -1;
}

static void test_the_waiting_thread_looks(void **state)
{
    (void)state;
    struct record record;
    struct fault fault;
    size_t started;
    record_init(&record);
    struct queue *queue = queue_of(3);
    struct pool_work work = {.context = &record, .run = job_much_later, .look = look_until_third};
    assert_true(pool_run(queue, 3, &work, &record.stop, &started, &fault));
    assert_true(record.looks >= 3);
    assert_int_equal(stop_reason(&record.stop), STOP_REASON_TIME_WINDOW);
    queue_deinit(&queue);
    stop_deinit(&record.stop);
}

static void test_stopped_before(void **state)
{
    (void)state;
    struct record record;
    struct fault fault;
    size_t started;
    record_init(&record);
    stop_request(&record.stop);
    struct queue *queue = queue_of(1000);
    struct pool_work work = {.context = &record, .run = job_stop};
    assert_true(pool_run(queue, 2, &work, &record.stop, &started, &fault));
    assert_int_equal(atomic_load(&record.sum), 0);
    assert_int_equal(queue_count(queue), 1000);
    queue_deinit(&queue);
    stop_deinit(&record.stop);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || !defined(__linux__)
#define HAS_PLAIN_MEMORY 0
#else
#define HAS_PLAIN_MEMORY 1
#endif

static void test_threads_are_refused(void **state)
{
    (void)state;
    struct rlimit before;
    if (!HAS_PLAIN_MEMORY || getrlimit(RLIMIT_AS, &before) != 0)
        skip();
    struct record record;
    struct fault fault;
    size_t started;
    record_init(&record);
    struct queue *queue = queue_of(1000);
    struct pool_work work = {.context = &record, .run = job_count};
    struct rlimit none = before;
    none.rlim_cur = 1 << 20; /* less than what is mapped: not one more stack */
    assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    bool is_ok = pool_run(queue, 500, &work, &record.stop, &started, &fault);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    /* Stacks of threads that ended are used again, so a few may start all the same. */
    assert_true(started < 500);
    assert_int_equal(is_ok, started > 0);
    assert_int_equal(atomic_load(&record.sum), started > 0 ? 1000 : 0);
    if (!is_ok)
        assert_int_equal(fault.code, FAULT_INTERNAL);
    queue_deinit(&queue);
    stop_deinit(&record.stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_are_refused),
        cmocka_unit_test(test_stopped_before),
        cmocka_unit_test(test_each_job_once),
        cmocka_unit_test(test_job_comes_back),
        cmocka_unit_test(test_the_waiting_thread_looks),
        cmocka_unit_test(test_stop_leaves_the_rest),
        cmocka_unit_test(test_stop_wakes_waiters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
