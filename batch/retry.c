/* SPDX-License-Identifier: MIT */
#include "batch/retry.h"

#include <string.h>

#include "base/diagnoses.h"
#include "batch/outage.h"

#define RETRY_MAX_WAIT_MSECS    INT64_C(86400000)
#define GUESSED_MAX_WAIT_MSECS  INT64_C(3600000)
#define RECONNECT_WAIT_MSECS    INT64_C(1000)
#define RECONNECT_MAX_DOUBLINGS 6 /* to a minute */

static bool is_throttle(const struct pair_result *result)
{
    return result->status == JOB_PAUSED && result->fault.code == FAULT_THROTTLED &&
           result->fault.advice == FAULT_ADVICE_WAIT;
}

/* Or a mailbox that the server did not open, which is known only after the sign-in. */
static bool is_lost_connection(const struct retry *retry, const struct pair_result *result)
{
    return result->status == JOB_FAILED && result->fault.advice == FAULT_ADVICE_RECONNECT &&
           (retry->was_signed_in || outage_is_refusal(result));
}

/* The session ended with its token, as all do, or was ended by us before the server did: no fault
   of the line. */
static bool is_expired_session(const struct retry *retry, const struct pair_result *result)
{
    return is_lost_connection(retry, result) &&
           (result->is_renewed ||
            strcmp(diagnosis_id(result->fault.diagnosis), "token-expired") == 0);
}

/* What let this mailbox in a while ago refuses it now: servers say so when there are too many
   connections. Tried again, but not often enough to lock the user out. */
static bool is_late_refusal(const struct retry *retry, const struct pair_result *result)
{
    return result->status == JOB_FAILED && result->fault.code == FAULT_AUTH && retry->was_signed_in;
}

/* A share of the wait: 0 to `msecs`, by `random`. */
static int64_t jitter(int64_t msecs, uint32_t random)
{
    return (int64_t)((uint64_t)msecs * random / UINT32_MAX);
}

/* What was given up is not tried again: the next attempt gets further. */
static bool has_done_something(const struct retry *retry, const struct pair_result *result)
{
    return result->counts.copied > 0 || result->compared > 0 ||
           retry->given_up.count > retry->given_up_then;
}

/* For the first wait in vain as it is, then twice as long each time. */
static int64_t doubled(int64_t wait_msecs, unsigned int in_vain)
{
    for (unsigned int i = 1; i < in_vain && wait_msecs < GUESSED_MAX_WAIT_MSECS; i++)
        wait_msecs *= 2;
    return wait_msecs < GUESSED_MAX_WAIT_MSECS ? wait_msecs : GUESSED_MAX_WAIT_MSECS;
}

static int64_t wait_for_throttle(struct retry *retry, const struct pair_result *result,
                                 uint32_t random)
{
    int64_t wait_msecs = result->fault.wait_msecs;
    retry->was_throttled = true;
    retry->in_vain = has_done_something(retry, result) ? 0 : retry->in_vain + 1;
    if (retry->in_vain > RETRY_MAX_IN_VAIN)
        return 0;
    wait_msecs = wait_msecs < 1 ? 1 : wait_msecs;
    if (!result->fault.is_wait_told)
        wait_msecs = doubled(wait_msecs, retry->in_vain);
    wait_msecs = wait_msecs > RETRY_MAX_WAIT_MSECS ? RETRY_MAX_WAIT_MSECS : wait_msecs;
    return wait_msecs + jitter(wait_msecs / 10, random);
}

static int64_t wait_for_token(struct retry *retry, const struct pair_result *result)
{
    retry->lost_in_vain = 0;
    retry->reconnections[result->fault.side == 2 ? 1 : 0]++;
    return 1;
}

static int64_t wait_for_connection(struct retry *retry, const struct pair_result *result,
                                   unsigned int reconnects_max, uint32_t random)
{
    retry->lost_in_vain = has_done_something(retry, result) ? 1 : retry->lost_in_vain + 1;
    if (retry->lost_in_vain > reconnects_max)
        return 0;
    unsigned int doublings = retry->lost_in_vain - 1;
    doublings = doublings > RECONNECT_MAX_DOUBLINGS ? RECONNECT_MAX_DOUBLINGS : doublings;
    int64_t wait_msecs = RECONNECT_WAIT_MSECS << doublings;
    retry->reconnections[result->fault.side == 2 ? 1 : 0]++;
    return wait_msecs + jitter(wait_msecs / 2, random);
}

int64_t retry_after(struct retry *retry, const struct pair_result *result,
                    unsigned int reconnects_max, uint32_t random)
{
    retry->attempts++;
    retry->copied += result->counts.copied;
    retry->bytes_copied += result->counts.bytes_copied;
    retry->was_signed_in = retry->was_signed_in || result->was_signed_in;
    int64_t wait_msecs = 0;
    if (is_throttle(result))
        wait_msecs = wait_for_throttle(retry, result, random);
    else if (is_expired_session(retry, result) && has_done_something(retry, result))
        wait_msecs = wait_for_token(retry, result);
    else if (is_lost_connection(retry, result))
        wait_msecs = wait_for_connection(retry, result, reconnects_max, random);
    else if (is_late_refusal(retry, result))
        wait_msecs = wait_for_connection(
            retry, result,
            reconnects_max < RETRY_MAX_SIGN_INS ? reconnects_max : RETRY_MAX_SIGN_INS, random);
    retry->given_up_then = retry->given_up.count;
    return wait_msecs;
}

void retry_deinit(struct retry *retry)
{
    error_list_deinit(&retry->errors);
    suspects_deinit(&retry->suspects);
    given_up_deinit(&retry->given_up);
    verify_resume_deinit(&retry->verify);
}
