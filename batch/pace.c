/* SPDX-License-Identifier: MIT */
#include "batch/pace.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define PACE_MIN_RATE         0.02
#define PACE_MAX_RATE         1000.0
#define PACE_TRIAL_NSECS      (10 * CLOCK_NSECS_PER_SEC)
#define PACE_TRIAL_MESSAGES   10
#define PACE_TRIAL_PAUSES     2
#define PACE_HOLD_NSECS       (60 * CLOCK_NSECS_PER_SEC)
#define PACE_HOLD_PAUSES      20   /* a pause may cost a twentieth of the time */
#define PACE_CLOSE            1.08 /* bad / good */
#define PACE_CUT              0.9
#define PACE_SAME             1.02
#define PACE_PROBE            1.12 /* what is tried beyond `bad`, once it was held */
#define PACE_FIRST_GUESS      16   /* how far below the first throttled rate the good one may be */
#define PACE_AVERAGE_NSECS    (20 * CLOCK_NSECS_PER_SEC)
#define PACE_REMEMBERED_NSECS (120 * CLOCK_NSECS_PER_SEC)
#define PACE_NOT_BEGUN        INT64_MIN

static double seconds(int64_t nsecs)
{
    return (double)nsecs / (double)CLOCK_NSECS_PER_SEC;
}

static void pace_begin_trial(struct pace *pace)
{
    pace->trial_began_nsecs = PACE_NOT_BEGUN;
    pace->trial_messages = 0;
}

static void pace_set_rate(struct pace *pace, double rate)
{
    rate = rate < PACE_MIN_RATE ? PACE_MIN_RATE : rate;
    pace->rate = rate > PACE_MAX_RATE ? PACE_MAX_RATE : rate;
    bucket_set_rate(&pace->bucket, pace->rate);
    pace_begin_trial(pace);
}

void pace_init(struct pace *pace, double rate)
{
    memset(pace, 0, sizeof(*pace));
    bucket_init(&pace->bucket, 0);
    pace->sum_began_nsecs = PACE_NOT_BEGUN;
    pace->tried_for_nsecs = PACE_TRIAL_NSECS;
    pace->held_for_nsecs = PACE_HOLD_NSECS;
    pace_begin_trial(pace);
    if (rate <= 0)
        return;
    pace->good = rate;
    pace->bad = rate * PACE_CLOSE;
    pace->is_held = true;
    pace_set_rate(pace, rate);
}

int64_t pace_opens_at(const struct pace *pace)
{
    return bucket_opens_at(&pace->bucket);
}

/* The trial was borne. */
static void pace_rise(struct pace *pace)
{
    pace->good = pace->rate;
    if (pace->is_held || pace->bad <= pace->rate)
        pace->bad = (pace->bad > pace->rate ? pace->bad : pace->rate) * PACE_PROBE;
    pace->is_held = pace->bad <= pace->good * PACE_CLOSE;
    if (pace->is_held)
        pace_begin_trial(pace);
    else
        pace_set_rate(pace, sqrt(pace->good * pace->bad));
}

/* What has come in long ago counts half. */
static void pace_add_to_sum(struct pace *pace, int64_t now_nsecs, uint32_t messages)
{
    if (pace->sum_began_nsecs == PACE_NOT_BEGUN)
        pace->sum_began_nsecs = now_nsecs;
    int64_t span = now_nsecs - pace->sum_began_nsecs;
    if (span > PACE_REMEMBERED_NSECS) {
        pace->sum_began_nsecs += span / 2;
        pace->sum_messages /= 2;
    }
    pace->sum_messages += messages;
}

void pace_note(struct pace *pace, int64_t now_nsecs, uint32_t messages)
{
    bucket_pay(&pace->bucket, now_nsecs, messages);
    pace_add_to_sum(pace, now_nsecs, messages);
    if (pace->trial_began_nsecs == PACE_NOT_BEGUN)
        pace->trial_began_nsecs = now_nsecs;
    pace->trial_messages += messages;
    int64_t lasted = now_nsecs - pace->trial_began_nsecs;
    int64_t wanted = pace->is_held ? pace->held_for_nsecs : pace->tried_for_nsecs;
    if (pace->rate <= 0 || lasted < wanted || pace->trial_messages < PACE_TRIAL_MESSAGES)
        return;
    /* Who sends less than he may has not tried. */
    if ((double)pace->trial_messages < 0.8 * pace->rate * seconds(lasted))
        pace_begin_trial(pace);
    else
        pace_rise(pace);
}

/* The rate that was in force, or what was sent if none was. */
static double pace_rate_now(const struct pace *pace, int64_t now_nsecs)
{
    if (pace->rate > 0)
        return pace->rate;
    int64_t lasted = pace->trial_began_nsecs == PACE_NOT_BEGUN
                         ? 0
                         : now_nsecs - pace->trial_began_nsecs;
    double secs = lasted < CLOCK_NSECS_PER_MSEC ? 0.001 : seconds(lasted);
    double rate = (double)(pace->trial_messages + 1) / secs;
    return rate > PACE_MAX_RATE ? PACE_MAX_RATE : rate;
}

/* Average with the pause that begins now; 0: too little to tell. */
static double pace_average(const struct pace *pace, int64_t now_nsecs, int64_t wait_nsecs)
{
    if (pace->sum_began_nsecs == PACE_NOT_BEGUN)
        return 0;
    int64_t span = now_nsecs + wait_nsecs - pace->sum_began_nsecs;
    return span < PACE_AVERAGE_NSECS ? 0 : (double)pace->sum_messages / seconds(span);
}

/* The rate that was too much, and what was borne on average until now, pauses included: that much
   is allowed at least. Returns what comes next. */
static double pace_fall(struct pace *pace, double bad, double average)
{
    pace->bad = bad;
    if (pace->good == 0)
        pace->good = bad / PACE_FIRST_GUESS;
    else if (pace->good * PACE_SAME >= bad)
        pace->good = bad / 2; /* what was good for a while is not good for long */
    if (average > pace->good)
        pace->good = average;
    if (pace->good > bad * PACE_CUT)
        pace->good = bad * PACE_CUT;
    return pace->good;
}

void pace_throttled(struct pace *pace, int64_t now_nsecs, int64_t wait_msecs)
{
    int64_t wait_nsecs = wait_msecs * CLOCK_NSECS_PER_MSEC;
    if (pace->trial_messages == 0) {
        if (pace->bucket.paid_until_nsecs <= now_nsecs + CLOCK_NSECS_PER_SEC)
            pace->bucket.paid_until_nsecs = now_nsecs + wait_nsecs;
        return;
    }
    double next = pace_fall(pace, pace_rate_now(pace, now_nsecs),
                            pace_average(pace, now_nsecs, wait_nsecs));
    if (wait_nsecs > PACE_HOLD_NSECS / PACE_HOLD_PAUSES)
        pace->held_for_nsecs = wait_nsecs * PACE_HOLD_PAUSES;
    if (wait_nsecs > PACE_TRIAL_NSECS / PACE_TRIAL_PAUSES)
        pace->tried_for_nsecs = wait_nsecs * PACE_TRIAL_PAUSES;
    pace->is_held = false;
    pace_set_rate(pace, next);
    pace->bucket.paid_until_nsecs = now_nsecs + wait_nsecs;
}
