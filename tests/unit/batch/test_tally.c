/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "batch/tally.h"

static void test_batch(void **state)
{
    (void)state;
    static const struct {
        struct tally tally; /* not started, complete, exceptions, paused, failed, left out */
        int exit_code;
    } rows[] = {
        {{{0, 0, 0, 0, 0}, false, false, false}, 0},
        {{{0, 5, 0, 0, 0}, false, false, false}, 0},
        {{{0, 5, 1, 0, 0}, false, false, false}, 10},
        {{{0, 5, 1, 1, 0}, false, false, false}, 12},
        {{{1, 5, 1, 0, 0}, false, false, false}, 12},
        {{{1, 5, 1, 1, 1}, false, false, false}, 11},
        {{{0, 0, 0, 0, 5}, false, false, false}, 11},
        {{{1, 5, 1, 1, 1}, true, false, false}, 12},
        {{{0, 5, 0, 0, 0}, true, false, false}, 0}, /* the signal came too late */
        {{{0, 5, 1, 0, 1}, true, false, false}, 11},
        {{{0, 5, 1, 1, 0}, true, false, false}, 12},
        {{{1, 5, 1, 1, 1}, true, true, false}, 70},
        {{{0, 5, 0, 0, 0}, false, true, false}, 70},
        {{{0, 0, 0, 0, 0, 5}, false, false, false}, 0},
        {{{0, 2, 0, 1, 0, 5}, false, false, false}, 12},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(tally_batch_exit_code(&rows[i].tally), rows[i].exit_code);
}

static void test_sync(void **state)
{
    (void)state;
    static const struct {
        bool is_stopped;
        bool is_broken;
        enum job_status status;
        enum fault_code code;
        int side;
        int exit_code;
    } rows[] = {
        {false, false, JOB_COMPLETE, FAULT_NONE, 0, 0},
        {true, false, JOB_COMPLETE, FAULT_NONE, 0, 0}, /* done before it saw the signal */
        {false, true, JOB_COMPLETE, FAULT_NONE, 0, 70},
        {true, false, JOB_NOT_STARTED, FAULT_NONE, 0, 6},
        {true, false, JOB_PAUSED, FAULT_STOPPED, 0, 6},
        {true, false, JOB_FAILED, FAULT_AUTH, 2, 162},
        {false, false, JOB_EXCEPTIONS, FAULT_NONE, 0, 111},
        {false, false, JOB_EXCEPTIONS, FAULT_APPEND, 2, 114},
        {false, false, JOB_PAUSED, FAULT_THROTTLED, 1, 111},
        {false, false, JOB_FAILED, FAULT_CONNECT, 1, 101},
        {false, false, JOB_FAILED, FAULT_CONNECT, 2, 102},
        {false, false, JOB_FAILED, FAULT_AUTH, 1, 161},
        {false, false, JOB_FAILED, FAULT_AUTH, 2, 162},
        {false, false, JOB_FAILED, FAULT_TLS, 2, 12},
        {false, false, JOB_PAUSED, FAULT_BUSY, 0, 75},
        {false, false, JOB_PAUSED, FAULT_TRANSFER_LIMIT, 2, 118},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tally tally = {.is_stopped = rows[i].is_stopped, .is_broken = rows[i].is_broken};
        struct pair_result result;
        memset(&result, 0, sizeof(result));
        result.status = rows[i].status;
        result.fault.code = rows[i].code;
        result.fault.side = rows[i].side;
        assert_int_equal(tally_sync_exit_code(&tally, &result), rows[i].exit_code);
    }
}

/* The most frequent kind of error speaks for messages that are missing. */
static void test_sync_with_errors(void **state)
{
    static const struct {
        enum job_status status;
        enum fault_code code;
        int errors_exit_code;
        bool is_stopped_by_file;
        int exit_code;
    } rows[] = {
        {JOB_EXCEPTIONS, FAULT_APPEND, 115, false, 115},
        {JOB_EXCEPTIONS, FAULT_TOO_BIG, 0, false, 114},
        {JOB_EXCEPTIONS, FAULT_VIRUS, 119, false, 119},
        {JOB_FAILED, FAULT_ERRORS_MAX, 116, false, 116},
        {JOB_FAILED, FAULT_ERRORS_MAX, 0, false, 111},
        {JOB_FAILED, FAULT_QUOTA, 115, false, 113},
        {JOB_COMPLETE, FAULT_NONE, 115, false, 0},
        {JOB_PAUSED, FAULT_STOPPED, 115, false, 6},
        {JOB_PAUSED, FAULT_STOPPED, 0, true, 7},
        {JOB_NOT_STARTED, FAULT_NONE, 0, true, 7},
        {JOB_FAILED, FAULT_AUTH, 0, true, 161},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tally tally = {
            .is_stopped = rows[i].code == FAULT_STOPPED || rows[i].is_stopped_by_file,
            .is_stopped_by_file = rows[i].is_stopped_by_file,
        };
        struct pair_result result;
        memset(&result, 0, sizeof(result));
        result.status = rows[i].status;
        result.fault.code = rows[i].code;
        result.errors_exit_code = rows[i].errors_exit_code;
        assert_int_equal(tally_sync_exit_code(&tally, &result), rows[i].exit_code);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(tally_sync_exit_name(0), "EX_OK");
    assert_string_equal(tally_sync_exit_name(8), "EXIT_PID_FILE_ERROR");
    assert_string_equal(tally_sync_exit_name(114), "EXIT_ERR_APPEND");
    assert_string_equal(tally_sync_exit_name(162), "EXIT_AUTHENTICATION_FAILURE_USER2");
    assert_string_equal(tally_sync_exit_name(1), "EXIT_CATCH_ALL");
}

static void test_fault(void **state)
{
    (void)state;
    struct fault fault;
    fault_set(&fault, FAULT_BUSY, FAULT_SCOPE_RUN, FAULT_ADVICE_WAIT, 0, "busy");
    assert_int_equal(tally_fault_exit_code(&fault), 75);
    fault_set(&fault, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0, "store");
    assert_int_equal(tally_fault_exit_code(&fault), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_sync),
        cmocka_unit_test(test_sync_with_errors),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
