/* SPDX-License-Identifier: MIT
 * The order in which jobs get in, and real threads; to be run under ThreadSanitizer as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "batch/hosts.h"
#include "batch/pool.h"

/* Jobs are written as their hosts: "ab" goes from a to b. */
struct bench {
    struct host_limits *limits;
    struct queue *queue;
    const char *const *jobs;
    bool is_running[32];
};

static uint32_t route_of(struct host_limits *limits, const char *job)
{
    const char source[] = {job[0], '\0'};
    const char destination[] = {job[1], '\0'};
    return hosts_route(limits, source, 993, destination, 993);
}

static void bench_init(struct bench *bench, unsigned int max, const char *const *jobs)
{
    struct fault fault;
    memset(bench, 0, sizeof(*bench));
    bench->jobs = jobs;
    assert_true(hosts_init(max, &bench->limits, &fault));
    assert_true(queue_init(&bench->queue, &fault));
    queue_set_admission(bench->queue, hosts_admission(bench->limits));
    for (uint64_t i = 0; jobs[i] != NULL; i++) {
        struct queue_job job = {i, i, 0, route_of(bench->limits, jobs[i])};
        assert_true(queue_add(bench->queue, &job));
    }
}

static void bench_deinit(struct bench *bench)
{
    queue_deinit(&bench->queue);
    hosts_deinit(&bench->limits);
    assert_null(bench->limits);
}

/* Takes all that may run; the numbers of the jobs in their order, "0 2 5 ". */
static void assert_starts(struct bench *bench, const char *expected)
{
    char started[256] = "";
    size_t used = 0;
    int64_t until;
    struct queue_job job;
    while (queue_try_take(bench->queue, 1, &job, &until) == QUEUE_JOB) {
        bench->is_running[job.id] = true;
        used += (size_t)snprintf(started + used, sizeof(started) - used, "%d ", (int)job.id);
    }
    assert_string_equal(started, expected);
}

static void end(struct bench *bench, uint64_t id)
{
    struct queue_job job = {id, id, 0, route_of(bench->limits, bench->jobs[id])};
    assert_true(bench->is_running[id]);
    queue_finish(bench->queue, &job);
}

static void test_same_host_needs_two(void **state)
{
    (void)state;
    static const struct {
        const char *host1;
        const char *host2;
        int64_t port2;
        int64_t max;
        bool is_fine;
    } rows[] = {
        {"mail.example", "MAIL.Example", 993, 1, false},
        {"mail.example", "mail.example", 993, 2, true},
        {"mail.example", "mail.example", 993, 0, true},
        {"mail.example", "mail.example", 1993, 1, true},
        {"mail.example", "imap.example", 993, 1, true},
        {NULL, NULL, 993, 1, true}, /* told elsewhere */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer faults;
        struct settings settings;
        memset(&settings, 0, sizeof(settings));
        settings.maxconnectionsperhost = rows[i].max;
        settings.side[0].host = (char *)(uintptr_t)rows[i].host1;
        settings.side[1].host = (char *)(uintptr_t)rows[i].host2;
        settings.side[0].port = 993;
        settings.side[1].port = rows[i].port2;
        buffer_init(&faults, 4096);
        assert_int_equal(hosts_check(&settings, &faults), rows[i].is_fine);
        assert_int_equal(faults.used > 0, !rows[i].is_fine);
        buffer_deinit(&faults);
    }
}

/* What can never start ends the queue instead of hanging it. */
static void test_impossible_ends(void **state)
{
    (void)state;
    static const char *const jobs[] = {"aa", "ab", NULL};
    struct bench bench;
    struct queue_job job;
    bench_init(&bench, 1, jobs);
    assert_true(queue_take(bench.queue, &job) == false);
    assert_int_equal(queue_count(bench.queue), 2);
    bench_deinit(&bench);
}

static void test_routes(void **state)
{
    (void)state;
    struct host_limits *limits;
    struct fault fault;
    assert_true(hosts_init(5, &limits, &fault));
    assert_int_equal(hosts_route(limits, "A.example", 993, "b", 993), 0);
    assert_int_equal(hosts_route(limits, "b", 993, "A.example", 993), 1);
    assert_int_equal(hosts_route(limits, "a.EXAMPLE", 993, "B", 993), 0);
    assert_int_equal(hosts_route(limits, "a.example", 143, "b", 993), 2);
    hosts_deinit(&limits);
    assert_true(hosts_init(0, &limits, &fault));
    assert_int_equal(hosts_route(limits, "b", 993, "a", 993), 0);
    assert_int_equal(hosts_route(limits, "c", 993, "a", 993), 0);
    hosts_deinit(&limits);
    hosts_deinit(&limits);
}

