/* SPDX-License-Identifier: MIT
 * A snapshot that tests show in many ways. */
#ifndef TESTS_UNIT_BATCH_SNAPSHOTS_H
#define TESTS_UNIT_BATCH_SNAPSHOTS_H

#include "batch/snapshot.h"

#define SNAPSHOT_BEGAN_MSECS INT64_C(1795000000000) /* 2026-11-18T11:06:40Z */

/* In the middle of a run; its mailboxes are the caller's. */
static inline struct snapshot snapshot_sample(struct snapshot_mailbox *mailboxes, size_t count)
{
    return (struct snapshot){
        .run_id = (char *)"20261122T215146.123Z-1f3a",
        .command = (char *)"batch",
        .manifest = (char *)"users.csv",
        .version = (char *)"1.2",
        .phase = SNAPSHOT_RUNNING,
        .pid = 4711,
        .started_msecs = SNAPSHOT_BEGAN_MSECS,
        .taken_msecs = SNAPSHOT_BEGAN_MSECS + 3723000,
        .exit_code = -1,
        .wanted = 20,
        .running = 2,
        .waiting = 1,
        .by_status =
            {[JOB_NOT_STARTED] = 4, [JOB_COMPLETE] = 11, [JOB_EXCEPTIONS] = 1, [JOB_FAILED] = 1},
        .is_guess = true,
        .messages = 1234566,
        .messages_done = 617283,
        .messages_copied = 600000,
        .bytes = UINT64_C(4) * 1024 * 1024 * 1024,
        .bytes_copied = UINT64_C(1) * 1024 * 1024 * 1024,
        .errors = 7,
        .messages_per_sec = 12.5,
        .bytes_per_sec = 1.5 * 1024 * 1024,
        .budget_messages = 20,
        .left_msecs = 1300000,
        .mailboxes = mailboxes,
        .mailboxes_count = count,
    };
}

#endif
