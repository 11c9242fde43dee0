/* SPDX-License-Identifier: MIT
 * How the mailboxes of a run ended, and what the program exits with. Pure. */
#ifndef BATCH_TALLY_H
#define BATCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"
#include "sync/pair.h"

enum exit_code {
    EXIT_CODE_COMPLETE = 0,
    EXIT_CODE_STOPPED_SYNC = 6,         /* imapsync's EXIT_BY_SIGNAL */
    EXIT_CODE_STOPPED_BY_FILE_SYNC = 7, /* EXIT_BY_FILE */
    EXIT_CODE_PIDFILE_SYNC = 8,         /* EXIT_PID_FILE_ERROR */
    EXIT_CODE_EXCEPTIONS = 10,
    EXIT_CODE_FAILED = 11,
    EXIT_CODE_PAUSED = 12,
    EXIT_CODE_USAGE = 64,
    EXIT_CODE_NO_INPUT = 66,
    EXIT_CODE_INTERNAL = 70,
    EXIT_CODE_BUSY = 75,
    EXIT_CODE_WITH_ERRORS_SYNC = 111, /* imapsync's EXIT_WITH_ERRORS */
};

struct tally {
    size_t jobs[JOB_STATUS_COUNT]; /* by enum job_status */
    bool is_stopped;               /* by a signal, the time window or a file */
    bool is_broken;                /* the store or the program itself failed */
    bool is_stopped_by_file;       /* is_stopped, by the file of --abortbyfile */
};

/* What failed inside mailconvoy (70) beats all. A run that a signal stopped before its end is
   12 whatever its mailboxes did, since the same command goes on with it. Else failed (11), which
   somebody has to look at, beats paused or not started (12), and that exceptions (10). */
int tally_batch_exit_code(const struct tally *tally);
/* imapsync's name of an exit code of `sync`. */
const char *tally_sync_exit_name(int exit_code);
/* imapsync's codes for the one mailbox of `sync`. What is missing though the mailbox was done to
   its end, or had too many errors, is told by the most frequent kind of error. */
int tally_sync_exit_code(const struct tally *tally, const struct pair_result *result);
/* For a run that could not start. */
int tally_fault_exit_code(const struct fault *fault);

#endif
