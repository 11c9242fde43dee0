/* SPDX-License-Identifier: MIT
 * What to FETCH next: slices of the folder with several commands in flight, then what is to be
 * tried again. */
#include <string.h>

#include "base/mem.h"
#include "sync/copy_private.h"
#include "sync/uidset.h"
#include "sync/verdict.h"

#define SLICE_MAX_BYTES    ((uint64_t)512 * 1024)
#define SLICE_MAX_MESSAGES 128
#define AHEAD_MAX_BYTES    ((uint64_t)3 * 1024 * 1024)
#define AHEAD_MAX_REQUESTS 8
#define PACED_MAX_MESSAGES 8 /* under a tight budget nothing is gained by fetching far ahead */
#define BODY_ITEMS         "(UID FLAGS INTERNALDATE BODY.PEEK[])"
#define ALONE_ITEMS        "(UID FLAGS INTERNALDATE RFC822.SIZE)"
#define ALONE_ITEMS_HEADERS \
    "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID RECEIVED)])"

/* One FETCH command for the messages [first, end) of the listing that are REQUESTED. */
struct copy_request {
    struct copy *copy;
    size_t first;
    size_t end;
};

/* To be called first when a FETCH is answered: behind the last one the source talks of the next
   folder. */
static void copy_request_answered(struct copy *copy)
{
    copy->requests--;
    if (copy->requests == 0 && copy->is_followed)
        copy->next_folder->listen(copy->next_folder->context);
}

static void slice_judge(struct copy *copy, const struct imap_reply *reply, struct fault *fault_r)
{
    struct imap_answer answer = {0};
    imap_answer_callback(&answer, 0, reply);
    session_judge(&copy->pair->source, VERDICT_FETCH, &answer, copy->job->source_name, fault_r);
}

/* A message the server did not deliver is tried again alone; unless the refusal was about the whole
   mailbox, which is never charged to a message. */
static void request_settle(struct copy *copy, size_t first, size_t end,
                           const struct imap_reply *reply)
{
    struct fault fault;
    fault_clear(&fault);
    if (reply->status == IMAP_STATUS_NO || reply->status == IMAP_STATUS_BAD) {
        slice_judge(copy, reply, &fault);
        if (fault.scope == FAULT_SCOPE_MAILBOX)
            pair_end(copy->pair, &fault);
    }
    for (size_t i = first; i < end; i++) {
        if (copy->listing->messages[i].state != MESSAGE_REQUESTED)
            continue;
        copy->requested_bytes -= copy->listing->messages[i].size_bytes;
        copy->requested_messages--;
        if (copy_is_dropping(copy) || reply->status == IMAP_STATUS_NONE)
            copy_set_state(copy, (uint32_t)i, MESSAGE_WANTED);
        else
            copy_retry_alone(copy, (uint32_t)i);
    }
}

static void slice_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy_request *request = context;
    (void)number;
    copy_request_answered(request->copy);
    request_settle(request->copy, request->first, request->end, reply);
    mem_free(request);
}

static bool is_large(const struct copy *copy, size_t index)
{
    return copy->listing->messages[index].size_bytes > SESSION_HOLD_MAX_BYTES;
}

static void mark_requested(struct copy *copy, size_t index)
{
    copy_set_state(copy, (uint32_t)index, MESSAGE_REQUESTED);
    copy->requested_bytes += copy->listing->messages[index].size_bytes;
    copy->requested_messages++;
    copy->asked = (uint32_t)index;
}

