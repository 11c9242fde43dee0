/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "batch/progress.h"

static void test_mode(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool is_quiet;
        bool is_dry;
        struct progress_place place; /* sync, can draw, redirected */
        enum progress_mode mode;
    } rows[] = {
        {"auto", false, false, {false, true, false}, PROGRESS_SCREEN},
        {"auto", false, false, {false, true, true}, PROGRESS_SCREEN},
        {"auto", false, false, {false, false, false}, PROGRESS_LINES},
        {"auto", false, true, {false, true, false}, PROGRESS_SCREEN},
        {"auto", false, false, {true, true, false}, PROGRESS_SCREEN},
        {"auto", false, false, {true, false, false}, PROGRESS_LINES},
        /* the user wants to read it, or to have it */
        {"auto", false, true, {true, true, false}, PROGRESS_LINES},
        {"auto", false, false, {true, true, true}, PROGRESS_LINES},
        {"auto", true, false, {false, true, false}, PROGRESS_NONE},
        {"auto", true, true, {true, false, true}, PROGRESS_NONE},
        {"screen", true, true, {true, true, true}, PROGRESS_SCREEN},
        {"screen", false, false, {false, false, false}, PROGRESS_LINES},
        {"lines", true, false, {false, true, false}, PROGRESS_LINES},
        {"json", false, false, {false, true, false}, PROGRESS_JSON},
        {"none", false, true, {true, true, false}, PROGRESS_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;
        char word[16];
        settings_init(&settings);
        char *preset = settings.progress;
        assert_string_equal(preset, "auto");
        (void)snprintf(word, sizeof(word), "%s", rows[i].word);
        settings.progress = word;
        settings.quiet = rows[i].is_quiet;
        settings.dry = rows[i].is_dry;
        assert_int_equal(progress_choose(&settings, &rows[i].place), rows[i].mode);
        settings.progress = preset;
        settings_deinit(&settings);
    }
}

struct fixture {
    char dir[64];
    char status[96];
    char metrics[96];
    char log[96];
    char output[96];
    struct live *live;
    struct log *run_log;
    struct stop stop;
    int saved[2]; /* stdout and stderr */
};

static void in_dir(const struct fixture *f, char path_r[96], const char *name)
{
    (void)snprintf(path_r, 96, "%s/%s", f->dir, name);
}

/* Both outputs go into one file. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct fault fault;
    const struct live_plan plan = {
        .run_id = "r", .command = "batch", .manifest = "m.csv", .started_msecs = 1, .mailboxes = 3};
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    in_dir(f, f->status, "status.json");
    in_dir(f, f->metrics, "x.prom");
    in_dir(f, f->log, "log");
    in_dir(f, f->output, "output");
    assert_true(live_init(&plan, &f->live, &fault));
    assert_true(stop_init(&f->stop));
    f->run_log = log_open(f->log, &fault);
    (void)fflush(NULL);
    f->saved[0] = dup(1);
    f->saved[1] = dup(2);
    assert_non_null(freopen(f->output, "a", stdout));
    assert_int_equal(dup2(1, 2), 2);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)fflush(NULL);
    assert_int_equal(dup2(f->saved[0], 1), 1);
    assert_int_equal(dup2(f->saved[1], 2), 2);
    (void)close(f->saved[0]);
    (void)close(f->saved[1]);
    log_close(&f->run_log);
    stop_deinit(&f->stop);
    live_deinit(&f->live);
    (void)unlink(f->status);
    (void)unlink(f->metrics);
    (void)unlink(f->log);
    (void)unlink(f->output);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static struct progress *start(struct fixture *f, enum progress_mode mode, const char *metrics)
{
    const struct progress_plan plan = {
        .mode = mode,
        .live = f->live,
        .stop = &f->stop,
        .log = f->run_log,
        .status_path = f->status,
        .metrics_path = metrics,
    };
    struct progress *progress;
    struct fault fault;
    assert_true(progress_init(&plan, &progress, &fault));
    return progress;
}

static void finish(struct fixture *f, struct progress **progress)
{
    static const size_t by_status[JOB_STATUS_COUNT] = {[JOB_COMPLETE] = 3};
    live_finish(f->live, 99000, 0, by_status);
    progress_deinit(progress);
    assert_null(*progress);
}

static size_t count_in(const char *path, const char *needle)
{
    struct buffer text;
    struct fault fault;
    size_t count = 0;
    (void)fflush(NULL);
    buffer_init(&text, 1000000);
    assert_true(file_read_limited(path, 1000000, &text, &fault));
    for (const char *at = buffer_str(&text); (at = strstr(at, needle)) != NULL; at++)
        count++;
    buffer_deinit(&text);
    return count;
}

/* Looks as the main thread does, with a clock of its own. */
static void look_for(struct progress *progress, int64_t from_nsecs, int64_t secs)
{
    for (int64_t now = from_nsecs; now < from_nsecs + secs * CLOCK_NSECS_PER_SEC;) {
        int wait_msecs = progress_look(progress, now, now / CLOCK_NSECS_PER_MSEC);
        assert_in_range(wait_msecs, 1, 2001);
        now += wait_msecs * CLOCK_NSECS_PER_MSEC;
    }
}

