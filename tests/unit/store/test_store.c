/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "store/store.h"
#include "store/store_private.h"

struct fixture {
    char dir[64];
    char path[96];
    struct store *store;
    struct fault fault;
};

static void open_store(struct fixture *f)
{
    if (!store_open(f->path, &f->store, &f->fault))
        fail_msg("%s", f->fault.text);
}

static void reopen(struct fixture *f)
{
    assert_true(store_close(&f->store, &f->fault));
    assert_null(f->store);
    open_store(f);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->dir);
    open_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    if (f->store != NULL)
        (void)store_close(&f->store, &f->fault);
    for (size_t i = 0; i < 4; i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static void add_run(struct fixture *f, const char *id, int64_t started_msecs)
{
    struct store_run run = {.id = id,
                            .command = "batch",
                            .version = "1.2",
                            .manifest = "/m.csv",
                            .settings = "parallel = 4\n",
                            .started_msecs = started_msecs};
    assert_true(store_run_begin(f->store, &run, &f->fault));
}

static void add_job(struct fixture *f, const char *run_id, int64_t row, const char *user)
{
    struct store_job job = {.row = row,
                            .label = "L",
                            .host1 = "h1",
                            .user1 = user,
                            .host2 = "h2",
                            .user2 = "u2",
                            .status = JOB_COMPLETE};
    assert_true(store_job_add(f->store, run_id, &job, &f->fault));
}

static void add_folder(struct fixture *f, int64_t row, const char *name, uint64_t source,
                       uint64_t copied)
{
    struct store_folder folder = {.source_name = name,
                                  .destination_name = "D",
                                  .is_renamed = true,
                                  .error = "",
                                  .counts = {.source = source,
                                             .copied = copied,
                                             .already = 1,
                                             .excluded = 2,
                                             .too_big = 3,
                                             .failed = 4,
                                             .unreadable = 5,
                                             .vanished = 6,
                                             .bytes_copied = copied * 100,
                                             .not_selected = 7}};
    assert_true(store_folder_add(f->store, "R1", row, &folder, &f->fault));
}

static bool print_run(void *context, const struct store_run *run)
{
    return buffer_printf(context, "%s|%s|%s|%s|%s|%lld|%lld|%d\n", run->id, run->command,
                         run->version, run->manifest, run->settings, (long long)run->started_msecs,
                         (long long)run->ended_msecs, run->exit_code);
}

static bool print_job(void *context, const struct store_job *job)
{
    const struct message_counts *c = &job->counts;
    return buffer_printf(
        context, "%d|%s|%s|%s|%s|%s|%s|%lld|%lld|%s|%s|%d|%d,%d,%d,%d,%d,%d,%d,%d,%d,%d\n",
        (int)job->row, job->label, job->host1, job->user1, job->host2, job->user2,
        job_status_name(job->status), (long long)job->started_msecs, (long long)job->ended_msecs,
        job->error_code, job->error, (int)job->folders, (int)c->source, (int)c->copied,
        (int)c->already, (int)c->excluded, (int)c->too_big, (int)c->failed, (int)c->unreadable,
        (int)c->vanished, (int)c->bytes_copied, (int)c->not_selected);
}

static bool print_first_job(void *context, const struct store_job *job)
{
    (void)print_job(context, job);
    return false;
}

static bool print_folder(void *context, const struct store_folder *folder)
{
    return buffer_printf(context, "%s|%s|%d%d%d|%s|%d\n", folder->source_name,
                         folder->destination_name, folder->is_renamed, folder->is_merged,
                         folder->is_failed, folder->error, (int)folder->counts.copied);
}

static bool print_problem(void *context, const struct store_job *job,
                          const struct store_problem *problem)
{
    return buffer_printf(context, "%d|%s|%s|%u|%d|%s|%s|%llu|%s|%s\n", (int)job->row, job->user1,
                         problem->folder, problem->uid, (int)problem->messages, problem->message_id,
                         problem->date, (unsigned long long)problem->size_bytes,
                         problem_reason_name(problem->reason), problem->server_text);
}

static void assert_text(struct buffer *text, const char *expected)
{
    assert_string_equal(buffer_str(text), expected);
    buffer_deinit(text);
}

static void assert_jobs(struct fixture *f, const char *run_id, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    assert_true(store_jobs_each(f->store, run_id, print_job, &text, &f->fault));
    assert_text(&text, expected);
}

/* Failures first. */

static void test_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    assert_true(store_close(&f->store, &f->fault));
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_false(store_open(f->path, &f->store, &f->fault));
    assert_null(f->store);
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_int_equal(f->fault.scope, FAULT_SCOPE_RUN);
    assert_non_null(strstr(f->fault.text, "newer mailconvoy (schema 999"));
}

