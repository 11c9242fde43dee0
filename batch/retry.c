/* SPDX-License-Identifier: MIT */
#include "batch/retry.h"

#define RETRY_MAX_WAIT_MSECS INT64_C(86400000)

static bool may_pass(const struct pair_result *result)
{
    return result->status == JOB_PAUSED && result->fault.code == FAULT_THROTTLED &&
           result->fault.advice == FAULT_ADVICE_WAIT;
}

int64_t retry_after(struct retry *retry, const struct pair_result *result, uint32_t random)
{
    int64_t wait_msecs = result->fault.wait_msecs;
    retry->attempts++;
    retry->copied += result->counts.copied;
    retry->bytes_copied += result->counts.bytes_copied;
    if (!may_pass(result))
        return 0;
    retry->in_vain = result->counts.copied > 0 ? 0 : retry->in_vain + 1;
    if (retry->in_vain > RETRY_MAX_IN_VAIN)
        return 0;
    wait_msecs = wait_msecs < 1 ? 1 : wait_msecs;
    wait_msecs = wait_msecs > RETRY_MAX_WAIT_MSECS ? RETRY_MAX_WAIT_MSECS : wait_msecs;
    return wait_msecs + (int64_t)((uint64_t)(wait_msecs / 10) * random / UINT32_MAX);
}
