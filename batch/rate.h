/* SPDX-License-Identifier: MIT
 * How fast something grows, as a moving average that weighs recent time more. Starts as zeros;
 * pure, belongs to whoever holds its lock. */
#ifndef BATCH_RATE_H
#define BATCH_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    int64_t began_nsecs; /* monotonic, as the next; 0: nothing was noted */
    int64_t last_nsecs;
    uint64_t last_messages;
    uint64_t last_bytes;
    double messages_per_sec;
    double bytes_per_sec;
};

/* Notes the sums at this moment. What is older than `memory_secs` counts for little; at the
   beginning all counts alike. A sum that fell (it was counted anew) counts as no growth. */
void rate_note(struct rate *rate, int64_t now_nsecs, double memory_secs, uint64_t messages,
               uint64_t bytes);

#endif
