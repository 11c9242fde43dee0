/* SPDX-License-Identifier: MIT */
#include "sync/copy.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/append_uid.h"
#include "sync/copy_private.h"
#include "sync/folder_memory.h"
#include "sync/given_up.h"
#include "sync/refusals.h"
#include "sync/renewal.h"
#include "sync/verdict.h"

/* A MULTIAPPEND stays open for more messages no longer than this: whatever it brings, ending it
   costs the destination two writes to its disk. */
#define BATCH_OPEN_NSECS (100 * CLOCK_NSECS_PER_MSEC)
/* Two names of folders and some numbers; of longer names the log has less. */
#define LINE_MAX_BYTES ((size_t)64 * 1024)

/* The only way to change a message's state during the copy. */
void copy_set_state(struct copy *copy, uint32_t index, enum message_state state)
{
    struct listed_message *message = &copy->listing->messages[index];
    if (message->state < MESSAGE_COPIED && state >= MESSAGE_COPIED)
        pair_progress_settle(copy->pair->environment->progress, message->size_bytes,
                             state == MESSAGE_COPIED);
    message->state = (uint8_t)state;
}

bool copy_is_dropping(const struct copy *copy)
{
    return pair_is_ended(copy->pair) || copy->job->folder_fault.code != FAULT_NONE;
}

void copy_remember_bad(struct copy *copy, uint32_t index, enum message_state state,
                       const char *text, const char *diagnosis)
{
    struct given_up_message message = {.folder = copy->job->source_name,
                                       .text = text,
                                       .diagnosis = diagnosis,
                                       .uidvalidity = copy->uidvalidity,
                                       .uid = copy->listing->messages[index].uid,
                                       .state = state};
    if (state != MESSAGE_VANISHED && copy->uidvalidity != 0)
        given_up_add(copy->pair->environment->given_up, &message);
}

/* imapsync's words, which people look for. Owned by the caller. */
static char *describe_bad(const struct copy *copy, uint32_t index, enum message_state state)
{
    const struct listed_message *message = &copy->listing->messages[index];
    const struct copy_job *job = copy->job;
    bool is_refused = state == MESSAGE_FAILED || state == MESSAGE_TOO_BIG;
    return mem_printf("- msg %s/%u {%u} %s%s", job->source_name, message->uid, message->size_bytes,
                      is_refused                    ? "could not append to folder "
                      : state == MESSAGE_UNREADABLE ? "could not be fetched"
                                                    : "not copied",
                      is_refused ? job->destination_name : "");
}

void copy_give_up(struct copy *copy, uint32_t index, enum message_state state,
                  const struct fault *fault)
{
    copy->pair->has_given_up = true;
    static const enum problem_reason reasons[MESSAGE_STATE_COUNT] = {
        [MESSAGE_EXCLUDED] = PROBLEM_EXCLUDED, [MESSAGE_TOO_BIG] = PROBLEM_TOO_BIG,
        [MESSAGE_FAILED] = PROBLEM_FAILED,     [MESSAGE_UNREADABLE] = PROBLEM_UNREADABLE,
        [MESSAGE_VANISHED] = PROBLEM_VANISHED,
    };
    /* What was meant to be left out, and what is gone, needs no advice. */
    bool is_problem = state != MESSAGE_VANISHED && state != MESSAGE_EXCLUDED;
    copy_set_state(copy, index, state);
    const char *text = fault->server[0] != '\0' ? fault->server : fault->text;
    const char *diagnosis = is_problem ? diagnosis_id(diagnosis_of_fault(fault)) : "";
    notes_add(copy->job->notes, index, reasons[state], text, diagnosis);
    copy_remember_bad(copy, index, state, text, diagnosis);
    char *subject = describe_bad(copy, index, state);
    log_line(copy->pair->log, "%s: %s%s%s", subject, fault->text,
             fault->server[0] != '\0' ? ": " : "", fault->server);
    if (state == MESSAGE_FAILED || state == MESSAGE_UNREADABLE)
        pair_count_error(copy->pair, fault, subject);
    mem_free(subject);
}

/* -- answers to APPEND -- */

/* It is there, but the server did not say where (APPENDUID, RFC 4315): what was kept for later
   can't be set, so nothing is kept for later any more. */
static void copied_nowhere(struct copy *copy, const struct append_item *item)
{
    copy->job->never += item->after != item->flags;
    copy->pair->appends_lose_flagged = false;
}