static void test_no_ceiling(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "ab", "cd", "aa", NULL};
    struct bench bench;
    bench_init(&bench, 0, jobs);
    assert_starts(&bench, "0 1 2 3 ");
    bench_deinit(&bench);
}

static void test_others_pass(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "ab", "ab", "cd", "ef", "cd", NULL};
    struct bench bench;
    bench_init(&bench, 1, jobs);
    assert_starts(&bench, "0 3 4 ");
    end(&bench, 4);
    assert_starts(&bench, "");
    end(&bench, 3);
    assert_starts(&bench, "5 ");
    end(&bench, 0);
    assert_starts(&bench, "1 ");
    end(&bench, 1);
    assert_starts(&bench, "2 ");
    bench_deinit(&bench);
}

static void test_same_host_counts_twice(void **state)
{
    (void)state;
    static const char *const jobs[] = {"aa", "aa", "ab", "ab", NULL};
    struct bench bench;
    bench_init(&bench, 3, jobs);
    /* One place is left on a, but 1 needs two and keeps it. */
    assert_starts(&bench, "0 ");
    end(&bench, 0);
    assert_starts(&bench, "1 2 ");
    end(&bench, 1);
    assert_starts(&bench, "3 ");
    bench_deinit(&bench);
}

/* 2 needs a and b, which are taken in turn by others: it must not wait for ever. */
static void test_nobody_starves(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ac", "db", "ab", "ac", "db", "ac", "db", NULL};
    struct bench bench;
    bench_init(&bench, 1, jobs);
    assert_starts(&bench, "0 1 ");
    end(&bench, 0);
    assert_starts(&bench, ""); /* a is kept for 2 */
    end(&bench, 1);
    assert_starts(&bench, "2 ");
    end(&bench, 2);
    assert_starts(&bench, "3 4 ");
    bench_deinit(&bench);
}

/* 1 waits for a and keeps b. 2 waits only because of that place, so it keeps none, and 3 runs. */
static void test_waiting_is_not_contagious(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ax", "ab", "bc", "cd", NULL};
    struct bench bench;
    bench_init(&bench, 1, jobs);
    assert_starts(&bench, "0 3 ");
    end(&bench, 0);
    assert_starts(&bench, "1 ");
    end(&bench, 1);
    assert_starts(&bench, "");
    end(&bench, 3);
    assert_starts(&bench, "2 ");
    bench_deinit(&bench);
}

/* Only one place is kept: the rest of b is for others. */
static void test_room_beside_the_kept_place(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ax", "ay", "az", "ab", "ab", "cb", "db", "eb", NULL};
    struct bench bench;
    bench_init(&bench, 3, jobs);
    assert_starts(&bench, "0 1 2 5 6 ");
    end(&bench, 0);
    assert_starts(&bench, "3 ");
    bench_deinit(&bench);
}

static void test_a_waiting_job_lets_go(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "ab", NULL};
    struct bench bench;
    bench_init(&bench, 1, jobs);
    assert_starts(&bench, "0 ");
    struct queue_job later = {0, 0, 100, route_of(bench.limits, "ab")};
    assert_true(queue_again(bench.queue, &later));
    assert_starts(&bench, "1 ");
    bench_deinit(&bench);
}

static void count_call(void *context)
{
    ++*(int *)context;
}

static void test_more_connections(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "ab", "cd", NULL};
    struct bench bench;
    int freed = 0;
    bench_init(&bench, 4, jobs);
    hosts_set_listener(bench.limits, count_call, &freed);
    assert_starts(&bench, "0 1 2 ");
    struct hosts_member *one = hosts_member_init(bench.limits, route_of(bench.limits, "ab"));
    struct hosts_member *two = hosts_member_init(bench.limits, route_of(bench.limits, "ab"));
    const struct slots *slots = hosts_member_slots(one);
    const struct slots *others = hosts_member_slots(two);
    assert_false(slots->try_take(slots->context, 3, 0));
    assert_false(slots->try_take(slots->context, UINT32_MAX, UINT32_MAX));
    assert_true(slots->try_take(slots->context, 0, 2));
    /* Both or none: b is full, so nothing is taken on a either. */
    assert_false(others->try_take(others->context, 1, 1));
    assert_true(others->try_take(others->context, 2, 0));
    assert_false(others->try_take(others->context, 1, 0));
    slots->give_back(slots->context, 0, 1);
    assert_int_equal(freed, 1);
    assert_true(others->try_take(others->context, 0, 1));
    slots->give_back(slots->context, 9, 9); /* never more than it has */
    assert_true(slots->try_take(slots->context, 0, 1));
    assert_false(slots->try_take(slots->context, 0, 1));
    hosts_member_deinit(&one); /* gives back what it still has */
    assert_null(one);
    hosts_member_deinit(&one);
    assert_true(others->try_take(others->context, 0, 1));
    hosts_member_deinit(&two);
    assert_int_equal(freed, 4);
    bench_deinit(&bench);
}

