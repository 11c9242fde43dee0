/* SPDX-License-Identifier: MIT
 * The budget on a simulated clock: pairs ask, are told when to ask again, and every grant is
 * recorded. Then all windows of the record are measured. Real threads come last. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "batch/bucket.h"
#include "batch/budget.h"

#define SEC   CLOCK_NSECS_PER_SEC
#define MSEC  CLOCK_NSECS_PER_MSEC
#define NEVER INT64_MAX
/* as the sync engine cuts what it streams */
#define CHUNK_BYTES 16384U

enum sizes {
    SIZES_SMALL, /* 8 kB each */
    SIZES_MIXED, /* 200 B to 64 kB, other ones for each pair */
    SIZES_SPLIT, /* even pairs send 2 kB, odd ones 40 kB */
    SIZES_LARGE, /* odd pairs send 1 MiB in chunks, even ones 8 kB */
};

struct scenario {
    const char *name;
    size_t pairs;
    double messages_per_sec;
    double bytes_per_sec;
    enum sizes sizes;
    int64_t think_nsecs; /* between a grant and the next question */
    bool is_message_bound;
};

struct sim_pair {
    struct budget_member *member;
    int64_t ask_at;
    int64_t leaves_at;
    uint64_t random;
    uint64_t rest_bytes; /* of the message that is streaming */
    uint32_t messages;   /* wanted */
    uint64_t bytes;
    uint64_t granted_messages;
    uint64_t granted_bytes;
};

struct grant {
    int64_t at;
    uint32_t messages;
    uint64_t bytes;
};

struct sim {
    struct budget *budget;
    struct sim_pair *pairs;
    size_t pairs_count;
    enum sizes sizes;
    int64_t think_nsecs;
    struct grant *grants;
    size_t grants_count;
    size_t grants_alloc;
    uint64_t asks;
};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

static void pair_want_next(struct sim *sim, size_t index)
{
    struct sim_pair *pair = &sim->pairs[index];
    if (pair->rest_bytes == 0) {
        pair->messages = 1;
        pair->rest_bytes = 8192;
        if (sim->sizes == SIZES_MIXED)
            pair->rest_bytes = 200 + next_random(&pair->random) % (index % 2 ? 64000 : 4000);
        else if (sim->sizes == SIZES_SPLIT)
            pair->rest_bytes = index % 2 ? 40000 : 2000;
        else if (sim->sizes == SIZES_LARGE && index % 2)
            pair->rest_bytes = 1 << 20;
    } else {
        pair->messages = 0;
    }
    pair->bytes = pair->rest_bytes;
    if (sim->sizes == SIZES_LARGE && pair->bytes > CHUNK_BYTES)
        pair->bytes = CHUNK_BYTES;
}

static void sim_join(struct sim *sim, size_t index, int64_t at, double own_messages,
                     double own_bytes)
{
    struct sim_pair *pair = &sim->pairs[index];
    pair->member = budget_member_init(sim->budget, own_messages, own_bytes);
    pair->ask_at = at;
    pair->leaves_at = NEVER;
    pair->random = index;
    pair_want_next(sim, index);
}

static void sim_init(struct sim *sim, const struct scenario *scenario)
{
    struct fault fault;
    memset(sim, 0, sizeof(*sim));
    assert_true(
        budget_init(scenario->messages_per_sec, scenario->bytes_per_sec, &sim->budget, &fault));
    sim->pairs_count = scenario->pairs;
    sim->pairs = mem_alloc_array(scenario->pairs, sizeof(*sim->pairs));
    sim->sizes = scenario->sizes;
    sim->think_nsecs = scenario->think_nsecs;
    for (size_t i = 0; i < scenario->pairs; i++)
        sim_join(sim, i, 0, 0, 0);
}

static void sim_deinit(struct sim *sim)
{
    for (size_t i = 0; i < sim->pairs_count; i++)
        budget_member_deinit(&sim->pairs[i].member);
    budget_deinit(&sim->budget);
    mem_free(sim->pairs);
    mem_free(sim->grants);
}

static void sim_record(struct sim *sim, struct sim_pair *pair, int64_t at)
{
    MEM_GROW(sim->grants, sim->grants_count, sim->grants_alloc);
    struct grant *grant = &sim->grants[sim->grants_count++];
    grant->at = at;
    grant->messages = pair->messages;
    grant->bytes = pair->bytes;
    pair->granted_messages += pair->messages;
    pair->granted_bytes += pair->bytes;
    pair->rest_bytes -= pair->bytes;
}

