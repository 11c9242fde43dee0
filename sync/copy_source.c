/* SPDX-License-Identifier: MIT
 * The connections to the source. The first is the pair's own; a further one opens the same folder
 * and is used only if it is the very same there: UIDs mean nothing under another UIDVALIDITY. */
#include "base/clock.h"
#include "sync/copy_private.h"

/* FETCH commands in flight: over all, and at least so many on each, so that none ever waits. */
#define AHEAD_MAX_REQUESTS 8
#define AHEAD_MIN_REQUESTS 2

struct copy_source *copy_first(struct copy *copy)
{
    return &copy->sources[0];
}

bool copy_source_is_inside_body(const struct copy_source *source)
{
    return (source->stream.state == STREAM_COPIED || source->feed.is_active) &&
           imap_client_is_alive(source->feeding->client);
}

void copy_sources_begin(struct copy *copy)
{
    struct copy_source *first = copy_first(copy);
    first->client = copy->pair->source.client;
    copy->uidvalidity = imap_client_mailbox(first->client)->uidvalidity;
    copy_repair_recall(copy);
    copy_set_source_events(first);
    copy->asking = NULL;
    source_set_begin_folder(&copy->pair->sources);
}

/* The callbacks of FETCHes that are still in flight point to this copy. */
void copy_sources_end(struct copy *copy)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        struct copy_source *source = &copy->sources[i];
        if (source->client == NULL)
            continue;
        if (source->requests > 0)
            imap_client_fail(source->client, &copy->pair->fault);
        imap_client_expect(source->client, 0);
        /* The first one's responses may be the next folder's already. */
        if ((i > 0 || !copy->is_followed) && imap_client_is_alive(source->client))
            imap_client_set_events(source->client, NULL);
        source->client = NULL;
    }
}

/* -- the folder on a further connection -- */

static void source_send_examine(struct copy *copy, size_t i)
{
    struct imap_client *client = copy->pair->sources.sessions.items[i - 1].client;
    struct source_lane *lane = &copy->pair->sources.lanes[i - 1];
    *lane = (struct source_lane){.folder = copy->pair->sources.folder};
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "EXAMINE ");
    imap_client_add_string(client, copy->job->source_mailbox);
    imap_client_end(client, imap_answer_callback, &lane->answer, 0);
}

static void source_take_in(struct copy *copy, size_t i)
{
    struct session *session = &copy->pair->sources.sessions.items[i - 1];
    const struct source_lane *lane = &copy->pair->sources.lanes[i - 1];
    bool is_open = lane->answer.status == IMAP_STATUS_OK;
    if (is_open && imap_client_mailbox(session->client)->uidvalidity == copy->uidvalidity) {
        imap_client_set_selected(session->client, true);
        copy->sources[i].client = session->client;
        copy_set_source_events(&copy->sources[i]);
        return;
    }
    log_line(copy->pair->log, "host1 has the folder %s only on one connection: %s",
             copy->job->source_name,
             is_open ? "it has another UIDVALIDITY on a further one" : lane->answer.text);
    source_set_close(&copy->pair->sources, i - 1, true);
}

/* Nothing that it was asked for is under way. */
static void source_leave(struct copy *copy, size_t i)
{
    copy->sources[i].client = NULL;
    source_set_close(&copy->pair->sources, i - 1, false);
}

static void source_tend(struct copy *copy, size_t i, bool has_work)
{
    const struct source_set *set = &copy->pair->sources;
    const struct session *session = &set->sessions.items[i - 1];
    const struct source_lane *lane = &set->lanes[i - 1];
    if (session->step != SESSION_READY || !imap_client_is_alive(session->client))
        return;
    bool is_answer_due = lane->folder != 0 && !lane->answer.is_done;
    if (lane->is_leaving && copy->sources[i].requests == 0)
        source_leave(copy, i);
    else if (copy->sources[i].client != NULL || is_answer_due)
        return;
    else if (lane->folder == set->folder)
        source_take_in(copy, i);
    else if (has_work)
        source_send_examine(copy, i);
}

void copy_sources_tend(struct copy *copy)
{
    for (size_t i = 1; i < LANES_MAX && copy->pair->sources.sessions.count > 0; i++)
        source_tend(copy, i, false);
}

void copy_sources_open(struct copy *copy)
{
    bool has_work = copy->next < copy->listing->count && !copy->is_followed &&
                    copy->uidvalidity != 0;
    for (size_t i = 1; has_work && i < LANES_MAX && copy->pair->sources.sessions.count > 0; i++)
        source_tend(copy, i, true);
}

