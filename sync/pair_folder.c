/* SPDX-License-Identifier: MIT
 * One destination folder and the source folders that go there: open, list, adopt, filter, copy,
 * account. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sync/copy.h"
#include "sync/folders/mutf7.h"
#include "sync/messages/adopt.h"
#include "sync/pair_private.h"
#include "sync/verdict.h"

/* The destination folder, shared by all source folders that are merged into it. */
struct target {
    struct pair *pair;
    const char *mailbox; /* as the server knows it */
    char *name;          /* decoded */
    bool is_there;       /* selected once, so APPENDs may go there */
    uint64_t exists;     /* messages it held then */
    struct imap_answer answer;
    struct listing listing; /* identities of what it held before this run */
    struct fault fault;     /* why nothing can be copied there */
    bool is_prepared;
};

/* One source folder on its way. */
struct folder_run {
    struct pair *pair;
    const struct plan_entry *entry;
    const char *name; /* for people */
    struct imap_answer answer;
    struct listing listing;
    bool is_listed;
    struct notes notes;
    struct message_counts counts;
    uint64_t dropped_keywords;
    struct fault fault; /* what ended the folder */
};

static void send_open(struct session *session, struct imap_answer *answer, const char *command,
                      const char *mailbox)
{
    imap_client_mailbox_begin(session->client);
    imap_client_begin(session->client, false);
    imap_client_add(session->client, "%s ", command);
    imap_client_add_string(session->client, mailbox);
    imap_client_end(session->client, imap_answer_callback, answer, 0);
}

/* A fault of one folder stays there; one of the mailbox ends the pair. */
static bool fault_ends_pair(struct pair *pair, const struct fault *fault)
{
    if (fault->scope < FAULT_SCOPE_MAILBOX)
        return false;
    pair_end(pair, fault);
    return true;
}

/* -- the destination -- */

static const char *target_create_refusal(const struct target *target)
{
    const struct folder_plan *plan = target->pair->plan;
    for (size_t i = 0; i < plan->create_count; i++) {
        if (strcmp(plan->creates[i], target->mailbox) == 0)
            return target->pair->create_refusals[i];
    }
    return NULL;
}

static void target_open(struct target *target, bool exists)
{
    struct pair *pair = target->pair;
    /* What a dry run would create is not there: every message would be copied. */
    if (pair->settings->dry && !exists)
        return;
    send_open(&pair->destination, &target->answer, pair->settings->dry ? "EXAMINE" : "SELECT",
              target->mailbox);
}

static void target_judge(struct target *target)
{
    struct session *session = &target->pair->destination;
    const char *refusal = target_create_refusal(target);
    struct imap_answer created = {.status = IMAP_STATUS_NO};
    if (refusal == NULL) {
        session_judge(session, VERDICT_SELECT, &target->answer, target->name, &target->fault);
        return;
    }
    (void)snprintf(created.text, sizeof(created.text), "%s", refusal);
    session_judge(session, VERDICT_CREATE, &created, target->name, &target->fault);
}

/* Waits for SELECT and starts to list what is there. False: fault filled. */
static bool target_finish_open(struct target *target, bool exists)
{
    struct pair *pair = target->pair;
    struct session *session = &pair->destination;
    if (pair->settings->dry && !exists)
        return true;
    if (!imap_loop_await(&pair->loop, session->client, &target->answer, &target->fault))
        return false;
    if (target->answer.status != IMAP_STATUS_OK) {
        target_judge(target);
        return false;
    }
    imap_client_set_selected(session->client, true);
    target->is_there = true;
    const struct imap_mailbox *mailbox = imap_client_mailbox(session->client);
    target->exists = mailbox->exists;
    if (!mailbox->has_exists) {
        fault_set(&target->fault, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, 2,
                  "the destination did not say how many messages the folder %s holds",
                  target->name);
        return false;
    }
    if (mailbox->exists > 0)
        listing_send(&target->listing, true, false);
    return true;
}