/* Running mailboxes do not widen into what a waiting one keeps. */
static void test_more_connections_leave_kept_places(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "aa", NULL};
    struct bench bench;
    bench_init(&bench, 2, jobs);
    assert_starts(&bench, "0 ");
    struct hosts_member *member = hosts_member_init(bench.limits, route_of(bench.limits, "ab"));
    const struct slots *slots = hosts_member_slots(member);
    assert_false(slots->try_take(slots->context, 1, 0));
    assert_true(slots->try_take(slots->context, 0, 1));
    hosts_member_deinit(&member);
    bench_deinit(&bench);
}

/* A mailbox that waits wants back what others have beyond their first, and not more than it needs.
 */
static void test_what_is_wanted_back(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "cb", NULL};
    struct bench bench;
    bench_init(&bench, 3, jobs);
    struct hosts_member *member = hosts_member_init(bench.limits, route_of(bench.limits, "ab"));
    const struct slots *slots = hosts_member_slots(member);
    assert_starts(&bench, "0 1 ");
    assert_true(slots->try_take(slots->context, 2, 1)); /* both hosts are full */
    assert_false(slots->is_wanted(slots->context, 1));
    assert_false(slots->is_wanted(slots->context, 2));
    struct queue_job later = {1, 1, 0, route_of(bench.limits, "cb")};
    queue_finish(bench.queue, &later);
    assert_true(slots->try_take(slots->context, 0, 1));
    assert_true(queue_add(bench.queue, &later));
    assert_starts(&bench, ""); /* b is full, and it waits */
    assert_false(slots->is_wanted(slots->context, 1));
    assert_true(slots->is_wanted(slots->context, 2));
    slots->give_back(slots->context, 0, 1);
    assert_false(slots->is_wanted(slots->context, 2)); /* that is enough */
    assert_starts(&bench, "1 ");
    assert_false(slots->is_wanted(slots->context, 2));
    hosts_member_deinit(&member);
    bench_deinit(&bench);
}

/* Both sides of the one that waits are on one host. */
static void test_two_are_wanted_back(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", "aa", NULL};
    struct bench bench;
    bench_init(&bench, 3, jobs);
    struct hosts_member *member = hosts_member_init(bench.limits, route_of(bench.limits, "ab"));
    const struct slots *slots = hosts_member_slots(member);
    assert_true(slots->try_take(slots->context, 2, 0));
    assert_starts(&bench, "0 ");
    assert_true(slots->is_wanted(slots->context, 1));
    slots->give_back(slots->context, 1, 0);
    assert_true(slots->is_wanted(slots->context, 1));
    assert_starts(&bench, "");
    slots->give_back(slots->context, 1, 0);
    assert_false(slots->is_wanted(slots->context, 1));
    assert_starts(&bench, "1 ");
    hosts_member_deinit(&member);
    bench_deinit(&bench);
}

static void test_without_a_ceiling_nothing_is_wanted_back(void **state)
{
    (void)state;
    static const char *const jobs[] = {"ab", NULL};
    struct bench bench;
    bench_init(&bench, 0, jobs);
    struct hosts_member *member = hosts_member_init(bench.limits, route_of(bench.limits, "ab"));
    const struct slots *slots = hosts_member_slots(member);
    assert_false(slots->is_wanted(slots->context, 1));
    assert_false(slots->is_wanted(slots->context, 2));
    hosts_member_deinit(&member);
    bench_deinit(&bench);
}

/* ---- threads ---- */

#define THREAD_JOBS  400
#define THREAD_LIMIT 3

struct crowd {
    struct bench bench;
    struct stop stop;
    const char *jobs[THREAD_JOBS + 1];
    atomic_int used[128];
    atomic_int most;
    atomic_int ended;
    atomic_int further;
    atomic_int tries[THREAD_JOBS];
};

static void crowd_use(struct crowd *crowd, const char *job, int sign)
{
    for (int i = 0; i < 2; i++) {
        int used = atomic_fetch_add(&crowd->used[(int)job[i]], sign) + sign;
        int most = atomic_load(&crowd->most);
        while (used > most && !atomic_compare_exchange_weak(&crowd->most, &most, used))
            continue;
    }
}

