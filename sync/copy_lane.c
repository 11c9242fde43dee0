/* SPDX-License-Identifier: MIT
 * Several connections to the destination for one mailbox, moved by the same loop. They belong to
 * the pair and stay open from folder to folder. */
#include "base/clock.h"
#include "sync/copy_private.h"
#include "sync/lanes.h"

/* A rate is measured over so many round trips, and not over less than this. */
#define PROBE_ROUND_TRIPS 8
#define PROBE_MIN_NSECS   (200 * CLOCK_NSECS_PER_MSEC)

void copy_add_lane(struct copy *copy, struct imap_client *client)
{
    struct copy_lane *lane = &copy->lanes[copy->lane_count++];
    lane->client = client;
    lane->appender = appender_init(client, copy->job->destination_mailbox, copy_append_answered,
                                   copy);
    for (size_t i = 0; i < copy->lane_count; i++)
        appender_share_backlog(copy->lanes[i].appender, copy->lane_count);
}

struct copy_lane *copy_pick_lane(struct copy *copy)
{
    struct copy_lane *best = NULL;
    for (size_t i = 0; i < copy->lane_count; i++) {
        struct copy_lane *lane = &copy->lanes[i];
        if (!imap_client_is_alive(lane->client) || !appender_is_ready(lane->appender))
            continue;
        /* A command that is open for more messages is filled first. */
        if (appender_open_since_nsecs(lane->appender) != 0)
            return lane;
        if (best == NULL || appender_pending(lane->appender) < appender_pending(best->appender))
            best = lane;
    }
    return best;
}

size_t copy_unanswered(const struct copy *copy)
{
    size_t pending = 0;
    for (size_t i = 0; i < copy->lane_count; i++)
        pending += appender_pending(copy->lanes[i].appender);
    return pending;
}

bool copy_lanes_are_answered(const struct copy *copy)
{
    for (size_t i = 0; i < copy->lane_count; i++) {
        const struct appender *appender = copy->lanes[i].appender;
        size_t owed = appender_pending(appender);
        /* The rest of this message comes no more, and without it no answer. */
        if (appender_is_in_message(appender) && !imap_client_is_alive(copy->source))
            owed--;
        if (imap_client_is_alive(copy->lanes[i].client) && owed > 0)
            return false;
    }
    return true;
}

bool copy_flush_lanes(struct copy *copy)
{
    bool was_open = false;
    for (size_t i = 0; i < copy->lane_count; i++)
        was_open |= appender_flush(copy->lanes[i].appender);
    return was_open;
}

int64_t copy_open_since_nsecs(const struct copy *copy)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < copy->lane_count; i++) {
        int64_t since = appender_open_since_nsecs(copy->lanes[i].appender);
        if (since != 0 && (oldest == 0 || since < oldest))
            oldest = since;
    }
    return oldest;
}

/* -- opening more -- */

static size_t lanes_opening(const struct pair *pair)
{
    size_t opening = 0;
    for (size_t i = 0; i < pair->lane_count; i++)
        opening += pair->lanes[i].step != SESSION_READY && pair->lanes[i].step != SESSION_FAILED;
    return opening;
}

/* Within the run's ceiling of connections to this host; it stays taken until the pair ends. */
static bool lane_open(struct pair *pair)
{
    const struct slots *slots = pair->environment->slots;
    if (slots != NULL && !slots->try_take(slots->context, 0, 1))
        return false;
    struct session *session = &pair->lanes[pair->lane_count++];
    session_init(session, 2, pair->settings, &pair->loop, pair->environment->tls, pair->log);
    session_begin(session, false, false);
    return true;
}

/* Takes in who has signed in. A lane that can't be opened is no fault: the server's limit is
   reached, and the copy goes on with what it has. */
static void lanes_take_in(struct copy *copy)
{
    struct pair *pair = copy->pair;
    for (size_t i = 0; i < pair->lane_count; i++) {
        struct session *session = &pair->lanes[i];
        if (session->step == SESSION_READY || session->step == SESSION_FAILED ||
            !session_advance(session))
            continue;
        if (session->step == SESSION_READY) {
            copy_add_lane(copy, session->client);
            copy->probe.since_nsecs = 0;
            log_line(pair->log, "host2 works on %llu connections for this mailbox",
                     (unsigned long long)copy->lane_count);
        } else {
            copy->probe.is_settled = true;
            log_line(pair->log, "host2 allows no further connection: %s", session->fault.text);
        }
    }
}

/* After enough round trips: did the last lanes raise the rate? */
static bool probe_is_over(struct copy *copy, int64_t rtt_usecs, int64_t now_nsecs)
{
    struct copy_probe *probe = &copy->probe;
    if (probe->since_nsecs == 0) {
        probe->since_nsecs = now_nsecs;
        probe->copied_then = copy->copied_messages;
        /* With one lane nothing has to be proven first. */
        return copy->lane_count == 1;
    }
    int64_t lasted = now_nsecs - probe->since_nsecs;
    if (lasted < PROBE_MIN_NSECS || lasted < PROBE_ROUND_TRIPS * rtt_usecs * 1000)
        return false;
    double rate = (double)(copy->copied_messages - probe->copied_then) * 1e9 / (double)lasted;
    if (probe->rate_before > 0 && !lanes_paid(probe->rate_before, rate))
        probe->is_settled = true;
    probe->rate_before = rate;
    return true;
}

void copy_tend_lanes(struct copy *copy, int64_t now_nsecs)
{
    struct pair *pair = copy->pair;
    const struct settings *settings = pair->settings;
    struct imap_client *first = copy->lanes[0].client;
    lanes_take_in(copy);
    if (!imap_client_is_alive(first))
        return;
    struct lanes_question question = {
        .fixed = (size_t)settings->lanes,
        .max = (size_t)settings->side[1].maxconnections,
        .open = copy->lane_count,
        .opening = lanes_opening(pair),
        .waits_for_each = !imap_client_can(first, IMAP_CAP_LITERAL_PLUS),
        .is_paced = copy->is_paced,
        .is_settled = copy->probe.is_settled,
        .rtt_usecs = pair->destination.rtt_usecs,
        .messages_left = copy->listing->count - copy->next,
    };
    if (question.max > PAIR_LANES_MAX)
        question.max = PAIR_LANES_MAX;
    if (question.fixed == 0 &&
        (!question.waits_for_each || !probe_is_over(copy, question.rtt_usecs, now_nsecs)))
        return;
    question.is_settled = copy->probe.is_settled;
    size_t wanted = lanes_wanted(&question);
    size_t have = question.open + question.opening;
    while (have < wanted && pair->lane_count < PAIR_LANES_MAX - 1 && lane_open(pair))
        have++;
}
