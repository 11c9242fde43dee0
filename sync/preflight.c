/* SPDX-License-Identifier: MIT */
#include "sync/preflight.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/folder_size.h"
#include "sync/folders/mutf7.h"
#include "sync/pair_private.h"
#include "sync/verdict.h"

#define QUOTA_UNIT_BYTES UINT64_C(1024)
/* Of a longer plan the rest stands in the mailbox's log. */
#define PLAN_MAX_BYTES ((size_t)64 * 1024)

/* -- the plan -- */

/* What somebody may want to look at before the move. */
static void describe_plan(const struct folder_plan *plan, struct preflight *preflight)
{
    struct buffer text;
    buffer_init(&text, PLAN_MAX_BYTES);
    for (size_t i = 0; i < plan->count; i++) {
        if (!plan->entries[i].is_renamed && !plan->entries[i].is_merged)
            continue;
        folder_plan_append_entry(plan, i, &text);
        buffer_append_byte(&text, '\n');
    }
    for (size_t i = 0; i < plan->skip_count; i++) {
        char *name = mutf7_to_display(plan->skips[i].name);
        buffer_printf(&text, "[%s] is left out: %s\n", name, plan->skips[i].reason);
        mem_free(name);
    }
    preflight->plan = mem_strdup(buffer_str(&text));
    buffer_deinit(&text);
}

static void count_plan(const struct folder_plan *plan, struct preflight *preflight)
{
    describe_plan(plan, preflight);
    preflight->folders = plan->count;
    preflight->folders_to_create = plan->create_count;
    preflight->folders_left_out = plan->skip_count;
    for (size_t i = 0; i < plan->count; i++) {
        preflight->folders_renamed += plan->entries[i].is_renamed;
        preflight->folders_merged += plan->entries[i].is_merged;
    }
}

/* -- the destination -- */

/* RFC 9208 section 5.1: "* QUOTA root (STORAGE used limit ...)", in units of 1,024 octets. Of
   several roots the one with least room counts. */
static void take_quota(struct preflight *preflight, const struct imap_response *response)
{
    for (size_t i = 1; i + 2 < response->token_count; i++) {
        uint64_t used, limit;
        if (!imap_token_is(&response->tokens[i], "STORAGE") ||
            !imap_token_uint64(&response->tokens[i + 1], UINT64_MAX / QUOTA_UNIT_BYTES, &used) ||
            !imap_token_uint64(&response->tokens[i + 2], UINT64_MAX / QUOTA_UNIT_BYTES, &limit))
            continue;
        uint64_t room = limit > used ? limit - used : 0;
        uint64_t known = preflight->quota_bytes > preflight->quota_used_bytes
                             ? preflight->quota_bytes - preflight->quota_used_bytes
                             : 0;
        if (preflight->has_quota && known <= room * QUOTA_UNIT_BYTES)
            continue;
        preflight->has_quota = true;
        preflight->quota_used_bytes = used * QUOTA_UNIT_BYTES;
        preflight->quota_bytes = limit * QUOTA_UNIT_BYTES;
    }
}

static enum imap_taken take_untagged(void *context, const struct imap_response *response)
{
    if (str_iequals_n(response->name, response->name_size, "QUOTA"))
        take_quota(context, response);
    return IMAP_TAKEN;
}

/* False when the connection is of no use any more. A refusal is the caller's to judge. */
static bool ask(struct pair *pair, const char *command, struct imap_answer *answer)
{
    struct session *session = &pair->destination;
    struct fault fault;
    memset(answer, 0, sizeof(*answer));
    imap_client_command(session->client, imap_answer_callback, answer, "%s", command);
    if (imap_loop_await(session->loop, session->client, answer, &fault))
        return true;
    /* What is unanswered points into the caller's frame. */
    if (imap_client_is_alive(session->client))
        imap_client_fail(session->client, &fault);
    pair_end(pair, &fault);
    return false;
}