static enum pool_verdict crowd_job(void *context, uint64_t id, int64_t *again_nsecs_r)
{
    struct crowd *crowd = context;
    const char *job = crowd->jobs[id];
    crowd_use(crowd, job, 1);
    struct hosts_member *member = hosts_member_init(crowd->bench.limits,
                                                    route_of(crowd->bench.limits, job));
    const struct slots *slots = hosts_member_slots(member);
    bool has_more = slots->try_take(slots->context, 1, 1);
    if (has_more) {
        atomic_fetch_add(&crowd->further, 1);
        crowd_use(crowd, job, 1);
    }
    (void)poll(NULL, 0, id % 8 == 0 ? 1 : 0);
    if (has_more)
        crowd_use(crowd, job, -1);
    hosts_member_deinit(&member);
    crowd_use(crowd, job, -1);
    if (id % 5 == 0 && atomic_fetch_add(&crowd->tries[id], 1) == 0) {
        *again_nsecs_r = clock_mono_nsecs() + CLOCK_NSECS_PER_MSEC;
        return POOL_AGAIN;
    }
    atomic_fetch_add(&crowd->ended, 1);
    return POOL_DONE;
}

static void crowd_wake(void *context)
{
    queue_wake(context);
}

static void test_threads(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ab", "ab", "ac", "aa", "cb", "bd", "ca"};
    static struct crowd crowd;
    struct fault fault;
    size_t started;
    for (size_t i = 0; i < THREAD_JOBS; i++)
        crowd.jobs[i] = kinds[i * i % 7];
    assert_true(stop_init(&crowd.stop));
    bench_init(&crowd.bench, THREAD_LIMIT, crowd.jobs);
    hosts_set_listener(crowd.bench.limits, crowd_wake, crowd.bench.queue);
    struct pool_work work = {.context = &crowd, .run = crowd_job};
    assert_true(pool_run(crowd.bench.queue, 16, &work, &crowd.stop, &started, &fault));
    assert_int_equal(atomic_load(&crowd.ended), THREAD_JOBS);
    assert_in_range(atomic_load(&crowd.most), 2, THREAD_LIMIT);
    for (size_t i = 0; i < 128; i++)
        assert_int_equal(atomic_load(&crowd.used[i]), 0);
    bench_deinit(&crowd.bench);
    stop_deinit(&crowd.stop);
}

/* 6,000 mailboxes of 2,000 sources for one destination that takes 20 at once. */
static void test_many_routes(void **state)
{
    (void)state;
    struct host_limits *limits;
    struct queue *queue;
    struct fault fault;
    struct queue_job taken[20];
    struct queue_job job;
    int64_t until;
    char name[16];
    size_t running = 0;
    size_t count = 0;
    assert_true(hosts_init(20, &limits, &fault));
    assert_true(queue_init(&queue, &fault));
    queue_set_admission(queue, hosts_admission(limits));
    for (uint64_t i = 0; i < 6000; i++) {
        (void)snprintf(name, sizeof(name), "h%d", (int)(i % 2000));
        job = (struct queue_job){i, i, 0, hosts_route(limits, name, 993, "b", 993)};
        assert_true(queue_add(queue, &job));
    }
    int64_t before = clock_mono_nsecs();
    while (count < 6000) {
        while (queue_try_take(queue, 1, &job, &until) == QUEUE_JOB) {
            assert_true(running < 20);
            assert_int_equal(job.id, count++);
            taken[running++] = job;
        }
        queue_finish(queue, &taken[--running]);
    }
    assert_true(clock_mono_nsecs() - before < 120 * CLOCK_NSECS_PER_SEC);
    queue_deinit(&queue);
    hosts_deinit(&limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_host_needs_two),
        cmocka_unit_test(test_impossible_ends),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_no_ceiling),
        cmocka_unit_test(test_others_pass),
        cmocka_unit_test(test_same_host_counts_twice),
        cmocka_unit_test(test_nobody_starves),
        cmocka_unit_test(test_waiting_is_not_contagious),
        cmocka_unit_test(test_room_beside_the_kept_place),
        cmocka_unit_test(test_a_waiting_job_lets_go),
        cmocka_unit_test(test_more_connections),
        cmocka_unit_test(test_more_connections_leave_kept_places),
        cmocka_unit_test(test_what_is_wanted_back),
        cmocka_unit_test(test_two_are_wanted_back),
        cmocka_unit_test(test_without_a_ceiling_nothing_is_wanted_back),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_many_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