static void test_old_schema_is_brought_up(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    assert_true(store_close(&f->store, &f->fault));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 0; VACUUM", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    open_store(f);
    add_run(f, "R1", 1);
}

static void test_no_store_in_a_missing_directory(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    assert_false(store_open("/nonexistent/dir/state.db", &store, &f->fault));
    assert_null(store);
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_string_equal(f->fault.text, "can't make the store /nonexistent/dir/state.db: "
                                       "No such file or directory");
}

static void test_no_store_in_a_read_only_directory(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/other.db", f->dir);
    if (geteuid() == 0)
        skip(); /* root may write everywhere */
    assert_int_equal(chmod(f->dir, 0500), 0);
    bool is_ok = store_open(path, &store, &f->fault);
    assert_int_equal(chmod(f->dir, 0700), 0);
    assert_false(is_ok);
    assert_int_equal(f->fault.code, FAULT_STORE);
}

static void test_rubbish_is_no_store(void **state)
{
    struct fixture *f = *state;
    assert_true(store_close(&f->store, &f->fault));
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        assert_true(fputs("this is no database\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_false(store_open(f->path, &f->store, &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_non_null(strstr(f->fault.text, "not a database"));
}

static void test_unknown_run_and_job_are_faults(void **state)
{
    struct fixture *f = *state;
    struct store_problem problem = {.folder = "F", .uid = 1, .messages = 1};
    struct store_folder folder = {.source_name = "F"};
    struct store_job job = {.row = 1};
    struct store_run run = {.id = "R1"};
    add_run(f, "R1", 1);
    assert_false(store_run_begin(f->store, &run, &f->fault));
    assert_false(store_run_end(f->store, "nope", 1, 0, &f->fault));
    assert_non_null(strstr(f->fault.text, "no such run, job or folder"));
    assert_false(store_job_add(f->store, "nope", &job, &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_int_equal(f->fault.scope, FAULT_SCOPE_MAILBOX);
    assert_false(store_job_start(f->store, "R1", 1, 1, &f->fault));
    assert_false(store_job_end(f->store, "R1", 1, JOB_FAILED, 1, "", "", &f->fault));
    assert_false(store_folder_add(f->store, "R1", 1, &folder, &f->fault));
    assert_false(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
    /* One mailbox's fault leaves the others alone. */
    add_job(f, "R1", 1, "anna");
    assert_true(store_flush(f->store, &f->fault));
    assert_false(store_job_add(f->store, "R1", &job, &f->fault));
}

static void test_lost_rows_stay_a_fault(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    assert_true(store_flush(f->store, &f->fault));
    /* A store that may not grow any more is a full disk. */
    assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
                     SQLITE_OK);
    bool is_ok = true;
    for (int i = 0; i < 2000 && is_ok; i++) {
        struct store_problem problem = {.folder = "F",
                                        .uid = 1,
                                        .messages = 1,
                                        .server_text = "some words of a server to fill a page"};
        is_ok = store_problem_add(f->store, "R1", 1, &problem, &f->fault);
    }
    assert_false(is_ok);
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_non_null(strstr(f->fault.text, "full"));
    /* Whether SQLite kept the transaction is its choice; what it gave up is never forgotten. */
    if (f->store->is_broken) {
        assert_false(store_flush(f->store, &f->fault));
        assert_int_equal(f->fault.scope, FAULT_SCOPE_RUN);
    }
    assert_jobs(f, "R1", "1|L|h1|anna|h2|u2|not_started|0|0|||0|0,0,0,0,0,0,0,0,0,0\n");
}

static void test_given_up_transaction_is_sticky(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", 1);
    assert_int_equal(sqlite3_exec(f->store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    /* The run's row is gone, so this fails, and the store sees that the transaction is too. */
    struct store_job job = {.row = 1};
    assert_false(store_job_add(f->store, "R1", &job, &f->fault));
    assert_true(f->store->is_broken);
    struct store_run run = {.id = "R2"};
    fault_clear(&f->fault);
    assert_false(store_run_begin(f->store, &run, &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_int_equal(f->fault.scope, FAULT_SCOPE_RUN);
    assert_false(store_flush(f->store, &f->fault));
    assert_false(store_close(&f->store, &f->fault));
    assert_null(f->store);
}

static void test_commit_is_due(void **state)
{
    const int64_t second = 1000000000;
    (void)state;
    assert_false(store_commit_is_due(999, 5, 5));
    assert_true(store_commit_is_due(1000, 5, 5));
    assert_false(store_commit_is_due(1, 5, 5 + second));
    assert_true(store_commit_is_due(1, 5, 6 + second));
}

static void test_file_is_private(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char wal[128];
    add_run(f, "R1", 1);
    assert_true(store_flush(f->store, &f->fault));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(wal, sizeof(wal), "%s-wal", f->path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_run_survives_reopening(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    bool is_found;
    buffer_init(&text, 4096);
    assert_true(store_run_get(f->store, NULL, print_run, &text, &is_found, &f->fault));
    assert_false(is_found);
    add_run(f, "R1", 1000);
    add_run(f, "R2", 2000);
    reopen(f);
    assert_true(store_run_end(f->store, "R1", 5000, 10, &f->fault));
    assert_true(store_run_get(f->store, NULL, print_run, &text, &is_found, &f->fault));
    assert_true(is_found);
    assert_true(store_run_get(f->store, "R1", print_run, &text, &is_found, &f->fault));
    assert_true(is_found);
    assert_true(store_run_get(f->store, "R", print_run, &text, &is_found, &f->fault));
    assert_false(is_found);
    assert_text(&text, "R2|batch|1.2|/m.csv|parallel = 4\n|2000|0|-1\n"
                       "R1|batch|1.2|/m.csv|parallel = 4\n|1000|5000|10\n");
}

static void test_jobs_and_their_sums(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    int64_t row;
    add_run(f, "R1", 1);
    add_run(f, "R2", 1);
    add_job(f, "R1", 10, "carl");
    add_job(f, "R1", 2, "anna");
    add_job(f, "R2", 2, "other run");
    assert_true(store_job_start(f->store, "R1", 2, 7, &f->fault));
    add_folder(f, 2, "INBOX", 100, 79);
    add_folder(f, 2, "Sent", 50, 29);
    add_folder(f, 2, "INBOX", 90, 69); /* replaces */
    assert_true(
        store_job_end(f->store, "R1", 2, JOB_EXCEPTIONS, 9, "append", "was refused", &f->fault));
    reopen(f);
    assert_jobs(
        f, "R1",
        "2|L|h1|anna|h2|u2|exceptions|7|9|append|was refused|2|140,98,2,4,6,8,10,12,9800,14\n"
        "10|L|h1|carl|h2|u2|not_started|0|0|||0|0,0,0,0,0,0,0,0,0,0\n");
    assert_jobs(f, "nope", "");
    buffer_init(&text, 4096);
    assert_true(store_job_next(f->store, "R1", 0, print_job, &text, &row, &f->fault));
    assert_int_equal(row, 2);
    assert_true(store_job_next(f->store, "R1", 2, print_job, &text, &row, &f->fault));
    assert_int_equal(row, 10);
    buffer_clear(&text);
    assert_true(store_job_next(f->store, "R1", 10, print_job, &text, &row, &f->fault));
    assert_int_equal(row, 0);
    assert_true(store_jobs_each(f->store, "R1", print_first_job, &text, &f->fault));
    assert_int_equal(text.data[0], '2');
    assert_null(strstr(buffer_str(&text), "carl"));
    buffer_deinit(&text);
}

static void test_folders_and_replacing(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    struct store_folder failed = {.source_name = "Caf\xc3\xa9",
                                  .destination_name = NULL,
                                  .is_merged = true,
                                  .is_failed = true,
                                  .error = "short listing"};
    buffer_init(&text, 4096);
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    add_job(f, "R1", 2, "bob");
    add_folder(f, 1, "Z", 1, 1);
    add_folder(f, 1, "A", 1, 2);
    add_folder(f, 2, "Z", 1, 77);
    assert_true(store_folder_add(f->store, "R1", 1, &failed, &f->fault));
    assert_true(store_folders_each(f->store, "R1", 1, print_folder, &text, &f->fault));
    assert_text(&text, "Z|D|100||1\nA|D|100||2\nCaf\xc3\xa9||011|short listing|0\n");
    buffer_init(&text, 4096);
    add_folder(f, 1, "Caf\xc3\xa9", 1, 5);
    assert_true(store_folders_each(f->store, "R1", 1, print_folder, &text, &f->fault));
    assert_text(&text, "Z|D|100||1\nA|D|100||2\nCaf\xc3\xa9|D|100||5\n");
}

static void test_problems(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    struct store_problem one = {.folder = "INBOX",
                                .uid = 4294967295,
                                .messages = 1,
                                .message_id = "<a@b>",
                                .date = "2026-01-02T03:04:05Z",
                                .size_bytes = UINT64_MAX,
                                .reason = PROBLEM_TOO_BIG,
                                .server_text = "NO it's \"big\""};
    struct store_problem many = {.folder = "S", .messages = 42, .reason = PROBLEM_VANISHED};
    buffer_init(&text, 4096);
    add_run(f, "R1", 1);
    add_job(f, "R1", 2, "bob");
    add_job(f, "R1", 1, "anna");
    assert_true(store_problem_add(f->store, "R1", 2, &one, &f->fault));
    assert_true(store_problem_add(f->store, "R1", 1, &many, &f->fault));
    assert_true(store_problem_add(f->store, "R1", 2, &many, &f->fault));
    assert_true(store_problems_each(f->store, "R1", print_problem, &text, &f->fault));
    assert_text(&text, "1|anna|S|0|42|||0|vanished|\n"
                       "2|bob|INBOX|4294967295|1|<a@b>|2026-01-02T03:04:05Z|9223372036854775807|"
                       "too_big|NO it's \"big\"\n"
                       "2|bob|S|0|42|||0|vanished|\n");
}

static void start(struct fixture *f, int64_t row, int64_t at)
{
    assert_true(store_job_start(f->store, "R1", row, at, &f->fault));
}

static void add_counts(struct fixture *f, int64_t row, const char *name,
                       const struct message_counts *counts)
{
    struct store_folder folder = {
        .source_name = name, .destination_name = name, .error = "", .counts = *counts};
    assert_true(store_folder_add(f->store, "R1", row, &folder, &f->fault));
}

static bool print_diagnosis(void *context, const char *id, uint64_t mailboxes, uint64_t messages)
{
    return buffer_printf(context, "%s %d %d\n", id, (int)mailboxes, (int)messages);
}

static bool print_job_diagnosis(void *context, const struct store_job *job)
{
    return buffer_printf(context, "%d %s\n", (int)job->row, job->diagnosis);
}

static bool print_problem_diagnosis(void *context, const struct store_job *job,
                                    const struct store_problem *problem)
{
    return buffer_printf(context, "%d %s\n", (int)job->row, problem->diagnosis);
}

static void assert_diagnoses(struct fixture *f, const char *run_id, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 4096);
    assert_true(store_diagnoses_each(f->store, run_id, print_diagnosis, &text, &f->fault));
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

static void test_diagnoses(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    struct store_problem problem = {.folder = "F", .messages = 1, .reason = PROBLEM_FAILED};
    static const char *const of_row_1[] = {"virus", "too-big", "too-big", "", NULL};
    buffer_init(&text, 4096);
    add_run(f, "R1", 1);
    add_run(f, "R2", 2);
    for (int row = 1; row <= 4; row++)
        add_job(f, "R1", row, "u");
    add_job(f, "R2", 1, "u");
    assert_diagnoses(f, "R1", "");
    for (size_t i = 0; i < 5; i++) {
        problem.diagnosis = of_row_1[i];
        assert_true(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
    }
    problem.messages = 7;
    problem.diagnosis = "virus";
    assert_true(store_problem_add(f->store, "R1", 2, &problem, &f->fault));
    /* Of its messages the most frequent; a mailbox's own; none to be found. */
    assert_true(store_job_diagnose(f->store, "R1", 1, "", &f->fault));
    assert_true(store_job_diagnose(f->store, "R1", 2, "quota", &f->fault));
    assert_true(store_job_diagnose(f->store, "R1", 3, "quota", &f->fault));
    assert_true(store_job_diagnose(f->store, "R1", 4, "", &f->fault));
    assert_true(store_job_diagnose(f->store, "R2", 1, "x", &f->fault));
    assert_diagnoses(f, "R1", "quota 2 0\ntoo-big 1 2\nvirus 0 8\n");
    assert_true(store_jobs_each(f->store, "R1", print_job_diagnosis, &text, &f->fault));
    assert_string_equal(buffer_str(&text), "1 too-big\n2 quota\n3 quota\n4 \n");
    buffer_clear(&text);
    assert_true(store_problems_each(f->store, "R1", print_problem_diagnosis, &text, &f->fault));
    assert_string_equal(buffer_str(&text), "1 virus\n1 too-big\n1 too-big\n1 \n1 \n2 virus\n");
    buffer_clear(&text);
    /* Another attempt starts without. */
    assert_true(store_job_start(f->store, "R1", 3, 9, &f->fault));
    assert_diagnoses(f, "R1", "too-big 1 2\nquota 1 0\nvirus 0 8\n");
    buffer_deinit(&text);
}

static void test_second_attempt_drops_the_first(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    const struct message_counts none = {.source = 3, .already = 3};
    struct store_problem problem = {.folder = "INBOX", .messages = 1};
    buffer_init(&text, 4096);
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    add_job(f, "R1", 2, "bob");
    for (int row = 1; row <= 2; row++) {
        start(f, row, 4);
        add_folder(f, row, "INBOX", 10, 0);
        add_folder(f, row, "Gone", 10, 0);
        assert_true(store_problem_add(f->store, "R1", row, &problem, &f->fault));
        assert_true(store_job_end(f->store, "R1", row, JOB_PAUSED, 5, "throttled", "w", &f->fault));
        start(f, row, 99); /* its start stays 4 */
    }
    /* Until the second attempt has come to its folders, the first one is what is known. */
    assert_jobs(f, "R1",
                "1|L|h1|anna|h2|u2|paused|4|0|||2|20,0,2,4,6,8,10,12,0,14\n"
                "2|L|h1|bob|h2|u2|paused|4|0|||2|20,0,2,4,6,8,10,12,0,14\n");
    problem.folder = "New";
    add_counts(f, 1, "INBOX", &none);
    assert_true(store_problem_add(f->store, "R1", 2, &problem, &f->fault));
    assert_true(store_problem_add(f->store, "R1", 2, &problem, &f->fault));
    assert_jobs(f, "R1",
                "1|L|h1|anna|h2|u2|paused|4|0|||1|3,0,3,0,0,0,0,0,0,0\n"
                "2|L|h1|bob|h2|u2|paused|4|0|||0|0,0,0,0,0,0,0,0,0,0\n");
    assert_true(store_problems_each(f->store, "R1", print_problem, &text, &f->fault));
    assert_text(&text, "2|bob|New|0|1|||0|excluded|\n"
                       "2|bob|New|0|1|||0|excluded|\n");
}

/* What one attempt copied, the next finds as already there; for the run it is copied. */
static void test_attempts_add_up(void **state)
{
    struct fixture *f = *state;
    static const struct message_counts first = {
        .source = 100, .already = 5, .copied = 20, .bytes_copied = 200};
    static const struct message_counts second = {
        .source = 100, .already = 25, .copied = 30, .failed = 1, .bytes_copied = 300};
    static const struct message_counts unreached = {.source = 100};
    static const struct message_counts third = {
        .source = 99, .already = 55, .copied = 43, .failed = 1, .bytes_copied = 430};
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    start(f, 1, 4);
    add_counts(f, 1, "INBOX", &first);
    add_counts(f, 1, "Sent", &first);
    start(f, 1, 5);
    add_counts(f, 1, "INBOX", &second);
    add_counts(f, 1, "INBOX", &second); /* a result that replaces is carried once */
    assert_jobs(f, "R1", "1|L|h1|anna|h2|u2|not_started|4|0|||1|100,50,5,0,0,1,0,0,500,0\n");
    start(f, 1, 6); /* did not come to its folders: nothing changes */
    start(f, 1, 7);
    add_counts(f, 1, "INBOX", &unreached); /* in between nobody looked at the folder */
    assert_jobs(f, "R1", "1|L|h1|anna|h2|u2|not_started|4|0|||1|100,50,0,0,0,0,0,0,500,0\n");
    start(f, 1, 8);
    add_counts(f, 1, "INBOX", &third);
    assert_jobs(f, "R1", "1|L|h1|anna|h2|u2|not_started|4|0|||1|99,93,5,0,0,1,0,0,930,0\n");
}

static void test_carry(void **state)
{
    static const struct {
        struct message_counts counts; /* source, copied, already, ... */
        uint64_t before;
        uint64_t copied;
        uint64_t already;
    } rows[] = {
        {{10, 0, 0, 10, 0, 0, 0, 0, 0, 0}, 4, 0, 0}, /* all are in some other state */
        {{10, 0, 0, 0, 0, 10, 0, 0, 0, 0}, 4, 0, 0},
        {{3, 0, 3, 0, 0, 0, 0, 0, 0, 0}, 4, 3, 0}, /* one left the source in between */
        {{10, 6, 4, 0, 0, 0, 0, 0, 0, 0}, 4, 10, 0},
        {{10, 3, 7, 0, 0, 0, 0, 0, 0, 0}, 4, 7, 3},
        {{10, 0, 2, 0, 0, 0, 0, 0, 0, 0}, 4, 4, 0}, /* eight were not reached */
        {{10, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 0, 0},
        {{10, 0, 0, 0, 0, 0, 0, 0, 0, 10}, 4, 0, 0},
        {{10, 9, 9, 0, 0, 0, 0, 0, 0, 0}, 0, 9, 9}, /* does not close: left as it is */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message_counts counts = rows[i].counts;
        message_counts_carry(&counts, rows[i].before, 7);
        assert_int_equal(counts.copied, rows[i].copied);
        assert_int_equal(counts.already, rows[i].already);
        assert_int_equal(counts.bytes_copied, 7);
        assert_true(message_counts_difference(&counts) <=
                    message_counts_difference(&rows[i].counts));
    }
}

static bool print_size(void *context, int64_t row, uint64_t messages)
{
    return buffer_printf(context, "%lld:%llu ", (long long)row, (unsigned long long)messages);
}

static void assert_sizes(struct fixture *f, const char *run_id, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 4096);
    assert_true(store_pair_sizes_each(f->store, run_id, print_size, &text, &f->fault));
    assert_text(&text, expected);
}

static void test_sizes_of_earlier_runs(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    add_job(f, "R1", 2, "bob");
    add_job(f, "R1", 3, "carl");
    add_folder(f, 1, "A", 10, 5);
    add_folder(f, 1, "B", 7, 5);
    add_folder(f, 2, "A", 0, 0);
    assert_sizes(f, "R1", "");
    /* R2 knows bob no more, and did not come to anna's folders. */
    add_run(f, "R2", 2);
    add_job(f, "R2", 1, "anna");
    add_run(f, "R3", 3);
    add_job(f, "R3", 5, "carl");
    add_job(f, "R3", 6, "bob");
    add_job(f, "R3", 7, "anna");
    add_job(f, "R3", 8, "ann");
    assert_sizes(f, "R3", "6:0 7:17 ");
    assert_sizes(f, "R2", "1:17 ");
    assert_sizes(f, "R0", "");
}

static double seconds_now(void)
{
    return (double)clock_mono_nsecs() / 1e9;
}

/* 20,000 mailboxes for the fourth time: an index answers, not a walk over all jobs for each. */
static void test_sizes_of_many(void **state)
{
    struct fixture *f = *state;
    static const char *const runs[] = {"R1", "R2", "R3", "R4"};
    struct buffer text;
    char user[32];
    buffer_init(&text, 1 << 20);
    for (int run = 0; run < 4; run++) {
        add_run(f, runs[run], run + 1);
        for (int row = 1; row <= 20000; row++) {
            (void)snprintf(user, sizeof(user), "user%d", row);
            add_job(f, runs[run], row, user);
            for (int i = 0; run == 0 && i < 3; i++)
                add_folder(f, row, i == 0 ? "A" : i == 1 ? "B" : "C", 1, 1);
        }
    }
    double before = seconds_now();
    assert_true(store_pair_sizes_each(f->store, "R4", print_size, &text, &f->fault));
    double took = seconds_now() - before;
    assert_non_null(strstr(buffer_str(&text), "20000:3 "));
    if (took > 10)
        fail_msg("%.1f s", took);
    buffer_deinit(&text);
}

/* A store of the first schema, as an earlier program left it. */
static void test_schema_1_is_brought_up(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    add_folder(f, 1, "A", 10, 5);
    assert_true(store_close(&f->store, &f->fault));
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "DROP TABLE folder_problem; DROP TABLE message_map; DROP TABLE flag_set;"
                     "DROP TABLE folder; DROP TABLE pair;"
                     "DROP INDEX job_by_pair; DROP TABLE folder_copied;"
                     "ALTER TABLE job DROP COLUMN has_old_results;"
                     "ALTER TABLE job DROP COLUMN trial; ALTER TABLE job DROP COLUMN is_partial;"
                     "ALTER TABLE job DROP COLUMN deleted_source;"
                     "ALTER TABLE job DROP COLUMN deleted_destination;"
                     "ALTER TABLE job DROP COLUMN exposure;"
                     "ALTER TABLE run DROP COLUMN is_final; DROP TABLE daily_bytes;"
                     "DROP TABLE message_change; DROP TABLE message_repair;"
                     "DROP TABLE pace;"
                     "ALTER TABLE job DROP COLUMN diagnosis;"
                     "ALTER TABLE problem DROP COLUMN diagnosis;"
                     "ALTER TABLE folder_result DROP COLUMN not_selected;"
                     "ALTER TABLE run DROP COLUMN manifest_sha256;"
                     "ALTER TABLE problem DROP COLUMN subject;"
                     "DROP TABLE run_sample; DROP TABLE job_wait; DROP TABLE verification;"
                     "PRAGMA user_version = 1",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    open_store(f);
    add_run(f, "R2", 2);
    add_job(f, "R2", 4, "anna");
    assert_sizes(f, "R2", "4:10 ");
    start(f, 1, 9);
}

static int committed_problems(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM problem", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return count;
}

static void test_rows_are_grouped(void **state)
{
    struct fixture *f = *state;
    struct store_problem problem = {.folder = "F", .uid = 1, .messages = 1};
    add_run(f, "R1", 1);
    add_job(f, "R1", 1, "anna");
    assert_true(store_flush(f->store, &f->fault));
    assert_true(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
    assert_int_equal(committed_problems(f->path), 0);
    assert_true(store_flush(f->store, &f->fault));
    assert_int_equal(committed_problems(f->path), 1);
    assert_true(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
    assert_true(store_job_end(f->store, "R1", 1, JOB_COMPLETE, 5, "", "", &f->fault));
    assert_int_equal(committed_problems(f->path), 2);
    assert_true(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
    assert_true(store_run_end(f->store, "R1", 5, 0, &f->fault));
    assert_int_equal(committed_problems(f->path), 3);
}

struct writer {
    struct fixture *fixture;
    int64_t row;
    bool is_ok;
};

static void *write_many(void *context)
{
    struct writer *writer = context;
    struct fault fault;
    struct store_problem problem = {.folder = "F", .messages = 1};
    writer->is_ok = true;
    for (uint32_t i = 1; i <= 3000 && writer->is_ok; i++) {
        problem.uid = i;
        writer->is_ok = store_problem_add(writer->fixture->store, "R1", writer->row, &problem,
                                          &fault) &&
                        (i % 500 != 0 || store_flush(writer->fixture->store, &fault));
    }
    return NULL;
}

static bool count_problem(void *context, const struct store_job *job,
                          const struct store_problem *problem)
{
    uint32_t *last_uid = context;
    /* In row order, as added: nothing is missing, nothing twice. */
    assert_int_equal(problem->uid, last_uid[job->row] + 1);
    last_uid[job->row] = problem->uid;
    return true;
}

static void test_two_threads_write(void **state)
{
    struct fixture *f = *state;
    struct writer writers[2];
    pthread_t threads[2];
    uint32_t last_uid[3] = {0, 0, 0};
    add_run(f, "R1", 1);
    for (int i = 0; i < 2; i++) {
        add_job(f, "R1", i + 1, "u");
        writers[i] = (struct writer){f, i + 1, false};
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(writers[i].is_ok);
    }
    assert_true(store_problems_each(f->store, "R1", count_problem, last_uid, &f->fault));
    assert_int_equal(last_uid[1], 3000);
    assert_int_equal(last_uid[2], 3000);
}

static void test_counts(void **state)
{
    struct message_counts sum = {.source = 1, .bytes_copied = 5};
    const struct message_counts more = {10, 1, 2, 1, 1, 1, 1, 1, 70, 1};
    (void)state;
    assert_int_equal(message_counts_difference(&more), 1);
    message_counts_add(&sum, &more);
    assert_int_equal(sum.source, 11);
    assert_int_equal(sum.bytes_copied, 75);
    assert_int_equal(message_counts_difference(&sum), 2);
    sum.copied = 12;
    assert_int_equal(message_counts_difference(&sum), -9);
    assert_string_equal(job_status_name(JOB_FAILED), "failed");
    assert_string_equal(problem_reason_name(PROBLEM_VANISHED), "vanished");
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_newer_schema_is_refused),
        STORE_TEST(test_old_schema_is_brought_up),
        STORE_TEST(test_no_store_in_a_missing_directory),
        STORE_TEST(test_no_store_in_a_read_only_directory),
        STORE_TEST(test_rubbish_is_no_store),
        STORE_TEST(test_unknown_run_and_job_are_faults),
        STORE_TEST(test_lost_rows_stay_a_fault),
        STORE_TEST(test_given_up_transaction_is_sticky),
        STORE_TEST(test_schema_1_is_brought_up),
        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_commit_is_due),
        STORE_TEST(test_file_is_private),
        STORE_TEST(test_run_survives_reopening),
        STORE_TEST(test_jobs_and_their_sums),
        STORE_TEST(test_folders_and_replacing),
        STORE_TEST(test_problems),
        STORE_TEST(test_diagnoses),
        STORE_TEST(test_second_attempt_drops_the_first),
        STORE_TEST(test_attempts_add_up),
        STORE_TEST(test_sizes_of_earlier_runs),
        STORE_TEST(test_sizes_of_many),
        STORE_TEST(test_rows_are_grouped),
        STORE_TEST(test_two_threads_write),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