/* A destination without an INBOX is odd, but not for us to judge: it may be made. */
static bool open_destination(struct pair *pair)
{
    struct imap_answer answer;
    struct fault fault;
    imap_client_mailbox_begin(pair->destination.client);
    if (!ask(pair, "EXAMINE INBOX", &answer))
        return false;
    if (answer.status == IMAP_STATUS_OK) {
        imap_client_set_selected(pair->destination.client, true);
        return true;
    }
    session_judge(&pair->destination, VERDICT_SELECT, &answer, "INBOX", &fault);
    if (fault.scope >= FAULT_SCOPE_MAILBOX)
        pair_end(pair, &fault);
    else
        log_fault(pair->log, &fault);
    return !pair_is_ended(pair);
}

static bool ask_quota(struct pair *pair, struct preflight *preflight)
{
    struct imap_client *client = pair->destination.client;
    const struct imap_events events = {.context = preflight, .untagged = take_untagged};
    struct imap_answer answer;
    if (!imap_client_can(client, IMAP_CAP_QUOTA))
        return true;
    imap_client_set_events(client, &events);
    bool is_ok = ask(pair, "GETQUOTAROOT INBOX", &answer);
    imap_client_set_events(client, NULL);
    return is_ok;
}

static uint64_t limit_of_message(const struct pair *pair)
{
    const struct settings *settings = pair->settings;
    uint64_t limit = settings->appendlimit >= 0
                         ? (uint64_t)settings->appendlimit
                         : imap_client_append_limit(pair->destination.client);
    if (settings->truncmess >= 0 && (uint64_t)settings->truncmess <= limit)
        limit = UINT64_MAX;
    if (settings->maxsize >= 0 && (uint64_t)settings->maxsize < limit)
        limit = (uint64_t)settings->maxsize;
    return limit;
}

/* -- the source -- */

/* False when the pair has ended. */
static bool look_at_folder(struct pair *pair, const char *mailbox, struct folder_size *sum,
                           struct preflight *preflight)
{
    struct folder_size size;
    struct fault fault;
    if (folder_size_read(&pair->source, mailbox, preflight->limit_bytes, &size, &fault)) {
        folder_size_add(sum, &size);
        return true;
    }
    if (fault.scope >= FAULT_SCOPE_MAILBOX) {
        pair_end(pair, &fault);
        return false;
    }
    preflight->folders_failed++;
    pair_fail_folder(pair, &fault);
    return !pair_is_ended(pair);
}

void preflight_deinit(struct preflight *preflight)
{
    mem_free(preflight->plan);
    memset(preflight, 0, sizeof(*preflight));
}

void preflight_look(struct pair *pair, struct preflight *preflight_r)
{
    struct folder_size sum = {0};
    preflight_deinit(preflight_r);
    count_plan(pair->plan, preflight_r);
    preflight_r->has_estimates = pair->source.folders.is_exchange;
    preflight_r->is_exchange = pair->source.folders.is_exchange ||
                               pair->destination.folders.is_exchange;
    preflight_r->limit_bytes = limit_of_message(pair);
    bool goes_on = open_destination(pair) && ask_quota(pair, preflight_r);
    for (size_t i = 0; i < pair->plan->count && goes_on; i++)
        goes_on = look_at_folder(pair, pair->plan->entries[i].source->name, &sum, preflight_r);
    preflight_r->messages = sum.messages;
    preflight_r->bytes = sum.bytes;
    preflight_r->biggest_bytes = sum.biggest_bytes;
    preflight_r->too_big = sum.above;
    preflight_r->is_done = goes_on;
    log_line(pair->log, "preflight: %llu folders, %llu messages, %llu bytes, the biggest %llu",
             (unsigned long long)preflight_r->folders, (unsigned long long)sum.messages,
             (unsigned long long)sum.bytes, (unsigned long long)sum.biggest_bytes);
}
