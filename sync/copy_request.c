/* SPDX-License-Identifier: MIT
 * What to FETCH next: slices of the folder with several commands in flight, then what is to be
 * tried again. */
#include <string.h>

#include "base/mem.h"
#include "sync/copy_private.h"
#include "sync/refusals.h"
#include "sync/renewal.h"
#include "sync/uidset.h"
#include "sync/verdict.h"

#define SLICE_MAX_MESSAGES 128
#define SLICE_MIN_MESSAGES 16 /* at a folder's end, so that all have a part of it */
#define PACED_MAX_MESSAGES 8  /* under a tight budget nothing is gained by fetching far ahead */
#define BODY_ITEMS         "UID INTERNALDATE BODY.PEEK[]"

/* Behind its last FETCH the first source talks of the next folder. */
void copy_request_answered(struct copy_source *source)
{
    struct copy *copy = source->copy;
    copy->requests--;
    source->requests--;
    if (source == copy_first(copy) && source->requests == 0 && copy->is_followed)
        copy->next_folder->listen(copy->next_folder->context);
}

void copy_judge_fetch(struct copy *copy, const struct imap_reply *reply, struct fault *fault_r)
{
    struct imap_answer answer = {0};
    fault_clear(fault_r);
    if (reply->status != IMAP_STATUS_NO && reply->status != IMAP_STATUS_BAD)
        return;
    imap_answer_callback(&answer, 0, reply);
    session_judge(&copy->pair->source, VERDICT_FETCH, &answer, copy->job->source_name, fault_r);
    if (fault_r->scope == FAULT_SCOPE_MAILBOX)
        pair_end(copy->pair, fault_r);
}

bool copy_is_requested_here(const struct copy_source *source, size_t index)
{
    if (source->copy->listing->messages[index].state != MESSAGE_REQUESTED)
        return false;
    if (source->alone.step == ALONE_BODY && source->alone.index == index)
        return true;
    const struct copy_request *request = source->in_flight;
    while (request != NULL && (index < request->first || index >= request->end))
        request = request->next;
    return request != NULL;
}

void copy_mark_requested(struct copy_source *source, size_t index)
{
    struct copy *copy = source->copy;
    const struct listed_message *message = &copy->listing->messages[index];
    copy_set_state(copy, (uint32_t)index, MESSAGE_REQUESTED);
    copy->asked = (uint32_t)index;
    copy->requested_bytes += message->size_bytes;
    source->requested_bytes += message->size_bytes;
    copy->requested_messages++;
}

void copy_unmark_requested(struct copy_source *source, uint64_t bytes)
{
    source->copy->requested_bytes -= bytes;
    source->requested_bytes -= bytes;
    source->copy->requested_messages--;
}

void copy_want_again(struct copy *copy, uint32_t index)
{
    copy_set_state(copy, index, MESSAGE_WANTED);
    if (index < copy->next)
        copy->next = index;
}

/* A message the server did not deliver is tried again alone; unless the refusal was about the whole
   mailbox, which is never charged to a message. */
static void request_settle(const struct copy_request *request, const struct imap_reply *reply)
{
    struct copy_source *source = request->source;
    struct copy *copy = source->copy;
    struct fault fault;
    copy_judge_fetch(copy, reply, &fault);
    for (size_t i = request->first; i < request->end; i++) {
        const struct listed_message *message = &copy->listing->messages[i];
        if (message->state != MESSAGE_REQUESTED)
            continue;
        copy_unmark_requested(source, message->size_bytes);
        if (copy_is_dropping(copy) || reply->status == IMAP_STATUS_NONE)
            copy_want_again(copy, (uint32_t)i);
        else if (reply->status == IMAP_STATUS_OK)
            copy_retry_missed(copy, (uint32_t)i);
        else
            copy_retry_alone(copy, (uint32_t)i);
    }
}

static void request_remember(struct copy_request *request)
{
    struct copy_source *source = request->source;
    request->next = source->in_flight;
    source->in_flight = request;
    source->requests++;
    source->copy->requests++;
}

