/* SPDX-License-Identifier: MIT */
#include "sync/source_set.h"

#include <string.h>

#include "base/clock.h"
#include "sync/lanes.h"
#include "sync/pair_private.h"

/* A rate is measured over so many round trips, and not over less than this. */
#define PROBE_ROUND_TRIPS 8
#define PROBE_MIN_NSECS   (500 * CLOCK_NSECS_PER_MSEC)
/* What a message costs beyond its bytes, so that small and large ones can be compared. */
#define MESSAGE_COST_BYTES 1024

void source_set_init(struct source_set *set, struct pair *pair)
{
    memset(set, 0, sizeof(*set));
    session_set_init(&set->sessions, pair, 1);
}

void source_set_deinit(struct source_set *set)
{
    session_set_deinit(&set->sessions);
    memset(set, 0, sizeof(*set));
}

void source_set_count(struct source_set *set, uint64_t bytes)
{
    set->probe.messages++;
    set->probe.cost += bytes + MESSAGE_COST_BYTES;
}

void source_set_count_wait(struct source_set *set, int64_t nsecs)
{
    set->probe.waited_nsecs += nsecs;
}

/* What is measured begins anew: another folder, another number of lanes. */
static void source_set_measure_again(struct source_set *set)
{
    set->probe.since_nsecs = 0;
}

void source_set_begin_folder(struct source_set *set)
{
    set->folder++;
    source_set_measure_again(set);
}

/* -- opening and closing -- */

void source_set_open(struct source_set *set)
{
    session_set_open(&set->sessions);
}

void source_set_close(struct source_set *set, size_t i, bool is_last)
{
    session_set_close(&set->sessions, i);
    memset(&set->lanes[i], 0, sizeof(set->lanes[i]));
    set->probe.is_settled |= is_last;
    source_set_measure_again(set);
}

void source_set_shrink(struct source_set *set)
{
    struct source_lane *last = NULL;
    for (size_t i = 0; i < LANES_MAX - 1; i++) {
        if (set->lanes[i].is_leaving)
            return;
        if (set->sessions.items[i].step == SESSION_READY)
            last = &set->lanes[i];
    }
    if (last != NULL)
        last->is_leaving = true;
}

void source_set_tend(struct source_set *set)
{
    struct pair *pair = set->sessions.pair;
    for (size_t i = 0; set->sessions.count > 0 && i < LANES_MAX - 1; i++) {
        struct session *session = &set->sessions.items[i];
        if (session->step == SESSION_IDLE || session->step == SESSION_READY ||
            !session_advance(session))
            continue;
        source_set_measure_again(set);
        if (session->step == SESSION_READY) {
            set->probe.is_of_new_lane = true;
            log_line(pair->log, "host1 works on %llu connections for this mailbox",
                     (unsigned long long)(1 + set->sessions.count -
                                          session_set_opening(&set->sessions)));
        } else {
            log_line(pair->log, "host1 allows no further connection: %s", session->fault.text);
            source_set_close(set, i, true);
        }
    }
}

/* -- does it pay -- */

static void probe_begin(struct source_probe *probe, int64_t now_nsecs)
{
    probe->since_nsecs = now_nsecs;
    probe->waited_nsecs = 0;
    probe->messages = 0;
    probe->cost = 0;
}

/* Fills in what was measured; false while that takes its time. */
static bool probe_ask(struct source_probe *probe, struct source_lanes_question *question,
                      int64_t rtt_usecs, int64_t now_nsecs)
{
    int64_t lasted = now_nsecs - probe->since_nsecs;
    if (probe->since_nsecs == 0) {
        probe_begin(probe, now_nsecs);
    } else if (lasted >= PROBE_MIN_NSECS && lasted >= PROBE_ROUND_TRIPS * rtt_usecs * 1000) {
        double rate = (double)probe->cost * 1e9 / (double)lasted;
        question->rate = (double)probe->messages * 1e9 / (double)lasted;
        question->is_waited_for = source_lanes_are_waited_for(probe->waited_nsecs, lasted);
        if (probe->is_of_new_lane && !lanes_paid(probe->rate_before, rate))
            probe->is_settled = true;
        probe->is_of_new_lane = false;
        probe->rate_before = rate;
        probe_begin(probe, now_nsecs);
        return true;
    }
    return false;
}

size_t source_set_missing(struct source_set *set, uint64_t messages_left, bool is_paced,
                          int64_t now_nsecs)
{
    struct pair *pair = set->sessions.pair;
    if (pair == NULL)
        return 0;
    size_t opening = session_set_opening(&set->sessions);
    struct source_lanes_question question = {
        .fixed = (size_t)pair->settings->lanes,
        .max = (size_t)pair->settings->side[0].maxconnections,
        .open = 1 + set->sessions.count - opening,
        .opening = opening,
        .is_paced = is_paced,
        .messages_left = messages_left,
    };
    if (question.max > LANES_MAX)
        question.max = LANES_MAX;
    if (question.fixed == 0 &&
        (opening > 0 || !probe_ask(&set->probe, &question, pair->source.rtt_usecs, now_nsecs)))
        return 0;
    question.is_settled = set->probe.is_settled;
    return source_lanes_wanted(&question) - question.open - question.opening;
}
