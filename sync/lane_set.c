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
    for (size_t i = 0; i < LANES_MAX; i++) {
        if (set->items[i].appender != NULL)
            imap_client_set_unasked_max(set->items[i].client, max_bytes[set->care]);
    }
}

void lane_set_count_copied(struct lane_set *set, size_t messages)
{
    set->copied_messages += messages;
    if (set->care != LANE_CARE_ALL)
        return;
    set->care = LANE_CARE_LARGE;
    lane_set_apply_care(set);
}

static void lane_set_share_backlog(struct lane_set *set)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        if (set->items[i].appender != NULL)
            appender_share_backlog(set->items[i].appender, set->count);
    }
}

static void lane_set_add(struct lane_set *set, size_t i, struct imap_client *client)
{
    struct lane *lane = &set->items[i];
    set->count++;
    lane->client = client;
    lane->appender = appender_init(client, set->callback);
    lane_set_share_backlog(set);
    lane_set_apply_care(set);
}

void lane_set_init(struct lane_set *set, struct pair *pair, appender_result_callback *callback)
{
    memset(set, 0, sizeof(*set));
    set->pair = pair;
    set->callback = callback;
    set->care = lane_care_for(imap_client_greeting(pair->destination.client),
                              pair->environment->was_throttled);
    session_set_init(&set->sessions, pair, 2);
    lane_set_add(set, 0, pair->destination.client);
}

void lane_set_deinit(struct lane_set *set)
{
    for (size_t i = 0; i < LANES_MAX; i++)
        appender_deinit(&set->items[i].appender);
    session_set_deinit(&set->sessions);
    memset(set, 0, sizeof(*set));
}

struct lane *lane_set_pick(struct lane_set *set)
{
    struct lane *best = NULL;
    for (size_t i = 0; i < LANES_MAX; i++) {
        struct lane *lane = &set->items[i];
        if (lane->appender == NULL || lane->is_leaving || !imap_client_is_alive(lane->client) ||
            !appender_is_ready(lane->appender) || appender_is_in_message(lane->appender))
            continue;
        /* A command that is open for more messages is filled first. */
        if (appender_open_since_nsecs(lane->appender) != 0)
            return lane;
        if (best == NULL || appender_pending(lane->appender) < appender_pending(best->appender))
            best = lane;
    }
    return best;
}

bool lane_set_is_idle(struct lane_set *set)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        const struct lane *lane = &set->items[i];
        if (lane->appender != NULL &&
            (appender_backlog_bytes(lane->appender) > 0 || appender_is_in_message(lane->appender)))
            return false;
    }
    return lane_set_pick(set) != NULL;
}

bool lane_set_is_answered(const struct lane_set *set)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        const struct lane *lane = &set->items[i];
        if (lane->appender == NULL || !imap_client_is_alive(lane->client))
            continue;
        /* The rest of this message comes no more, and without it no answer. */
        size_t owed = appender_pending(lane->appender);
        if (owed > (appender_is_in_message(lane->appender) ? 1 : 0))
            return false;
    }
    return true;
}

bool lane_set_flush(struct lane_set *set)
{
    bool was_open = false;
    for (size_t i = 0; i < LANES_MAX; i++) {
        if (set->items[i].appender != NULL)
            was_open |= appender_flush(set->items[i].appender);
    }
    return was_open;
}

int64_t lane_set_open_since_nsecs(const struct lane_set *set)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < LANES_MAX; i++) {
        if (set->items[i].appender == NULL)
            continue;
        int64_t since = appender_open_since_nsecs(set->items[i].appender);
        if (since != 0 && (oldest == 0 || since < oldest))
            oldest = since;
    }
    return oldest;
}

void lane_set_look(struct lane_set *set)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        const struct lane *lane = &set->items[i];
        if (lane->appender != NULL && !imap_client_is_alive(lane->client) &&
            (i == 0 || appender_pending(lane->appender) > 0))
            pair_end(set->pair, imap_client_fault(lane->client));
    }
}

