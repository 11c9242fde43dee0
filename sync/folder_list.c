/* SPDX-License-Identifier: MIT
 * How a source folder is opened and listed: whole, or what changed since the last run. */
#include <string.h>

#include "base/str.h"
#include "sync/folder_run_private.h"
#include "sync/imap/fetch.h"
#include "sync/verdict.h"

/* Up to so many messages the listing goes out with EXAMINE though the destination is not listed
   yet: a round trip less, 8 bytes a message more. */
#define LIST_AHEAD_MAX_MESSAGES 10000

static bool run_needs_identity(const struct folder_run *run)
{
    return target_holds_mail(run->target) || run->target->listing.count > 0 ||
           !run->pair->settings->syncduplicates || run->pair->cross != NULL;
}

bool folder_run_is_delta(const struct folder_run *run)
{
    return run->memory->delta != DELTA_LIST;
}

void folder_run_select(struct folder_run *run)
{
    const struct selection_rules *rules = &run->pair->wanted;
    if (!selection_rules_are_given(rules))
        return;
    selection_init(&run->selection, rules);
    run->listing.selection = &run->selection;
}

/* All of the folder. What is or will be in the map gets its flags from here, unless its body brings
   them. */
static void run_send_list(struct folder_run *run)
{
    const struct pair *pair = run->pair;
    bool is_there_listed = !target_holds_mail(run->target);
    run->listing.first_uid = 1;
    bool with_flags = run->memory->folder != NULL &&
                      (run->memory->is_known || run_needs_identity(run));
    run->listing.also = with_flags ? pair_flag_items(pair) : NULL;
    run->listing.role = (struct listing_role){
        .secret = &pair->adopt_secret,
        .among = is_there_listed ? &run->target->listing : NULL,
        .with_keys = !is_there_listed || !pair->settings->syncduplicates || pair->cross != NULL,
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
                            "UID FETCH 1:%u (%s) (CHANGEDSINCE %llu%s)", then->uid_next - 1,
                            pair_flag_items(run->pair), (unsigned long long)then->mod_seq,
                            run->pair->source.has_qresync ? " VANISHED" : "");
    } else {
        imap_client_command(client, imap_answer_callback, &run->changes_answer,
                            "UID FETCH 1:%u (%s)", then->uid_next - 1, pair_flag_items(run->pair));
    }
}

void folder_run_send_examine(struct folder_run *run)
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
    folder_run_send_examine(run);
    if (folder_run_is_delta(run))
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
    if (str_iequals_n(response->name, response->name_size, "FETCH") &&
        imap_fetch_parse(response, &fetch) && fetch.uid != 0 && fetch.has_flags)
        changes_add(&run->changes, fetch.uid, folder_memory_flags(run->memory, &fetch));
    listing_take(&run->listing, response);
    return IMAP_TAKEN;
}

void folder_run_listen(struct folder_run *run)
{
    struct imap_events events = {run, run_untagged, NULL, NULL, NULL, NULL};
    if (folder_run_is_delta(run) || run->listing.also != NULL)
        imap_client_set_events(run->pair->source.client, &events);
    else
        listing_listen(&run->listing);
}

bool folder_run_finish_open(struct folder_run *run)
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

/* --retry-problems */
static void run_keep_failures(struct folder_run *run)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == MESSAGE_WANTED)
            folder_run_settle_message(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
                                      "rule: it did not fail before (--retry-problems)");
    }
    folder_run_change_states(run, FOLDER_MEMORY_FAILED_BEFORE, MESSAGE_WANTED);
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
    folder_run_change_states(run, FOLDER_MEMORY_UNPLACED, MESSAGE_ALREADY);
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
bool folder_run_await_changes(struct folder_run *run, struct fault *fault_r)
{
    struct imap_client *client = run->pair->source.client;
    return !folder_run_is_delta(run) ||
           imap_loop_await(&run->pair->loop, client, &run->changes_answer, fault_r);
}

/* What is remembered does not fit what is there: all is listed after all. */
static bool run_list_again(struct folder_run *run)
{
    struct session *session = &run->pair->source;
    log_line(run->pair->log, "folder %s: more changed than can be told apart, it is listed anew",
             run->name);
    if (!folder_run_await_changes(run, &run->fault))
        return false;
    fault_clear(&run->fault);
    folder_memory_distrust(run->memory);
    changes_deinit(&run->changes);
    listing_deinit(&run->listing);
    selection_deinit(&run->selection);
    listing_init(&run->listing, session);
    run->listing.opened = &run->answer;
    folder_run_select(run);
    run_send_list(run);
    folder_run_listen(run);
    return run_finish_list(run);
}

bool folder_run_finish_listing(struct folder_run *run)
{
    if (!run->listing.is_sent) { /* a large folder */
        target_list_mail(run->target);
        if (pair_is_ended(run->pair))
            return false;
        run_send_list(run);
        folder_run_listen(run);
    }
    if (!folder_run_is_delta(run))
        return run_finish_list(run);
    if (run_finish_delta(run))
        return true;
    if (!imap_client_is_alive(run->pair->source.client) || pair_is_ended(run->pair) ||
        run->fault.scope >= FAULT_SCOPE_MAILBOX)
        return false;
    return run_list_again(run);
}
