/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/cutover.h"

struct row {
    enum job_status status;
    uint64_t folders;
    const char *trial;
    bool is_partial;
    struct message_counts counts;
    const char *why;
};

static void check(const struct row *row, bool expected)
{
    struct store_job job = {.status = row->status,
                            .folders = row->folders,
                            .trial = row->trial != NULL ? row->trial : "",
                            .is_partial = row->is_partial,
                            .counts = row->counts};
    struct buffer why;
    buffer_init(&why, 4096);
    bool is_safe = cutover_is_safe(&job, &why);
    assert_string_equal(buffer_str(&why), row->why);
    assert_int_equal(is_safe, expected);
    buffer_deinit(&why);
}

static void test_not_safe(void **state)
{
    static const struct row rows[] = {
        {JOB_NOT_STARTED, 0, NULL, false, {0}, "it was not started"},
        {JOB_LEFT_OUT, 0, NULL, false, {0}, "it was left out of this run"},
        {JOB_FAILED, 0, NULL, false, {0}, "it failed"},
        {JOB_PAUSED, 1, NULL, false, {.source = 3, .copied = 3}, "it was paused before its end"},
        {JOB_PAUSED,
         1,
         NULL,
         false,
         {.source = 3, .copied = 1},
         "it was paused before its end; the difference is 2"},
        /* a folder that could not be opened, and held nothing */
        {JOB_EXCEPTIONS, 1, NULL, false, {0}, "it went through with exceptions"},
        {JOB_EXCEPTIONS,
         2,
         NULL,
         true,
         {.source = 22,
          .copied = 1,
          .failed = 1,
          .unreadable = 2,
          .too_big = 3,
          .excluded = 6,
          .not_selected = 1,
          .vanished = 8},
         "it went through with exceptions; 1 message failed; 2 messages could not be read; 3 "
         "messages too big; 6 messages excluded by rule; 1 message not selected; 8 messages "
         "deleted on the source during the run; folders were chosen by rule"},
        /* nothing was looked at */
        {JOB_COMPLETE, 0, NULL, false, {0}, "no folder was compared"},
        {JOB_COMPLETE,
         0,
         "justlogin",
         false,
         {0},
         "it was only a trial (--justlogin); no folder was compared"},
        {JOB_COMPLETE, 1, "dry", false, {.source = 2, .already = 2}, "it was only a trial (--dry)"},
        {JOB_COMPLETE,
         1,
         "dry",
         false,
         {.source = 2, .excluded = 2},
         "it was only a trial (--dry); 2 messages excluded by rule"},
        /* never so, but then it must not look good */
        {JOB_COMPLETE, 1, NULL, false, {.source = 2, .copied = 1}, "the difference is 1"},
        {JOB_COMPLETE, 1, NULL, false, {.source = 1, .copied = 2}, "the difference is -1"},
        {JOB_COMPLETE, 1, NULL, false, {.source = 1, .failed = 1}, "1 message failed"},
        {JOB_COMPLETE,
         1,
         NULL,
         false,
         {.source = 1, .unreadable = 1},
         "1 message could not be read"},
        {JOB_COMPLETE, 1, NULL, false, {.source = 1, .too_big = 1}, "1 message too big"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i], false);
}

static void test_safe(void **state)
{
    static const struct row rows[] = {
        {JOB_COMPLETE, 1, NULL, false, {0}, ""},
        {JOB_COMPLETE, 9, NULL, false, {.source = 5, .copied = 2, .already = 3}, ""},
        {JOB_COMPLETE,
         1,
         NULL,
         false,
         {.source = 5, .already = 3, .excluded = 2},
         "2 messages excluded by rule"},
        {JOB_COMPLETE, 1, NULL, false, {.source = 5, .not_selected = 5}, "5 messages not selected"},
        {JOB_COMPLETE,
         1,
         NULL,
         false,
         {.source = 5, .already = 4, .vanished = 1},
         "1 message deleted on the source during the run"},
        {JOB_COMPLETE, 1, NULL, true, {.source = 5, .already = 5}, "folders were chosen by rule"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_safe),
        cmocka_unit_test(test_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
