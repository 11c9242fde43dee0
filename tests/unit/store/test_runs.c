/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "store/store.h"

struct fixture {
    char dir[64];
    char path[96];
    struct store *store;
    struct fault fault;
    struct buffer text;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->dir);
    assert_true(store_open(f->path, &f->store, &f->fault));
    buffer_init(&f->text, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_true(store_close(&f->store, &f->fault));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(rmdir(f->dir), 0);
    buffer_deinit(&f->text);
    free(f);
    return 0;
}

static void add_run(struct fixture *f, const char *id, bool is_final)
{
    struct store_run run = {.id = id,
                            .command = "batch",
                            .version = "1",
                            .manifest = "",
                            .settings = "",
                            .started_msecs = 1,
                            .is_final = is_final};
    assert_true(store_run_begin(f->store, &run, &f->fault));
}

static void add_job(struct fixture *f, const char *run_id, int64_t row, const char *user,
                    const char *trial, enum job_status status)
{
    struct store_job job = {.row = row,
                            .label = "",
                            .host1 = "a",
                            .user1 = user,
                            .host2 = "b",
                            .user2 = user,
                            .trial = trial,
                            .is_partial = row == 2};
    assert_true(store_job_add(f->store, run_id, &job, &f->fault));
    if (status != JOB_NOT_STARTED)
        assert_true(store_job_end(f->store, run_id, row, status, 9, "", "", &f->fault));
}

static bool print_row(void *context, int64_t row)
{
    return buffer_printf(context, "%d ", (int)row);
}

static bool print_job(void *context, const struct store_job *job)
{
    return buffer_printf(context, "%d %s [%s] %d %s %s\n", (int)job->row,
                         job_status_name(job->status), job->trial, job->is_partial, job->error_code,
                         job->error);
}

static bool print_run(void *context, const struct store_run *run)
{
    return buffer_printf(context, "%s %d\n", run->id, run->is_final);
}

static void assert_text(struct fixture *f, const char *expected)
{
    assert_string_equal(buffer_str(&f->text), expected);
    buffer_clear(&f->text);
}

static void leave_out(struct fixture *f, const char *run_id, const char *expected)
{
    assert_true(store_jobs_leave_out(f->store, run_id, print_row, &f->text, &f->fault));
    assert_text(f, expected);
}

static void test_kind_of_run_and_job(void **state)
{
    struct fixture *f = *state;
    bool is_found;
    add_run(f, "R1", false);
    add_run(f, "R2", true);
    add_job(f, "R2", 1, "anna", NULL, JOB_NOT_STARTED);
    add_job(f, "R2", 2, "bob", "justlogin", JOB_FAILED);
    assert_true(store_run_get(f->store, "R1", print_run, &f->text, &is_found, &f->fault));
    assert_true(store_run_get(f->store, "R2", print_run, &f->text, &is_found, &f->fault));
    assert_true(store_jobs_each(f->store, "R2", print_job, &f->text, &f->fault));
    assert_text(f, "R1 0\nR2 1\n1 not_started [] 0  \n2 failed [justlogin] 1  \n");
}

/* Only what was complete is left out; what nobody has seen is not. */
static void test_each_last_status(void **state)
{
    struct fixture *f = *state;
    char user[16];
    add_run(f, "R1", false);
    add_run(f, "R2", false);
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        (void)snprintf(user, sizeof(user), "u%d", i);
        add_job(f, "R1", i + 1, user, "", (enum job_status)i);
        add_job(f, "R2", 20 - i, user, "", JOB_NOT_STARTED);
    }
    add_job(f, "R2", 99, "new", "", JOB_NOT_STARTED);
    leave_out(f, "R2", "19 ");
    assert_true(store_jobs_each(f->store, "R2", print_job, &f->text, &f->fault));
    assert_text(f, "15 not_started [] 0  \n16 not_started [] 0  \n17 not_started [] 0  \n"
                   "18 not_started [] 0  \n19 left_out [] 0  \n20 not_started [] 0  \n"
                   "99 not_started [] 0  \n");
}

/* The latest result counts, over runs that did not know the pair or left it out. */
static void test_the_latest_result_counts(void **state)
{
    struct fixture *f = *state;
    static const char *const runs[] = {"R1", "R2", "R3", "R4", "R5"};
    for (int i = 0; i < 5; i++)
        add_run(f, runs[i], false);
    add_job(f, "R1", 1, "better", "", JOB_FAILED);
    add_job(f, "R2", 1, "better", "", JOB_COMPLETE);
    add_job(f, "R1", 2, "worse", "", JOB_COMPLETE);
    add_job(f, "R2", 2, "worse", "", JOB_PAUSED);
    add_job(f, "R1", 3, "left", "", JOB_COMPLETE);
    add_job(f, "R2", 3, "left", "", JOB_LEFT_OUT);
    add_job(f, "R3", 3, "left", "", JOB_LEFT_OUT);
    add_job(f, "R5", 4, "better", "", JOB_FAILED); /* later than the run that asks */
    add_job(f, "R4", 1, "better", "", JOB_NOT_STARTED);
    add_job(f, "R4", 2, "worse", "", JOB_NOT_STARTED);
    add_job(f, "R4", 3, "left", "", JOB_NOT_STARTED);
    leave_out(f, "R4", "1 3 ");
}

