/* SPDX-License-Identifier: MIT
 * The end of a mailbox's log: imapsync's statistics, its numbered errors, its last line. */
#ifndef BATCH_CLOSING_H
#define BATCH_CLOSING_H

#include <stdint.h>

#include "base/log.h"
#include "batch/retry.h"
#include "sync/pair.h"

struct closing {
    const struct settings *settings;
    const struct retry *retry; /* all attempts; its errors are those of the mailbox */
    const struct pair_result *result;
    int64_t ended_msecs;
    int exit_code; /* of a sync; -1: the program goes on with other mailboxes */
};

/* Looks at the process's memory and the machine's load. */
void closing_log(const struct closing *closing, struct log *log);

#endif
