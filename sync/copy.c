/* SPDX-License-Identifier: MIT */
#include "sync/copy.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/copy_private.h"
#include "sync/verdict.h"

/* A MULTIAPPEND stays open for more messages no longer than this. */
#define BATCH_OPEN_NSECS (30 * CLOCK_NSECS_PER_MSEC)
/* After the wish to stop: how long the answers to what is under way are waited for. */
#define DROPPING_MAX_NSECS (30 * CLOCK_NSECS_PER_SEC)

/* The only way to change a message's state during the copy. */
void copy_set_state(struct copy *copy, uint32_t index, enum message_state state)
{
    copy->listing->messages[index].state = (uint8_t)state;
}

bool copy_is_dropping(const struct copy *copy)
{
    return pair_is_ended(copy->pair) || copy->job->folder_fault.code != FAULT_NONE;
}

void copy_give_up(struct copy *copy, uint32_t index, enum message_state state,
                  const struct fault *fault)
{
    static const enum problem_reason reasons[MESSAGE_STATE_COUNT] = {
        [MESSAGE_TOO_BIG] = PROBLEM_TOO_BIG,
        [MESSAGE_FAILED] = PROBLEM_FAILED,
        [MESSAGE_UNREADABLE] = PROBLEM_UNREADABLE,
        [MESSAGE_VANISHED] = PROBLEM_VANISHED,
    };
    copy_set_state(copy, index, state);
    notes_add(copy->job->notes, index, reasons[state],
              fault->server[0] != '\0' ? fault->server : fault->text);
    log_line(copy->pair->log, "msg %s/%u {%u} not copied: %s%s%s", copy->job->source_name,
             copy->listing->messages[index].uid, copy->listing->messages[index].size_bytes,
             fault->text, fault->server[0] != '\0' ? ": " : "", fault->server);
    if (state == MESSAGE_FAILED || state == MESSAGE_UNREADABLE)
        pair_count_error(copy->pair, fault);
}

/* -- answers to APPEND -- */

static void copied(struct copy *copy, uint32_t index)
{
    struct listed_message *message = &copy->listing->messages[index];
    struct pair_progress *progress = copy->pair->environment->progress;
    copy_set_state(copy, index, MESSAGE_COPIED);
    copy->copied_messages++;
    copy->job->copied_bytes += message->size_bytes;
    log_line(copy->pair->log, "msg %s/%u {%u} copied to %s", copy->job->source_name, message->uid,
             message->size_bytes, copy->job->destination_name);
    if (progress != NULL) {
        atomic_fetch_add(&progress->messages_done, 1);
        atomic_fetch_add(&progress->bytes_copied, message->size_bytes);
    }
}

/* None of them is stored. One alone is the guilty one; of several, each half is tried again. */
static void refused(struct copy *copy, const uint32_t *indexes, size_t count,
                    const struct imap_reply *reply)
{
    struct imap_answer answer = {0};
    struct fault fault;
    imap_answer_callback(&answer, 0, reply);
    session_judge(&copy->pair->destination, VERDICT_APPEND, &answer, copy->job->destination_name,
                  &fault);
    if (fault.scope == FAULT_SCOPE_MAILBOX)
        pair_end(copy->pair, &fault);
    else if (fault.scope == FAULT_SCOPE_FOLDER && copy->job->folder_fault.code == FAULT_NONE)
        copy->job->folder_fault = fault;
    if (copy_is_dropping(copy)) {
        for (size_t i = 0; i < count; i++)
            copy_set_state(copy, indexes[i], MESSAGE_WANTED);
    } else if (count == 1) {
        copy_give_up(copy, indexes[0],
                     fault.code == FAULT_TOO_BIG ? MESSAGE_TOO_BIG : MESSAGE_FAILED, &fault);
    } else {
        copy_add_group(copy, indexes + count / 2, count - count / 2);
        copy_add_group(copy, indexes, count / 2);
    }
}

void copy_append_answered(void *context, const uint32_t *indexes, size_t count,
                          const struct imap_reply *reply)
{
    struct copy *copy = context;
    if (reply->status == IMAP_STATUS_OK) {
        for (size_t i = 0; i < count; i++)
            copied(copy, indexes[i]);
    } else if (reply->status != IMAP_STATUS_NONE) {
        refused(copy, indexes, count, reply);
    }
    /* Without an answer nobody knows: the messages stay SENT and count as not reached. The next run
       looks for them on the destination before it copies. */
}

/* -- the loop -- */

