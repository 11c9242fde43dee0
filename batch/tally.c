/* SPDX-License-Identifier: MIT */
#include "batch/tally.h"

int tally_batch_exit_code(const struct tally *tally)
{
    if (tally->is_broken)
        return EXIT_CODE_INTERNAL;
    bool is_unfinished = tally->jobs[JOB_PAUSED] > 0 || tally->jobs[JOB_NOT_STARTED] > 0;
    if (is_unfinished && tally->is_stopped)
        return EXIT_CODE_PAUSED;
    if (tally->jobs[JOB_FAILED] > 0)
        return EXIT_CODE_FAILED;
    if (is_unfinished)
        return EXIT_CODE_PAUSED;
    if (tally->jobs[JOB_EXCEPTIONS] > 0)
        return EXIT_CODE_EXCEPTIONS;
    return EXIT_CODE_COMPLETE;
}

int tally_sync_exit_code(const struct tally *tally, const struct pair_result *result)
{
    if (tally->is_broken)
        return EXIT_CODE_INTERNAL;
    if (result->status == JOB_COMPLETE)
        return EXIT_CODE_COMPLETE;
    if (result->status == JOB_NOT_STARTED || (result->status == JOB_PAUSED && tally->is_stopped))
        return tally->is_stopped_by_file ? EXIT_CODE_STOPPED_BY_FILE_SYNC : EXIT_CODE_STOPPED_SYNC;
    if (result->errors_exit_code != 0 &&
        (result->status == JOB_EXCEPTIONS || result->fault.code == FAULT_ERRORS_MAX))
        return result->errors_exit_code;
    int exit_code = fault_sync_exit_code(&result->fault);
    return exit_code != 0 ? exit_code : EXIT_CODE_WITH_ERRORS_SYNC;
}

const char *tally_sync_exit_name(int exit_code)
{
    static const struct {
        int exit_code;
        const char *name;
    } names[] = {
        {0, "EX_OK"},
        {6, "EXIT_BY_SIGNAL"},
        {7, "EXIT_BY_FILE"},
        {8, "EXIT_PID_FILE_ERROR"},
        {12, "EXIT_TLS_FAILURE"},
        {21, "EXIT_SUBFOLDER1_NO_EXISTS"},
        {64, "EX_USAGE"},
        {66, "EX_NOINPUT"},
        {70, "EX_SOFTWARE"},
        {75, "EX_TEMPFAIL"},
        {101, "EXIT_CONNECTION_FAILURE_HOST1"},
        {102, "EXIT_CONNECTION_FAILURE_HOST2"},
        {111, "EXIT_WITH_ERRORS"},
        {113, "EXIT_OVERQUOTA"},
        {114, "EXIT_ERR_APPEND"},
        {115, "EXIT_ERR_FETCH"},
        {116, "EXIT_ERR_CREATE"},
        {117, "EXIT_ERR_SELECT"},
        {118, "EXIT_TRANSFER_EXCEEDED"},
        {119, "EXIT_ERR_APPEND_VIRUS"},
        {120, "EXIT_ERR_FLAGS"},
        {161, "EXIT_AUTHENTICATION_FAILURE_USER1"},
        {162, "EXIT_AUTHENTICATION_FAILURE_USER2"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].exit_code == exit_code)
            return names[i].name;
    }
    return "EXIT_CATCH_ALL";
}

int tally_fault_exit_code(const struct fault *fault)
{
    return fault->code == FAULT_BUSY ? EXIT_CODE_BUSY : EXIT_CODE_INTERNAL;
}