static size_t sim_next(const struct sim *sim)
{
    size_t next = 0;
    for (size_t i = 1; i < sim->pairs_count; i++) {
        if (sim->pairs[i].ask_at < sim->pairs[next].ask_at)
            next = i;
    }
    return next;
}

/* poll() waits whole milliseconds, and never less than asked. */
static int64_t poll_wakes_at(int64_t at)
{
    return (at + MSEC - 1) / MSEC * MSEC;
}

static void sim_run(struct sim *sim, int64_t until)
{
    for (;;) {
        size_t index = sim_next(sim);
        struct sim_pair *pair = &sim->pairs[index];
        int64_t now = pair->ask_at;
        if (now >= until)
            return;
        if (now >= pair->leaves_at) {
            budget_member_deinit(&pair->member);
            pair->ask_at = NEVER;
            continue;
        }
        const struct gate *gate = budget_member_gate(pair->member);
        int64_t again = gate->ask(gate->context, now, pair->messages, pair->bytes);
        sim->asks++;
        if (again == 0) {
            sim_record(sim, pair, now);
            pair_want_next(sim, index);
            pair->ask_at = now + sim->think_nsecs;
        } else {
            assert_true(again > now);
            pair->ask_at = poll_wakes_at(again);
        }
    }
}

static uint64_t grant_units(const struct grant *grant, bool is_messages)
{
    return is_messages ? grant->messages : grant->bytes;
}

/* Every window that starts at or right after a grant in [from, until - window]: those hold the
   largest and the smallest sums. */
static void measure_windows(const struct sim *sim, bool is_messages, int64_t from, int64_t until,
                            int64_t window, uint64_t *least_r, uint64_t *most_r)
{
    uint64_t closed = 0; /* in [start, start + window) */
    size_t end = 0;
    *least_r = UINT64_MAX;
    *most_r = 0;
    for (size_t i = 0; i < sim->grants_count; i++) {
        int64_t start = sim->grants[i].at;
        while (end < sim->grants_count && sim->grants[end].at < start + window)
            closed += grant_units(&sim->grants[end++], is_messages);
        if (start >= from && start + window <= until) {
            /* (start, start + window) leaves out all that happened at start */
            uint64_t open = closed;
            for (size_t j = i; j < sim->grants_count && sim->grants[j].at == start; j++)
                open -= grant_units(&sim->grants[j], is_messages);
            if (closed > *most_r && (i == 0 || sim->grants[i - 1].at < start))
                *most_r = closed;
            if (open < *least_r && (i == 0 || sim->grants[i - 1].at < start))
                *least_r = open;
        }
        closed -= grant_units(&sim->grants[i], is_messages);
    }
}

static void check_rate(const struct sim *sim, const char *name, bool is_messages, double rate,
                       int64_t until, bool is_bound)
{
    uint64_t least;
    uint64_t most;
    measure_windows(sim, is_messages, 2 * SEC, until, 10 * SEC, &least, &most);
    if ((double)most > rate * 10 * 1.02 || (is_bound && (double)least < rate * 10 * 0.98))
        fail_msg("%s: %.0f to %.0f %% of the rate in 10 s", name, (double)least * 10 / rate,
                 (double)most * 10 / rate);
    measure_windows(sim, is_messages, 0, until, SEC, &least, &most);
    if ((double)most > rate * 2)
        fail_msg("%s: %.1f times the rate in one second", name, (double)most / rate);
}

static void check_fairness(const struct sim *sim, const char *name, bool is_messages)
{
    uint64_t sum = 0;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < sim->pairs_count; i++) {
        const struct sim_pair *pair = &sim->pairs[i];
        uint64_t units = is_messages ? pair->granted_messages : pair->granted_bytes;
        sum += units;
        least = units < least ? units : least;
    }
    double share = (double)least * (double)sim->pairs_count / (double)sum;
    if (share < 0.5)
        fail_msg("%s: a pair gets %.2f of its even share", name, share);
}

