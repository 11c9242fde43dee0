/* SPDX-License-Identifier: MIT
 * What the source delivers. A body is matched to its message by the UID in the same FETCH response;
 * nothing is concluded from the order in which responses come. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sync/copy_private.h"
#include "sync/folder_memory.h"
#include "sync/messages/date_header.h"
#include "sync/messages/flags.h"
#include "sync/messages/header.h"
#include "sync/messages/placeholder.h"

/* A body is paid for in pieces of this size, so that even a slow budget is spent evenly. */
#define FEED_BYTES ((size_t)4096)

/* Asks the budget; on "wait" the loop wakes up at the right time. Who was told to wait must ask the
   very same again, so nobody else asks meanwhile. */
static bool gate_grants(struct copy_source *source, uint32_t messages, uint64_t bytes)
{
    struct copy *copy = source->copy;
    const struct gate *gate = copy->pair->environment->gate;
    struct imap_loop *loop = &copy->pair->loop;
    if (gate == NULL)
        return true;
    if (copy->asking != NULL && copy->asking != source)
        return false;
    int64_t until = gate->ask(gate->context, clock_mono_nsecs(), messages, bytes);
    copy->asking = until == 0 ? NULL : source;
    if (until == 0)
        return true;
    copy->is_paced = true;
    if (loop->wake_at_nsecs == 0 || until < loop->wake_at_nsecs)
        loop->wake_at_nsecs = until;
    return false;
}

/* --exitwhenover: nothing more is sent once so many bytes were. Or the gate refuses a message of
   this size. */
static bool transfer_limit_is_reached(struct copy *copy, uint64_t bytes)
{
    int64_t limit = copy->pair->settings->exitwhenover;
    const struct gate *gate = copy->pair->environment->gate;
    struct fault fault;
    if (gate != NULL && gate->refuses != NULL && gate->refuses(gate->context, bytes, &fault)) {
        pair_end(copy->pair, &fault);
        return true;
    }
    if (limit <= 0 || copy->pair->sent_bytes < (uint64_t)limit)
        return false;
    fault_set(&fault, FAULT_TRANSFER_LIMIT, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
              "the limit of --exitwhenover %lld bytes is reached; run the same command again to go "
              "on",
              (long long)limit);
    pair_end(copy->pair, &fault);
    return true;
}

/* For a new message. One that finds none must not keep the others from asking the budget. */
static struct lane *source_pick_lane(struct copy_source *source)
{
    bool must_wait = source->copy->pair->places == PAIR_PLACES_ASKED;
    struct lane *lane = must_wait ? NULL : lane_set_pick(source->copy->lanes);
    if (lane == NULL && source->copy->asking == source)
        source->copy->asking = NULL;
    return lane;
}

static bool is_asked_alone(const struct copy_source *source, uint32_t index)
{
    return source->alone.step == ALONE_BODY && source->alone.index == index;
}

/* The sums of a message asked for alone are settled with the answer to its command. */
static void delivered(struct copy_source *source, uint32_t index, enum message_state state)
{
    struct copy *copy = source->copy;
    const struct listed_message *message = &copy->listing->messages[index];
    if (copy_is_requested_here(source, index) && !is_asked_alone(source, index))
        copy_unmark_requested(source, message->size_bytes);
    if (state == MESSAGE_SENT)
        source_set_count(&copy->pair->sources, message->size_bytes);
    copy_set_state(copy, index, state);
}

static void date_for_append(const struct copy *copy, const char *date, size_t size,
                            char text_r[INTERNALDATE_SIZE + 1])
{
    int64_t seconds;
    text_r[0] = '\0';
    if (settings_dates_are_kept(copy->pair->settings) && date != NULL &&
        internaldate_parse(date, size, &seconds)) {
        memcpy(text_r, date, size);
        text_r[size] = '\0';
    }
}