/* "msg INBOX/7 {4711} copied to INBOX/12 2.00 msgs/s ..."; a destination UID of 0 is not known. */
static void log_copied(struct copy *copy, const struct listed_message *message,
                       uint32_t destination_uid)
{
    struct pair *pair = copy->pair;
    struct buffer *line = &copy->line;
    pair->progress.copied++;
    pair->progress.bytes += message->size_bytes;
    if (message->size_bytes > pair->figures.biggest_bytes)
        pair->figures.biggest_bytes = message->size_bytes;
    buffer_clear(line);
    buffer_append_str(line, "msg ");
    buffer_append_str(line, copy->job->source_name);
    buffer_append_byte(line, '/');
    buffer_append_uint64(line, message->uid, 0);
    buffer_append_str(line, " {");
    buffer_append_uint64(line, message->size_bytes, 0);
    buffer_append_str(line, "} copied to ");
    buffer_append_str(line, copy->job->destination_name);
    buffer_append_byte(line, '/');
    if (destination_uid != 0)
        buffer_append_uint64(line, destination_uid, 0);
    else
        buffer_append_byte(line, '?');
    buffer_append_byte(line, ' ');
    progress_line_append(&pair->progress, clock_mono_nsecs(), clock_wall_msecs(), line);
    log_text(pair->log, buffer_str(line), line->used);
}

static void copied(struct copy *copy, const struct append_item *item, uint32_t destination_uid)
{
    uint32_t index = item->index;
    struct listed_message *message = &copy->listing->messages[index];
    copy_set_state(copy, index, MESSAGE_COPIED);
    copy->job->copied_bytes += message->size_bytes;
    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++)
        copy->job->changed[kind] += (item->changes >> kind) & 1;
    copy_repair_note(copy, index, item->changes);
    folder_memory_put(copy->job->memory, message->uid, destination_uid, item->flags,
                      STORE_OUTCOME_PRESENT);
    if (item->after != item->flags && destination_uid != 0)
        carry_list_add(&copy->job->later, &(struct carried){message->uid, destination_uid,
                                                            item->flags, item->after, false});
    else if (destination_uid == 0)
        copied_nowhere(copy, item);
    log_copied(copy, message, destination_uid);
}

/* None of them is stored. One alone is the guilty one; of several, each half is tried again. */
static void refused(struct copy *copy, const struct append_item *items, size_t count,
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
            copy_set_state(copy, items[i].index, MESSAGE_WANTED);
    } else if (count == 1 && copy_repair_retry(copy, items[0].index, &fault)) {
        return;
    } else if (count == 1) {
        copy_give_up(copy, items[0].index,
                     fault.code == FAULT_TOO_BIG ? MESSAGE_TOO_BIG : MESSAGE_FAILED, &fault);
    } else {
        copy_add_group(copy, items + count / 2, count - count / 2);
        copy_add_group(copy, items, count / 2);
    }
}

static void all_copied(struct copy *copy, const struct append_item *items, size_t count,
                       const struct imap_reply *reply)
{
    uint32_t *uids = mem_alloc_array(count, sizeof(*uids));
    bool is_known = append_uid_parse(reply->code, reply->code_size,
                                     copy->job->permanent->uidvalidity, uids, count);
    lane_set_count_copied(copy->lanes, count);
    for (size_t i = 0; i < count; i++)
        copied(copy, &items[i], is_known ? uids[i] : 0);
    mem_free(uids);
}

void copy_append_answered(void *context, const struct append_item *items, size_t count,
                          const struct imap_reply *reply)
{
    struct copy *copy = context;
    copy->appending -= count;
    if (copy->pair->places == PAIR_PLACES_ASKED)
        copy->pair->places = reply->status == IMAP_STATUS_OK ? PAIR_PLACES_SETTLED
                                                             : PAIR_PLACES_UNKNOWN;
    if (reply->status == IMAP_STATUS_OK) {
        all_copied(copy, items, count, reply);
    } else if (reply->status != IMAP_STATUS_NONE) {
        refused(copy, items, count, reply);
    } else {
        /* Nobody knows: the messages stay SENT and count as not reached. The next run looks for
           them on the destination before it copies. */
        copy->pair->has_unanswered = true;
    }
}

/* -- the loop -- */

struct copy *copy_init(struct copy_job *job)
{
    struct copy *copy = mem_alloc(sizeof(*copy));
    copy->job = job;
    copy->pair = job->pair;
    copy->listing = job->listing;
    copy->lanes = &job->pair->lanes;
    copy->asked = UINT32_MAX;
    buffer_init(&copy->flags, 64 * 1024);
    buffer_init(&copy->flags_here, 64 * 1024);
    buffer_init(&copy->line, LINE_MAX_BYTES);
    for (size_t i = job->listing->count; i > 0; i--) {
        if (job->listing->messages[i - 1].state == MESSAGE_RETRY)
            copy_retry_alone(copy, (uint32_t)(i - 1));
    }
    for (size_t i = 0; i < LANES_MAX; i++) {
        copy->sources[i].copy = copy;
        buffer_init(&copy->sources[i].alone.flags, 64 * 1024);
        copy_change_init(&copy->sources[i]);
    }
    return copy;
}

