/* SPDX-License-Identifier: MIT */
#include "sync/folder_run_private.h"

#include <stdio.h>
#include <string.h>

#include "base/diagnoses.h"
#include "base/mem.h"
#include "sync/carry.h"
#include "sync/suspects.h"
#include "sync/verdict.h"

/* Up to so many messages the listing goes out with EXAMINE though the destination is not listed
   yet: a round trip less, 8 bytes a message more. */
#define LIST_AHEAD_MAX_MESSAGES 10000
/* From so many messages on the destination folder is selected while they are copied. */
#define ENTER_MIN_MESSAGES 500

/* A fault of one folder stays there; one of the mailbox ends the pair. */
static void run_fail(struct folder_run *run)
{
    if (run->fault.scope >= FAULT_SCOPE_MAILBOX)
        pair_end(run->pair, &run->fault);
}

/* Careful, only one message was under way when the connection was lost. */
static void run_strike(const struct folder_run *run)
{
    const struct pair_environment *environment = run->pair->environment;
    uint32_t index = run->copy == NULL ? UINT32_MAX : copy_message_under_way(run->copy);
    if (environment->is_careful && environment->suspects != NULL && index != UINT32_MAX &&
        pair_is_ended(run->pair) && run->pair->fault.advice == FAULT_ADVICE_RECONNECT)
        suspects_strike(environment->suspects, run->name, run->listing.messages[index].uid);
}

/* Everything still wanted failed for the reason that ended the folder. */
static void run_fail_wanted(struct folder_run *run)
{
    const char *text = run->fault.server[0] != '\0' ? run->fault.server : run->fault.text;
    const char *diagnosis = diagnosis_id(diagnosis_of_fault(&run->fault));
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state >= MESSAGE_COPIED)
            continue;
        run->listing.messages[i].state = MESSAGE_FAILED;
        notes_add(&run->notes, (uint32_t)i, PROBLEM_FAILED, text, diagnosis);
    }
}

/* -- accounting -- */

static void run_count_skipped(const struct folder_run *run)
{
    struct pair_figures *figures = &run->pair->figures;
    for (size_t i = 0; i < run->listing.count; i++) {
        const struct listed_message *message = &run->listing.messages[i];
        if (message->state > MESSAGE_COPIED)
            figures->bytes_skipped += message->size_bytes;
    }
}

static void run_count(struct folder_run *run)
{
    uint64_t in_state[MESSAGE_STATE_COUNT] = {0};
    for (size_t i = 0; i < run->listing.count; i++)
        in_state[run->listing.messages[i].state]++;
    run_count_skipped(run);
    run->counts.source = run->listing.count;
    run->counts.copied = in_state[MESSAGE_COPIED];
    run->counts.already = in_state[MESSAGE_ALREADY];
    run->counts.excluded = in_state[MESSAGE_EXCLUDED];
    run->counts.too_big = in_state[MESSAGE_TOO_BIG];
    run->counts.failed = in_state[MESSAGE_FAILED];
    run->counts.unreadable = in_state[MESSAGE_UNREADABLE];
    run->counts.vanished = in_state[MESSAGE_VANISHED];
    run->counts.not_selected = in_state[MESSAGE_NOT_SELECTED];
    /* Of a listing of changes: what is not in it is as it was. */
    message_counts_add(&run->counts, &run->memory->known);
}

/* The folder could not be listed: what is known of its messages is how many they are. */
static bool run_store_unlisted(struct folder_run *run, struct fault *fault_r)
{
    const struct pair_environment *environment = run->pair->environment;
    uint64_t messages = run->unlisted_messages;
    run->counts.source = messages;
    run->counts.failed = messages;
    struct store_problem problem = {
        .folder = run->name,
        .messages = messages,
        .message_id = "",
        .date = "",
        .reason = PROBLEM_FAILED,
        .server_text = run->fault.server[0] != '\0' ? run->fault.server : run->fault.text,
        .diagnosis = diagnosis_id(diagnosis_of_fault(&run->fault)),
    };
    return messages == 0 || store_problem_add(environment->store, environment->run_id,
                                              environment->row, &problem, fault_r);
}