static void test_a_line_each_minute(void **state)
{
    struct fixture *f = *state;
    int64_t began = clock_mono_nsecs();
    struct progress *progress = start(f, PROGRESS_LINES, NULL);
    look_for(progress, began, 59);
    assert_int_equal(count_in(f->output, "to come"), 0);
    look_for(progress, began + 60 * CLOCK_NSECS_PER_SEC, 125);
    assert_int_equal(count_in(f->output, "0 complete, 0 failed, 0 running, 3 to come; "), 3);
    struct progress_news news = {.row = 2, .ended = 1, .wanted = 3, .line = "row 2 ann: complete"};
    progress_tell(progress, &news);
    news = (struct progress_news){.is_waiting = true, .line = "row 1 bob waits"};
    progress_tell(progress, &news);
    assert_int_equal(count_in(f->output, "\n1/3 row 2 ann: complete\nrow 1 bob waits\n"), 1);
    assert_int_equal(count_in(f->status, "\"phase\": \"running\""), 1);
    finish(f, &progress);
    assert_int_equal(count_in(f->status, "\"phase\": \"ended\""), 1);
    assert_int_equal(count_in(f->output, "\n"), 5); /* nothing more at the end */
}

static void test_json_each_second(void **state)
{
    struct fixture *f = *state;
    struct progress *progress = start(f, PROGRESS_JSON, NULL);
    look_for(progress, clock_mono_nsecs(), 10);
    assert_in_range(count_in(f->output, "{\"event\": \"progress\", "), 9, 11);
    const struct progress_news news = {
        .row = 2, .status = JOB_FAILED, .ended = 1, .wanted = 3, .line = "a \"line\""};
    progress_tell(progress, &news);
    assert_int_equal(count_in(f->output, "\n{\"event\": \"mailbox\", \"row\": 2, \"status\": "
                                         "\"failed\", \"ended\": 1, \"wanted\": 3, \"text\": "
                                         "\"a \\\"line\\\"\"}\n"),
                     1);
    finish(f, &progress);
    assert_int_equal(count_in(f->output, "\n{\"event\": \"end\", "), 1);
}

static void test_none_writes_for_others(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    int64_t began = clock_mono_nsecs();
    struct progress *progress = start(f, PROGRESS_NONE, f->metrics);
    look_for(progress, began, 1);
    assert_int_equal(count_in(f->metrics, "mailconvoy_run_running 1\n"), 1);
    assert_int_equal(stat(f->status, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(f->metrics), 0);
    look_for(progress, began + CLOCK_NSECS_PER_SEC, 13);
    assert_int_not_equal(access(f->metrics, F_OK), 0);
    look_for(progress, began + 14 * CLOCK_NSECS_PER_SEC, 3);
    assert_int_equal(access(f->metrics, F_OK), 0);
    const struct progress_news news = {.line = "not shown"};
    progress_tell(progress, &news);
    finish(f, &progress);
    assert_int_equal(count_in(f->metrics, "mailconvoy_run_running 0\n"), 1);
    assert_int_equal(count_in(f->output, "\n"), 0);
}

static void test_what_cannot_be_written_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct progress *progress = start(f, PROGRESS_NONE, "/nowhere/x.prom");
    look_for(progress, clock_mono_nsecs(), 100);
    finish(f, &progress);
    log_flush(f->run_log);
    assert_int_equal(count_in(f->log, "can't write /nowhere/x.prom"), 1);
    assert_int_equal(count_in(f->output, "\n"), 0);
}

#define WITH_FILES(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode),
        WITH_FILES(test_a_line_each_minute),
        WITH_FILES(test_json_each_second),
        WITH_FILES(test_none_writes_for_others),
        WITH_FILES(test_what_cannot_be_written_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
