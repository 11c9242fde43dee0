/* SPDX-License-Identifier: MIT */
#include "batch/rate.h"

#include <math.h>

#include "base/clock.h"

#define RATE_MIN_NSECS (50 * CLOCK_NSECS_PER_MSEC)

static double rate_blend(double before, uint64_t from, uint64_t to, double secs, double weight)
{
    double now = to > from ? (double)(to - from) / secs : 0;
    return before + (now - before) * weight;
}

void rate_note(struct rate *rate, int64_t now_nsecs, double memory_secs, uint64_t messages,
               uint64_t bytes)
{
    if (rate->began_nsecs == 0) {
        *rate = (struct rate){now_nsecs, now_nsecs, messages, bytes, 0, 0};
        return;
    }
    if (now_nsecs - rate->last_nsecs < RATE_MIN_NSECS)
        return;
    double secs = (double)(now_nsecs - rate->last_nsecs) / (double)CLOCK_NSECS_PER_SEC;
    double age_secs = (double)(now_nsecs - rate->began_nsecs) / (double)CLOCK_NSECS_PER_SEC;
    /* As long as all is young, the weight is this piece's part of the whole: a plain average. */
    double weight = age_secs <= memory_secs ? secs / age_secs : 1 - exp(-secs / memory_secs);
    rate->messages_per_sec = rate_blend(rate->messages_per_sec, rate->last_messages, messages, secs,
                                        weight);
    rate->bytes_per_sec = rate_blend(rate->bytes_per_sec, rate->last_bytes, bytes, secs, weight);
    rate->last_nsecs = now_nsecs;
    rate->last_messages = messages;
    rate->last_bytes = bytes;
}