static const struct scenario scenarios[] = {
    {"messages, 1", 1, 100, 0, SIZES_SMALL, 0, true},
    {"messages, 8", 8, 100, 0, SIZES_SMALL, 0, true},
    {"messages, 200", 200, 100, 0, SIZES_SMALL, 0, true},
    {"messages, 200, think", 200, 2000, 0, SIZES_MIXED, 20 * MSEC, true},
    {"messages, 8, fraction", 8, 33.3, 0, SIZES_MIXED, 3 * MSEC, true},
    {"bytes, 1", 1, 0, 2e6, SIZES_SMALL, 0, false},
    {"bytes, 8", 8, 0, 2e6, SIZES_SMALL, 0, false},
    {"bytes, 200", 200, 0, 2e6, SIZES_SMALL, 0, false},
    {"bytes mixed, 1", 1, 0, 4e6, SIZES_MIXED, 0, false},
    {"bytes mixed, 8", 8, 0, 4e6, SIZES_MIXED, 0, false},
    {"bytes mixed, 200", 200, 0, 4e6, SIZES_MIXED, 0, false},
    {"bytes split, 8", 8, 0, 3e6, SIZES_SPLIT, 2 * MSEC, false},
    {"bytes split, 200", 200, 0, 3e6, SIZES_SPLIT, 2 * MSEC, false},
    {"bytes large, 8", 8, 0, 2e6, SIZES_LARGE, 0, false},
    {"bytes large, 200", 200, 0, 2e6, SIZES_LARGE, 0, false},
    {"both, messages bind, 1", 1, 100, 1e9, SIZES_MIXED, 0, true},
    {"both, messages bind, 8", 8, 100, 1e9, SIZES_MIXED, 0, true},
    {"both, messages bind, 200", 200, 100, 1e9, SIZES_MIXED, 0, true},
    {"both, bytes bind, 1", 1, 10000, 3e6, SIZES_SMALL, 0, false},
    {"both, bytes bind, 8", 8, 10000, 3e6, SIZES_MIXED, 0, false},
    {"both, bytes bind, 200", 200, 10000, 3e6, SIZES_LARGE, 0, false},
};

static void test_rates_and_fairness(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const struct scenario *scenario = &scenarios[i];
        struct sim sim;
        int64_t until = 40 * SEC;
        sim_init(&sim, scenario);
        sim_run(&sim, until);
        bool is_messages = scenario->is_message_bound;
        if (scenario->messages_per_sec > 0)
            check_rate(&sim, scenario->name, true, scenario->messages_per_sec, until, is_messages);
        if (scenario->bytes_per_sec > 0)
            check_rate(&sim, scenario->name, false, scenario->bytes_per_sec, until, !is_messages);
        check_fairness(&sim, scenario->name, is_messages);
        /* Pairs wake when it is their turn, not all the time. */
        if (sim.asks > 6 * sim.grants_count + 2 * scenario->pairs * 40)
            fail_msg("%s: %zu grants took %zu questions", scenario->name, sim.grants_count,
                     (size_t)sim.asks);
        sim_deinit(&sim);
    }
}

/* Both limits are nearly reached at once: small messages press on one, large ones on the other.
   Each pair then gets at least half its even share of the limit that it presses on. */
static void test_both_limits_bind(void **state)
{
    (void)state;
    static const struct scenario scenario = {"both", 8, 100, 2e6, SIZES_SPLIT, 0, true};
    struct sim sim;
    sim_init(&sim, &scenario);
    sim_run(&sim, 100 * SEC);
    check_rate(&sim, "both", true, 100, 100 * SEC, false);
    check_rate(&sim, "both", false, 2e6, 100 * SEC, false);
    for (size_t i = 0; i < 8; i += 2) {
        assert_true((double)sim.pairs[i].granted_messages > 100 * 100 / 8.0 / 2);
        assert_true((double)sim.pairs[i + 1].granted_bytes > 2e6 * 100 / 8.0 / 2);
    }
    sim_deinit(&sim);
}

static void test_low_rate_is_even(void **state)
{
    (void)state;
    static const struct scenario scenario = {"low", 8, 4, 0, SIZES_SMALL, 0, true};
    struct sim sim;
    sim_init(&sim, &scenario);
    sim_run(&sim, 60 * SEC);
    /* 4 a second; the credit of 100 ms makes the first two 150 ms apart */
    assert_int_equal(sim.grants_count, 241);
    assert_int_equal(sim.grants[1].at, 150 * MSEC);
    for (size_t i = 2; i < sim.grants_count; i++)
        assert_int_equal(sim.grants[i].at - sim.grants[i - 1].at, 250 * MSEC);
    sim_deinit(&sim);
}

