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
    int exit_code = fault_sync_exit_code(&result->fault);
    return exit_code != 0 ? exit_code : EXIT_CODE_WITH_ERRORS_SYNC;
}

int tally_fault_exit_code(const struct fault *fault)
{
    return fault->code == FAULT_BUSY ? EXIT_CODE_BUSY : EXIT_CODE_INTERNAL;
}
