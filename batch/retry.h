/* SPDX-License-Identifier: MIT
 * Whether a mailbox that ended because a server asked for patience is tried again in this run, and
 * when. Pure. */
#ifndef BATCH_RETRY_H
#define BATCH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/given_up.h"
#include "sync/error_list.h"
#include "sync/pair.h"
#include "sync/suspects.h"
#include "sync/verify.h"

/* So many times in a row, without a message copied or given up in between, it waits; then it stays
   paused. */
#define RETRY_MAX_IN_VAIN 10

/* So many times in a row a sign-in is repeated that worked before in this run. */
#define RETRY_MAX_SIGN_INS 2

/* One mailbox through all its attempts in a run. Starts as zeros; belongs to whoever runs it. */
struct retry {
    int64_t started_msecs; /* the first attempt; the caller's business, as is the next */
    int64_t
        sent_msecs; /* the end of the last attempt that left an APPEND without an answer; 0: none */
    unsigned int attempts;     /* that have ended */
    unsigned int in_vain;      /* waits in a row after which nothing was done */
    unsigned int lost_in_vain; /* connections lost in a row, and nothing done in between */
    uint64_t reconnections[2]; /* by the side that was lost */
    int64_t cpu_nsecs;         /* the caller's business */
    struct error_list errors;  /* freed by retry_deinit() */
    bool was_throttled;
    bool was_signed_in; /* both sides were, so names, ports and passwords are right */
    uint64_t copied;    /* by all of them */
    uint64_t bytes_copied;
    struct suspects suspects; /* freed by retry_deinit(), as is the next */
    struct given_up given_up;
    size_t given_up_then;        /* after the last attempt */
    struct verify_resume verify; /* freed by retry_deinit() */
};

/* Notes how an attempt ended. Returns how many milliseconds (at least 1) the mailbox waits before
   the next one, by `random` a little more or less, so that those that were sent away together do
   not come back together. 0: there is no next one.

   After a throttle: as long as the server asked for, and up to a tenth more; if it did not say, as
   long as its words usually mean, doubled each time nothing was done, at most an hour. After a lost
   connection, once both sides had been signed in, and after a mailbox that a server signed in and
   did not open: a second, doubled each time nothing was done, at most a minute, and up to half
   more; `reconnects_max` times in a row, and RETRY_MAX_SIGN_INS times after a refused sign-in.
   After a session that ended with its token and did something: at once, and it is not counted. */
int64_t retry_after(struct retry *retry, const struct pair_result *result,
                    unsigned int reconnects_max, uint32_t random);
void retry_deinit(struct retry *retry);

#endif