static void request_forget(struct copy_request *request)
{
    struct copy_request **at = &request->source->in_flight;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    copy_request_answered(request->source);
}

static void slice_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy_request *request = context;
    (void)number;
    request_forget(request);
    request_settle(request, reply);
    mem_free(request);
}

static bool is_large(const struct copy *copy, size_t index)
{
    return copy->listing->messages[index].size_bytes > SESSION_HOLD_MAX_BYTES;
}

/* With several sources each has at least two slices under way, and at the folder's end a part. */
static uint64_t slice_max_bytes(const struct copy *copy)
{
    uint64_t half = copy_source_share_bytes(copy) / 2;
    return half < COPY_SLICE_MAX_BYTES ? half : COPY_SLICE_MAX_BYTES;
}

static size_t messages_under_way(const struct copy *copy)
{
    return copy->requested_messages + copy->appending;
}

static size_t slice_max_messages(const struct copy *copy)
{
    size_t sources = copy_source_count(copy);
    size_t room = refusals_room_for_messages(copy->pair);
    size_t part = (copy->listing->count - copy->next) / (2 * sources);
    if (copy->pair->environment->is_careful)
        return 1;
    if (room != SIZE_MAX)
        return room - messages_under_way(copy);
    if (copy->is_paced)
        return PACED_MAX_MESSAGES;
    if (sources == 1 || part > SLICE_MAX_MESSAGES)
        return SLICE_MAX_MESSAGES;
    return part < SLICE_MIN_MESSAGES ? SLICE_MIN_MESSAGES : part;
}

/* Requests the next run of messages that can be held; stops at one that can't, and at what another
   FETCH is about. */
static void request_slice(struct copy_source *source)
{
    struct copy *copy = source->copy;
    struct copy_request *request = mem_alloc(sizeof(*request));
    struct uidset set;
    uint64_t bytes = 0;
    size_t messages = 0;
    size_t max_messages = slice_max_messages(copy);
    uint64_t max_bytes = slice_max_bytes(copy);
    bool follows_last = false;
    request->source = source;
    request->first = copy->next;
    uidset_init(&set, session_uidset_bytes(&copy->pair->source));
    for (; copy->next < copy->listing->count; copy->next++) {
        const struct listed_message *message = &copy->listing->messages[copy->next];
        if (message->state == MESSAGE_REQUESTED || is_large(copy, copy->next))
            break;
        if (message->state != MESSAGE_WANTED) {
            follows_last = false;
            continue;
        }
        if (messages == max_messages || bytes >= max_bytes ||
            !uidset_add(&set, message->uid, follows_last))
            break;
        follows_last = true;
        copy_mark_requested(source, copy->next);
        bytes += message->size_bytes;
        messages++;
    }
    request->end = copy->next;
    request_remember(request);
    imap_client_command(source->client, slice_answered, request, "UID FETCH %s (%s " BODY_ITEMS ")",
                        uidset_finish(&set), pair_flag_items(copy->pair));
    uidset_deinit(&set);
}

void copy_retry_alone(struct copy *copy, uint32_t index)
{
    copy_set_state(copy, index, MESSAGE_RETRY);
    MEM_GROW(copy->retries, copy->retry_count, copy->retry_alloc);
    copy->retries[copy->retry_count++] = index;
}

void copy_retry_missed(struct copy *copy, uint32_t index)
{
    copy_retry_alone(copy, index);
    copy_remember_bad(copy, index, MESSAGE_RETRY, "", "");
}

/* -- groups of a refused MULTIAPPEND -- */

void copy_add_group(struct copy *copy, const struct append_item *items, size_t count)
{
    struct copy_group *group = mem_alloc(sizeof(*group) + count * sizeof(group->indexes[0]));
    group->count = count;
    for (size_t i = 0; i < count; i++) {
        group->indexes[i] = items[i].index;
        copy_set_state(copy, items[i].index, MESSAGE_RETRY);
    }
    group->next = copy->groups;
    copy->groups = group;
}

