/* SPDX-License-Identifier: MIT */
#include "sync/lanes.h"

#define LANES_FIRST_STEP     4
#define LANES_FIRST_STEP_FAR 8
/* From here on the steps themselves take so long that the first had better be a large one. */
#define LANES_FAR_RTT_USECS 20000
/* Below this distance a lane costs more (TCP, TLS, sign-in) than its waiting. */
#define LANES_MIN_RTT_USECS 8000
/* A lane must have some messages to carry before it is worth its sign-in. */
#define LANES_MESSAGES_EACH 8

/* The same for a connection to the source, which has to open the folder as well. */
#define SOURCE_LANES_MESSAGES_EACH 200
#define SOURCE_LANES_WORK_SECS     1.0

static size_t at_most(size_t value, size_t max)
{
    return value < max ? value : max;
}

static size_t lanes_fixed(size_t fixed, size_t max, size_t have)
{
    size_t wanted = at_most(fixed, max);
    return wanted > have ? wanted : have;
}

size_t lanes_wanted(const struct lanes_question *question)
{
    size_t have = question->open + question->opening;
    if (question->fixed > 0 && !question->is_settled)
        return lanes_fixed(question->fixed, question->max, have);
    if (!question->waits_for_each || question->is_paced || question->is_settled ||
        question->opening > 0 || question->rtt_usecs < LANES_MIN_RTT_USECS)
        return have;
    size_t first = question->rtt_usecs < LANES_FAR_RTT_USECS ? LANES_FIRST_STEP
                                                             : LANES_FIRST_STEP_FAR;
    size_t wanted = have < first ? first : have * 2;
    wanted = at_most(wanted, question->max);
    wanted = at_most(wanted, (size_t)(question->messages_left / LANES_MESSAGES_EACH));
    return wanted > have ? wanted : have;
}

size_t source_lanes_wanted(const struct source_lanes_question *question)
{
    size_t have = question->open + question->opening;
    double left = (double)question->messages_left;
    if (question->fixed > 0 && !question->is_settled)
        return lanes_fixed(question->fixed, question->max, have);
    if (!question->is_waited_for || question->is_paced || question->is_settled ||
        question->opening > 0 || have >= question->max)
        return have;
    bool is_worth_it = left > (double)(SOURCE_LANES_MESSAGES_EACH * (have + 1)) &&
                       left > question->rate * SOURCE_LANES_WORK_SECS;
    return is_worth_it ? have + 1 : have;
}

bool source_lanes_are_waited_for(int64_t waited_nsecs, int64_t lasted_nsecs)
{
    return lasted_nsecs > 0 && waited_nsecs >= lasted_nsecs / 4 * 3;
}

bool lanes_paid(double rate_before, double rate_now)
{
    return rate_now >= rate_before * 1.1;
}
