/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include "batch/daily.h"

#define DAY  INT64_C(20779) /* 2026-11-22 */
#define NOON ((DAY * 24 + 12) * 3600 * 1000)
#define MIB  ((uint64_t)1024 * 1024)

struct fixture {
    char dir[64];
    char path[96];
    struct store *store;
    struct daily *daily;
    struct daily_member *member;
    struct fault fault;
};

static void open_all(struct fixture *f)
{
    assert_true(store_open(f->path, &f->store, &f->fault));
    assert_true(daily_init(f->store, &f->daily, &f->fault));
}

static void close_all(struct fixture *f)
{
    daily_deinit(&f->daily);
    assert_null(f->daily);
    assert_true(store_close(&f->store, &f->fault));
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->dir);
    open_all(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    close_all(f);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static struct daily_member *join(struct fixture *f, const char *account1, uint64_t max1,
                                 const char *account2, uint64_t max2, int64_t now)
{
    struct daily_limit limits[2] = {{account1, max1}, {account2, max2}};
    struct daily_member *member = daily_member_init(f->daily, limits, now, &f->fault);
    assert_non_null(member);
    return member;
}

static void leave(struct fixture *f, struct daily_member *member)
{
    assert_true(daily_member_deinit(&member, &f->fault));
    assert_null(member);
}

static uint64_t stored(struct fixture *f, const char *account, int side, int64_t day)
{
    struct store_daily key = {account, side, day};
    uint64_t bytes;
    assert_true(store_daily_get(f->store, &key, &bytes, &f->fault));
    return bytes;
}

static void test_rule(void **state)
{
    static const struct {
        uint64_t spent, bytes, max;
        bool is_spent;
    } rows[] = {
        {0, 5, 0, false},          {UINT64_MAX, 5, 0, false}, {0, 5, 10, false},
        {5, 5, 10, false},         {5, 6, 10, true},          {10, 0, 10, true},
        {9, 1, 10, false},         {9, 2, 10, true},          {11, 0, 10, true},
        {0, 11, 10, false}, /* larger than any day */
        {1, 11, 10, true},         {1, UINT64_MAX, 10, true}, {UINT64_MAX, 1, 10, true},
        {0, UINT64_MAX, 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(daily_is_spent(rows[i].spent, rows[i].bytes, rows[i].max),
                         rows[i].is_spent);
    assert_int_equal(daily_day(0), 0);
    assert_int_equal(daily_day(DAY * 86400000 - 1), DAY - 1);
    assert_int_equal(daily_day(DAY * 86400000), DAY);
}

static void test_each_side_has_its_limit(void **state)
{
    struct fixture *f = *state;
    struct daily_member *member = join(f, "src a", 100, "dst a", 40, NOON);
    assert_true(daily_may_send(member, NOON, 40, &f->fault));
    daily_note(member, NOON, 30);
    assert_true(daily_may_send(member, NOON, 10, &f->fault));
    assert_false(daily_may_send(member, NOON, 11, &f->fault));
    assert_int_equal(f->fault.code, FAULT_TRANSFER_LIMIT);
    assert_int_equal(f->fault.scope, FAULT_SCOPE_MAILBOX);
    assert_int_equal(f->fault.side, 2);
    assert_string_equal(f->fault.text,
                        "the limit of --daily-bytes2 40 is reached for this UTC day (30 bytes); "
                        "run the same command again tomorrow to go on");
    leave(f, member);
    member = join(f, "src a", 100, "dst b", 4000, NOON);
    daily_note(member, NOON, 70);
    assert_false(daily_may_send(member, NOON, 1, &f->fault));
    assert_int_equal(f->fault.side, 1);
    leave(f, member);
    assert_int_equal(stored(f, "src a", 1, DAY), 100);
    assert_int_equal(stored(f, "dst a", 2, DAY), 30);
    assert_int_equal(stored(f, "dst b", 2, DAY), 70);
}

static void test_without_limits_nothing_is_counted(void **state)
{
    struct fixture *f = *state;
    struct daily_member *member = join(f, "src a", 0, "dst a", 0, NOON);
    daily_note(member, NOON, UINT64_MAX);
    assert_true(daily_may_send(member, NOON, UINT64_MAX, &f->fault));
    leave(f, member);
    assert_int_equal(stored(f, "src a", 1, DAY), 0);
    struct daily_member *none = NULL;
    assert_true(daily_member_deinit(&none, &f->fault));
}

static void test_the_next_run_goes_on_counting(void **state)
{
    struct fixture *f = *state;
    for (int run = 0; run < 3; run++) {
        struct daily_member *member = join(f, "src a", 100, "dst a", 0, NOON);
        assert_true(daily_may_send(member, NOON, 30, &f->fault));
        daily_note(member, NOON, 30);
        leave(f, member);
        close_all(f);
        open_all(f);
    }
    struct daily_member *member = join(f, "src a", 100, "dst a", 0, NOON);
    assert_false(daily_may_send(member, NOON, 30, &f->fault));
    leave(f, member);
    member = join(f, "src a", 100, "dst a", 0, NOON + 86400000);
    assert_true(daily_may_send(member, NOON + 86400000, 100, &f->fault));
    leave(f, member);
}

static void test_midnight_in_a_run(void **state)
{
    struct fixture *f = *state;
    int64_t midnight = (DAY + 1) * 86400000;
    struct daily_member *member = join(f, "src a", 100, "dst a", 0, midnight - 1);
    daily_note(member, midnight - 1, 100);
    assert_false(daily_may_send(member, midnight - 1, 1, &f->fault));
    assert_true(daily_may_send(member, midnight, 100, &f->fault));
    daily_note(member, midnight, 60);
    assert_false(daily_may_send(member, midnight, 41, &f->fault));
    leave(f, member);
    assert_int_equal(stored(f, "src a", 1, DAY), 100);
    assert_int_equal(stored(f, "src a", 1, DAY + 1), 60);
}

/* Two sources into one destination: they share its day. */
static void test_pairs_share_an_account(void **state)
{
    struct fixture *f = *state;
    struct daily_member *one = join(f, "src a", 0, "dst", 100, NOON);
    struct daily_member *two = join(f, "src b", 0, "dst", 100, NOON);
    daily_note(one, NOON, 60);
    daily_note(two, NOON, 30);
    assert_false(daily_may_send(one, NOON, 11, &f->fault));
    assert_false(daily_may_send(two, NOON, 11, &f->fault));
    assert_true(daily_may_send(two, NOON, 10, &f->fault));
    leave(f, one);
    daily_note(two, NOON, 10);
    leave(f, two);
    assert_int_equal(stored(f, "dst", 2, DAY), 100);
}

/* The same account as a source is another count. */
static void test_sides_are_apart(void **state)
{
    struct fixture *f = *state;
    struct daily_member *one = join(f, "x", 100, "y", 100, NOON);
    struct daily_member *two = join(f, "y", 100, "x", 100, NOON);
    daily_note(one, NOON, 90);
    assert_true(daily_may_send(two, NOON, 100, &f->fault));
    leave(f, one);
    leave(f, two);
}

static uint64_t committed(struct fixture *f)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT TOTAL(bytes) FROM daily_bytes", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    uint64_t bytes = (uint64_t)sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return bytes;
}

/* What kill -9 makes it forget: less than DAILY_LAG_BYTES. */
static void test_how_much_a_crash_forgets(void **state)
{
    struct fixture *f = *state;
    struct daily_member *member = join(f, "src a", 1 << 30, "dst a", 0, NOON);
    uint64_t sent = 0;
    for (int i = 0; i < 5000; i++) {
        daily_note(member, NOON, 4096);
        sent += 4096;
        uint64_t kept = committed(f);
        assert_true(kept <= sent && sent - kept < DAILY_LAG_BYTES);
    }
    leave(f, member);
    assert_int_equal(stored(f, "src a", 1, DAY), sent);
}

struct crowd {
    struct fixture *fixture;
    uint64_t sent;
    bool is_ok;
};

static void *send_until_spent(void *context)
{
    struct crowd *crowd = context;
    struct fault fault;
    struct daily_limit limits[2] = {{"", 0}, {"dst", 40 * MIB}};
    struct daily_member *member = daily_member_init(crowd->fixture->daily, limits, NOON, &fault);
    while (member != NULL && daily_may_send(member, NOON, 65536, &fault)) {
        daily_note(member, NOON, 65536);
        crowd->sent += 65536;
    }
    crowd->is_ok = member != NULL && fault.code == FAULT_TRANSFER_LIMIT &&
                   daily_member_deinit(&member, &fault);
    return NULL;
}

/* Pairs on many threads with one account: each passes the limit by one message at most. */
static void test_threads_share_an_account(void **state)
{
    enum {
        THREADS = 6
    };
    struct fixture *f = *state;
    pthread_t threads[THREADS];
    struct crowd crowds[THREADS];
    uint64_t sent = 0;
    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){.fixture = f};
        assert_int_equal(pthread_create(&threads[i], NULL, send_until_spent, &crowds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(crowds[i].is_ok);
        sent += crowds[i].sent;
    }
    assert_true(sent >= 40 * MIB && sent < 40 * MIB + THREADS * 65536);
    assert_int_equal(stored(f, "dst", 2, DAY), sent);
}

/* A count that can't be kept is told at the next question, and again at the end. */
static void test_a_store_that_takes_nothing(void **state)
{
    struct fixture *f = *state;
    struct daily_member *member = join(f, "src a", 1 << 30, "dst a", 0, NOON);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE daily_bytes", NULL, NULL, NULL), SQLITE_OK);
    assert_true(daily_may_send(member, NOON, 1, &f->fault));
    daily_note(member, NOON, 2 * MIB);
    assert_false(daily_may_send(member, NOON, 1, &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_false(daily_member_deinit(&member, &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    struct daily_limit limits[2] = {{"src a", 5}, {"dst a", 0}};
    assert_null(daily_member_init(f->daily, limits, NOON, &f->fault));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define DAILY_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),
        DAILY_TEST(test_each_side_has_its_limit),
        DAILY_TEST(test_without_limits_nothing_is_counted),
        DAILY_TEST(test_the_next_run_goes_on_counting),
        DAILY_TEST(test_midnight_in_a_run),
        DAILY_TEST(test_pairs_share_an_account),
        DAILY_TEST(test_sides_are_apart),
        DAILY_TEST(test_threads_share_an_account),
        DAILY_TEST(test_how_much_a_crash_forgets),
        DAILY_TEST(test_a_store_that_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