static void copy_init(struct copy *copy, struct copy_job *job)
{
    memset(copy, 0, sizeof(*copy));
    copy->job = job;
    copy->pair = job->pair;
    copy->listing = job->listing;
    copy->source = job->pair->source.client;
    copy_add_lane(copy, job->pair->destination.client);
    for (size_t i = 0; i < job->pair->lane_count; i++) {
        if (job->pair->lanes[i].step == SESSION_READY &&
            imap_client_is_alive(job->pair->lanes[i].client))
            copy_add_lane(copy, job->pair->lanes[i].client);
    }
    buffer_init(&copy->flags, 64 * 1024);
    buffer_init(&copy->alone.flags, 64 * 1024);
    copy_set_source_events(copy);
}

static void copy_deinit(struct copy *copy)
{
    if (imap_client_is_alive(copy->source))
        imap_client_set_events(copy->source, NULL);
    while (copy->groups != NULL) {
        struct copy_group *group = copy->groups;
        copy->groups = group->next;
        mem_free(group);
    }
    mem_free(copy->retries);
    for (size_t i = 0; i < copy->lane_count; i++)
        appender_deinit(&copy->lanes[i].appender);
    buffer_deinit(&copy->flags);
    buffer_deinit(&copy->alone.flags);
}

static void copy_look_at_clients(struct copy *copy)
{
    if (!imap_client_is_alive(copy->source))
        pair_end(copy->pair, imap_client_fault(copy->source));
    for (size_t i = 0; i < copy->lane_count; i++) {
        /* A further lane that is lost without owing an answer is only a lane less. */
        if (!imap_client_is_alive(copy->lanes[i].client) &&
            (i == 0 || appender_pending(copy->lanes[i].appender) > 0))
            pair_end(copy->pair, imap_client_fault(copy->lanes[i].client));
    }
    (void)pair_sees_stop(copy->pair);
    if (copy->dropping_since_nsecs == 0 && copy_is_dropping(copy))
        copy->dropping_since_nsecs = clock_mono_nsecs();
}

static bool copy_is_streaming(const struct copy *copy)
{
    return copy->stream.state == STREAM_COPIED && imap_client_is_alive(copy->source);
}

/* While dropping, only what is under way is waited for: APPENDs to be answered, a body that is
   passing through; and, if the pair goes on with another folder, the rest of the FETCHes. */
static bool copy_is_dropped(const struct copy *copy)
{
    bool is_answered = copy_lanes_are_answered(copy);
    if (!pair_is_ended(copy->pair))
        return is_answered && copy->requests == 0;
    bool is_too_late = clock_mono_nsecs() - copy->dropping_since_nsecs > DROPPING_MAX_NSECS;
    return is_too_late || (is_answered && !copy_is_streaming(copy));
}

static bool copy_is_finished(const struct copy *copy)
{
    if (copy->dropping_since_nsecs != 0)
        return copy_is_dropped(copy);
    return !copy_has_more_to_request(copy) && copy->requests == 0 &&
           copy->alone.step == ALONE_NONE && copy_unanswered(copy) == 0;
}

/* Nothing can be moved now. An open MULTIAPPEND is ended if nothing more is to be expected for it
   soon; true if it was. */
static bool copy_settle_batch(struct copy *copy)
{
    struct imap_loop *loop = &copy->pair->loop;
    int64_t since = copy_open_since_nsecs(copy);
    if (since == 0)
        return false;
    bool is_waiting_for_budget = loop->wake_at_nsecs != 0;
    if (copy->requests == 0 || is_waiting_for_budget || copy_is_dropping(copy) ||
        clock_mono_nsecs() - since >= BATCH_OPEN_NSECS)
        return copy_flush_lanes(copy);
    loop->wake_at_nsecs = since + BATCH_OPEN_NSECS;
    return false;
}

void copy_run(struct copy_job *job)
{
    struct copy copy;
    copy_init(&copy, job);
    for (;;) {
        copy_look_at_clients(&copy);
        if (copy.dropping_since_nsecs == 0) {
            copy_tend_lanes(&copy, clock_mono_nsecs());
            copy_request_more(&copy);
        }
        if (copy_is_finished(&copy))
            break;
        if (!imap_loop_pump(&job->pair->loop) && !copy_settle_batch(&copy)) {
            if (copy.dropping_since_nsecs != 0 && job->pair->loop.wake_at_nsecs == 0)
                job->pair->loop.wake_at_nsecs = clock_mono_nsecs() + CLOCK_NSECS_PER_SEC;
            imap_loop_wait(&job->pair->loop);
        }
    }
    /* The callbacks of what is still in flight point into this function's frame. */
    if (copy.requests > 0)
        imap_client_fail(copy.source, &job->pair->fault);
    for (size_t i = 0; i < copy.lane_count; i++) {
        if (appender_pending(copy.lanes[i].appender) > 0)
            imap_client_fail(copy.lanes[i].client, &job->pair->fault);
    }
    copy_deinit(&copy);
}
