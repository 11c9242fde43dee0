/* SPDX-License-Identifier: MIT
 * What a run's mailboxes are at, for who wants to look: workers say when they begin, wait and end,
 * the main thread takes snapshots. Any thread may call these; one mutex inside guards everything.
 */
#ifndef BATCH_LIVE_H
#define BATCH_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "batch/snapshot.h"
#include "sync/pair_progress.h"

struct live;

/* All strings outlive it. */
struct live_plan {
    const char *run_id;
    const char *command;
    const char *manifest; /* "" if there is none */
    int64_t started_msecs;
    double budget_messages; /* a second, 0: no limit */
    double budget_bytes;
    size_t mailboxes;
};

/* False (FAULT_INTERNAL) when no mutex can be had. */
bool live_init(const struct live_plan *plan, struct live **live_r, struct fault *fault_r);
/* Nulls the caller's pointer; NULL is fine. */
void live_deinit(struct live **live);

/* What an earlier run found in this mailbox (0-based). Before any worker starts, as is the next. */
void live_expect(struct live *live, size_t index, uint64_t messages);
void live_leave_out(struct live *live, size_t index);

/* An attempt begins; `title` is the mailbox's for people. `progress` must stay until
   live_stop(). */
void live_start(struct live *live, size_t index, const char *title, struct pair_progress *progress);
/* The attempt is over. */
void live_stop(struct live *live, size_t index);
/* After it: another one follows at that time (wall clock) ... */
void live_wait(struct live *live, size_t index, int64_t until_msecs, bool is_throttled);
/* ... or none. */
void live_end(struct live *live, size_t index, enum job_status status);

/* The run has ended so; `by_status` are its mailboxes. */
void live_finish(struct live *live, int64_t ended_msecs, int exit_code,
                 const size_t by_status[JOB_STATUS_COUNT]);

/* What was copied until now, by all mailboxes. */
void live_sum_copied(struct live *live, uint64_t *messages_r, uint64_t *bytes_r);

/* The caller deinits. For one thread, since rates are measured between its calls. */
void live_take(struct live *live, int64_t now_nsecs, int64_t now_msecs, bool is_stopping,
               struct snapshot *snapshot_r);

#endif