/* What an APPEND brings: no labels, and not each flag everywhere. */
static struct imap_fetch flags_at_once(const struct copy *copy, const struct imap_fetch *fetch,
                                       struct imap_token flags_r[FLAGS_MAX])
{
    struct imap_fetch at_once = *fetch;
    at_once.label_count = 0;
    if (copy->pair->appends_lose_flagged) {
        at_once.flag_count = flags_leave_out(fetch->flags, fetch->flag_count, "\\Flagged", flags_r);
        at_once.flags = flags_r;
    }
    return at_once;
}

/* The flags for the APPEND, and what the map says of them: with it and after all. The rest is
   carried when it is answered; where that can't be, as much as possible goes along. */
static void flags_for_append(struct copy *copy, const struct imap_fetch *fetch, struct buffer *text,
                             struct append_item *item)
{
    struct copy_job *job = copy->job;
    struct imap_token flags[FLAGS_MAX];
    struct imap_fetch at_once = flags_at_once(copy, fetch, flags);
    buffer_clear(text);
    item->after = item->flags = folder_memory_flags(job->memory, fetch);
    if (copy->pair->with_labels || copy->pair->appends_lose_flagged)
        item->flags = folder_memory_flags(job->memory, &at_once);
    if (item->flags == STORE_FLAGS_UNKNOWN || item->after == STORE_FLAGS_UNKNOWN) {
        job->never += copy->pair->with_labels && fetch->label_count > 0;
        item->after = item->flags;
        at_once = *fetch;
    }
    buffer_clear(&copy->flags_here);
    flags_append_canonical(at_once.flags, at_once.flag_count, &copy->flags_here);
    job->dropped_keywords += flag_rules_append(&copy->pair->flag_rules,
                                               buffer_str(&copy->flags_here), job->permanent, text);
    if (copy->pair->settings->debugflags)
        log_line(copy->pair->log,
                 "flags: folder %s, UID %u: (%s) on the source, (%s) with the copy",
                 job->source_name, fetch->uid, buffer_str(&copy->flags_here), buffer_str(text));
}

static bool has_all_flags(const struct copy *copy, const struct imap_fetch *fetch)
{
    return fetch->has_flags && (fetch->has_labels || !copy->pair->with_labels);
}

/* --addheader, unless that is a part of what is done to the whole message. */
static bool header_needs_added_field(const struct copy_source *source, uint32_t index,
                                     const void *header, size_t size)
{
    return source->copy->pair->settings->addheader && !copy_change_is_wanted(source, index) &&
           identity_needs_added_field(header, size);
}

static void append_begin(struct copy_source *source, const struct append_item *item,
                         const char *flags, const char *date, uint64_t size_bytes,
                         bool needs_added_field)
{
    struct copy *copy = source->copy;
    struct appender *appender = source->feeding->appender;
    char added[IDENTITY_ADDED_FIELD_SIZE];
    size_t added_size = 0;
    struct append_item own = *item;
    if (needs_added_field) {
        added_size = identity_added_field(copy->listing->messages[item->index].uid, added);
        own.changes |= 1u << CHANGE_HEADER_ADDED;
    }
    copy->pair->sent_bytes += size_bytes + added_size;
    copy->appending++;
    if (copy->pair->places == PAIR_PLACES_UNKNOWN)
        copy->pair->places = PAIR_PLACES_ASKED;
    appender_aim(appender, copy->job->destination_mailbox, copy);
    appender_begin(appender, &own, flags, date, size_bytes + added_size);
    appender_add(appender, added, added_size);
}

/* Its flags and date came before its body. */
static void append_alone(struct copy_source *source, uint64_t size_bytes, uint32_t changes)
{
    struct copy_alone *alone = &source->alone;
    struct append_item item = alone->item;
    item.changes = changes | (alone->is_dated ? 1u << CHANGE_DATED : 0);
    append_begin(source, &item, buffer_str(&alone->flags), alone->date, size_bytes,
                 alone->needs_added_field);
}

