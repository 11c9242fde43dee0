/* SPDX-License-Identifier: MIT */
#include "sync/lanes.h"

#define LANES_FIRST_STEP 4
/* Below this distance a lane costs more (TCP, TLS, sign-in) than its waiting. */
#define LANES_MIN_RTT_USECS 8000
/* A lane must have some messages to carry before it is worth its sign-in. */
#define LANES_MESSAGES_EACH 8

static size_t at_most(size_t value, size_t max)
{
    return value < max ? value : max;
}

size_t lanes_wanted(const struct lanes_question *question)
{
    size_t have = question->open + question->opening;
    if (question->fixed > 0) {
        size_t wanted = at_most(question->fixed, question->max);
        return wanted > have ? wanted : have;
    }
    if (!question->waits_for_each || question->is_paced || question->is_settled ||
        question->opening > 0 || question->rtt_usecs < LANES_MIN_RTT_USECS)
        return have;
    size_t wanted = have < LANES_FIRST_STEP ? LANES_FIRST_STEP : have * 2;
    wanted = at_most(wanted, question->max);
    wanted = at_most(wanted, (size_t)(question->messages_left / LANES_MESSAGES_EACH));
    return wanted > have ? wanted : have;
}

bool lanes_paid(double rate_before, double rate_now)
{
    return rate_now >= rate_before * 1.1;
}