static bool target_finish_listing(struct target *target)
{
    struct session *session = &target->pair->destination;
    if (!target->is_there)
        return true;
    if (target->exists > 0 && !listing_finish(&target->listing, target->name, &target->fault))
        return false;
    /* Unselected, the server need not report every APPEND back. PERMANENTFLAGS stay known. */
    if (imap_client_can(session->client, IMAP_CAP_UNSELECT)) {
        imap_client_command(session->client, NULL, NULL, "UNSELECT");
        imap_client_set_selected(session->client, false);
    }
    return true;
}

/* -- the source -- */

static void run_open(struct folder_run *run)
{
    send_open(&run->pair->source, &run->answer, "EXAMINE", run->entry->source->name);
}

static bool run_finish_open(struct folder_run *run)
{
    struct session *session = &run->pair->source;
    if (!imap_loop_await(&run->pair->loop, session->client, &run->answer, &run->fault))
        return false;
    if (run->answer.status != IMAP_STATUS_OK) {
        session_judge(session, VERDICT_SELECT, &run->answer, run->name, &run->fault);
        return false;
    }
    imap_client_set_selected(session->client, true);
    return true;
}

/* -- which messages -- */

static void run_settle(struct folder_run *run, uint32_t index, enum message_state state,
                       enum problem_reason reason, const char *text)
{
    run->listing.messages[index].state = (uint8_t)state;
    notes_add(&run->notes, index, reason, text);
}

static void run_adopt(struct folder_run *run, struct target *target)
{
    struct listing *listing = &run->listing;
    adopt_match(listing->identities, listing->identity_count, target->listing.identities,
                target->listing.identity_count, run->pair->settings->syncinternaldates);
    for (size_t i = 0; i < listing->identity_count; i++) {
        if (listing->identities[i].is_matched)
            listing->messages[listing->identities[i].index].state = MESSAGE_ALREADY;
    }
}

/* --nosyncduplicates: the copy with the lowest UID stands for all. */
static void run_exclude_duplicates(struct folder_run *run)
{
    struct listing *listing = &run->listing;
    for (size_t i = 0; i < listing->identity_count; i++)
        listing->identities[i].is_matched = false;
    adopt_mark_duplicates(listing->identities, listing->identity_count);
    for (size_t i = 0; i < listing->identity_count; i++) {
        uint32_t index = listing->identities[i].index;
        if (listing->identities[i].is_matched && listing->messages[index].state == MESSAGE_WANTED)
            run_settle(run, index, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
                       "rule: an exact duplicate in the same folder (--nosyncduplicates)");
    }
}

static void run_exclude_by_rules(struct folder_run *run)
{
    const struct settings *settings = run->pair->settings;
    char text[128];
    for (size_t i = 0; i < run->listing.count; i++) {
        const struct listed_message *message = &run->listing.messages[i];
        if (message->state != MESSAGE_WANTED)
            continue;
        if (settings->maxsize >= 0 && (int64_t)message->size_bytes > settings->maxsize) {
            (void)snprintf(text, sizeof(text), "rule: larger than --maxsize %lld",
                           (long long)settings->maxsize);
            run_settle(run, (uint32_t)i, MESSAGE_TOO_BIG, PROBLEM_TOO_BIG, text);
        } else if (settings->minsize >= 0 && (int64_t)message->size_bytes <= settings->minsize) {
            (void)snprintf(text, sizeof(text), "rule: not larger than --minsize %lld",
                           (long long)settings->minsize);
            run_settle(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED, text);
        } else if (settings->dry) {
            run_settle(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
                       "rule: dry run, it would be copied");
        }
    }
}

/* Everything still wanted failed for the reason that ended the folder. */
static void run_fail_wanted(struct folder_run *run)
{
    const char *text = run->fault.server[0] != '\0' ? run->fault.server : run->fault.text;
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state < MESSAGE_COPIED)
            run_settle(run, (uint32_t)i, MESSAGE_FAILED, PROBLEM_FAILED, text);
    }
}

/* -- accounting -- */

