/* SPDX-License-Identifier: MIT */
#include "sync/folder_run.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/carry.h"
#include "sync/imap/fetch.h"
#include "sync/messages/adopt.h"
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

/* -- opening -- */

static bool run_needs_identity(const struct folder_run *run)
{
    return target_holds_mail(run->target) || run->target->listing.count > 0 ||
           !run->pair->settings->syncduplicates;
}

static bool run_is_delta(const struct folder_run *run)
{
    return run->memory->delta != DELTA_LIST;
}

/* All of the folder. What is or will be in the map gets its flags from here, unless its body brings
   them. */
static void run_send_list(struct folder_run *run)
{
    const struct pair *pair = run->pair;
    bool is_there_listed = !target_holds_mail(run->target);
    run->listing.first_uid = 1;
    run->listing.with_flags = run->memory->folder != NULL &&
                              (run->memory->is_known || run_needs_identity(run));
    run->listing.role = (struct listing_role){
        .secret = &pair->adopt_secret,
        .among = is_there_listed ? &run->target->listing : NULL,
        .with_keys = !is_there_listed || !pair->settings->syncduplicates,
    };
    listing_send(&run->listing, run_needs_identity(run), pair->settings->addheader);
    memset(&run->changes_answer, 0, sizeof(run->changes_answer));
    run->changes_answer.is_done = true;
    run->changes_answer.status = IMAP_STATUS_OK;
}

/* Some servers tell HIGHESTMODSEQ and take no CHANGEDSINCE. */
static bool run_is_told_changes(const struct folder_run *run)
{
    return run->memory->folder->source.mod_seq != 0 &&
           imap_client_can(run->pair->source.client, IMAP_CAP_CONDSTORE);
}

/* New messages, and changes of the others since the last run: RFC 7162 section 3.1.4.1 and, for
   VANISHED, 3.2.6. */
static void run_send_delta(struct folder_run *run)
{
    const struct store_mark *then = &run->memory->folder->source;
    struct imap_client *client = run->pair->source.client;
    run->listing.first_uid = then->uid_next;
    listing_send(&run->listing, false, false);
    if (then->uid_next == 1) {
        run->changes_answer.is_done = true;
        run->changes_answer.status = IMAP_STATUS_OK;
    } else if (run_is_told_changes(run)) {
        imap_client_command(client, imap_answer_callback, &run->changes_answer,
                            "UID FETCH 1:%u (FLAGS) (CHANGEDSINCE %llu%s)", then->uid_next - 1,
                            (unsigned long long)then->mod_seq,
                            run->pair->source.has_qresync ? " VANISHED" : "");
    } else {
        imap_client_command(client, imap_answer_callback, &run->changes_answer,
                            "UID FETCH 1:%u (FLAGS)", then->uid_next - 1);
    }
}

static void run_send_examine(struct folder_run *run)
{
    struct imap_client *client = run->pair->source.client;
    memset(&run->answer, 0, sizeof(run->answer));
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "EXAMINE ");
    imap_client_add_string(client, run->entry->source->name);
    imap_client_end(client, imap_answer_callback, &run->answer, 0);
}

/* A large folder waits until the destination is listed: what its messages are looked up in. Others
   go ahead and keep what they will be looked up by. */
static bool run_lists_at_once(const struct folder_run *run)
{
    return !target_holds_mail(run->target) ||
           (run->entry->source->has_status && run->unlisted_messages <= LIST_AHEAD_MAX_MESSAGES);
}

void folder_run_open(struct folder_run *run)
{
    run_send_examine(run);
    if (run_is_delta(run))
        run_send_delta(run);
    else if (run_lists_at_once(run))
        run_send_list(run);
}

/* "VANISHED (EARLIER) 41,43:116" */
static void run_take_vanished(struct folder_run *run, const struct imap_response *response)
{
    size_t at = response->token_count == 0 ? 0 : imap_token_next(response->tokens, 0);
    if (at < response->token_count)
        changes_add_gone(&run->changes, response->tokens[at].data, response->tokens[at].size);
}