/* A trial says nothing about the mail, nor the mail about a trial. */
static void test_trials_stand_apart(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", false);
    add_run(f, "R2", false);
    add_run(f, "R3", false);
    add_run(f, "R4", false);
    add_job(f, "R1", 1, "anna", "", JOB_FAILED);
    add_job(f, "R1", 2, "bob", "", JOB_COMPLETE);
    add_job(f, "R2", 1, "anna", "justlogin", JOB_COMPLETE);
    add_job(f, "R2", 2, "bob", "justlogin", JOB_FAILED);
    add_job(f, "R3", 1, "anna", "", JOB_NOT_STARTED);
    add_job(f, "R3", 2, "bob", "", JOB_NOT_STARTED);
    leave_out(f, "R3", "2 ");
    add_job(f, "R4", 1, "anna", "justlogin", JOB_NOT_STARTED);
    add_job(f, "R4", 2, "bob", "justlogin", JOB_NOT_STARTED);
    leave_out(f, "R4", "1 ");
}

/* Rows with the same hosts and users (other ports) can't be told apart: all or none. */
static void test_a_pair_in_two_rows(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", false);
    add_run(f, "R2", false);
    add_run(f, "R3", false);
    add_job(f, "R1", 1, "anna", "", JOB_COMPLETE);
    add_job(f, "R1", 2, "anna", "", JOB_FAILED);
    add_job(f, "R2", 1, "anna", "", JOB_COMPLETE);
    add_job(f, "R2", 2, "anna", "", JOB_NOT_STARTED);
    leave_out(f, "R2", "");
    assert_true(store_job_end(f->store, "R2", 2, JOB_COMPLETE, 9, "", "", &f->fault));
    add_job(f, "R3", 1, "anna", "", JOB_NOT_STARTED);
    add_job(f, "R3", 2, "anna", "", JOB_NOT_STARTED);
    leave_out(f, "R3", "1 2 ");
}

static void test_leave_out_of_many(void **state)
{
    enum {
        MANY = 20000
    };
    struct fixture *f = *state;
    static const char *const runs[] = {"R1", "R2", "R3"};
    for (int run = 0; run < 3; run++) {
        add_run(f, runs[run], false);
        for (int row = 1; row <= MANY; row++) {
            struct store_job job = {.row = row, .host1 = "a", .host2 = "b"};
            char user[16];
            (void)snprintf(user, sizeof(user), "u%d", row);
            job.user1 = job.user2 = user;
            assert_true(store_job_add(f->store, runs[run], &job, &f->fault));
        }
    }
    assert_true(store_job_end(f->store, "R2", 7, JOB_COMPLETE, 9, "", "", &f->fault));
    int64_t before = clock_mono_nsecs();
    leave_out(f, "R3", "7 ");
    if (clock_mono_nsecs() - before > 10 * CLOCK_NSECS_PER_SEC)
        fail_msg("it took too long");
}

static void test_pause_what_was_not_started(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", false);
    add_run(f, "R2", false);
    add_job(f, "R1", 1, "other", "", JOB_NOT_STARTED);
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        add_job(f, "R2", i + 1, "u", "", (enum job_status)i);
    assert_true(store_jobs_pause(f->store, "R2", "stopped", "late", &f->fault));
    assert_true(store_jobs_each(f->store, "R1", print_job, &f->text, &f->fault));
    assert_true(store_jobs_each(f->store, "R2", print_job, &f->text, &f->fault));
    assert_text(f, "1 not_started [] 0  \n1 paused [] 0 stopped late\n2 complete [] 1  \n"
                   "3 exceptions [] 0  \n4 paused [] 0  \n5 failed [] 0  \n6 left_out [] 0  \n");
}

static void test_forget_a_run(void **state)
{
    struct fixture *f = *state;
    struct store_problem problem = {.folder = "F", .uid = 1, .messages = 1};
    struct store_folder folder = {.source_name = "F", .counts = {.source = 3, .copied = 2}};
    struct str_list ids = {0};
    for (int run = 0; run < 2; run++) {
        const char *id = run == 0 ? "R1" : "R2";
        add_run(f, id, false);
        add_job(f, id, 1, "anna", "", JOB_COMPLETE);
        for (int attempt = 0; attempt < 2; attempt++) {
            assert_true(store_job_start(f->store, id, 1, 5, &f->fault));
            assert_true(store_folder_add(f->store, id, 1, &folder, &f->fault));
            assert_true(store_problem_add(f->store, id, 1, &problem, &f->fault));
        }
    }
    assert_true(store_run_forget(f->store, "R1", &f->fault));
    assert_true(store_run_forget(f->store, "R1", &f->fault));
    assert_true(store_run_ids(f->store, &ids, &f->fault));
    assert_int_equal(ids.count, 1);
    assert_string_equal(ids.items[0], "R2");
    str_list_deinit(&ids);
    add_run(f, "R1", false); /* nothing is left that could be in its way */
    add_job(f, "R1", 1, "anna", "", JOB_NOT_STARTED);
    assert_true(store_jobs_each(f->store, "R1", print_job, &f->text, &f->fault));
    assert_text(f, "1 not_started [] 0  \n");
    add_run(f, "R9", false);
    add_run(f, "R3", false);
    assert_true(store_run_ids(f->store, &ids, &f->fault));
    assert_int_equal(ids.count, 4);
    assert_string_equal(ids.items[0], "R9");
    assert_string_equal(ids.items[3], "R1");
    str_list_deinit(&ids);
}

