/* SPDX-License-Identifier: MIT */
#include "batch/bucket.h"

#include "base/clock.h"

#define BUCKET_CREDIT_NSECS   (100 * CLOCK_NSECS_PER_MSEC)
#define BUCKET_LONG_AGO       (INT64_MIN / 2)
#define BUCKET_COST_MAX_NSECS INT64_C(100000000000000000)
#define BUCKET_RATE_MAX       1e15
/* nanoseconds in the 1000 s that rate_milli counts in */
#define BUCKET_SCALE UINT64_C(1000000000000)

void bucket_init(struct bucket *bucket, double rate)
{
    bucket->paid_until_nsecs = BUCKET_LONG_AGO;
    bucket_set_rate(bucket, rate);
}

void bucket_set_rate(struct bucket *bucket, double rate)
{
    bucket->carry = 0;
    bucket->rate_milli = 0;
    if (rate > 0) {
        double milli = (rate < BUCKET_RATE_MAX ? rate : BUCKET_RATE_MAX) * 1000 + 0.5;
        bucket->rate_milli = milli < 1 ? 1 : (uint64_t)milli;
    }
}

bool bucket_has_limit(const struct bucket *bucket)
{
    return bucket->rate_milli != 0;
}

int64_t bucket_opens_at(const struct bucket *bucket)
{
    return bucket->paid_until_nsecs - BUCKET_CREDIT_NSECS;
}

/* The quotient is the time, the remainder goes to *carry. 64 bits would overflow at 18 MB. */
static int64_t bucket_divide(const struct bucket *bucket, uint64_t units, uint64_t *carry)
{
    unsigned __int128 scaled = (unsigned __int128)units * BUCKET_SCALE + *carry;
    unsigned __int128 cost = scaled / bucket->rate_milli;
    *carry = (uint64_t)(scaled % bucket->rate_milli);
    return cost > BUCKET_COST_MAX_NSECS ? BUCKET_COST_MAX_NSECS : (int64_t)cost;
}

int64_t bucket_cost_nsecs(const struct bucket *bucket, uint64_t units)
{
    uint64_t ignored = 0;
    return bucket_has_limit(bucket) ? bucket_divide(bucket, units, &ignored) : 0;
}

void bucket_pay(struct bucket *bucket, int64_t now_nsecs, uint64_t units)
{
    if (!bucket_has_limit(bucket))
        return;
    int64_t from_nsecs = bucket->paid_until_nsecs > now_nsecs ? bucket->paid_until_nsecs
                                                              : now_nsecs;
    bucket->paid_until_nsecs = from_nsecs + bucket_divide(bucket, units, &bucket->carry);
}