static enum imap_taken run_untagged(void *context, const struct imap_response *response)
{
    struct folder_run *run = context;
    struct imap_fetch fetch;
    if (!run->answer.is_done)
        return IMAP_TAKEN;
    if (str_iequals_n(response->name, response->name_size, "VANISHED"))
        run_take_vanished(run, response);
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0)
        return IMAP_TAKEN;
    if (fetch.has_flags)
        changes_add(&run->changes, fetch.uid,
                    folder_memory_flags(run->memory, fetch.flags, fetch.flag_count));
    listing_take(&run->listing, response);
    return IMAP_TAKEN;
}

void folder_run_listen(struct folder_run *run)
{
    struct imap_events events = {run, run_untagged, NULL, NULL, NULL, NULL};
    if (run_is_delta(run) || run->listing.with_flags)
        imap_client_set_events(run->pair->source.client, &events);
    else
        listing_listen(&run->listing);
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
    return folder_memory_open(run->memory, imap_client_mailbox(session->client), run->name,
                              &run->fault);
}

static void run_change_states(struct folder_run *run, enum message_state from,
                              enum message_state to)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == from)
            run->listing.messages[i].state = (uint8_t)to;
    }
}

static void run_settle(struct folder_run *run, uint32_t index, enum message_state state,
                       enum problem_reason reason, const char *text)
{
    run->listing.messages[index].state = (uint8_t)state;
    notes_add(&run->notes, index, reason, text);
}

/* --retry-problems */
static void run_keep_failures(struct folder_run *run)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == MESSAGE_WANTED)
            run_settle(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
                       "rule: it did not fail before (--retry-problems)");
    }
    run_change_states(run, FOLDER_MEMORY_FAILED_BEFORE, MESSAGE_WANTED);
}

/* -- a listing of what changed -- */

/* Without CONDSTORE all UIDs were told: those of the map that were not are gone. */
static void run_find_gone(struct folder_run *run)
{
    if (!run_is_told_changes(run))
        folder_memory_find_gone(run->memory, &run->changes);
}

/* What is remembered, less what is gone, and what is new must add up to what the server says. */
static bool run_adds_up(const struct folder_run *run)
{
    const struct imap_mailbox *mailbox = imap_client_mailbox(run->pair->source.client);
    uint64_t sum = run->memory->known.source + run->listing.count;
    return mailbox->has_exists && sum + mailbox->expunged >= mailbox->exists_at_open &&
           sum <= mailbox->exists + mailbox->expunged;
}

static bool run_finish_delta(struct folder_run *run)
{
    struct pair *pair = run->pair;
    uint32_t first_uid = run->listing.first_uid;
    if (!listing_finish(&run->listing, run->name, &run->fault))
        return false;
    folder_run_listen(run); /* listing_finish() ended that */
    if (!imap_loop_await(&pair->loop, pair->source.client, &run->changes_answer, &run->fault))
        return false;
    imap_client_set_events(pair->source.client, NULL);
    changes_sort(&run->changes);
    run_find_gone(run);
    if (run->changes_answer.status != IMAP_STATUS_OK || run->changes.is_overflown ||
        !folder_memory_drop(run->memory, run->changes.gone, run->changes.gone_count) ||
        !run_adds_up(run))
        return false;
    (void)folder_memory_subtract(run->memory, &run->listing, first_uid, run->target->tail_from);
    run_change_states(run, FOLDER_MEMORY_UNPLACED, MESSAGE_ALREADY);
    return true;
}

static bool run_finish_list(struct folder_run *run)
{
    if (!listing_finish(&run->listing, run->name, &run->fault))
        return false;
    changes_sort(&run->changes);
    run->has_unplaced = folder_memory_subtract(run->memory, &run->listing, 1,
                                               run->target->tail_from);
    if (run->memory->is_partial)
        run_keep_failures(run);
    return true;
}

/* The second answer of a listing of changes, whatever it is: it points into the run. */
static bool run_await_changes(struct folder_run *run, struct fault *fault_r)
{
    struct imap_client *client = run->pair->source.client;
    return !run_is_delta(run) ||
           imap_loop_await(&run->pair->loop, client, &run->changes_answer, fault_r);
}