static void run_log_result(const struct folder_run *run)
{
    const struct message_counts *counts = &run->counts;
    log_line(run->pair->log,
             "folder %s: %llu messages, %llu copied, %llu already there, %llu excluded, %llu too "
             "big, %llu failed, %llu unreadable, %llu vanished, difference %lld",
             run->name, (unsigned long long)counts->source, (unsigned long long)counts->copied,
             (unsigned long long)counts->already, (unsigned long long)counts->excluded,
             (unsigned long long)counts->too_big, (unsigned long long)counts->failed,
             (unsigned long long)counts->unreadable, (unsigned long long)counts->vanished,
             (long long)message_counts_difference(counts));
    if (counts->not_selected > 0)
        log_line(run->pair->log, "folder %s: %llu messages are not selected", run->name,
                 (unsigned long long)counts->not_selected);
    if (run->job.dropped_keywords > 0)
        log_line(run->pair->log, "folder %s: %llu flags the destination can't keep were left out",
                 run->name, (unsigned long long)run->job.dropped_keywords);
    if (run->job.never > 0)
        log_line(run->pair->log,
                 "folder %s: on %llu copies flags or labels could not be completed, since the "
                 "destination did not say where they are",
                 run->name, (unsigned long long)run->job.never);
}

static bool run_has_failed(const struct folder_run *run)
{
    return run->fault.code != FAULT_NONE && run->fault.scope < FAULT_SCOPE_MAILBOX;
}

void folder_run_settle(struct folder_run *run)
{
    run->counts.bytes_copied = run->job.copied_bytes;
    if (run->fault.code == FAULT_NONE)
        run->fault = run->job.folder_fault;
    if (run->is_listed && run_has_failed(run))
        run_fail_wanted(run);
}

/* Problems of messages that are not in this run's listing. */
static bool run_repeat_problems(const struct folder_run *run, struct fault *fault_r)
{
    const struct pair_environment *environment = run->pair->environment;
    return !folder_run_is_delta(run) ||
           store_map_problems_repeat(run->pair->map, run->memory->folder, environment->run_id,
                                     environment->row, fault_r);
}

/* An APPEND was sent and never answered: its message may be there or not. */
static bool run_has_unknown_fate(const struct folder_run *run)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == MESSAGE_SENT)
            return true;
    }
    return false;
}

/* The next run starts from here. The bracket stays open while something may be in it that the map
   does not know. */
static void run_remember(struct folder_run *run, bool is_failed)
{
    bool is_carried = run->job.later.count == 0;
    bool is_finished = run->is_matched && !is_failed && !run->memory->is_partial && is_carried &&
                       message_counts_difference(&run->counts) == 0;
    bool is_answered = run->is_matched && is_carried && !run_has_unknown_fate(run);
    run->memory->is_sound = is_finished && run->is_listed;
    folder_memory_finish(run->memory, &run->listing, &run->counts, is_finished, is_answered);
}

void folder_run_complete(struct folder_run *run)
{
    carry_after_copy(run->memory, &run->job.later, run->target, run->name);
}

static bool run_store_changes(const struct folder_run *run, struct fault *fault_r)
{
    const struct pair_environment *environment = run->pair->environment;
    bool is_stored = true;
    for (int kind = 0; kind < CHANGE_KIND_COUNT && is_stored; kind++) {
        if (run->job.changed[kind] > 0)
            is_stored = store_change_add(environment->store, environment->run_id, environment->row,
                                         (enum change_kind)kind, run->job.changed[kind], fault_r);
    }
    return is_stored;
}

