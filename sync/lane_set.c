/* SPDX-License-Identifier: MIT */
#include "sync/lane_set.h"

#include <string.h>

#include "base/clock.h"
#include "sync/lanes.h"
#include "sync/pair_private.h"

/* A rate is measured over so many round trips, and not over less than this. */
#define PROBE_ROUND_TRIPS 8
#define PROBE_MIN_NSECS   (200 * CLOCK_NSECS_PER_MSEC)

#define CARE_LARGE_BYTES ((uint64_t)256 * 1024)

enum lane_care lane_care_for(const char *greeting, bool was_throttled)
{
    if (was_throttled)
        return LANE_CARE_ALL;
    bool is_known = strstr(greeting, "Microsoft Exchange") != NULL ||
                    strstr(greeting, "Gimap") != NULL;
    return is_known ? LANE_CARE_LARGE : LANE_CARE_NONE;
}

static void lane_set_apply_care(struct lane_set *set)
{
    static const uint64_t max_bytes[] = {UINT64_MAX, CARE_LARGE_BYTES, 0};
    for (size_t i = 0; i < set->count; i++)
        imap_client_set_unasked_max(set->items[i].client, max_bytes[set->care]);
}

void lane_set_count_copied(struct lane_set *set, size_t messages)
{
    set->copied_messages += messages;
    if (set->care != LANE_CARE_ALL)
        return;
    set->care = LANE_CARE_LARGE;
    lane_set_apply_care(set);
}

static void lane_set_add(struct lane_set *set, struct imap_client *client)
{
    struct lane *lane = &set->items[set->count++];
    lane->client = client;
    lane->appender = appender_init(client, set->callback);
    for (size_t i = 0; i < set->count; i++)
        appender_share_backlog(set->items[i].appender, set->count);
    lane_set_apply_care(set);
}

void lane_set_init(struct lane_set *set, struct pair *pair, appender_result_callback *callback)
{
    memset(set, 0, sizeof(*set));
    set->pair = pair;
    set->callback = callback;
    set->care = lane_care_for(imap_client_greeting(pair->destination.client),
                              pair->environment->was_throttled);
    lane_set_add(set, pair->destination.client);
}

void lane_set_deinit(struct lane_set *set)
{
    if (set->pair == NULL)
        return;
    const struct slots *slots = set->pair->environment->slots;
    for (size_t i = 0; i < set->count; i++)
        appender_deinit(&set->items[i].appender);
    for (size_t i = 0; i < set->session_count; i++)
        session_deinit(&set->sessions[i]);
    if (slots != NULL && set->session_count > 0)
        slots->give_back(slots->context, 0, (unsigned int)set->session_count);
    memset(set, 0, sizeof(*set));
}

struct lane *lane_set_pick(struct lane_set *set)
{
    struct lane *best = NULL;
    for (size_t i = 0; i < set->count; i++) {
        struct lane *lane = &set->items[i];
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

bool lane_set_is_answered(const struct lane_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct appender *appender = set->items[i].appender;
        size_t owed = appender_pending(appender);
        /* The rest of this message comes no more, and without it no answer. */
        if (appender_is_in_message(appender) && !imap_client_is_alive(set->pair->source.client))
            owed--;
        if (imap_client_is_alive(set->items[i].client) && owed > 0)
            return false;
    }
    return true;
}

bool lane_set_flush(struct lane_set *set)
{
    bool was_open = false;
    for (size_t i = 0; i < set->count; i++)
        was_open |= appender_flush(set->items[i].appender);
    return was_open;
}

int64_t lane_set_open_since_nsecs(const struct lane_set *set)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < set->count; i++) {
        int64_t since = appender_open_since_nsecs(set->items[i].appender);
        if (since != 0 && (oldest == 0 || since < oldest))
            oldest = since;
    }
    return oldest;
}

void lane_set_look(struct lane_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct lane *lane = &set->items[i];
        if (!imap_client_is_alive(lane->client) && (i == 0 || appender_pending(lane->appender) > 0))
            pair_end(set->pair, imap_client_fault(lane->client));
    }
}

