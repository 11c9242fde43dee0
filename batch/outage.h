/* SPDX-License-Identifier: MIT
 * Mailboxes that a server signs in and then does not open: one of many has no right to be opened,
 * many of them mean that the server is out of order. Told apart when the run has seen all. */
#ifndef BATCH_OUTAGE_H
#define BATCH_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "sync/pair.h"

/* What a mailbox met in this run. Starts as zeros. */
struct outage_mailbox {
    uint32_t route;   /* the same for mailboxes of the same two servers */
    int refused_side; /* 1 or 2: its last attempt ended there in this way; else 0 */
    bool has_worked;  /* both servers let it in */
    int64_t ended_msecs;
};

/* Belongs to whoever runs the mailbox. */
void outage_note(struct outage_mailbox *mailbox, const struct pair_result *result,
                 int64_t ended_msecs);
/* Whether this result is such a refusal. It passes, or it does not: so it is tried again. */
bool outage_is_refusal(const struct pair_result *result);
/* Whether so many mailboxes on its route were refused at that side that it is an outage. */
bool outage_is_on(const struct outage_mailbox *mailboxes, size_t count, uint32_t route, int side);
/* Why such a mailbox is paused. */
void outage_set_fault(int side, struct fault *fault_r);
/* When all of a run's jobs (row i + 1 is mailboxes[i]) have ended: those that failed because their
   server is out of order are paused in the store. *paused_r says how many. */
bool outage_pause(struct store *store, const char *run_id, const struct outage_mailbox *mailboxes,
                  size_t count, size_t *paused_r, struct fault *fault_r);

#endif
