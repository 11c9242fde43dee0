/* SPDX-License-Identifier: MIT */
#include "sync/pair.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/copy.h"
#include "sync/delete.h"
#include "sync/delete_folders.h"
#include "sync/folders/lookup.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name.h"
#include "sync/pair_memory.h"
#include "sync/resync.h"
#include "sync/pair_private.h"
#include "sync/plan_log.h"
#include "sync/preflight.h"
#include "sync/settle.h"
#include "sync/sizes.h"
#include "sync/verify.h"
#include "sync/verdict.h"

/* After its end: how long the answers to what is under way are waited for. */
#define PAIR_LINGER_NSECS (30 * CLOCK_NSECS_PER_SEC)

void pair_end(struct pair *pair, const struct fault *fault)
{
    if (pair->fault.code != FAULT_NONE)
        return;
    struct session *session = fault->side == 1 ? &pair->source : &pair->destination;
    if (!session_explain_loss(session, fault, &pair->fault) &&
        !verdict_of_last_words(fault, &pair->fault))
        pair->fault = *fault;
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

static void pair_count_error_as(struct pair *pair, const struct fault *last, const char *text)
{
    struct fault fault;
    pair->errors++;
    if (pair->environment->errors != NULL)
        error_list_add(pair->environment->errors, last, text);
    pair_progress_error(pair->environment->progress);
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
    pair_count_error(pair, fault, NULL);
}

void pair_count_error(struct pair *pair, const struct fault *fault, const char *subject)
{
    const char *said = fault->server[0] != '\0' ? fault->server : fault->text;
    char *text = subject != NULL            ? mem_printf("%s: %s", subject, said)
                 : fault->server[0] != '\0' ? mem_printf("%s [server said: %s]", fault->text, said)
                                            : mem_strdup(said);
    pair_count_error_as(pair, fault, text);
    mem_free(text);
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

/* -- sizes -- */

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

/* A gateway in front of it may greet otherwise: the presets tell, too. */
static void pair_settle_folder_rules(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    pair->source.folders.is_exchange = is_exchange(pair->source.client) || settings->office1 ||
                                       settings->exchange1;
    pair->destination.folders.is_exchange = is_exchange(pair->destination.client) ||
                                            settings->office2 || settings->exchange2;
}

/* Other programs than IMAP's don't see a \Flagged that Exchange got with an APPEND. */
static void pair_settle_exchange(struct pair *pair)
{
    const struct imap_client *destination = pair->destination.client;
    pair->source_invents = is_exchange(pair->source.client) && !pair->settings->copy_placeholders;
    pair->counts_refusals[0] = is_exchange(pair->source.client);
    pair->counts_refusals[1] = is_exchange(destination);
    pair->appends_lose_flagged = is_exchange(destination) &&
                                 imap_client_can(destination, IMAP_CAP_UIDPLUS);
    pair->places = pair->appends_lose_flagged ? PAIR_PLACES_UNKNOWN : PAIR_PLACES_SETTLED;
}

/* -- the run of one pair -- */

static bool pair_await(struct pair *pair, struct session *const *sessions, size_t count)
{
    const struct pair_environment *environment = pair->environment;
    struct fault fault;
    bool is_ok = session_await(sessions, count, &fault);
    for (size_t i = 0; i < count && environment->signed_in != NULL; i++) {
        if (sessions[i]->step == SESSION_READY && !pair->settings->justconnect)
            environment->signed_in(environment->signed_in_context, sessions[i]->side);
    }
    if (!is_ok)
        pair_end(pair, &fault);
    return is_ok;
}

/* --nocheckfoldersexist: servers may keep folders out of LIST that can be opened all the same,
   those that others share for example. */
static void pair_add_unlisted_folders(struct pair *pair)
{
    struct folder_list *folders = &pair->source.folders;
    const struct str_list *names = &pair->settings->folder;
    struct folder_lookup lookup;
    for (size_t i = 0; !pair->settings->checkfoldersexist && i < names->count; i++) {
        folder_lookup_init(&lookup, folders);
        bool is_listed = folder_lookup_find(&lookup, names->items[i]) != NULL;
        folder_lookup_deinit(&lookup);
        if (is_listed)
            continue;
        char *name = name_from_user(folders, names->items[i]);
        (void)folder_list_add(folders, name, strlen(name), name_default_separator(folders), 0);
        mem_free(name);
    }
}

/* Whether more must be known of the source's folders than what LIST brings along. */
static enum session_status pair_wanted_status(const struct pair *pair)
{
    return pair_memory_is_known(pair) || pair->settings->skipemptyfolders ? SESSION_STATUS_ALL
                                                                          : SESSION_STATUS_IF_FREE;
}

/* Both sides at the same time. */
static bool pair_sign_in(struct pair *pair)
{
    struct session *const sessions[] = {&pair->source, &pair->destination};
    session_begin(&pair->source, true, pair_wanted_status(pair));
    session_begin(&pair->destination, true, SESSION_STATUS_NONE);
    if (!pair_await(pair, sessions, 2))
        return false;
    pair_add_unlisted_folders(pair);
    return true;
}

/* Though nothing changed on the source. */
static bool pair_looks_at_both(const struct settings *settings)
{
    return delete_is_wanted(settings) || settings->resyncflags ||
           verify_level_wanted(settings) != VERIFY_NONE;
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
    pair_add_unlisted_folders(pair);
    if ((!pair_looks_at_both(pair->settings) && pair_memory_records_all(pair)) ||
        pair_is_ended(pair))
        return false;
    session_begin(&pair->destination, true, SESSION_STATUS_NONE);
    return pair_await(pair, sessions + 1, 1);
}

/* --justconnect */
static void pair_just_connect(struct pair *pair)
{
    struct session *const sessions[] = {&pair->source, &pair->destination};
    session_begin(&pair->source, false, SESSION_STATUS_NONE);
    session_begin(&pair->destination, false, SESSION_STATUS_NONE);
    (void)pair_await(pair, sessions, 2);
}

static bool pair_make_plan(struct pair *pair)
{
    struct fault fault;
    if (!folder_plan_build(&pair->source.folders, &pair->destination.folders, pair->settings,
                           &pair->plan, &fault)) {
        pair_end(pair, &fault);
        return false;
    }
    plan_log(pair);
    return true;
}

/* Both sides' sizes at the start; whoever asks for them gets them at the end too. With
   --justfolders there, since nothing changes in between. */
static bool pair_wants_sizes(const struct pair *pair)
{
    const struct settings *settings = pair->settings;
    return settings->justfoldersizes ||
           (settings->foldersizes == CHOICE_YES && !settings->justfolders);
}

static bool pair_wants_sizes_at_end(const struct pair *pair)
{
    const struct settings *settings = pair->settings;
    enum choice choice = settings->foldersizesatend != CHOICE_AUTO ? settings->foldersizesatend
                                                                   : settings->foldersizes;
    return choice == CHOICE_YES && !settings->dry;
}

/* True if the lists were all that was wanted. */
static bool pair_stops_at_lists(const struct pair *pair)
{
    const struct settings *settings = pair->settings;
    if (settings->justfolderlists)
        plan_log_lists(pair);
    if (settings->justfolderlists || settings->justautomap)
        plan_log_automap(pair);
    return settings->justfolderlists || settings->justautomap;
}

static bool pair_connect(struct pair *pair)
{
    bool may_rest = pair_memory_is_known(pair) && !pair_wants_sizes(pair) &&
                    !pair_wants_sizes_at_end(pair);
    return may_rest ? pair_sign_in_again(pair) : pair_sign_in(pair);
}

/* What is to be deleted on the source is compared before, and then only deleted if nothing differs;
   of the destination what is left is of interest. */
static void pair_verify_and_delete(struct pair *pair)
{
    bool is_before = pair->settings->delete1;
    if (is_before)
        verify_pair(pair);
    if (is_before && pair->has_differences)
        log_line(pair->log, "nothing is deleted, since --verify found differences");
    else
        delete_messages(pair);
    if (!is_before)
        verify_pair(pair);
}

/* Folders, and unless they are all that is wanted, messages. */
static void pair_sync(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    delete_destination_folders(pair);
    if ((delete_empty_source_folders(pair, true) && !pair_make_plan(pair)) || pair_is_ended(pair))
        return;
    pair_memory_plan(pair);
    settle_pair(pair);
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
    pair_verify_and_delete(pair);
    if (settings->delete1 && !settings->dry)
        (void)delete_empty_source_folders(pair, false);
}

static void pair_work(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    if (settings->justconnect) {
        pair_just_connect(pair);
        return;
    }
    pair_memory_open(pair);
    if (settings->retry_problems && pair_memory_has_no_problems(pair)) {
        log_line(pair->log, "no message failed in the last run: there is nothing to try again");
        pair->is_left_out = true;
        return;
    }
    if (pair_is_ended(pair) || !pair_connect(pair) || settings->justlogin)
        return;
    pair_settle_labels(pair);
    pair_settle_exchange(pair);
    pair_settle_folder_rules(pair);
    if (settings->foldersizes == CHOICE_AUTO)
        pair_log_source_size(pair);
    if (!pair_make_plan(pair) || pair_stops_at_lists(pair))
        return;
    if (pair->environment->preflight != NULL) {
        preflight_look(pair, pair->environment->preflight);
        return;
    }
    if (settings->verify_only) {
        verify_pair(pair);
        return;
    }
    if (pair_wants_sizes(pair))
        sizes_log(pair, SIZES_BEFORE);
    if (settings->justfoldersizes || pair_is_ended(pair))
        return;
    pair_sync(pair);
    if (!pair_is_ended(pair) && pair_wants_sizes_at_end(pair))
        sizes_log(pair, SIZES_AFTER);
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
    result->figures = pair->figures;
    if (pair->environment->errors != NULL)
        result->errors_exit_code = error_list_exit_code(pair->environment->errors);
    result->is_renewed = pair->is_renewed;
    result->has_unanswered = pair->has_unanswered;
    result->was_signed_in = pair->source.step == SESSION_READY &&
                            (pair->destination.step == SESSION_READY ||
                             pair->destination.step == SESSION_IDLE);
    result->compared = pair->compared;
    if (pair->is_left_out) {
        result->status = JOB_LEFT_OUT;
    } else if (pair_is_ended(pair)) {
        result->fault = pair->fault;
        result->status = fault_is_pause(&pair->fault) ? JOB_PAUSED : JOB_FAILED;
    } else if (!pair->has_failed_folder && verify_finds_fault(pair, &result->fault)) {
        result->status = result->fault.code == FAULT_VERIFY ? JOB_EXCEPTIONS : JOB_FAILED;
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
    selection_rules_deinit(&pair->wanted);
    selection_rules_deinit(&pair->looked_at);
    selection_rules_deinit(&pair->removable);
    identity_maker_deinit(&pair->adopt_secret.maker);
    cross_deinit(&pair->cross);
}

/* Settings are checked before; what is refused here all the same ends the pair. */
static bool pair_make_rules(struct pair *pair)
{
    struct buffer faults;
    struct fault fault;
    buffer_init(&faults, 64 * 1024);
    pair->adopt_secret.maker = identity_maker_init(pair->settings, &faults);
    bool is_good = flag_rules_init(&pair->flag_rules, pair->settings, &faults) &&
                   pair->adopt_secret.maker != NULL;
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

static void pair_make_selections(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    int64_t now_secs = clock_wall_msecs() / 1000;
    selection_rules_init(&pair->wanted, settings, 1, true, now_secs);
    selection_rules_init(&pair->looked_at, settings, 2, false, now_secs);
    selection_rules_init(&pair->removable, settings, 2, true, now_secs);
    if (selection_rules_are_given(&pair->wanted))
        log_line(pair->log, "host1: of each folder only what UID SEARCH %s finds%s",
                 pair->wanted.criterion,
                 pair->wanted.may_search ? "" : ", by dates of arrival, since it can't search");
    if (selection_rules_are_given(&pair->looked_at))
        log_line(pair->log, "host2: only what UID SEARCH %s finds is looked at",
                 pair->looked_at.criterion);
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
    pair.source.tokens = pair.destination.tokens = environment->tokens;
    pair_make_selections(&pair);
    if (settings->skipcrossduplicates)
        pair.cross = cross_init(settings->debugcrossduplicates);
    if (pair_make_rules(&pair) && pair_make_secret(&pair) && pair_change_init(&pair))
        pair_work(&pair);
    pair_conclude(&pair, result_r);
    pair_deinit(&pair);
    log_flush(environment->log);
}