/* What is remembered does not fit what is there: all is listed after all. */
static bool run_list_again(struct folder_run *run)
{
    struct session *session = &run->pair->source;
    log_line(run->pair->log, "folder %s: more changed than can be told apart, it is listed anew",
             run->name);
    if (!run_await_changes(run, &run->fault))
        return false;
    fault_clear(&run->fault);
    folder_memory_distrust(run->memory);
    changes_deinit(&run->changes);
    listing_deinit(&run->listing);
    listing_init(&run->listing, session);
    run->listing.opened = &run->answer;
    run_send_list(run);
    folder_run_listen(run);
    return run_finish_list(run);
}

static bool run_finish_listing(struct folder_run *run)
{
    if (!run->listing.is_sent) { /* a large folder */
        target_list_mail(run->target);
        if (pair_is_ended(run->pair))
            return false;
        run_send_list(run);
        folder_run_listen(run);
    }
    if (!run_is_delta(run))
        return run_finish_list(run);
    if (run_finish_delta(run))
        return true;
    if (!imap_client_is_alive(run->pair->source.client) || pair_is_ended(run->pair) ||
        run->fault.scope >= FAULT_SCOPE_MAILBOX)
        return false;
    return run_list_again(run);
}

/* -- which messages -- */

static void run_forget_places(struct folder_run *run, enum message_state state)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == state)
            run->listing.messages[i].place = ADOPT_NOWHERE;
    }
}

/* Of some messages an earlier run knows that they are there, but not where (no UIDPLUS). They take
   the equals they find, so that no other message is taken to be there because of them. */
static void run_match_placed_nowhere(struct folder_run *run, const struct adopt_source *here,
                                     const struct adopt_destination *there,
                                     const struct adopt_rules *rules)
{
    if (!run->has_unplaced)
        return;
    run_change_states(run, MESSAGE_WANTED, MESSAGE_SENT);
    run_change_states(run, FOLDER_MEMORY_UNPLACED, MESSAGE_WANTED);
    run_forget_places(run, MESSAGE_ALREADY);
    adopt_match(here, there, rules);
    run_change_states(run, MESSAGE_WANTED, MESSAGE_ALREADY);
    run_change_states(run, MESSAGE_SENT, MESSAGE_WANTED);
}

/* Mail that earlier runs brought there, from this folder and from those merged with it, is nobody
   else's. */
static void run_take_known(const struct folder_run *run, const struct adopt_destination *there)
{
    const struct pair *pair = run->pair;
    struct uid_list known = {NULL, 0, 0};
    for (size_t i = 0; i < pair->plan->count; i++) {
        if (strcmp(pair->plan->entries[i].destination, run->target->mailbox) == 0)
            folder_memory_add_known(&pair->memories[i], run->target->tail_from, &known);
    }
    adopt_take(there, known.items, known.count);
    mem_free(known.items);
}

/* Where they are, and what flags they have. */
static void run_remember_adopted(struct folder_run *run)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        const struct listed_message *message = &run->listing.messages[i];
        if (message->state != MESSAGE_ALREADY || message->place == ADOPT_NOWHERE)
            continue;
        const struct change *flags = changes_find(&run->changes, message->uid);
        folder_memory_put(run->memory, message->uid, run->listing.traits[i].uid,
                          flags == NULL ? STORE_FLAGS_UNKNOWN : flags->flags,
                          STORE_OUTCOME_PRESENT);
    }
}

/* What took memory only to recognise messages is given back before the copy. */
static void run_adopt(struct folder_run *run)
{
    const struct pair *pair = run->pair;
    const struct adopt_rules rules = {&pair->adopt_secret, pair->settings->syncinternaldates,
                                      pair->settings->addheader};
    const struct adopt_source here = listing_as_source(&run->listing);
    const struct adopt_destination there = listing_as_destination(&run->target->listing);
    if (there.count == 0 || here.traits == NULL) {
        run_change_states(run, FOLDER_MEMORY_UNPLACED, MESSAGE_ALREADY);
        return;
    }
    if (here.keys != NULL && run->listing.role.among == NULL)
        adopt_place(&here, &there);
    run_take_known(run, &there);
    run_match_placed_nowhere(run, &here, &there, &rules);
    run_forget_places(run, MESSAGE_ALREADY);
    adopt_match(&here, &there, &rules);
    run_remember_adopted(run);
}