void lane_set_linger(struct lane_set *set)
{
    struct imap_loop *loop = &set->pair->loop;
    while (!lane_set_is_answered(set) && !pair_is_overdue(set->pair)) {
        if (imap_loop_pump(loop))
            continue;
        if (loop->wake_at_nsecs == 0)
            loop->wake_at_nsecs = clock_mono_nsecs() + CLOCK_NSECS_PER_SEC;
        imap_loop_wait(loop);
    }
    for (size_t i = 0; i < set->count; i++) {
        if (appender_pending(set->items[i].appender) > 0)
            imap_client_fail(set->items[i].client, &set->pair->fault);
    }
}

/* -- opening more -- */

static size_t lanes_opening(const struct lane_set *set)
{
    size_t opening = 0;
    for (size_t i = 0; i < set->session_count; i++)
        opening += set->sessions[i].step != SESSION_READY &&
                   set->sessions[i].step != SESSION_FAILED;
    return opening;
}

/* Within the run's ceiling of connections to this host; it stays taken until the pair ends. */
static bool lane_open(struct lane_set *set)
{
    const struct pair *pair = set->pair;
    const struct slots *slots = pair->environment->slots;
    if (slots != NULL && !slots->try_take(slots->context, 0, 1))
        return false;
    struct session *session = &set->sessions[set->session_count++];
    session_init(session, 2, pair->settings, &set->pair->loop, pair->environment->tls, pair->log);
    session_begin(session, false, SESSION_STATUS_NONE);
    return true;
}

/* Takes in who has signed in. A lane that can't be opened is no fault: the server's limit is
   reached, and the copy goes on with what it has. */
static void lanes_take_in(struct lane_set *set)
{
    struct pair *pair = set->pair;
    for (size_t i = 0; i < set->session_count; i++) {
        struct session *session = &set->sessions[i];
        if (session->step == SESSION_READY || session->step == SESSION_FAILED ||
            !session_advance(session))
            continue;
        if (session->step == SESSION_READY) {
            lane_set_add(set, session->client);
            set->probe.since_nsecs = 0;
            log_line(pair->log, "host2 works on %llu connections for this mailbox",
                     (unsigned long long)set->count);
        } else {
            set->probe.is_settled = true;
            log_line(pair->log, "host2 allows no further connection: %s", session->fault.text);
        }
    }
}

/* After enough round trips: did the last lanes raise the rate? */
static bool probe_is_over(struct lane_set *set, int64_t rtt_usecs, int64_t now_nsecs)
{
    struct lane_probe *probe = &set->probe;
    if (probe->since_nsecs == 0) {
        probe->since_nsecs = now_nsecs;
        probe->copied_then = set->copied_messages;
        /* With one lane nothing has to be proven first. */
        return set->count == 1;
    }
    int64_t lasted = now_nsecs - probe->since_nsecs;
    if (lasted < PROBE_MIN_NSECS || lasted < PROBE_ROUND_TRIPS * rtt_usecs * 1000)
        return false;
    double rate = (double)(set->copied_messages - probe->copied_then) * 1e9 / (double)lasted;
    if (probe->rate_before > 0 && !lanes_paid(probe->rate_before, rate))
        probe->is_settled = true;
    probe->rate_before = rate;
    return true;
}

void lane_set_tend(struct lane_set *set, uint64_t messages_left, bool is_paced, int64_t now_nsecs)
{
    const struct settings *settings = set->pair->settings;
    struct imap_client *first = set->items[0].client;
    lanes_take_in(set);
    if (!imap_client_is_alive(first))
        return;
    struct lanes_question question = {
        .fixed = (size_t)settings->lanes,
        .max = (size_t)settings->side[1].maxconnections,
        .open = set->count,
        .opening = lanes_opening(set),
        .waits_for_each = !imap_client_can(first, IMAP_CAP_LITERAL_PLUS),
        .is_paced = is_paced,
        .rtt_usecs = set->pair->destination.rtt_usecs,
        .messages_left = messages_left,
    };
    if (question.max > LANES_MAX)
        question.max = LANES_MAX;
    if (question.fixed == 0 &&
        (!question.waits_for_each || !probe_is_over(set, question.rtt_usecs, now_nsecs)))
        return;
    question.is_settled = set->probe.is_settled;
    size_t wanted = lanes_wanted(&question);
    size_t have = question.open + question.opening;
    while (have < wanted && set->session_count < LANES_MAX - 1 && lane_open(set))
        have++;
}