static void test_fractional_rate(void **state)
{
    (void)state;
    static const struct scenario scenario = {"0.33", 3, 0.33, 0, SIZES_SMALL, 0, true};
    struct sim sim;
    sim_init(&sim, &scenario);
    sim_run(&sim, 100000 * SEC);
    assert_in_range(sim.grants_count, 33000, 33001);
    sim_deinit(&sim);
}

static void test_own_limit_inside(void **state)
{
    (void)state;
    static const struct scenario scenario = {"own", 4, 100, 0, SIZES_SMALL, 0, true};
    struct sim sim;
    sim_init(&sim, &scenario);
    budget_member_deinit(&sim.pairs[0].member);
    sim_join(&sim, 0, 0, 2.5, 0);
    budget_member_deinit(&sim.pairs[1].member);
    sim_join(&sim, 1, 0, 0, 40960); /* five messages of 8 kB a second */
    sim_run(&sim, 100 * SEC);
    assert_in_range(sim.pairs[0].granted_messages, 245, 251);
    assert_in_range(sim.pairs[1].granted_messages, 490, 501);
    /* What they leave goes to the others. */
    assert_in_range(sim.pairs[2].granted_messages, 4600, 4650);
    assert_in_range(sim.pairs[3].granted_messages, 4600, 4650);
    check_rate(&sim, "own", true, 100, 100 * SEC, true);
    sim_deinit(&sim);
}

static void test_own_limit_without_run_limit(void **state)
{
    (void)state;
    static const struct scenario scenario = {"own only", 2, 0, 0, SIZES_SMALL, MSEC, true};
    struct sim sim;
    sim_init(&sim, &scenario);
    budget_member_deinit(&sim.pairs[0].member);
    sim_join(&sim, 0, 0, 10, 0);
    sim_run(&sim, 10 * SEC);
    assert_in_range(sim.pairs[0].granted_messages, 100, 102);
    assert_int_equal(sim.pairs[1].granted_messages, 10000);
    sim_deinit(&sim);
}

static void test_joining_and_leaving(void **state)
{
    (void)state;
    static const struct scenario scenario = {"churn", 40, 200, 0, SIZES_SMALL, 0, true};
    struct sim sim;
    sim_init(&sim, &scenario);
    for (size_t i = 0; i < 40; i++) {
        sim.pairs[i].ask_at = i < 8 ? 0 : (int64_t)i * 700 * MSEC;
        if (i % 3 == 2)
            sim.pairs[i].leaves_at = 40 * SEC + (int64_t)i * 100 * MSEC;
    }
    sim_run(&sim, 60 * SEC);
    check_rate(&sim, "churn", true, 200, 60 * SEC, true);
    /* The last newcomer starts level with the rest: over the time it was there, it gets an even
       share, no more and no less than one that was there from the start. */
    uint64_t oldest_before = sim.pairs[0].granted_messages;
    uint64_t newest_before = sim.pairs[39].granted_messages;
    sim_run(&sim, 120 * SEC);
    uint64_t oldest = sim.pairs[0].granted_messages - oldest_before;
    uint64_t newest = sim.pairs[39].granted_messages - newest_before;
    assert_in_range(oldest, newest - 2, newest + 2);
    sim_deinit(&sim);
}

static void test_idle_time_is_not_saved_up(void **state)
{
    (void)state;
    struct fault fault;
    struct budget *budget;
    assert_true(budget_init(100, 0, &budget, &fault));
    struct budget_member *member = budget_member_init(budget, 0, 0);
    const struct gate *gate = budget_member_gate(member);
    for (int64_t at = 0; at <= 3600 * SEC; at += 1800 * SEC) {
        int granted = 0;
        while (gate->ask(gate->context, at, 1, 1000) == 0)
            granted++;
        assert_int_equal(granted, 11); /* 100 ms of credit, and the one that opens the debt */
    }
    budget_member_deinit(&member);
    budget_deinit(&budget);
}

static int64_t ask(struct budget_member *member, int64_t now, uint64_t bytes)
{
    const struct gate *gate = budget_member_gate(member);
    return gate->ask(gate->context, now, 1, bytes);
}

