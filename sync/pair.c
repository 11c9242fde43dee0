/* SPDX-License-Identifier: MIT */
#include "sync/pair.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/folders/mutf7.h"
#include "sync/copy.h"
#include "sync/delete.h"
#include "sync/delete_folders.h"
#include "sync/pair_memory.h"
#include "sync/resync.h"
#include "sync/pair_private.h"
#include "sync/verdict.h"

/* After its end: how long the answers to what is under way are waited for. */
#define PAIR_LINGER_NSECS (30 * CLOCK_NSECS_PER_SEC)

/* The last words of a server may be a throttle, which is another matter than a lost connection. */
static bool fault_is_throttle(const struct fault *lost, struct fault *throttle_r)
{
    struct verdict_question question = {lost->side, VERDICT_OTHER, IMAP_STATUS_BYE,
                                        "",         lost->server,  ""};
    if (lost->code != FAULT_CLOSED)
        return false;
    verdict_judge(&question, throttle_r);
    return throttle_r->code == FAULT_THROTTLED;
}

void pair_end(struct pair *pair, const struct fault *fault)
{
    struct fault throttle;
    if (pair->fault.code != FAULT_NONE)
        return;
    pair->fault = fault_is_throttle(fault, &throttle) ? throttle : *fault;
    pair->ended_nsecs = clock_mono_nsecs();
    log_fault(pair->log, &pair->fault);
}

bool pair_is_ended(const struct pair *pair)
{
    return pair->fault.code != FAULT_NONE;
}

bool pair_is_overdue(const struct pair *pair)
{
    return pair_is_ended(pair) && clock_mono_nsecs() - pair->ended_nsecs > PAIR_LINGER_NSECS;
}

void pair_count_error(struct pair *pair, const struct fault *last)
{
    struct fault fault;
    pair->errors++;
    if (pair->environment->progress != NULL)
        atomic_fetch_add(&pair->environment->progress->errors, 1);
    if (pair->settings->errorsmax <= 0 || pair->errors < (uint64_t)pair->settings->errorsmax)
        return;
    fault_set(&fault, FAULT_ERRORS_MAX, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
              "%llu errors are as many as --errorsmax allows; the last one: %.300s",
              (unsigned long long)pair->errors, last->text);
    fault_set_server(&fault, last->server, strlen(last->server));
    pair_end(pair, &fault);
}

void pair_fail_folder(struct pair *pair, const struct fault *fault)
{
    if (pair_is_ended(pair))
        return;
    if (fault->scope >= FAULT_SCOPE_MAILBOX) {
        pair_end(pair, fault);
        return;
    }
    log_fault(pair->log, fault);
    if (!pair->has_failed_folder)
        pair->folder_fault = *fault;
    pair->has_failed_folder = true;
    pair_count_error(pair, fault);
}

bool pair_sees_stop(struct pair *pair)
{
    struct fault fault;
    if (pair->environment->stop == NULL || !stop_is_requested(pair->environment->stop))
        return false;
    fault_set(&fault, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
              "the run was stopped; run the same command again to go on");
    pair_end(pair, &fault);
    return true;
}

/* -- the plan -- */

static void pair_log_plan(const struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        char *from = mutf7_to_display(entry->source->name);
        char *to = mutf7_to_display(entry->destination);
        log_line(pair->log, "plan: [%s] -> [%s]%s%s%s", from, to,
                 entry->exists ? "" : " (to be created)", entry->is_renamed ? " (renamed)" : "",
                 entry->is_merged ? " (merged with another folder)" : "");
        mem_free(from);
        mem_free(to);
    }
    for (size_t i = 0; i < plan->skip_count; i++) {
        char *name = mutf7_to_display(plan->skips[i].name);
        log_line(pair->log, "plan: [%s] left out: %s", name, plan->skips[i].reason);
        mem_free(name);
    }
}

/* -- sizes -- */