/* Writes what became of the folder into the store; a store that can't be written ends the pair. */
void folder_run_record(struct folder_run *run)
{
    struct pair *pair = run->pair;
    const struct pair_environment *environment = pair->environment;
    struct fault fault;
    bool is_stored = true;
    folder_run_settle(run);
    folder_cross_note(run);
    run_strike(run);
    bool is_failed = run_has_failed(run);
    if (run->is_listed) {
        run_count(run);
        is_stored = run_repeat_problems(run, &fault) &&
                    notes_store(&run->notes, &run->listing, environment, run->name, &fault);
    } else if (is_failed) {
        is_stored = run_store_unlisted(run, &fault);
    } else {
        run->counts.source = run->unlisted_messages;
    }
    struct store_folder folder = {
        .source_name = run->name,
        .destination_name = run->target->name,
        .is_renamed = run->entry->is_renamed,
        .is_merged = run->entry->is_merged,
        .is_failed = is_failed,
        .error = is_failed ? run->fault.text : "",
        .counts = run->counts,
    };
    is_stored = is_stored &&
                store_folder_add(environment->store, environment->run_id, environment->row, &folder,
                                 &fault) &&
                run_store_changes(run, &fault);
    if (!is_stored)
        pair_end(pair, &fault);
    else
        run_remember(run, is_failed);
    run_log_result(run);
    message_counts_add(&pair->counts, &run->counts);
    pair->figures.folders++;
    pair->figures.folders_synced += run->is_listed && !is_failed;
    if (is_failed) {
        log_fault(pair->log, &run->fault);
        if (!pair->has_failed_folder)
            pair->folder_fault = run->fault;
        pair->has_failed_folder = true;
        pair_count_error(pair, &run->fault, NULL);
    }
    log_flush(pair->log);
}

/* -- reading -- */

/* What could not be copied is described while its folder is at hand. */
static void run_describe(struct folder_run *run)
{
    struct fault fault;
    if (!pair_is_ended(run->pair) && notes_want_description(&run->notes) &&
        !notes_describe(&run->notes, &run->listing, run->pair->environment, run->name, &fault))
        pair_end(run->pair, &fault);
}

static size_t run_count_wanted(const struct folder_run *run)
{
    size_t wanted = 0;
    for (size_t i = 0; i < run->listing.count; i++)
        wanted += run->listing.messages[i].state == MESSAGE_WANTED;
    return wanted;
}

static void run_copy(struct folder_run *run, const struct copy_next *next)
{
    struct copy_job job = {
        .pair = run->pair,
        .listing = &run->listing,
        .notes = &run->notes,
        .source_name = run->name,
        .source_mailbox = run->entry->source->name,
        .destination_name = run->target->name,
        .destination_mailbox = run->target->mailbox,
        .permanent = &run->target->opened,
        .memory = run->memory,
    };
    run->job = job;
    if (run_count_wanted(run) >= ENTER_MIN_MESSAGES)
        target_enter(run->target);
    run->copy = copy_init(&run->job);
    if (copy_run(run->copy, next) || pair_is_ended(run->pair))
        return;
    folder_run_settle(run);
    run_describe(run);
}

/* Without a copy there is no seam to bridge, but the next folder may as well be opened. */
static void run_open_next(const struct folder_run *run, const struct copy_next *next)
{
    if (next != NULL && !pair_is_ended(run->pair) && next->open(next->context))
        next->listen(next->context);
}

/* Nothing new was announced, so the folder was not made anew for its user, who had deleted it. */
static void run_check_target(struct folder_run *run)
{
    if (run->target->is_there || run_count_wanted(run) == 0)
        return;
    fault_set(&run->fault, FAULT_CREATE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, 2,
              "the folder %s is not there, and mail for it came only just now; the next run makes "
              "it and brings the mail",
              run->target->name);
}

static void run_note_progress(const struct folder_run *run)
{
    struct pair *pair = run->pair;
    size_t wanted = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < run->listing.count; i++) {
        const struct listed_message *message = &run->listing.messages[i];
        if (message->state != MESSAGE_WANTED)
            continue;
        wanted++;
        bytes += message->size_bytes;
    }
    pair->progress.settled += run->listing.count - wanted + run->memory->known.source;
    pair_progress_list(pair->environment->progress, run->listing.count + run->memory->known.source,
                       wanted, bytes);
}

static void run_decide(struct folder_run *run)
{
    struct pair *pair = run->pair;
    folder_run_set_aside_unselected(run);
    target_list_mail(run->target);
    if (run->target->fault.code != FAULT_NONE) {
        run->fault = run->target->fault;
        return;
    }
    folder_run_adopt(run);
    folder_memory_flush(run->memory);
    carry_flags(run->memory, &run->changes, run->target, run->name);
    run->is_matched = !pair_is_ended(pair);
    if (!pair->settings->syncduplicates)
        folder_run_exclude_duplicates(run);
    if (pair->cross != NULL)
        folder_cross_exclude(run);
    else
        listing_forget_identities(&run->listing);
    folder_run_exclude_by_rules(run);
    if (pair->settings->dry)
        folder_run_exclude_dry(run);
    folder_run_give_up_again(run);
    folder_run_give_up_suspects(run);
    run_check_target(run);
    run_note_progress(run);
    if (pair->settings->debuglist)
        folder_run_log_wanted(run);
}