static void test_nothing_is_paid_twice(void **state)
{
    (void)state;
    struct fault fault;
    struct budget *budget;
    assert_true(budget_init(1, 0, &budget, &fault));
    struct budget_member *one = budget_member_init(budget, 0, 0);
    struct budget_member *two = budget_member_init(budget, 0, 0);
    assert_int_equal(ask(one, 0, 10), 0);
    assert_int_equal(ask(one, 0, 10), 900 * MSEC);
    assert_int_equal(ask(two, 0, 10), 900 * MSEC); /* it had nothing yet, so it is first */
    assert_int_equal(ask(one, 0, 10), SEC);        /* 1.9 s, but it is to look again */
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(two, 500 * MSEC, 10), 900 * MSEC);
    /* Served by the other's question, kept for its own late one. */
    assert_int_equal(ask(one, 900 * MSEC, 10), 1900 * MSEC);
    assert_int_equal(ask(two, 1500 * MSEC, 10), 0);
    assert_int_equal(ask(two, 1500 * MSEC, 10), 2500 * MSEC);
    assert_int_equal(ask(one, 1900 * MSEC, 10), 0);
    assert_int_equal(ask(two, 1900 * MSEC, 10), 2900 * MSEC);
    assert_int_equal(ask(one, 2900 * MSEC - 1, 10), 3900 * MSEC - 1);
    /* Who leaves takes its request along: the next one moves up. */
    budget_member_deinit(&two);
    assert_int_equal(ask(one, 2900 * MSEC - 1, 10), 2900 * MSEC);
    assert_int_equal(ask(one, 2900 * MSEC, 10), 0);
    budget_member_deinit(&one);
    budget_deinit(&budget);
}

static void test_another_request_is_not_free(void **state)
{
    (void)state;
    struct fault fault;
    struct budget *budget;
    assert_true(budget_init(0, 1000, &budget, &fault));
    struct budget_member *one = budget_member_init(budget, 0, 0);
    struct budget_member *two = budget_member_init(budget, 0, 0);
    assert_int_equal(ask(one, 0, 1000), 0);
    assert_int_equal(ask(one, 0, 1), 900 * MSEC);
    assert_int_equal(ask(two, 900 * MSEC, 500), 0);
    assert_int_equal(ask(two, 1400 * MSEC, 500), 0);
    /* Both are level now, and the first one asked earlier; its byte is a lease of 25. */
    assert_int_equal(ask(two, 1400 * MSEC, 500), 1925 * MSEC);
    assert_int_equal(ask(two, 1925 * MSEC, 500), 0); /* grants the other's as well */
    assert_int_equal(ask(one, 1925 * MSEC, 100000), 2425 * MSEC);
    budget_member_deinit(&one);
    budget_member_deinit(&two);
    budget_deinit(&budget);
}

/* 1000 B/s for one member: a turn brings 50 bytes, used up by the next messages. */
static void test_lease_is_used_up(void **state)
{
    (void)state;
    struct fault fault;
    struct budget *budget;
    assert_true(budget_init(0, 1000, &budget, &fault));
    struct budget_member *one = budget_member_init(budget, 0, 0);
    assert_int_equal(ask(one, 0, 1000), 0);
    assert_int_equal(ask(one, 900 * MSEC, 20), 0); /* 50, lasts until 1.05 s */
    assert_int_equal(ask(one, 900 * MSEC, 20), 0);
    assert_int_equal(ask(one, 900 * MSEC, 10), 0);
    assert_int_equal(ask(one, 900 * MSEC, 1), 950 * MSEC);
    assert_int_equal(ask(one, 950 * MSEC, 1), 0);
    assert_int_equal(ask(one, 950 * MSEC, 149), SEC); /* 49 of it are there */
    assert_int_equal(ask(one, SEC, 149), 0);
    assert_int_equal(ask(one, SEC, 1), 1100 * MSEC);
    budget_member_deinit(&one);
    budget_deinit(&budget);
}