/* Gives the open APPEND what backlog and budget allow; returns how much of `data` it was. */
static size_t feed_bytes(struct copy_source *source, const unsigned char *data, size_t size)
{
    struct copy_feed *feed = &source->feed;
    size_t taken = 0;
    while (taken < size && appender_is_ready(source->feeding->appender)) {
        /* The gate must be asked for the same again, though more may have arrived meanwhile. */
        size_t piece = feed->asked_bytes;
        if (piece == 0)
            piece = size - taken < FEED_BYTES ? size - taken : FEED_BYTES;
        feed->asked_bytes = piece;
        if (!gate_grants(source, 0, piece))
            break;
        feed->asked_bytes = 0;
        appender_add(source->feeding->appender, data + taken, piece);
        taken += piece;
    }
    return taken;
}

/* -- bodies that are held whole -- */

/* Flags, date and the APPEND line of a body in hand: from the same response, or from the one asked
   for before when the message came alone. */
static void held_begin(struct copy_source *source, uint32_t index, const struct imap_fetch *fetch,
                       const struct copy_text *text)
{
    struct copy *copy = source->copy;
    char date[INTERNALDATE_SIZE + 1];
    if (is_asked_alone(source, index)) {
        source->alone.has_body = true;
        append_alone(source, text->size, text->changes);
        return;
    }
    struct append_item item = {.index = index};
    flags_for_append(copy, fetch, &copy->flags, &item);
    date_for_append(copy, fetch->internaldate, fetch->internaldate_size, date);
    item.changes = text->changes;
    if (copy->pair->settings->idatefromheader &&
        date_header_find(fetch->body, fetch->body_size, date))
        item.changes |= 1u << CHANGE_DATED;
    append_begin(source, &item, buffer_str(&copy->flags), date, text->size,
                 header_needs_added_field(source, index, fetch->body, fetch->body_size));
}

/* It is not to be appended, as it turned out. */
static void decline(struct copy_source *source, uint32_t index)
{
    if (is_asked_alone(source, index))
        source->alone.has_body = true;
    delivered(source, index, copy_change_state(source));
    copy_change_give_up(source, index);
}

/* --noallowsizemismatch. Not again once it was taken: what was appended is noted then. */
static bool size_is_wrong(const struct copy *copy, uint32_t index, uint64_t size_bytes)
{
    return !copy->pair->settings->allowsizemismatch &&
           size_bytes != copy->listing->messages[index].size_bytes;
}

static void decline_size(struct copy_source *source, uint32_t index, uint64_t size_bytes)
{
    struct fault fault;
    fault_set(&fault, FAULT_FETCH, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 1,
              "the source gave %llu bytes, and had said %u (--noallowsizemismatch)",
              (unsigned long long)size_bytes, source->copy->listing->messages[index].size_bytes);
    if (is_asked_alone(source, index))
        source->alone.has_body = true;
    delivered(source, index, MESSAGE_FAILED);
    copy_give_up(source->copy, index, MESSAGE_FAILED, &fault);
}

/* Of a changed message the size that the source said stays, where it counts. */
static void note_size(const struct copy *copy, uint32_t index, uint64_t size_bytes)
{
    if (copy->pair->settings->allowsizemismatch)
        copy->listing->messages[index].size_bytes = size_bytes > UINT32_MAX ? UINT32_MAX
                                                                            : (uint32_t)size_bytes;
}