/* The answers of what is still in flight would be written into `run`, and so would data that comes
   unasked. That happens only when the pair has ended, or a folder could not be opened and its
   listing was sent with it. */
void folder_run_leave(struct folder_run *run)
{
    struct imap_client *client = run->pair->source.client;
    struct fault fault;
    if (run->is_listed || !imap_client_is_alive(client))
        return;
    if (imap_client_pending(client) > 0 &&
        (pair_is_ended(run->pair) ||
         !(listing_drop(&run->listing, &fault) && folder_run_await_changes(run, &fault))))
        imap_client_fail(client, &run->pair->fault);
    imap_client_set_events(client, NULL);
}

void folder_run_read(struct folder_run *run, const struct copy_next *next)
{
    struct pair *pair = run->pair;
    log_line(pair->log, "Folder %zu/%zu [%s] -> [%s]",
             (size_t)(run->entry - pair->plan->entries) + 1, pair->plan->count, run->name,
             run->target->name);
    pair_progress_enter(pair->environment->progress, run->name);
    if (folder_run_finish_open(run)) {
        const struct imap_mailbox *mailbox = imap_client_mailbox(pair->source.client);
        run->is_listed = folder_run_finish_listing(run);
        run->uidvalidity = mailbox->uidvalidity;
        if (mailbox->has_exists)
            run->unlisted_messages = mailbox->exists;
    }
    if (run->is_listed)
        run_decide(run);
    run_fail(run);
    folder_run_leave(run);
    if (pair_is_ended(pair))
        return;
    run_describe(run);
    if (run->is_listed && run->fault.code == FAULT_NONE && run->target->is_there &&
        !pair->settings->dry)
        run_copy(run, next);
    else
        run_open_next(run, next);
}

bool folder_run_is_answered(const struct folder_run *run)
{
    return run->copy == NULL || copy_is_answered(run->copy);
}

bool folder_run_wants_source(const struct folder_run *run)
{
    return run->is_listed && !run->is_read_again &&
           ((run->copy != NULL && copy_has_leftover(run->copy)) ||
            notes_want_description(&run->notes));
}

/* The same folder, not one that has taken its name. */
static bool run_is_the_same(struct folder_run *run)
{
    const struct imap_mailbox *mailbox = imap_client_mailbox(run->pair->source.client);
    if (mailbox->uidvalidity == run->uidvalidity)
        return true;
    fault_set(&run->fault, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, 1,
              "the folder %s was replaced on the source during the run", run->name);
    return false;
}

void folder_run_read_again(struct folder_run *run)
{
    bool has_copy = run->copy != NULL && copy_has_leftover(run->copy);
    run->is_read_again = true;
    folder_run_send_examine(run);
    if (!folder_run_finish_open(run)) {
        run_fail(run);
        return;
    }
    if (!run_is_the_same(run))
        return;
    if (has_copy)
        (void)copy_run(run->copy, NULL);
    folder_run_settle(run);
    run_describe(run);
}

/* -- life -- */

struct folder_run *folder_run_init(struct pair *pair, const struct plan_entry *entry,
                                   struct target *target)
{
    struct folder_run *run = mem_alloc(sizeof(*run));
    run->memory = &pair->memories[entry - pair->plan->entries];
    run->pair = pair;
    run->entry = entry;
    run->target = target;
    run->name = entry->source_label;
    run->unlisted_messages = entry->source->messages;
    listing_init(&run->listing, &pair->source);
    run->listing.opened = &run->answer;
    folder_run_select(run);
    return run;
}

void folder_run_deinit(struct folder_run **run_p)
{
    struct folder_run *run = *run_p;
    if (run == NULL)
        return;
    *run_p = NULL;
    copy_deinit(&run->copy);
    carry_list_deinit(&run->job.later);
    listing_deinit(&run->listing);
    selection_deinit(&run->selection);
    changes_deinit(&run->changes);
    notes_deinit(&run->notes);
    mem_free(run);
}