static bool session_log_folder_size(struct session *session, const struct folder *folder,
                                    uint64_t *messages, uint64_t *bytes, struct fault *fault_r)
{
    struct imap_answer answer = {0};
    struct listing listing;
    char *name = mutf7_to_display(folder->name);
    uint64_t folder_bytes = 0;
    listing_init(&listing, session);
    imap_client_mailbox_begin(session->client);
    imap_client_begin(session->client, false);
    imap_client_add(session->client, "EXAMINE ");
    imap_client_add_string(session->client, folder->name);
    imap_client_end(session->client, imap_answer_callback, &answer, 0);
    bool is_done = imap_loop_await(session->loop, session->client, &answer, fault_r);
    if (is_done && answer.status != IMAP_STATUS_OK) {
        session_judge(session, VERDICT_SELECT, &answer, name, fault_r);
        is_done = false;
    }
    if (is_done) {
        listing_send(&listing, false, false);
        listing_listen(&listing);
        is_done = listing_finish(&listing, name, fault_r);
    }
    if (is_done) {
        for (size_t i = 0; i < listing.count; i++)
            folder_bytes += listing.messages[i].size_bytes;
        log_line(session->log, "host%d folder %s: %llu messages, %llu bytes", session->side, name,
                 (unsigned long long)listing.count, (unsigned long long)folder_bytes);
        *messages += listing.count;
        *bytes += folder_bytes;
    }
    listing_deinit(&listing);
    mem_free(name);
    return is_done;
}

/* --justfoldersizes */
static void pair_log_folder_sizes(struct pair *pair, struct session *session)
{
    uint64_t messages = 0;
    uint64_t bytes = 0;
    struct fault fault;
    for (size_t i = 0; i < session->folders.count && !pair_is_ended(pair); i++) {
        const struct folder *folder = &session->folders.items[i];
        if ((folder->attributes & FOLDER_NOSELECT) != 0)
            continue;
        if (!session_log_folder_size(session, folder, &messages, &bytes, &fault)) {
            if (fault.scope >= FAULT_SCOPE_MAILBOX)
                pair_end(pair, &fault);
            else
                log_fault(pair->log, &fault);
        }
    }
    log_line(pair->log, "host%d in all: %llu folders, %llu messages, %llu bytes", session->side,
             (unsigned long long)session->folders.count, (unsigned long long)messages,
             (unsigned long long)bytes);
}

/* What the server told along with its list, at no cost. */
static void pair_log_source_size(const struct pair *pair)
{
    const struct folder_list *folders = &pair->source.folders;
    uint64_t messages = 0;
    for (size_t i = 0; i < folders->count; i++)
        messages += folders->items[i].messages;
    if (folders->count > 0 && folders->items[0].has_status)
        log_line(pair->log, "host1 in all: %llu folders, %llu messages",
                 (unsigned long long)folders->count, (unsigned long long)messages);
}

/* -- what the servers are -- */

const char *pair_flag_items(const struct pair *pair)
{
    return pair->with_labels ? "FLAGS X-GM-LABELS" : "FLAGS";
}

static bool pair_wants_labels(const struct pair *pair)
{
    return pair->settings->synclabels || pair->settings->resynclabels;
}

/* With the source signed in: until more is known, the destination is taken to have them too. */
static void pair_expect_labels(struct pair *pair)
{
    pair->with_labels = pair_wants_labels(pair) &&
                        imap_client_can(pair->source.client, IMAP_CAP_X_GM_EXT_1);
}

static void pair_settle_labels(struct pair *pair)
{
    bool has_source = imap_client_can(pair->source.client, IMAP_CAP_X_GM_EXT_1);
    bool has_destination = imap_client_can(pair->destination.client, IMAP_CAP_X_GM_EXT_1);
    pair->with_labels = pair_wants_labels(pair) && has_source && has_destination;
    if (pair_wants_labels(pair) && !pair->with_labels)
        log_line(
            pair->log,
            "labels are left out: host%d has none (no X-GM-EXT-1). They can be carried between "
            "two Gmail accounts only; leave out --synclabels and --resynclabels",
            has_source ? 2 : 1);
}

/* All front ends say so, somewhere in their greeting. */
static bool is_exchange(const struct imap_client *client)
{
    return strstr(imap_client_greeting(client), "Microsoft Exchange") != NULL;
}

/* Other programs than IMAP's don't see a \Flagged that Exchange got with an APPEND. */
static void pair_settle_exchange(struct pair *pair)
{
    const struct imap_client *destination = pair->destination.client;
    pair->source_invents = is_exchange(pair->source.client) && !pair->settings->copy_placeholders;
    pair->appends_lose_flagged = is_exchange(destination) &&
                                 imap_client_can(destination, IMAP_CAP_UIDPLUS);
    pair->places = pair->appends_lose_flagged ? PAIR_PLACES_UNKNOWN : PAIR_PLACES_SETTLED;
}