/* Requests the next run of messages that can be held; stops at one that can't. */
static void request_slice(struct copy *copy)
{
    struct copy_request *request = mem_alloc(sizeof(*request));
    struct uidset set;
    uint64_t bytes = 0;
    size_t messages = 0;
    size_t max_messages = copy->pair->environment->is_careful ? 1
                          : copy->is_paced                    ? PACED_MAX_MESSAGES
                                                              : SLICE_MAX_MESSAGES;
    bool follows_last = false;
    request->copy = copy;
    request->first = copy->next;
    uidset_init(&set);
    for (; copy->next < copy->listing->count; copy->next++) {
        const struct listed_message *message = &copy->listing->messages[copy->next];
        if (message->state != MESSAGE_WANTED) {
            follows_last = false;
            continue;
        }
        if (is_large(copy, copy->next) || messages == max_messages || bytes >= SLICE_MAX_BYTES ||
            !uidset_add(&set, message->uid, follows_last))
            break;
        follows_last = true;
        mark_requested(copy, copy->next);
        bytes += message->size_bytes;
        messages++;
    }
    request->end = copy->next;
    copy->requests++;
    imap_client_command(copy->source, slice_answered, request, "UID FETCH %s " BODY_ITEMS,
                        uidset_finish(&set));
    uidset_deinit(&set);
}

/* -- one message alone -- */

static void alone_finish(struct copy *copy)
{
    copy->alone.step = ALONE_NONE;
}

/* The message was asked for alone and did not come. */
static void alone_fail(struct copy *copy, const char *server_text)
{
    uint32_t index = copy->alone.index;
    struct fault fault;
    bool is_last_try = copy->alone.is_last_try;
    alone_finish(copy);
    if (!is_last_try) {
        copy_retry_alone(copy, index);
        return;
    }
    fault_set(&fault, FAULT_FETCH, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 1,
              "the source server lists message %u of the folder %s but does not give it",
              copy->listing->messages[index].uid, copy->job->source_name);
    fault_set_server(&fault, server_text, strlen(server_text));
    copy_give_up(copy, index, MESSAGE_UNREADABLE, &fault);
}

static void alone_body_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy *copy = context;
    struct copy_alone *alone = &copy->alone;
    struct fault fault;
    (void)number;
    copy_request_answered(copy);
    copy->requested_bytes -= alone->requested_bytes;
    copy->requested_messages--;
    if (alone->has_body) {
        alone_finish(copy);
        return;
    }
    fault_clear(&fault);
    if (reply->status == IMAP_STATUS_NO || reply->status == IMAP_STATUS_BAD) {
        slice_judge(copy, reply, &fault);
        if (fault.scope == FAULT_SCOPE_MAILBOX)
            pair_end(copy->pair, &fault);
    }
    if (copy_is_dropping(copy) || reply->status == IMAP_STATUS_NONE) {
        copy_set_state(copy, alone->index, MESSAGE_WANTED);
        alone_finish(copy);
        return;
    }
    alone_fail(copy, fault.server[0] != '\0' ? fault.server : "(OK, but no message came with it)");
}

static void alone_request_body(struct copy *copy)
{
    copy->alone.step = ALONE_BODY;
    copy->requests++;
    copy->alone.requested_bytes = copy->listing->messages[copy->alone.index].size_bytes;
    mark_requested(copy, copy->alone.index);
    imap_client_command(copy->source, alone_body_answered, copy, "UID FETCH %u (UID BODY.PEEK[])",
                        copy->listing->messages[copy->alone.index].uid);
}

static void alone_metadata_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy *copy = context;
    struct fault fault;
    (void)number;
    copy_request_answered(copy);
    fault_clear(&fault);
    if (reply->status == IMAP_STATUS_NO || reply->status == IMAP_STATUS_BAD) {
        slice_judge(copy, reply, &fault);
        if (fault.scope == FAULT_SCOPE_MAILBOX)
            pair_end(copy->pair, &fault);
    }
    if (copy_is_dropping(copy) || reply->status == IMAP_STATUS_NONE) {
        copy_set_state(copy, copy->alone.index, MESSAGE_WANTED);
        alone_finish(copy);
    } else if (copy->alone.has_metadata) {
        alone_request_body(copy);
    } else if (reply->status == IMAP_STATUS_OK) {
        fault_set(&fault, FAULT_FETCH, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 1,
                  "message %u of the folder %s vanished from the source during the run",
                  copy->listing->messages[copy->alone.index].uid, copy->job->source_name);
        copy_give_up(copy, copy->alone.index, MESSAGE_VANISHED, &fault);
        alone_finish(copy);
    } else {
        alone_fail(copy, fault.server);
    }
}