static enum imap_taken take_held(struct copy_source *source, uint32_t index,
                                 const struct imap_fetch *fetch)
{
    struct copy *copy = source->copy;
    struct copy_feed *feed = &source->feed;
    if (!feed->is_active && copy_is_dropping(copy)) {
        delivered(source, index, MESSAGE_WANTED);
        return IMAP_TAKEN;
    }
    if (!feed->is_active && size_is_wrong(copy, index, fetch->body_size)) {
        decline_size(source, index, fetch->body_size);
        return IMAP_TAKEN;
    }
    if (!feed->is_active && !copy_change(source, index, fetch->body, fetch->body_size)) {
        decline(source, index);
        return IMAP_TAKEN;
    }
    const struct copy_text text = copy_text(source, index, fetch->body, fetch->body_size);
    if (!feed->is_active) {
        if (transfer_limit_is_reached(copy, text.size)) {
            delivered(source, index, MESSAGE_WANTED);
            return IMAP_TAKEN;
        }
        size_t first = text.size < FEED_BYTES ? text.size : FEED_BYTES;
        struct lane *lane = source_pick_lane(source);
        if (lane == NULL || !gate_grants(source, 1, first))
            return IMAP_NOT_NOW;
        source->feeding = lane;
        held_begin(source, index, fetch, &text);
        appender_add(source->feeding->appender, text.data, first);
        feed->is_active = true;
        feed->offset = first;
        feed->asked_bytes = 0;
    }
    feed->offset += feed_bytes(source, text.data + feed->offset, text.size - feed->offset);
    if (feed->offset < text.size && imap_client_is_alive(source->feeding->client))
        return IMAP_NOT_NOW;
    feed->is_active = false;
    /* The state first: a client that is closed answers at once. */
    delivered(source, index, MESSAGE_SENT);
    note_size(copy, index, text.size);
    appender_end(source->feeding->appender);
    copy_change_forget(source);
    return IMAP_TAKEN;
}

/* The items may come in several responses, and a change of flags in one more. Any of them proves
   that the message is still there. */
static void take_metadata(struct copy_source *source, const struct imap_fetch *fetch)
{
    struct copy *copy = source->copy;
    struct copy_alone *alone = &source->alone;
    alone->has_metadata = true;
    if (fetch->has_flags) {
        flags_for_append(copy, fetch, &alone->flags, &alone->item);
    }
    if (fetch->internaldate != NULL && !copy->pair->settings->idatefromheader)
        date_for_append(copy, fetch->internaldate, fetch->internaldate_size, alone->date);
    if (!fetch->has_header)
        return;
    alone->needs_added_field = header_needs_added_field(source, alone->index, fetch->header,
                                                        fetch->header_size);
    if (copy->pair->settings->idatefromheader)
        alone->is_dated = date_header_find(fetch->header, fetch->header_size, alone->date);
}

/* Exchange says OK and gives something else; sometimes the next try brings the real one. */
static bool is_invented(const struct copy_source *source, const struct imap_fetch *fetch)
{
    return source->copy->pair->source_invents && !source->feed.is_active &&
           placeholder_is(fetch->body, fetch->body_size);
}

/* Not worth a try now: asked for alone, it comes last. */
static void put_aside(struct copy_source *source, uint32_t index)
{
    struct copy *copy = source->copy;
    delivered(source, index, MESSAGE_WANTED);
    if (!copy_is_dropping(copy))
        copy_retry_alone(copy, index);
}

static void put_aside_invented(struct copy_source *source, uint32_t index)
{
    struct copy *copy = source->copy;
    delivered(source, index, MESSAGE_WANTED);
    if (!copy_is_dropping(copy))
        copy_retry_missed(copy, index);
}

static enum imap_taken copy_untagged(void *context, const struct imap_response *response)
{
    struct copy_source *source = context;
    struct copy *copy = source->copy;
    struct imap_fetch fetch;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0)
        return IMAP_TAKEN;
    ptrdiff_t index = listing_find(copy->listing, fetch.uid);
    if (index < 0)
        return IMAP_TAKEN;
    if (source->alone.step == ALONE_METADATA && source->alone.index == (uint32_t)index) {
        take_metadata(source, &fetch);
        return IMAP_TAKEN;
    }
    /* An empty literal would cancel a MULTIAPPEND (RFC 3502), and no message is empty. */
    if (!copy_is_requested_here(source, (size_t)index) || !fetch.has_body || fetch.body_size == 0)
        return IMAP_TAKEN;
    /* Flags or date come in another response: asked for alone, they come before the body. */
    if (!is_asked_alone(source, (uint32_t)index) &&
        (!has_all_flags(copy, &fetch) || fetch.internaldate == NULL)) {
        put_aside(source, (uint32_t)index);
        return IMAP_TAKEN;
    }
    if (is_invented(source, &fetch)) {
        if (is_asked_alone(source, (uint32_t)index))
            source->alone.is_invented = true;
        else
            put_aside_invented(source, (uint32_t)index);
        return IMAP_TAKEN;
    }
    return take_held(source, (uint32_t)index, &fetch);
}