static void assert_daily(struct fixture *f, const char *account, int side, int64_t day,
                         uint64_t expected)
{
    struct store_daily daily = {account, side, day};
    uint64_t bytes;
    assert_true(store_daily_get(f->store, &daily, &bytes, &f->fault));
    assert_int_equal(bytes, expected);
}

static bool append_repair(void *context, const struct store_repair *repair)
{
    return buffer_printf(context, "%s/%u %s; ", repair->folder, repair->uid, repair->kinds);
}

static void assert_repairs(struct fixture *f, int64_t row, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 4096);
    assert_true(store_repairs_each(f->store, "R1", row, append_repair, &text, &f->fault));
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

/* Attempts add up; another job and another run know nothing of it; a forgotten run takes it along.
 */
static void test_changes(void **state)
{
    struct fixture *f = *state;
    uint64_t messages[CHANGE_KIND_COUNT];
    add_run(f, "R1", false);
    add_job(f, "R1", 1, "anna", "", JOB_COMPLETE);
    add_job(f, "R1", 2, "ben", "", JOB_COMPLETE);
    assert_true(store_change_add(f->store, "R1", 1, CHANGE_WRAPPED, 3, &f->fault));
    assert_true(store_change_add(f->store, "R1", 1, CHANGE_DATED, 1, &f->fault));
    assert_true(store_change_add(f->store, "R1", 1, CHANGE_WRAPPED, 4, &f->fault));
    assert_true(store_changes_get(f->store, "R1", 1, messages, &f->fault));
    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++)
        assert_int_equal(messages[kind], kind == CHANGE_WRAPPED ? 7 : kind == CHANGE_DATED ? 1 : 0);
    assert_true(store_changes_get(f->store, "R1", 2, messages, &f->fault));
    assert_int_equal(messages[CHANGE_WRAPPED], 0);
    assert_false(store_change_add(f->store, "R1", 3, CHANGE_WRAPPED, 1, &f->fault));
    assert_repairs(f, 1, "");
    assert_true(
        store_repair_add(f->store, "R1", 1, &(struct store_repair){"b", 7, "x,y"}, &f->fault));
    assert_true(
        store_repair_add(f->store, "R1", 1, &(struct store_repair){"a", 9, "x"}, &f->fault));
    assert_true(
        store_repair_add(f->store, "R1", 1, &(struct store_repair){"a", 9, "z"}, &f->fault));
    assert_false(
        store_repair_add(f->store, "R1", 3, &(struct store_repair){"a", 9, "z"}, &f->fault));
    assert_repairs(f, 1, "a/9 z; b/7 x,y; ");
    assert_repairs(f, 2, "");
    assert_true(store_run_forget(f->store, "R1", &f->fault));
    assert_true(store_changes_get(f->store, "R1", 1, messages, &f->fault));
    assert_int_equal(messages[CHANGE_WRAPPED], 0);
    assert_repairs(f, 1, "");
}

static void test_daily_bytes(void **state)
{
    struct fixture *f = *state;
    struct store_daily daily = {"h u", 1, 100};
    assert_daily(f, "h u", 1, 100, 0);
    assert_true(store_daily_add(f->store, &daily, 5, &f->fault));
    assert_true(store_daily_add(f->store, &daily, 7, &f->fault));
    daily.side = 2;
    assert_true(store_daily_add(f->store, &daily, 1, &f->fault));
    daily.day = 99;
    assert_true(store_daily_add(f->store, &daily, 2, &f->fault));
    assert_true(store_close(&f->store, &f->fault));
    assert_true(store_open(f->path, &f->store, &f->fault));
    assert_daily(f, "h u", 1, 100, 12);
    assert_daily(f, "h u", 2, 100, 1);
    assert_daily(f, "h u", 2, 99, 2);
    assert_daily(f, "h", 1, 100, 0);
    assert_true(store_daily_forget(f->store, 100, &f->fault));
    assert_daily(f, "h u", 2, 99, 0);
    assert_daily(f, "h u", 2, 100, 1);
}

#define RUNS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS_TEST(test_kind_of_run_and_job),
        RUNS_TEST(test_each_last_status),
        RUNS_TEST(test_the_latest_result_counts),
        RUNS_TEST(test_trials_stand_apart),
        RUNS_TEST(test_a_pair_in_two_rows),
        RUNS_TEST(test_leave_out_of_many),
        RUNS_TEST(test_pause_what_was_not_started),
        RUNS_TEST(test_forget_a_run),
        RUNS_TEST(test_changes),
        RUNS_TEST(test_daily_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
