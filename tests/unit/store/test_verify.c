/* SPDX-License-Identifier: MIT
 * What --verify found, as it is kept and summed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "store/store_map.h"
#include "store/store_private.h"
#include "store/store_verify.h"
#include "tests/unit/store/store_dir.h"

struct fixture {
    struct store_dir dir;
    struct store *store;
    struct fault fault;
    struct buffer text;
};

static void add_run(struct fixture *f, const char *id)
{
    const struct store_run run = {
        .id = id, .command = "batch", .version = "1", .manifest = "", .settings = ""};
    assert_true(store_run_begin(f->store, &run, &f->fault));
    for (int64_t row = 1; row <= 3; row++) {
        const struct store_job job = {
            .row = row, .label = "", .host1 = "a", .user1 = "u", .host2 = "b", .user2 = "u"};
        assert_true(store_job_add(f->store, id, &job, &f->fault));
        assert_true(store_job_start(f->store, id, row, 5, &f->fault));
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    store_dir_make(&f->dir);
    assert_true(store_open(f->dir.path, &f->store, &f->fault));
    buffer_init(&f->text, 65536);
    add_run(f, "R1");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_true(store_close(&f->store, &f->fault));
    store_dir_remove(&f->dir);
    buffer_deinit(&f->text);
    free(f);
    return 0;
}

/* Every count is another number. */
static const struct verify_counts counts_of_one = {200, 101, 2, 3, 4, 5, 6, 79, 8, 9, 1000};

static void put(struct fixture *f, int64_t row, const char *folder, enum verify_level level,
                const struct verify_counts *counts)
{
    const struct store_verification verification = {folder, "There", level, *counts};
    assert_true(store_verification_put(f->store, "R1", row, &verification, &f->fault));
}

static bool tell(void *context, const struct store_verification *verification)
{
    struct fixture *f = context;
    const struct verify_counts *counts = &verification->counts;
    buffer_printf(&f->text, "%s>%s %s %d %d %d %d %d %d %d %d %d %d %d\n",
                  verification->source_name, verification->destination_name,
                  verify_level_name(verification->level), (int)counts->source, (int)counts->found,
                  (int)counts->different, (int)counts->unread, (int)counts->missing,
                  (int)counts->gone, (int)counts->excepted, (int)counts->later, (int)counts->extra,
                  (int)counts->read, (int)counts->bytes_read);
    return true;
}

static const char *told(struct fixture *f, int64_t row)
{
    buffer_clear(&f->text);
    assert_true(store_verifications_each(f->store, "R1", row, tell, f, &f->fault));
    return buffer_str(&f->text);
}

static bool tell_problem(void *context, const struct store_job *job,
                         const struct store_problem *problem)
{
    struct fixture *f = context;
    (void)job;
    buffer_printf(&f->text, "%s/%u %s\n", problem->folder, problem->uid,
                  problem_reason_name(problem->reason));
    return true;
}

static const char *problems(struct fixture *f)
{
    buffer_clear(&f->text);
    assert_true(store_problems_each(f->store, "R1", tell_problem, f, &f->fault));
    return buffer_str(&f->text);
}