void copy_deinit(struct copy **copy_p)
{
    struct copy *copy = *copy_p;
    if (copy == NULL)
        return;
    *copy_p = NULL;
    while (copy->groups != NULL) {
        struct copy_group *group = copy->groups;
        copy->groups = group->next;
        mem_free(group);
    }
    mem_free(copy->retries);
    copy_repair_deinit(copy);
    buffer_deinit(&copy->flags);
    buffer_deinit(&copy->flags_here);
    buffer_deinit(&copy->line);
    for (size_t i = 0; i < LANES_MAX; i++) {
        buffer_deinit(&copy->sources[i].alone.flags);
        copy_change_deinit(&copy->sources[i]);
    }
    mem_free(copy);
}

uint32_t copy_message_under_way(const struct copy *copy)
{
    bool is_under_way = copy->asked < copy->listing->count &&
                        copy->listing->messages[copy->asked].state < MESSAGE_COPIED;
    return is_under_way ? copy->asked : UINT32_MAX;
}

bool copy_is_answered(const struct copy *copy)
{
    return copy->appending == 0;
}

bool copy_has_leftover(const struct copy *copy)
{
    return !copy_is_dropping(copy) && copy_has_more_to_request(copy);
}

static void copy_look_at_clients(struct copy *copy)
{
    copy_sources_look(copy);
    lane_set_look(copy->lanes);
    (void)pair_sees_stop(copy->pair);
}

static bool copy_is_inside_body(const struct copy *copy)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        const struct copy_source *source = &copy->sources[i];
        if (source->client != NULL && imap_client_is_alive(source->client) &&
            copy_source_is_inside_body(source))
            return true;
    }
    return false;
}

static bool copy_is_one_alone(const struct copy *copy)
{
    for (size_t i = 0; i < LANES_MAX; i++) {
        if (copy->sources[i].alone.step != ALONE_NONE)
            return true;
    }
    return false;
}

/* When the pair has ended, only a body that is passing through is waited for; when the folder has,
   the FETCHes that are under way, since the pair goes on with another. */
static bool copy_may_return(const struct copy *copy)
{
    if (pair_is_ended(copy->pair))
        return pair_is_overdue(copy->pair) || !copy_is_inside_body(copy);
    if (copy->requests > 0)
        return false;
    if (copy->is_followed)
        return true;
    return copy_is_answered(copy) && (copy_is_dropping(copy) || (!copy_has_more_to_request(copy) &&
                                                                 !copy_is_one_alone(copy)));
}

/* Everything that was asked for is answered. */
static bool copy_is_to_renew(const struct copy *copy)
{
    return !copy_is_dropping(copy) && refusals_are_used_up(copy->pair) && copy->requests == 0 &&
           copy_is_answered(copy) && !copy_is_one_alone(copy) && !copy->is_followed;
}

/* Nothing can be moved now. An open MULTIAPPEND is ended if nothing more is to be expected for it
   soon; true if it was. */
static bool copy_settle_batch(struct copy *copy)
{
    struct imap_loop *loop = &copy->pair->loop;
    int64_t since = lane_set_open_since_nsecs(copy->lanes);
    if (since == 0)
        return false;
    bool is_waiting_for_budget = loop->wake_at_nsecs != 0;
    if (copy->requests == 0 || is_waiting_for_budget || copy_is_dropping(copy) ||
        clock_mono_nsecs() - since >= BATCH_OPEN_NSECS)
        return lane_set_flush(copy->lanes);
    loop->wake_at_nsecs = since + BATCH_OPEN_NSECS;
    return false;
}

static void copy_wait(struct copy *copy)
{
    struct imap_loop *loop = &copy->pair->loop;
    if (copy_settle_batch(copy))
        return;
    int64_t before = clock_mono_nsecs();
    bool is_for_source = copy->requests > 0 && lane_set_is_idle(copy->lanes);
    if (copy_is_dropping(copy) && loop->wake_at_nsecs == 0)
        loop->wake_at_nsecs = before + CLOCK_NSECS_PER_SEC;
    copy_sources_expect(copy);
    imap_loop_wait(loop);
    if (is_for_source)
        source_set_count_wait(&copy->pair->sources, clock_mono_nsecs() - before);
}

bool copy_run(struct copy *copy, const struct copy_next *next)
{
    struct pair *pair = copy->pair;
    copy->next_folder = next;
    copy->is_followed = false;
    copy_sources_begin(copy);
    for (;;) {
        copy_look_at_clients(copy);
        if (!copy_is_dropping(copy)) {
            copy_tend_lanes(copy, clock_mono_nsecs());
            copy_sources_tend(copy);
            copy_request_more(copy);
            copy_sources_open(copy);
        }
        if (copy_is_to_renew(copy))
            refusals_renew(pair);
        if (renewal_is_due(pair) && !copy_is_inside_body(copy))
            renewal_end(pair);
        if (copy_may_return(copy))
            break;
        if (!imap_loop_pump(&pair->loop))
            copy_wait(copy);
    }
    copy_sources_end(copy);
    (void)lane_set_flush(copy->lanes);
    return copy->is_followed;
}