/* -- the run of one pair -- */

static bool pair_await(struct pair *pair, struct session *const *sessions, size_t count)
{
    struct fault fault;
    if (session_await(sessions, count, &fault))
        return true;
    pair_end(pair, &fault);
    return false;
}

/* Both sides at the same time. */
static bool pair_sign_in(struct pair *pair)
{
    struct session *const sessions[] = {&pair->source, &pair->destination};
    session_begin(&pair->source, true, SESSION_STATUS_IF_FREE);
    session_begin(&pair->destination, true, SESSION_STATUS_NONE);
    return pair_await(pair, sessions, 2);
}

/* Though nothing changed on the source. */
static bool pair_looks_at_both(const struct settings *settings)
{
    return delete_is_wanted(settings) || settings->resyncflags;
}

/* An earlier run came to its end: the source is asked first whether anything changed, and the
   destination only if so. False when the pair has ended, or there is nothing to do. */
static bool pair_sign_in_again(struct pair *pair)
{
    struct session *const sessions[] = {&pair->source, &pair->destination};
    session_begin(&pair->source, true, SESSION_STATUS_ALL);
    if (!pair_await(pair, sessions, 1))
        return false;
    pair_expect_labels(pair);
    if ((!pair_looks_at_both(pair->settings) && pair_memory_records_all(pair)) ||
        pair_is_ended(pair))
        return false;
    session_begin(&pair->destination, true, SESSION_STATUS_NONE);
    return pair_await(pair, sessions + 1, 1);
}

static bool pair_make_plan(struct pair *pair)
{
    struct fault fault;
    if (!folder_plan_build(&pair->source.folders, &pair->destination.folders, pair->settings,
                           &pair->plan, &fault)) {
        pair_end(pair, &fault);
        return false;
    }
    pair_log_plan(pair);
    return true;
}

static void pair_work(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    pair_memory_open(pair);
    if (settings->retry_problems && pair_memory_has_no_problems(pair)) {
        log_line(pair->log, "no message failed in the last run: there is nothing to try again");
        pair->is_left_out = true;
        return;
    }
    if (pair_is_ended(pair) ||
        !(pair_memory_is_known(pair) ? pair_sign_in_again(pair) : pair_sign_in(pair)) ||
        settings->justlogin)
        return;
    pair_settle_labels(pair);
    pair_settle_exchange(pair);
    if (settings->foldersizes)
        pair_log_source_size(pair);
    if (!pair_make_plan(pair))
        return;
    if (settings->justfoldersizes) {
        pair_log_folder_sizes(pair, &pair->source);
        pair_log_folder_sizes(pair, &pair->destination);
        return;
    }
    delete_destination_folders(pair);
    if (delete_empty_source_folders(pair, true) && !pair_make_plan(pair))
        return;
    if (pair_is_ended(pair))
        return;
    pair_memory_plan(pair);
    delete_expunge_source(pair);
    target_list_send(&pair->targets, pair);
    target_list_await(&pair->targets);
    lane_set_init(&pair->lanes, pair, copy_append_answered);
    source_set_init(&pair->sources, pair);
    if (settings->justfolders)
        return;
    if (!pair_is_ended(pair))
        pair_memory_begin(pair);
    pair_sync_folders(pair);
    pair_memory_end(pair);
    resync_flags(pair);
    delete_messages(pair);
    if (settings->delete1 && !settings->dry)
        (void)delete_empty_source_folders(pair, false);
}

/* -- the verdict -- */

static bool fault_is_pause(const struct fault *fault)
{
    return fault->code == FAULT_STOPPED || fault->code == FAULT_TRANSFER_LIMIT ||
           fault->code == FAULT_THROTTLED;
}