static void add_problem(struct fixture *f, const char *folder, uint32_t uid,
                        enum problem_reason reason)
{
    const struct store_problem problem = {.folder = folder,
                                          .uid = uid,
                                          .messages = 1,
                                          .message_id = "",
                                          .date = "",
                                          .reason = reason,
                                          .server_text = ""};
    assert_true(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
}

static void test_kept_as_given(void **state)
{
    struct fixture *f = *state;
    bool is_there;
    put(f, 1, "B", VERIFY_HEADERS, &counts_of_one);
    put(f, 1, "A", VERIFY_FULL, &counts_of_one);
    put(f, 1, "B", VERIFY_COUNTS, &(struct verify_counts){.source = 1, .found = 1});
    assert_string_equal(told(f, 1), "A>There full 200 101 2 3 4 5 6 79 8 9 1000\n"
                                    "B>There counts 1 1 0 0 0 0 0 0 0 0 0\n");
    assert_string_equal(told(f, 2), "");
    assert_true(store_verification_is_there(f->store, "R1", 1, "A", &is_there, &f->fault));
    assert_true(is_there);
    assert_true(store_verification_is_there(f->store, "R1", 2, "A", &is_there, &f->fault));
    assert_false(is_there);
}

static void test_sums(void **state)
{
    struct fixture *f = *state;
    struct verify_sum sum;
    struct verify_sum both = {0};
    assert_true(store_verifications_sum(f->store, "R1", 0, &sum, &f->fault));
    assert_int_equal(sum.folders, 0);
    assert_int_equal(sum.level, VERIFY_NONE);
    verify_sum_add(&both, &sum);
    put(f, 1, "A", VERIFY_FULL, &counts_of_one);
    put(f, 1, "B", VERIFY_FULL, &counts_of_one);
    put(f, 2, "A", VERIFY_HEADERS, &(struct verify_counts){.source = 7, .found = 7, .extra = 1});
    assert_true(store_verifications_sum(f->store, "R1", 1, &sum, &f->fault));
    assert_int_equal(sum.level, VERIFY_FULL);
    assert_int_equal(sum.folders, 2);
    assert_int_equal(sum.counts.later, 158);
    assert_int_equal(verify_counts_differences(&sum.counts), 28);
    verify_sum_add(&both, &sum);
    assert_true(store_verifications_sum(f->store, "R1", 2, &sum, &f->fault));
    verify_sum_add(&both, &sum);
    assert_true(store_verifications_sum(f->store, "R1", 0, &sum, &f->fault));
    assert_int_equal(sum.level, VERIFY_HEADERS);
    assert_int_equal(sum.mailboxes, 2);
    assert_int_equal(sum.mailboxes_differing, 1);
    assert_int_equal(sum.counts.source, 407);
    assert_int_equal(sum.counts.bytes_read, 2000);
    assert_memory_equal(&both, &sum, sizeof(sum));
}

/* Differences outlive a new attempt of the copy, and are no problems of the next run. */
static void test_differences_are_not_the_copys(void **state)
{
    struct fixture *f = *state;
    const struct store_pair pair = {"a", "u", "b", "u"};
    struct store_map *map;
    add_problem(f, "A", 1, PROBLEM_TOO_BIG);
    add_problem(f, "A", 2, PROBLEM_MISSING);
    add_problem(f, "A", 3, PROBLEM_GONE);
    add_problem(f, "B", 4, PROBLEM_DIFFERENT);
    add_problem(f, "B", 5, PROBLEM_UNREAD);
    assert_true(store_map_open(f->store, &pair, &map, &f->fault));
    struct store_map_folder *folder = store_map_folder(map, "A", "A");
    assert_true(store_map_folder_save(map, folder, &f->fault));
    assert_true(store_map_problems_keep(map, folder, "R1", 1, &f->fault));
    assert_true(store_job_start(f->store, "R1", 1, 9, &f->fault));
    add_problem(f, "A", 6, PROBLEM_FAILED);
    assert_string_equal(problems(f), "A/2 missing\nA/3 gone\nB/4 different\nB/5 unread\n"
                                     "A/6 failed\n");
    assert_true(store_map_problems_repeat(map, folder, "R1", 1, &f->fault));
    assert_string_equal(problems(f), "A/2 missing\nA/3 gone\nB/4 different\nB/5 unread\n"
                                     "A/6 failed\nA/1 too_big\n");
    store_map_close(&map);
}

static void test_forgotten_folder(void **state)
{
    struct fixture *f = *state;
    put(f, 1, "A", VERIFY_FULL, &counts_of_one);
    put(f, 1, "B", VERIFY_FULL, &counts_of_one);
    add_problem(f, "A", 1, PROBLEM_TOO_BIG);
    add_problem(f, "A", 2, PROBLEM_MISSING);
    add_problem(f, "B", 4, PROBLEM_DIFFERENT);
    assert_true(store_verification_forget(f->store, "R1", 1, "A", &f->fault));
    assert_string_equal(told(f, 1), "B>There full 200 101 2 3 4 5 6 79 8 9 1000\n");
    assert_string_equal(problems(f), "A/1 too_big\nB/4 different\n");
}

/* Each mailbox is asked about in every report: with thousands of them none may look at the rows of
   all. */
static void test_a_job_is_found_by_its_number(void **state)
{
    static const struct {
        const char *name;
        const char *sql;
    } statements[] = {
#define STATEMENT(name, sql) {#name, "EXPLAIN QUERY PLAN " sql},
        STORE_VERIFY_STATEMENTS(STATEMENT)
#undef STATEMENT
    };
    struct fixture *f = *state;
    sqlite3 *db;
    int found = 0;
    assert_int_equal(sqlite3_open(f->dir.path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        sqlite3_stmt *statement;
        if (strcmp(statements[i].name, "VERIFICATIONS") != 0 &&
            strcmp(statements[i].name, "VERIFICATIONS_SUM") != 0)
            continue;
        found++;
        assert_int_equal(sqlite3_prepare_v2(db, statements[i].sql, -1, &statement, NULL),
                         SQLITE_OK);
        buffer_clear(&f->text);
        while (sqlite3_step(statement) == SQLITE_ROW)
            buffer_printf(&f->text, "%s; ", (const char *)sqlite3_column_text(statement, 3));
        if (strstr(buffer_str(&f->text), "(run_id=? AND job_row") == NULL)
            fail_msg("%s: %s", statements[i].name, buffer_str(&f->text));
        (void)sqlite3_finalize(statement);
    }
    assert_int_equal(found, 2);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_forgotten_run(void **state)
{
    struct fixture *f = *state;
    put(f, 1, "A", VERIFY_FULL, &counts_of_one);
    assert_true(store_run_forget(f->store, "R1", &f->fault));
    assert_string_equal(told(f, 1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_as_given, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(test_differences_are_not_the_copys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_job_is_found_by_its_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_run, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