static void request_alone(struct copy *copy, uint32_t index, bool is_last_try)
{
    struct copy_alone *alone = &copy->alone;
    bool with_headers = copy->pair->settings->addheader;
    alone->step = ALONE_METADATA;
    alone->index = index;
    alone->is_last_try = is_last_try;
    alone->has_metadata = false;
    alone->has_body = false;
    alone->needs_added_field = false;
    alone->date[0] = '\0';
    buffer_clear(&alone->flags);
    alone->flags_id = STORE_FLAGS_UNKNOWN;
    copy->requests++;
    imap_client_command(copy->source, alone_metadata_answered, copy, "UID FETCH %u %s",
                        copy->listing->messages[index].uid,
                        with_headers ? ALONE_ITEMS_HEADERS : ALONE_ITEMS);
}

void copy_retry_alone(struct copy *copy, uint32_t index)
{
    copy_set_state(copy, index, MESSAGE_RETRY);
    MEM_GROW(copy->retries, copy->retry_count, copy->retry_alloc);
    copy->retries[copy->retry_count++] = index;
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
    struct copy *copy = request->copy;
    (void)number;
    copy_request_answered(copy);
    copy->is_group_running = false;
    request_settle(copy, request->first, request->end, reply);
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
    request->copy = copy;
    request->first = copy->listing->count;
    uidset_init(&set);
    for (size_t i = 0; i < group->count; i++) {
        uint32_t index = group->indexes[i];
        if (!uidset_add(&set, copy->listing->messages[index].uid, false)) {
            copy_retry_alone(copy, index);
            continue;
        }
        mark_requested(copy, index);
        request->first = index < request->first ? index : request->first;
        request->end = index + 1 > request->end ? index + 1 : request->end;
    }
    copy->requests++;
    copy->is_group_running = true;
    imap_client_command(copy->source, group_answered, request, "UID FETCH %s " BODY_ITEMS,
                        uidset_finish(&set));
    uidset_deinit(&set);
    mem_free(group);
}

/* -- what next -- */

static bool may_request(const struct copy *copy)
{
    /* One message at a time: then it is known at which one a connection is lost. */
    if (copy->pair->environment->is_careful && (copy->requests > 0 || !copy_is_answered(copy)))
        return false;
    if (copy->alone.step == ALONE_METADATA || copy->is_group_running)
        return false;
    if (copy->is_paced && copy->requested_messages >= PACED_MAX_MESSAGES)
        return false;
    return copy->requests < AHEAD_MAX_REQUESTS && copy->requested_bytes < AHEAD_MAX_BYTES;
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
        copy_has_more_to_request(copy) || copy->alone.step == ALONE_METADATA)
        return;
    copy->is_followed = next->open(next->context);
    if (!copy->is_followed)
        copy->next_folder = NULL;
    else if (copy->requests == 0)
        next->listen(next->context);
}

static void request_second_tries(struct copy *copy)
{
    /* They come last, one at a time, when nothing else is under way. */
    if (copy->is_followed || copy->requests > 0 || !copy_is_answered(copy))
        return;
    if (copy->groups != NULL)
        request_group(copy);
    else if (copy->retry_count > 0 && copy->alone.step == ALONE_NONE)
        request_alone(copy, copy->retries[--copy->retry_count], true);
}

void copy_request_more(struct copy *copy)
{
    skip_unwanted(copy);
    while (copy->next < copy->listing->count && may_request(copy)) {
        if (!is_large(copy, copy->next)) {
            request_slice(copy);
        } else if (copy->alone.step == ALONE_NONE) {
            request_alone(copy, (uint32_t)copy->next++, false);
        } else {
            return;
        }
        skip_unwanted(copy);
    }
    if (copy->next < copy->listing->count)
        return;
    open_next_folder(copy);
    request_second_tries(copy);
}