/* What is missing although the pair went through to its end. */
static void result_set_exceptions(const struct pair *pair, struct pair_result *result)
{
    const struct message_counts *counts = &pair->counts;
    result->status = JOB_EXCEPTIONS;
    if (pair->has_failed_folder) {
        result->fault = pair->folder_fault;
        return;
    }
    fault_set(&result->fault,
              counts->failed > 0       ? FAULT_APPEND
              : counts->unreadable > 0 ? FAULT_FETCH
                                       : FAULT_TOO_BIG,
              FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 0,
              "%llu messages are not on the destination (%llu failed, %llu unreadable, %llu too "
              "big); problems.csv lists them",
              (unsigned long long)(counts->failed + counts->unreadable + counts->too_big),
              (unsigned long long)counts->failed, (unsigned long long)counts->unreadable,
              (unsigned long long)counts->too_big);
}

/* "complete" is said only when nothing at all speaks against it. */
static void pair_conclude(const struct pair *pair, struct pair_result *result)
{
    const struct message_counts *counts = &pair->counts;
    int64_t difference = message_counts_difference(counts);
    result->counts = *counts;
    result->was_signed_in = pair->source.step == SESSION_READY &&
                            (pair->destination.step == SESSION_READY ||
                             pair->destination.step == SESSION_IDLE);
    if (pair->is_left_out) {
        result->status = JOB_LEFT_OUT;
    } else if (pair_is_ended(pair)) {
        result->fault = pair->fault;
        result->status = fault_is_pause(&pair->fault) ? JOB_PAUSED : JOB_FAILED;
    } else if (pair->has_failed_folder ||
               counts->failed + counts->unreadable + counts->too_big > 0) {
        result_set_exceptions(pair, result);
    } else if (difference != 0) {
        result->status = JOB_FAILED;
        fault_set(&result->fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RETRY, 0,
                  "the accounting does not close: %lld messages are in no state",
                  (long long)difference);
    } else if (pair->settings->justfolders && target_list_refused(&pair->targets) > 0) {
        result->status = JOB_EXCEPTIONS;
        fault_set(&result->fault, FAULT_CREATE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, 2,
                  "%llu folders could not be created; the log names them",
                  (unsigned long long)target_list_refused(&pair->targets));
    } else {
        result->status = JOB_COMPLETE;
    }
}

static void pair_deinit(struct pair *pair)
{
    lane_set_deinit(&pair->lanes);
    source_set_deinit(&pair->sources);
    target_list_deinit(&pair->targets);
    if (pair->map != NULL || pair->memories != NULL)
        pair_memory_close(pair);
    folder_plan_deinit(&pair->plan);
    pair_change_deinit(pair);
    session_deinit(&pair->source);
    session_deinit(&pair->destination);
    buffer_deinit(&pair->flags_text);
    flag_rules_deinit(&pair->flag_rules);
}

/* Settings are checked before; what is refused here all the same ends the pair. */
static bool pair_make_flag_rules(struct pair *pair)
{
    struct buffer faults;
    struct fault fault;
    buffer_init(&faults, 64 * 1024);
    bool is_good = flag_rules_init(&pair->flag_rules, pair->settings, &faults);
    if (!is_good) {
        fault_set(&fault, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0, "%s",
                  buffer_str(&faults));
        pair_end(pair, &fault);
    }
    buffer_deinit(&faults);
    return is_good;
}

static bool pair_make_secret(struct pair *pair)
{
    struct fault fault;
    if (RAND_bytes(pair->adopt_secret.bytes, sizeof(pair->adopt_secret.bytes)) == 1)
        return true;
    fault_set(&fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RETRY, 0,
              "OpenSSL has no random numbers to give");
    pair_end(pair, &fault);
    return false;
}

void pair_run(const struct settings *settings, const struct pair_environment *environment,
              struct pair_result *result_r)
{
    struct pair pair;
    memset(&pair, 0, sizeof(pair));
    memset(result_r, 0, sizeof(*result_r));
    pair.settings = settings;
    pair.environment = environment;
    pair.log = environment->log;
    imap_loop_init(&pair.loop, environment->stop);
    buffer_init(&pair.flags_text, 64 * 1024);
    session_init(&pair.source, 1, settings, &pair.loop, environment->tls, pair.log);
    session_init(&pair.destination, 2, settings, &pair.loop, environment->tls, pair.log);
    if (pair_make_flag_rules(&pair) && pair_make_secret(&pair) && pair_change_init(&pair))
        pair_work(&pair);
    pair_conclude(&pair, result_r);
    pair_deinit(&pair);
    log_flush(environment->log);
}