/* -- bodies that pass through -- */

/* Only a message that was asked for alone may pass: then the answer can be about no other, and what
   proves it, the UID, may even follow the body. */
static bool stream_is_expected(const struct copy_source *source, const struct imap_fetch *fetch)
{
    const struct copy *copy = source->copy;
    const struct copy_alone *alone = &source->alone;
    return fetch->ends_in_body && alone->step == ALONE_BODY && !alone->has_body &&
           (fetch->uid == 0 || fetch->uid == copy->listing->messages[alone->index].uid) &&
           !copy_is_dropping(copy);
}

/* As it comes. False: not now. */
static bool stream_begin_copied(struct copy_source *source, uint64_t literal_bytes)
{
    struct lane *lane = source_pick_lane(source);
    if (lane == NULL || !gate_grants(source, 1, 0))
        return false;
    source->feeding = lane;
    /* Its command holds no other message: it may have to be abandoned. */
    (void)appender_flush(source->feeding->appender);
    source->alone.has_body = true;
    append_alone(source, literal_bytes, 0);
    source->feed.asked_bytes = 0;
    source->stream.state = STREAM_COPIED;
    return true;
}

/* It has to be whole first. */
static void stream_begin_gathered(struct copy_source *source, uint64_t literal_bytes)
{
    struct copy_stream *stream = &source->stream;
    stream->whole = NULL;
    copy_change_forget(source);
    if (literal_bytes > TRANSFORM_MAX_BYTES) {
        (void)copy_change(source, source->alone.index, NULL, (size_t)literal_bytes);
        stream->state = STREAM_DECLINED;
    } else if (copy_gather_begin(source)) {
        stream->state = STREAM_GATHERED;
    }
}

static enum imap_taken copy_literal_begin(void *context, const struct imap_response *partial,
                                          uint64_t literal_bytes)
{
    struct copy_source *source = context;
    struct copy *copy = source->copy;
    struct copy_stream *stream = &source->stream;
    struct imap_fetch fetch;
    if (!str_iequals_n(partial->name, partial->name_size, "FETCH") ||
        !imap_fetch_parse(partial, &fetch))
        memset(&fetch, 0, sizeof(fetch));
    stream->state = STREAM_PASSED_OVER;
    if (stream_is_expected(source, &fetch)) {
        if (size_is_wrong(copy, source->alone.index, literal_bytes))
            stream->state = STREAM_WRONG_SIZE;
        else if (copy_change_is_wanted(source, source->alone.index))
            stream_begin_gathered(source, literal_bytes);
        else if (!transfer_limit_is_reached(copy, literal_bytes) &&
                 !stream_begin_copied(source, literal_bytes))
            return IMAP_NOT_NOW;
    }
    stream->uid = fetch.uid;
    stream->bytes = literal_bytes;
    return IMAP_TAKEN;
}

/* All of it is there: it is changed and goes into an APPEND of its own. True when nothing more is
   to be done with it. */
static bool feed_gathered(struct copy_source *source)
{
    struct copy_stream *stream = &source->stream;
    struct copy_feed *feed = &source->feed;
    uint32_t index = source->alone.index;
    size_t size = source->change.spool.size;
    if (!feed->is_active && copy_is_dropping(source->copy)) {
        stream->state = STREAM_PASSED_OVER;
        return true;
    }
    if (!feed->is_active && !copy_change(source, index, stream->whole, size)) {
        stream->state = STREAM_DECLINED;
        return true;
    }
    const struct copy_text text = copy_text(source, index, stream->whole, size);
    if (!feed->is_active) {
        stream->state = STREAM_PASSED_OVER;
        if (transfer_limit_is_reached(source->copy, text.size))
            return true;
        stream->state = STREAM_GATHERED;
        struct lane *lane = source_pick_lane(source);
        if (lane == NULL || !gate_grants(source, 1, 0))
            return false;
        source->feeding = lane;
        (void)appender_flush(lane->appender);
        source->alone.has_body = true;
        append_alone(source, text.size, text.changes);
        *feed = (struct copy_feed){.is_active = true};
    }
    feed->offset += feed_bytes(source, text.data + feed->offset, text.size - feed->offset);
    if (feed->offset < text.size && imap_client_is_alive(source->feeding->client))
        return false;
    feed->is_active = false;
    stream->bytes = text.size;
    stream->state = STREAM_COPIED;
    return true;
}