static void group_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy_request *request = context;
    struct copy *copy = request->source->copy;
    (void)number;
    request_forget(request);
    copy->is_group_running = false;
    request_settle(request, reply);
    (void)lane_set_flush(copy->lanes);
    mem_free(request);
}

/* The indexes of a group ascend, since a batch is appended in the order of a slice. Responses may
   come in another order; then a group is a little larger than it had to be. */
static void request_group(struct copy *copy)
{
    struct copy_group *group = copy->groups;
    struct copy_request *request = mem_alloc(sizeof(*request));
    struct uidset set;
    copy->groups = group->next;
    request->source = copy_first(copy);
    request->first = copy->listing->count;
    uidset_init(&set, session_uidset_bytes(&copy->pair->source));
    for (size_t i = 0; i < group->count; i++) {
        uint32_t index = group->indexes[i];
        if (!uidset_add(&set, copy->listing->messages[index].uid, false)) {
            copy_retry_alone(copy, index);
            continue;
        }
        copy_mark_requested(request->source, index);
        request->first = index < request->first ? index : request->first;
        request->end = index + 1 > request->end ? index + 1 : request->end;
    }
    request_remember(request);
    copy->is_group_running = true;
    imap_client_command(request->source->client, group_answered, request,
                        "UID FETCH %s (%s " BODY_ITEMS ")", uidset_finish(&set),
                        pair_flag_items(copy->pair));
    uidset_deinit(&set);
    mem_free(group);
}

/* -- what next -- */

static bool may_request(const struct copy *copy)
{
    /* One message at a time: then it is known at which one a connection is lost. */
    if (copy->pair->environment->is_careful && (copy->requests > 0 || !copy_is_answered(copy)))
        return false;
    if (copy->is_followed || copy->is_group_running || renewal_is_due(copy->pair) ||
        refusals_are_used_up(copy->pair) ||
        messages_under_way(copy) >= refusals_room_for_messages(copy->pair))
        return false;
    if (copy->is_paced && copy->requested_messages >= PACED_MAX_MESSAGES)
        return false;
    return copy->requested_bytes < COPY_AHEAD_MAX_BYTES;
}

static void skip_unwanted(struct copy *copy)
{
    while (copy->next < copy->listing->count &&
           copy->listing->messages[copy->next].state != MESSAGE_WANTED)
        copy->next++;
}

bool copy_has_more_to_request(const struct copy *copy)
{
    return copy->next < copy->listing->count || copy->retry_count > 0 || copy->groups != NULL;
}

/* Nothing is left to be asked for, unless something goes wrong: that would be a leftover. */
static void open_next_folder(struct copy *copy)
{
    const struct copy_next *next = copy->next_folder;
    if (next == NULL || copy->is_followed || copy->pair->environment->is_careful ||
        copy_has_more_to_request(copy) || copy_first(copy)->alone.step == ALONE_METADATA)
        return;
    copy->is_followed = next->open(next->context);
    if (!copy->is_followed)
        copy->next_folder = NULL;
    else if (copy_first(copy)->requests == 0)
        next->listen(next->context);
}

static void request_second_tries(struct copy *copy)
{
    /* They come last, one at a time, on the first source, when nothing else is under way. */
    if (copy->is_followed || copy->requests > 0 || !copy_is_answered(copy) ||
        refusals_are_used_up(copy->pair))
        return;
    if (copy->groups != NULL)
        request_group(copy);
    else if (copy->retry_count > 0 && copy_first(copy)->alone.step == ALONE_NONE)
        copy_request_alone(copy_first(copy), copy->retries[--copy->retry_count], true);
}

void copy_request_more(struct copy *copy)
{
    skip_unwanted(copy);
    while (copy->next < copy->listing->count && may_request(copy)) {
        bool is_alone = is_large(copy, copy->next);
        struct copy_source *source = copy_source_pick(copy, is_alone);
        if (source == NULL)
            return;
        if (is_alone)
            copy_request_alone(source, (uint32_t)copy->next++, false);
        else
            request_slice(source);
        skip_unwanted(copy);
    }
    if (copy->next < copy->listing->count)
        return;
    open_next_folder(copy);
    request_second_tries(copy);
}