static void source_look(struct copy *copy, size_t i)
{
    struct copy_source *source = &copy->sources[i];
    const struct session *session = &copy->pair->sources.sessions.items[i - 1];
    if (session->step != SESSION_READY || imap_client_is_alive(session->client))
        return;
    const struct fault *fault = imap_client_fault(session->client);
    if (source->client != NULL && copy_source_is_inside_body(source)) {
        pair_end(copy->pair, fault);
        return;
    }
    log_line(copy->pair->log, "host1 has ended a further connection: %s%s%s", fault->text,
             fault->server[0] != '\0' ? ": " : "", fault->server);
    if (copy->asking == source)
        copy->asking = NULL;
    source->client = NULL;
    source->stream.state = STREAM_NONE;
    source->feed.is_active = false;
    copy_change_forget(source);
    source_set_close(&copy->pair->sources, i - 1, true);
}

void copy_sources_expect(struct copy *copy)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        const struct copy_source *source = &copy->sources[i];
        if (source->client != NULL)
            imap_client_expect(source->client, source->requested_bytes);
    }
}

void copy_sources_look(struct copy *copy)
{
    const struct imap_client *first = copy_first(copy)->client;
    if (!imap_client_is_alive(first))
        pair_end(copy->pair, imap_client_fault(first));
    for (size_t i = 1; i < LANES_MAX && copy->pair->sources.sessions.count > 0; i++)
        source_look(copy, i);
}

/* -- how many, and which -- */

/* Those that are on their way are left their part, or nothing would be left for them. */
size_t copy_source_count(const struct copy *copy)
{
    return 1 + copy->pair->sources.sessions.count;
}

uint64_t copy_source_share_bytes(const struct copy *copy)
{
    return COPY_AHEAD_MAX_BYTES / copy_source_count(copy);
}

static size_t source_max_requests(const struct copy *copy)
{
    size_t share = AHEAD_MAX_REQUESTS / copy_source_count(copy);
    return share < AHEAD_MIN_REQUESTS ? AHEAD_MIN_REQUESTS : share;
}

/* A further one is left alone while its body waits for the destination: it is not read then, so its
   end would be heard by writing, in the middle of a message. */
static bool source_may_be_asked(const struct copy *copy, size_t i, bool is_alone)
{
    const struct copy_source *source = &copy->sources[i];
    if (source->client == NULL || !imap_client_is_alive(source->client) ||
        source->requests >= source_max_requests(copy) ||
        source->requested_bytes >= copy_source_share_bytes(copy) ||
        source->alone.step == ALONE_METADATA || (is_alone && source->alone.step != ALONE_NONE))
        return false;
    return i == 0 || (!copy->pair->sources.lanes[i - 1].is_leaving && !source->feed.is_active);
}

/* A slow one still has much to give when the others are done, so it gets less. */
struct copy_source *copy_source_pick(struct copy *copy, bool is_alone)
{
    struct copy_source *best = NULL;
    for (size_t i = 0; i < LANES_MAX; i++) {
        struct copy_source *source = &copy->sources[i];
        if (source_may_be_asked(copy, i, is_alone) &&
            (best == NULL || source->requests < best->requests ||
             (source->requests == best->requests &&
              source->requested_bytes < best->requested_bytes)))
            best = source;
    }
    return best;
}

/* -- opening and closing -- */

/* What auto has opened is lent: it goes back when another mailbox waits for that server. */
static bool lanes_are_wanted_back(const struct pair *pair, int side)
{
    const struct slots *slots = pair->environment->slots;
    return pair->settings->lanes == 0 && slots != NULL && slots->is_wanted(slots->context, side);
}

void copy_tend_lanes(struct copy *copy, int64_t now_nsecs)
{
    struct pair *pair = copy->pair;
    uint64_t left = copy->listing->count - copy->next + copy->requested_messages;
    lane_set_tend(&pair->lanes);
    source_set_tend(&pair->sources);
    if (lanes_are_wanted_back(pair, 2))
        lane_set_shrink(&pair->lanes);
    if (lanes_are_wanted_back(pair, 1))
        source_set_shrink(&pair->sources);
    size_t sources = source_set_missing(&pair->sources, left, copy->is_paced, now_nsecs);
    size_t destinations = lane_set_missing(&pair->lanes, left, copy->is_paced, now_nsecs);
    while ((sources > 0 || destinations > 0) &&
           session_set_take(pair, sources > 0, destinations > 0)) {
        if (sources > 0 && sources--)
            source_set_open(&pair->sources);
        if (destinations > 0 && destinations--)
            lane_set_open(&pair->lanes);
    }
}