static void run_count(struct folder_run *run)
{
    uint64_t in_state[MESSAGE_STATE_COUNT] = {0};
    for (size_t i = 0; i < run->listing.count; i++)
        in_state[run->listing.messages[i].state]++;
    run->counts.source = run->listing.count;
    run->counts.copied = in_state[MESSAGE_COPIED];
    run->counts.already = in_state[MESSAGE_ALREADY];
    run->counts.excluded = in_state[MESSAGE_EXCLUDED];
    run->counts.too_big = in_state[MESSAGE_TOO_BIG];
    run->counts.failed = in_state[MESSAGE_FAILED];
    run->counts.unreadable = in_state[MESSAGE_UNREADABLE];
    run->counts.vanished = in_state[MESSAGE_VANISHED];
}

/* The folder could not be listed: what is known of its messages is how many they are. */
static bool run_store_unlisted(struct folder_run *run, struct fault *fault_r)
{
    const struct pair_environment *environment = run->pair->environment;
    const struct imap_mailbox *mailbox = imap_client_mailbox(run->pair->source.client);
    bool is_open = run->answer.status == IMAP_STATUS_OK && mailbox->has_exists;
    uint64_t messages = is_open ? mailbox->exists : run->entry->source->messages;
    run->counts.source = messages;
    run->counts.failed = messages;
    struct store_problem problem = {
        .folder = run->name,
        .messages = messages,
        .message_id = "",
        .date = "",
        .reason = PROBLEM_FAILED,
        .server_text = run->fault.server[0] != '\0' ? run->fault.server : run->fault.text,
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
    if (run->dropped_keywords > 0)
        log_line(run->pair->log, "folder %s: %llu flags the destination can't keep were left out",
                 run->name, (unsigned long long)run->dropped_keywords);
}

/* Writes what became of the folder into the store; a store that can't be written ends the pair. */
static void run_record(struct folder_run *run, const struct target *target)
{
    struct pair *pair = run->pair;
    const struct pair_environment *environment = pair->environment;
    bool is_failed = run->fault.code != FAULT_NONE && run->fault.scope < FAULT_SCOPE_MAILBOX;
    struct fault fault;
    bool is_stored = true;
    if (run->is_listed) {
        run_count(run);
        notes_describe(&run->notes, &run->listing);
        is_stored = notes_store(&run->notes, &run->listing, environment, run->name, &fault);
    } else if (is_failed) {
        is_stored = run_store_unlisted(run, &fault);
    } else {
        run->counts.source = run->entry->source->messages;
    }
    struct store_folder folder = {
        .source_name = run->name,
        .destination_name = target->name,
        .is_renamed = run->entry->is_renamed,
        .is_merged = run->entry->is_merged,
        .is_failed = is_failed,
        .error = is_failed ? run->fault.text : "",
        .counts = run->counts,
    };
    is_stored = is_stored && store_folder_add(environment->store, environment->run_id,
                                              environment->row, &folder, &fault);
    if (!is_stored)
        pair_end(pair, &fault);
    run_log_result(run);
    message_counts_add(&pair->counts, &run->counts);
    if (is_failed) {
        log_fault(pair->log, &run->fault);
        if (!pair->has_failed_folder)
            pair->folder_fault = run->fault;
        pair->has_failed_folder = true;
        pair_count_error(pair, &run->fault);
    }
    log_flush(pair->log);
}

/* -- one source folder -- */

static void run_copy(struct folder_run *run, struct target *target)
{
    struct copy_job job = {
        .pair = run->pair,
        .listing = &run->listing,
        .notes = &run->notes,
        .source_name = run->name,
        .destination_name = target->name,
        .destination_mailbox = target->mailbox,
        .permanent = imap_client_mailbox(run->pair->destination.client),
    };
    copy_run(&job);
    run->counts.bytes_copied = job.copied_bytes;
    run->dropped_keywords = job.dropped_keywords;
    if (job.folder_fault.code != FAULT_NONE)
        run->fault = job.folder_fault;
}

static bool listing_needs_identity(const struct target *target)
{
    return target->exists > 0 || !target->pair->settings->syncduplicates;
}

/* The listing may have been sent ahead, together with EXAMINE, in the hope that UIDs are enough. */
static void run_list(struct folder_run *run, const struct target *target)
{
    bool needs_identity = listing_needs_identity(target);
    if (run->listing.is_sent && needs_identity && !listing_drop(&run->listing, &run->fault))
        return;
    if (!run->listing.is_sent)
        listing_send(&run->listing, needs_identity, run->pair->settings->addheader);
    run->is_listed = listing_finish(&run->listing, run->name, &run->fault);
}

static void run_decide_and_copy(struct folder_run *run, struct target *target)
{
    struct pair *pair = run->pair;
    if (pair->environment->progress != NULL)
        atomic_fetch_add(&pair->environment->progress->messages_known, run->listing.count);
    if (target->fault.code != FAULT_NONE) {
        run->fault = target->fault;
        run_fail_wanted(run);
        return;
    }
    if (target->listing.identity_count > 0)
        run_adopt(run, target);
    if (!pair->settings->syncduplicates)
        run_exclude_duplicates(run);
    run_exclude_by_rules(run);
    if (target->is_there && !pair->settings->dry)
        run_copy(run, target);
    if (run->fault.code != FAULT_NONE)
        run_fail_wanted(run);
}

static void run_init(struct folder_run *run, struct pair *pair, const struct plan_entry *entry)
{
    memset(run, 0, sizeof(*run));
    run->pair = pair;
    run->entry = entry;
    run->name = entry->source_label;
    listing_init(&run->listing, &pair->source);
}

static void run_deinit(struct folder_run *run)
{
    listing_deinit(&run->listing);
    notes_deinit(&run->notes);
}

static void target_prepare(struct target *target, bool exists)
{
    target->is_prepared = true;
    target_open(target, exists);
    if (!target_finish_open(target, exists) || !target_finish_listing(target))
        (void)fault_ends_pair(target->pair, &target->fault);
}

/* The answers of what is still in flight would be written into `run`, and so would data that comes
   unasked. That happens only when the pair has ended, or a folder could not be opened and its
   listing was sent ahead. */
static void run_leave_source(struct folder_run *run)
{
    struct imap_client *client = run->pair->source.client;
    struct fault fault;
    if (imap_client_is_alive(client) && imap_client_pending(client) > 0 &&
        (pair_is_ended(run->pair) || !listing_drop(&run->listing, &fault)))
        imap_client_fail(client, &run->pair->fault);
    imap_client_set_events(client, NULL);
}

/* One source folder, from EXAMINE to the record. Both sides are opened at the same time. */
static void folder_sync(struct pair *pair, const struct plan_entry *entry, struct target *target)
{
    struct folder_run run;
    run_init(&run, pair, entry);
    log_line(pair->log, "folder %s -> %s", run.name, target->name);
    run_open(&run);
    /* A folder that was created just now is empty, and then nothing has to be recognised. */
    if (!entry->exists && pair->settings->syncduplicates)
        listing_send(&run.listing, false, false);
    if (!target->is_prepared)
        target_prepare(target, entry->exists);
    if (!pair_is_ended(pair) && run_finish_open(&run))
        run_list(&run, target);
    if (run.is_listed)
        run_decide_and_copy(&run, target);
    (void)fault_ends_pair(pair, &run.fault);
    run_leave_source(&run);
    run_record(&run, target);
    run_deinit(&run);
}

/* A folder that was not reached is recorded with what the listing said of it. */
static void folder_record_unreached(struct pair *pair, const struct plan_entry *entry,
                                    const struct target *target)
{
    struct folder_run run;
    run_init(&run, pair, entry);
    run_record(&run, target);
    run_deinit(&run);
}

void pair_sync_folders(struct pair *pair, const struct plan_entry *entries, size_t count)
{
    struct target target;
    memset(&target, 0, sizeof(target));
    target.pair = pair;
    target.mailbox = entries[0].destination;
    target.name = mutf7_to_display(entries[0].destination);
    listing_init(&target.listing, &pair->destination);
    for (size_t i = 0; i < count; i++) {
        if (pair_is_ended(pair) || pair_sees_stop(pair))
            folder_record_unreached(pair, &entries[i], &target);
        else
            folder_sync(pair, &entries[i], &target);
    }
    listing_deinit(&target.listing);
    mem_free(target.name);
}