static void test_bucket_table(void **state)
{
    (void)state;
    static const struct {
        double rate;
        uint64_t units;
        int64_t cost;
    } rows[] = {
        {0, 1000000, 0},
        {-1, 1, 0},
        {1, 1, SEC},
        {4, 1, 250 * MSEC},
        {0.33, 33, 100 * SEC},
        {0.0001, 1, 1000 * SEC}, /* the least there is */
        {1e9, 1, 1},
        {1e9, 123456789, 123456789},
        {2.5e9, 5, 2},
        {1e12, 1, 0},
        {1e30, UINT64_C(1000000000000000), SEC}, /* the most there is */
        {1, UINT64_MAX, INT64_C(100000000000000000)},
        {0.001, UINT64_MAX, INT64_C(100000000000000000)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bucket bucket;
        bucket_init(&bucket, rows[i].rate);
        assert_int_equal(bucket_cost_nsecs(&bucket, rows[i].units), rows[i].cost);
        bucket_pay(&bucket, 5 * SEC, rows[i].units);
        if (rows[i].rate > 0)
            assert_int_equal(bucket_opens_at(&bucket), 5 * SEC + rows[i].cost - 100 * MSEC);
        else
            assert_true(bucket_opens_at(&bucket) < -1000 * SEC);
    }
}

/* A third of a nanosecond a byte: single bytes cost the same as all at once. */
static void test_bucket_rounds_nothing_away(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 3e9);
    for (int i = 0; i < 3000000; i++)
        bucket_pay(&bucket, 0, 1);
    assert_int_equal(bucket_opens_at(&bucket), MSEC - 100 * MSEC);
}

/* ---- real threads: for ThreadSanitizer ---- */

struct thread_work {
    struct budget *budget;
    atomic_int_fast64_t *now;
    atomic_uint_fast64_t *granted;
};

static void *thread_main(void *context)
{
    struct thread_work *work = context;
    for (int round = 0; round < 20; round++) {
        struct budget_member *member = budget_member_init(work->budget, 1000, 0);
        const struct gate *gate = budget_member_gate(member);
        for (int i = 0; i < 50; i++) {
            int64_t at;
            /* the clock goes to whatever anybody waits for */
            while ((at = gate->ask(gate->context, atomic_load(work->now), 1, 100)) != 0) {
                int_fast64_t now = atomic_load(work->now);
                while (now < at && !atomic_compare_exchange_weak(work->now, &now, at))
                    continue;
            }
            atomic_fetch_add(work->granted, 1);
        }
        budget_member_deinit(&member);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct fault fault;
    struct thread_work work;
    atomic_int_fast64_t now;
    atomic_uint_fast64_t granted;
    pthread_t threads[8];
    atomic_init(&now, 0);
    atomic_init(&granted, 0);
    assert_true(budget_init(1000, 0, &work.budget, &fault));
    work.now = &now;
    work.granted = &granted;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_main, &work), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&granted), 8000);
    /* 8000 at 1000/s take 8 s less the credit, however the threads ran. */
    assert_true(atomic_load(&now) >= 8 * SEC - 101 * MSEC);
    budget_deinit(&work.budget);
}

/* --maxbytesafter: the limit begins behind the bytes that are free; those of the run do not. */
static void test_free_bytes(void **state)
{
    static const struct {
        uint64_t free_bytes;
        int64_t at_nsecs[4]; /* when the n-th 1000 bytes are granted */
    } rows[] = {
        /* 100 ms of credit */
        {0, {0, 900 * MSEC, 1900 * MSEC, 2900 * MSEC}},
        {1000, {0, 0, 900 * MSEC, 1900 * MSEC}},
        {2500, {0, 0, 0, 400 * MSEC}},
        {4000, {0, 0, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct budget *budget = NULL;
        struct fault fault;
        int64_t now = SEC;
        assert_true(budget_init(0, 0, &budget, &fault));
        struct budget_member *member = budget_member_init(budget, 0, 1000);
        const struct gate *gate = budget_member_gate(member);
        budget_member_spare(member, rows[i].free_bytes);
        for (size_t k = 0; k < 4; k++) {
            int64_t at;
            while ((at = gate->ask(gate->context, now, 0, 1000)) != 0)
                now = at;
            assert_int_equal(now - SEC, rows[i].at_nsecs[k]);
        }
        budget_member_deinit(&member);
        budget_deinit(&budget);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_bytes),
        cmocka_unit_test(test_another_request_is_not_free),
        cmocka_unit_test(test_nothing_is_paid_twice),
        cmocka_unit_test(test_lease_is_used_up),
        cmocka_unit_test(test_idle_time_is_not_saved_up),
        cmocka_unit_test(test_bucket_table),
        cmocka_unit_test(test_bucket_rounds_nothing_away),
        cmocka_unit_test(test_rates_and_fairness),
        cmocka_unit_test(test_both_limits_bind),
        cmocka_unit_test(test_low_rate_is_even),
        cmocka_unit_test(test_fractional_rate),
        cmocka_unit_test(test_own_limit_inside),
        cmocka_unit_test(test_own_limit_without_run_limit),
        cmocka_unit_test(test_joining_and_leaving),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