/* --nosyncduplicates: the copy with the lowest UID stands for all. The first of the rules. */
static void run_exclude_duplicates(struct folder_run *run)
{
    const struct adopt_source here = listing_as_source(&run->listing);
    adopt_exclude_duplicates(&here);
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == MESSAGE_EXCLUDED)
            run_settle(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
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

/* Messages at which the connection was lost again and again: the rest must not wait for them. */
static void run_give_up_suspects(struct folder_run *run)
{
    const struct suspects *suspects = run->pair->environment->suspects;
    for (size_t i = 0; suspects != NULL && suspects->count > 0 && i < run->listing.count; i++) {
        if (run->listing.messages[i].state != MESSAGE_WANTED ||
            !suspects_is_given_up(suspects, run->name, run->listing.messages[i].uid))
            continue;
        run_settle(run, (uint32_t)i, MESSAGE_FAILED, PROBLEM_FAILED,
                   "the connection was lost each time this message was on its way; it was given up "
                   "so that the rest could go on");
    }
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
    if (run->job.dropped_keywords > 0)
        log_line(run->pair->log, "folder %s: %llu flags the destination can't keep were left out",
                 run->name, (unsigned long long)run->job.dropped_keywords);
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
    return !run_is_delta(run) ||
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
    bool is_finished = run->is_matched && !is_failed && !run->memory->is_partial &&
                       message_counts_difference(&run->counts) == 0;
    bool is_answered = run->is_matched && !run_has_unknown_fate(run);
    folder_memory_finish(run->memory, &run->listing, &run->counts, is_finished, is_answered);
}

/* Writes what became of the folder into the store; a store that can't be written ends the pair. */
void folder_run_record(struct folder_run *run)
{
    struct pair *pair = run->pair;
    const struct pair_environment *environment = pair->environment;
    struct fault fault;
    bool is_stored = true;
    folder_run_settle(run);
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
    is_stored = is_stored && store_folder_add(environment->store, environment->run_id,
                                              environment->row, &folder, &fault);
    if (!is_stored)
        pair_end(pair, &fault);
    else
        run_remember(run, is_failed);
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

static void run_decide(struct folder_run *run)
{
    struct pair *pair = run->pair;
    if (pair->environment->progress != NULL)
        atomic_fetch_add(&pair->environment->progress->messages_known, run->listing.count);
    target_list_mail(run->target);
    if (run->target->fault.code != FAULT_NONE) {
        run->fault = run->target->fault;
        return;
    }
    carry_flags(run->memory, &run->changes, run->target, run->name);
    run_adopt(run);
    run->is_matched = !pair_is_ended(pair);
    if (!pair->settings->syncduplicates)
        run_exclude_duplicates(run);
    listing_forget_identities(&run->listing);
    run_exclude_by_rules(run);
    run_give_up_suspects(run);
    run_check_target(run);
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
         !(listing_drop(&run->listing, &fault) && run_await_changes(run, &fault))))
        imap_client_fail(client, &run->pair->fault);
    imap_client_set_events(client, NULL);
}

void folder_run_read(struct folder_run *run, const struct copy_next *next)
{
    struct pair *pair = run->pair;
    log_line(pair->log, "folder %s -> %s", run->name, run->target->name);
    if (run_finish_open(run)) {
        const struct imap_mailbox *mailbox = imap_client_mailbox(pair->source.client);
        run->is_listed = run_finish_listing(run);
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
    run_send_examine(run);
    if (!run_finish_open(run)) {
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
    return run;
}

void folder_run_deinit(struct folder_run **run_p)
{
    struct folder_run *run = *run_p;
    if (run == NULL)
        return;
    *run_p = NULL;
    copy_deinit(&run->copy);
    listing_deinit(&run->listing);
    changes_deinit(&run->changes);
    notes_deinit(&run->notes);
    mem_free(run);
}
