/* SPDX-License-Identifier: MIT
 * The highest rate that a server allows without throttling, found by trying: no limit until it
 * throttles; then between the rate that was good for a while and the one that was too much, closer
 * and closer; then that is held, and from time to time a little more is tried. Servers that save up
 * an allowance (a leaky bucket) bear more than they allow for a while, so what they have borne on
 * average, the pauses included, is believed before what they bear now.
 *
 * Pure arithmetic, time is a parameter; the body is public to be embedded. Locks nothing. */
#ifndef BATCH_PACE_H
#define BATCH_PACE_H

#include <stdbool.h>

#include "batch/bucket.h"

struct pace {
    struct bucket bucket;
    double rate;               /* messages a second; 0: no limit was met yet */
    double good;               /* borne for a trial; 0: none */
    double bad;                /* throttled; 0: none */
    bool is_held;              /* good and bad are close: nothing is tried for a while */
    int64_t tried_for_nsecs;   /* how long a trial lasts */
    int64_t held_for_nsecs;    /* for so long; the longer the server's pauses, the longer */
    int64_t trial_began_nsecs; /* with its first message; INT64_MIN: not begun */
    uint64_t trial_messages;
    int64_t sum_began_nsecs; /* of what is averaged */
    uint64_t sum_messages;
};

/* `rate`: what was found earlier; 0: nothing. */
void pace_init(struct pace *pace, double rate);
/* A message may be sent at any time not before this; in the far past without a limit. */
int64_t pace_opens_at(const struct pace *pace);
/* So many were sent. */
void pace_note(struct pace *pace, int64_t now_nsecs, uint32_t messages);
/* The server has asked to be left alone for so long. Several such answers to commands that were
   under way together are one throttle: those that come within the pause are not heard. Who has
   sent nothing since the last one waits, and learns nothing. */
void pace_throttled(struct pace *pace, int64_t now_nsecs, int64_t wait_msecs);

#endif
