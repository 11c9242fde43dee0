/* SPDX-License-Identifier: MIT
 * How a run stands at one moment, as data: what the screen, `status`, the metrics and the
 * notifications are made of. Belongs to one thread. */
#ifndef BATCH_SNAPSHOT_H
#define BATCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "store/store.h"

/* Of a run with more mailboxes at work, the others are only counted. */
#define SNAPSHOT_MAILBOXES_MAX 200
#define SNAPSHOT_JSON_MAX      ((size_t)4 * 1024 * 1024)

enum snapshot_phase {
    SNAPSHOT_RUNNING,
    SNAPSHOT_STOPPING, /* a stop is wanted; what runs comes to its end */
    SNAPSHOT_ENDED,
    SNAPSHOT_CUT_OFF, /* it ended without saying so */
    SNAPSHOT_PHASE_COUNT,
};

enum snapshot_state {
    SNAPSHOT_CONNECTING, /* or signing in, listing folders */
    SNAPSHOT_COPYING,
    SNAPSHOT_THROTTLED, /* a server asked for patience, until until_msecs */
    SNAPSHOT_WAITING,   /* to be tried again, then */
    SNAPSHOT_STATE_COUNT,
};

/* A mailbox that was begun and is not at its end. */
struct snapshot_mailbox {
    int64_t row;
    char *title;  /* label or user; owned, any bytes, as is the next */
    char *folder; /* where it is, or "" */
    enum snapshot_state state;
    int64_t until_msecs;
    uint64_t messages; /* in its source; 0: not known yet */
    uint64_t messages_done;
    uint64_t messages_copied;
    uint64_t bytes_copied;
    uint64_t errors;
    double messages_per_sec;
    double bytes_per_sec;
};

struct snapshot {
    char *run_id;  /* owned, as are all strings here; any bytes */
    char *command; /* "batch" or "sync" */
    char *manifest;
    char *version;
    enum snapshot_phase phase;
    int64_t pid;
    int64_t started_msecs;
    int64_t taken_msecs;
    int64_t ended_msecs; /* 0: it has not */
    int exit_code;       /* -1: it has not ended */

    /* mailboxes; a run without those that were left out */
    uint64_t wanted;
    uint64_t running;
    uint64_t waiting;                     /* of a server, or to try again */
    uint64_t by_status[JOB_STATUS_COUNT]; /* those that ended; NOT_STARTED: still to come */

    /* messages on the sources, as far as they are known or, with `is_guess`, can be guessed */
    bool is_guess;
    uint64_t messages;
    uint64_t messages_done; /* copied, or nothing needs to be done about them */
    uint64_t messages_copied;
    uint64_t bytes; /* that this run copies */
    uint64_t bytes_copied;
    uint64_t errors;

    double messages_per_sec; /* lately */
    double bytes_per_sec;
    double budget_messages; /* 0: no limit */
    double budget_bytes;
    int64_t left_msecs; /* until the end; -1: nobody knows */

    struct snapshot_mailbox *mailboxes; /* owned; those that run, by row, then those that wait */
    size_t mailboxes_count;
    uint64_t mailboxes_hidden; /* that did not fit */
};

void snapshot_deinit(struct snapshot *snapshot);
/* Mailboxes that are at their end. Pure. */
uint64_t snapshot_ended(const struct snapshot *snapshot);

/* As an object, in one line or many. Pure. */
void snapshot_append_json(const struct snapshot *snapshot, bool in_one_line, struct buffer *text);
/* Reads it again; what is missing is 0. False (FAULT_FILE) if it is none. The caller deinits in any
   case. Pure. */
bool snapshot_read_json(const char *text, size_t size, struct snapshot *snapshot_r,
                        struct fault *fault_r);

const char *snapshot_phase_name(enum snapshot_phase phase);
const char *snapshot_state_name(enum snapshot_state state);

#endif
