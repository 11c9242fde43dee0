/* SPDX-License-Identifier: MIT
 * A token bucket in integer nanoseconds: so many units a second, evenly, with a fixed credit of
 * 100 ms for whoever asks a little late. It pays afterwards: what is taken may be larger than the
 * credit and then keeps the bucket shut for as long as it is worth. So a rate of 4/s gives sends
 * 250 ms apart, and over any 10 s a busy bucket is within 1 % (and one unit) of its rate.
 * Pure arithmetic, the time is a parameter; the body is public to be embedded. Locks nothing. */
#ifndef BATCH_BUCKET_H
#define BATCH_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint64_t rate_milli; /* units in 1000 s; 0: no limit */
    uint64_t carry;      /* what the last division left over, so that rounding adds up to nothing */
    int64_t paid_until_nsecs;
};

/* `rate` in units a second, exact to 0.001; 0 or less means no limit. */
void bucket_init(struct bucket *bucket, double rate);
/* Another rate from now on; what was paid stays paid. */
void bucket_set_rate(struct bucket *bucket, double rate);
bool bucket_has_limit(const struct bucket *bucket);
/* When something may be taken: any time not before this. In the far past without a limit. */
int64_t bucket_opens_at(const struct bucket *bucket);
/* How long `units` take at the bucket's rate, at most about three years. */
int64_t bucket_cost_nsecs(const struct bucket *bucket, uint64_t units);
/* Takes `units` at `now_nsecs`, whether it is open or not. */
void bucket_pay(struct bucket *bucket, int64_t now_nsecs, uint64_t units);

#endif