/* Its last byte is left in the input buffer until all of it was given to the destination: so the
   source is not read any further meanwhile, as with any other body. */
static size_t gather_data(struct copy_source *source, const unsigned char *data, size_t size)
{
    struct copy_stream *stream = &source->stream;
    if (stream->whole != NULL)
        return feed_gathered(source) ? size : 0;
    bool is_kept = copy_gather_add(source, data, size);
    if (is_kept && source->change.spool.size < stream->bytes)
        return size;
    if (!is_kept || !copy_gather_end(source, &stream->whole)) {
        stream->state = STREAM_PASSED_OVER;
        return size;
    }
    return feed_gathered(source) ? size : size - 1;
}

static size_t copy_literal_data(void *context, const unsigned char *data, size_t size)
{
    struct copy_source *source = context;
    if (source->stream.state == STREAM_GATHERED)
        return gather_data(source, data, size);
    if (source->stream.state != STREAM_COPIED || !imap_client_is_alive(source->feeding->client))
        return size;
    return feed_bytes(source, data, size);
}

/* The response is complete: does it prove that the bytes were the message's? */
static void stream_finish_copied(struct copy_source *source, uint32_t uid)
{
    struct copy *copy = source->copy;
    const struct listed_message *message = &copy->listing->messages[source->alone.index];
    struct fault fault;
    if (uid == message->uid) {
        note_size(copy, source->alone.index, source->stream.bytes);
        delivered(source, source->alone.index, MESSAGE_SENT);
        appender_end(source->feeding->appender);
        (void)appender_flush(source->feeding->appender);
        return;
    }
    /* Inside the literal the destination can only be left: then nothing is stored. */
    fault_set(&fault, FAULT_PROTOCOL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT, 1,
              "the source server gave another message than the one asked for (UID %u); nothing of "
              "it was stored",
              message->uid);
    pair_end(copy->pair, &fault);
    imap_client_fail(source->feeding->client, &fault);
}

static void copy_literal_end(void *context, const struct imap_parser *remainder)
{
    struct copy_source *source = context;
    struct copy *copy = source->copy;
    struct copy_stream *stream = &source->stream;
    struct imap_fetch fetch;
    memset(&fetch, 0, sizeof(fetch));
    fetch.uid = stream->uid;
    bool is_good = imap_fetch_parse_remainder(remainder, &fetch);
    enum copy_stream_state state = stream->state;
    stream->state = STREAM_NONE;
    if (state == STREAM_COPIED) {
        stream_finish_copied(source, is_good ? fetch.uid : 0);
        copy_change_forget(source);
        return;
    }
    bool is_refused = state == STREAM_DECLINED || state == STREAM_WRONG_SIZE;
    if (is_refused && is_good && fetch.uid == copy->listing->messages[source->alone.index].uid) {
        if (state == STREAM_DECLINED)
            decline(source, source->alone.index);
        else
            decline_size(source, source->alone.index, stream->bytes);
        return;
    }
    /* Larger than its RFC822.SIZE said: it has to come alone. */
    ptrdiff_t index = is_good && fetch.uid != 0 ? listing_find(copy->listing, fetch.uid) : -1;
    if (index < 0 || is_asked_alone(source, (uint32_t)index) ||
        !copy_is_requested_here(source, (size_t)index))
        return;
    put_aside(source, (uint32_t)index);
}

void copy_set_source_events(struct copy_source *source)
{
    struct imap_events events = {
        source, copy_untagged, copy_literal_begin, copy_literal_data, copy_literal_end, NULL};
    imap_client_set_events(source->client, &events);
}