unsigned int lane_set_refusals(const struct lane_set *set)
{
    unsigned int most = 0;
    for (size_t i = 0; i < LANES_MAX; i++) {
        const struct lane *lane = &set->items[i];
        unsigned int refusals = lane->appender == NULL ? 0 : imap_client_refusals(lane->client);
        most = refusals > most ? refusals : most;
    }
    return most;
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
    for (size_t i = 0; i < LANES_MAX; i++) {
        if (set->items[i].appender != NULL && appender_pending(set->items[i].appender) > 0)
            imap_client_fail(set->items[i].client, &set->pair->fault);
    }
}

/* -- opening and closing -- */

static void lane_close(struct lane_set *set, size_t i)
{
    struct lane *lane = &set->items[i];
    if (lane->appender != NULL)
        set->count--;
    appender_deinit(&lane->appender);
    memset(lane, 0, sizeof(*lane));
    session_set_close(&set->sessions, i - 1);
    lane_set_share_backlog(set);
}

/* A lane that can't be opened is no fault: the server's limit is reached, and the copy goes on with
   what it has. */
static void lane_take_in(struct lane_set *set, size_t i)
{
    struct pair *pair = set->pair;
    struct session *session = &set->sessions.items[i - 1];
    if (!session_advance(session))
        return;
    if (session->step == SESSION_READY) {
        lane_set_add(set, i, session->client);
        set->probe.since_nsecs = 0;
        log_line(pair->log, "host2 works on %llu connections for this mailbox",
                 (unsigned long long)set->count);
    } else {
        set->probe.is_settled = true;
        log_line(pair->log, "host2 allows no further connection: %s", session->fault.text);
        lane_close(set, i);
    }
}

void lane_set_tend(struct lane_set *set)
{
    for (size_t i = 1; i < LANES_MAX && set->sessions.count > 0; i++) {
        const struct lane *lane = &set->items[i];
        if (set->sessions.items[i - 1].step == SESSION_IDLE)
            continue;
        if (lane->appender == NULL)
            lane_take_in(set, i);
        else if (appender_pending(lane->appender) == 0 &&
                 (lane->is_leaving || !imap_client_is_alive(lane->client)))
            lane_close(set, i);
    }
}

void lane_set_shrink(struct lane_set *set)
{
    struct lane *last = NULL;
    for (size_t i = 1; i < LANES_MAX; i++) {
        struct lane *lane = &set->items[i];
        if (lane->is_leaving)
            return;
        if (lane->appender != NULL && !appender_is_in_message(lane->appender))
            last = lane;
    }
    if (last == NULL)
        return;
    (void)appender_flush(last->appender);
    last->is_leaving = true;
}

void lane_set_open(struct lane_set *set)
{
    session_set_open(&set->sessions);
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
    probe->since_nsecs = 0;
    return true;
}

size_t lane_set_missing(struct lane_set *set, uint64_t messages_left, bool is_paced,
                        int64_t now_nsecs)
{
    const struct settings *settings = set->pair->settings;
    struct imap_client *first = set->items[0].client;
    if (!imap_client_is_alive(first))
        return 0;
    struct lanes_question question = {
        .fixed = (size_t)settings->lanes,
        .max = (size_t)settings->side[1].maxconnections,
        .open = set->count,
        .opening = session_set_opening(&set->sessions),
        .waits_for_each = !imap_client_can(first, IMAP_CAP_LITERAL_PLUS),
        .is_paced = is_paced,
        .rtt_usecs = set->pair->destination.rtt_usecs,
        .messages_left = messages_left,
    };
    if (question.max > LANES_MAX)
        question.max = LANES_MAX;
    /* What was measured once, or while lanes sign in, says nothing of the lanes to come. */
    if (question.fixed == 0 && (!question.waits_for_each || question.opening > 0 ||
                                !probe_is_over(set, question.rtt_usecs, now_nsecs)))
        return 0;
    question.is_settled = set->probe.is_settled;
    return lanes_wanted(&question) - question.open - question.opening;
}
