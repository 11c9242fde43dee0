/* SPDX-License-Identifier: MIT
 * The course of a run: samples of what was sent, waits, and what was changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "store/store.h"

struct fixture {
    char dir[64];
    char path[128];
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
    buffer_init(&f->text, 65536);
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

static void add_run(struct fixture *f, const char *id, const char *hash)
{
    struct store_run run = {.id = id,
                            .command = "batch",
                            .version = "1",
                            .manifest = "",
                            .settings = "",
                            .manifest_sha256 = hash};
    struct store_job job = {
        .row = 1, .label = "", .host1 = "a", .user1 = "u", .host2 = "b", .user2 = "u"};
    assert_true(store_run_begin(f->store, &run, &f->fault));
    assert_true(store_job_add(f->store, id, &job, &f->fault));
}

static bool show_sample(void *context, const struct store_sample *sample)
{
    return buffer_printf(context, "%d-%d %d/%d;", (int)sample->from_msecs, (int)sample->until_msecs,
                         (int)sample->messages, (int)sample->bytes);
}

static bool show_wait(void *context, const struct store_wait *wait)
{
    return buffer_printf(context, "row %d %d-%d %s;", (int)wait->row, (int)wait->from_msecs,
                         (int)wait->until_msecs, wait->is_throttle ? "throttle" : "lost");
}

static bool show_hash(void *context, const struct store_run *run)
{
    return buffer_append_str(context, run->manifest_sha256);
}

static bool show_problem(void *context, const struct store_job *job,
                         const struct store_problem *problem)
{
    return buffer_printf(context, "%s %s %d %s;", job->user1, problem_reason_name(problem->reason),
                         (int)problem->uid, problem->subject);
}

static void assert_text(struct fixture *f, const char *expected)
{
    assert_string_equal(buffer_str(&f->text), expected);
    buffer_clear(&f->text);
}

static void test_samples_and_waits(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", "abc");
    add_run(f, "R2", NULL);
    struct store_sample later = {2000, 3000, 5, 600};
    struct store_sample first = {1000, 2000, 7, 800};
    struct store_wait throttle = {1, 1500, 2500, true};
    struct store_wait lost = {1, 100, 200, false};
    assert_true(store_sample_add(f->store, "R1", &later, &f->fault));
    assert_true(store_sample_add(f->store, "R1", &first, &f->fault));
    assert_true(store_wait_add(f->store, "R1", &throttle, &f->fault));
    assert_true(store_wait_add(f->store, "R1", &lost, &f->fault));
    assert_true(store_samples_each(f->store, "R1", show_sample, &f->text, &f->fault));
    assert_text(f, "1000-2000 7/800;2000-3000 5/600;");
    assert_true(store_waits_each(f->store, "R1", show_wait, &f->text, &f->fault));
    assert_text(f, "row 1 100-200 lost;row 1 1500-2500 throttle;");
    assert_true(store_samples_each(f->store, "R2", show_sample, &f->text, &f->fault));
    assert_true(store_waits_each(f->store, "R2", show_wait, &f->text, &f->fault));
    assert_text(f, "");
    bool is_found;
    assert_true(store_run_get(f->store, "R1", show_hash, &f->text, &is_found, &f->fault));
    assert_text(f, "abc");
    assert_true(store_run_get(f->store, "R2", show_hash, &f->text, &is_found, &f->fault));
    assert_text(f, "");
    assert_true(store_run_forget(f->store, "R1", &f->fault));
    assert_true(store_samples_each(f->store, "R1", show_sample, &f->text, &f->fault));
    assert_true(store_waits_each(f->store, "R1", show_wait, &f->text, &f->fault));
    assert_text(f, "");
}

/* A wait of a mailbox that is not there would belong to nobody. */
static void test_wait_of_nobody(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", "");
    struct store_wait wait = {9, 1, 2, true};
    assert_false(store_wait_add(f->store, "R1", &wait, &f->fault));
}

static void test_changes_of_a_run(void **state)
{
    struct fixture *f = *state;
    struct store_changes changes;
    struct store_folder folder = {
        .source_name = "A", .destination_name = "B", .is_renamed = true, .error = ""};
    add_run(f, "R1", "");
    assert_true(store_changes_sum(f->store, "R1", &changes, &f->fault));
    assert_int_equal(changes.folders_renamed, 0);
    assert_true(store_folder_add(f->store, "R1", 1, &folder, &f->fault));
    folder.source_name = "C";
    folder.is_merged = true;
    assert_true(store_folder_add(f->store, "R1", 1, &folder, &f->fault));
    assert_true(store_change_add(f->store, "R1", 1, CHANGE_WRAPPED, 3, &f->fault));
    assert_true(store_change_add(f->store, "R1", 1, CHANGE_DATED, 4, &f->fault));
    assert_true(store_changes_sum(f->store, "R1", &changes, &f->fault));
    assert_int_equal(changes.folders_renamed, 2);
    assert_int_equal(changes.folders_merged, 1);
    assert_int_equal(changes.messages[CHANGE_WRAPPED], 3);
    assert_int_equal(changes.messages[CHANGE_DATED], 4);
    assert_int_equal(changes.messages[CHANGE_EDITED], 0);
}

static void add_problem(struct fixture *f, uint32_t uid, enum problem_reason reason,
                        const char *subject)
{
    struct store_problem problem = {.folder = "A",
                                    .uid = uid,
                                    .messages = 1,
                                    .message_id = "",
                                    .date = "",
                                    .reason = reason,
                                    .server_text = "",
                                    .subject = subject};
    assert_true(store_problem_add(f->store, "R1", 1, &problem, &f->fault));
}

static void test_problems_of_a_job(void **state)
{
    struct fixture *f = *state;
    add_run(f, "R1", "");
    add_problem(f, 1, PROBLEM_EXCLUDED, NULL);
    add_problem(f, 2, PROBLEM_FAILED, "Gr\xc3\xbc\xc3\x9f\x65");
    add_problem(f, 3, PROBLEM_VANISHED, "");
    add_problem(f, 4, PROBLEM_TOO_BIG, "x");
    assert_true(store_job_problems_each(f->store, "R1", 1, show_problem, &f->text, &f->fault));
    assert_text(f, "u failed 2 Gr\xc3\xbc\xc3\x9f\x65;u too_big 4 x;u excluded 1 ;u vanished 3 ;");
    assert_true(store_job_problems_each(f->store, "R1", 2, show_problem, &f->text, &f->fault));
    assert_text(f, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_samples_and_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wait_of_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_of_a_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problems_of_a_job, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
