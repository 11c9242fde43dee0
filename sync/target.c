/* SPDX-License-Identifier: MIT */
#include "sync/target.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/delete.h"
#include "sync/folders/mutf7.h"
#include "sync/pair_private.h"
#include "sync/verdict.h"

#define IN_FLIGHT_MAX 64

/* -- one folder -- */

static void target_send_open(struct target *target, const char *command,
                             imap_command_callback *callback)
{
    struct imap_client *client = target->pair->destination.client;
    memset(&target->answer, 0, sizeof(target->answer));
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "%s ", command);
    imap_client_add_string(client, target->mailbox);
    imap_client_end(client, callback, target, 0);
}

static void target_set_state(struct target *target)
{
    const struct imap_mailbox *mailbox = imap_client_mailbox(target->pair->destination.client);
    mem_free(target->opened.permanentflags);
    target->opened = *mailbox;
    if (mailbox->permanentflags != NULL)
        target->opened.permanentflags = mem_strdup(mailbox->permanentflags);
}

/* Others follow in the same flight: what the server told must be kept now. */
static void target_opened(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct target *target = context;
    imap_answer_callback(&target->answer, number, reply);
    if (reply->status == IMAP_STATUS_OK)
        target_set_state(target);
}

/* Opened once more, to be read: what SELECT told stays, since EXAMINE grants no flags. */
static void target_examined(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct target *target = context;
    imap_answer_callback(&target->answer, number, reply);
}

/* A fault of one folder stays there; one of the mailbox ends the pair. */
static void target_fail(struct target *target)
{
    if (target->fault.scope >= FAULT_SCOPE_MAILBOX)
        pair_end(target->pair, &target->fault);
}

static const char *target_create_refusal(const struct target *target)
{
    const struct folder_plan *plan = target->pair->plan;
    for (size_t i = 0; i < plan->create_count; i++) {
        if (strcmp(plan->creates[i], target->mailbox) == 0)
            return target->pair->targets.create_refusals[i];
    }
    return NULL;
}

/* A refused CREATE counts only if the folder then can't be opened: it may have existed all along
   under this server's rules. */
static void target_judge(struct target *target)
{
    struct session *session = &target->pair->destination;
    struct imap_answer refused = {.status = IMAP_STATUS_NO};
    const struct imap_mailbox *mailbox = &target->opened;
    const char *refusal = target_create_refusal(target);
    if (target->answer.status == IMAP_STATUS_OK && mailbox->has_exists) {
        target->is_there = true;
        return;
    }
    if (target->answer.status == IMAP_STATUS_OK) {
        fault_set(&target->fault, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, 2,
                  "the destination did not say how many messages the folder %s holds",
                  target->name);
    } else if (refusal == NULL) {
        session_judge(session, VERDICT_SELECT, &target->answer, target->name, &target->fault);
    } else {
        (void)snprintf(refused.text, sizeof(refused.text), "%s",
                       diagnosis_split_words(refusal, refused.code, sizeof(refused.code)));
        session_judge(session, VERDICT_CREATE, &refused, target->name, &target->fault);
    }
    target_fail(target);
}

bool target_holds_mail(const struct target *target)
{
    const struct imap_mailbox *opened = &target->opened;
    return target->is_there && !target->is_listed && target->tail_from != 0 &&
           opened->exists_at_open > 0 &&
           (opened->uidnext == 0 || target->tail_from < opened->uidnext);
}

void target_recognise_from(struct target *target, uint32_t uid)
{
    if (uid != 0 && (target->tail_from == 0 || uid < target->tail_from))
        target->tail_from = uid;
}

/* Unselected, the server need not report every APPEND back. */
static void leave_mailbox(struct imap_client *client)
{
    if (!imap_client_is_alive(client) || !imap_client_can(client, IMAP_CAP_UNSELECT))
        return;
    imap_client_command(client, NULL, NULL, "UNSELECT");
    imap_client_set_selected(client, false);
}

/* --search2 hides what others put there, never what an interrupted run did. */
static void target_select(struct target *target)
{
    const struct selection_rules *rules = &target->pair->looked_at;
    if (!selection_rules_are_given(rules) || target->is_tail_ours)
        return;
    selection_init(&target->selection, rules);
    target->listing.selection = &target->selection;
}

void target_list_mail(struct target *target)
{
    struct pair *pair = target->pair;
    struct imap_client *client = pair->destination.client;
    if (!target_holds_mail(target))
        return;
    target->listing.first_uid = target->tail_from;
    target_select(target);
    target_send_open(target, "EXAMINE", target_examined);
    listing_send(&target->listing, true, false);
    listing_listen(&target->listing);
    bool is_fine = imap_loop_await(&pair->loop, client, &target->answer, &target->fault);
    if (is_fine && target->answer.status != IMAP_STATUS_OK) {
        struct fault ignored;
        session_judge(&pair->destination, VERDICT_SELECT, &target->answer, target->name,
                      &target->fault);
        (void)listing_drop(&target->listing, &ignored);
        is_fine = false;
    } else if (is_fine) {
        imap_client_set_selected(client, true);
        is_fine = listing_finish(&target->listing, target->name, &target->fault);
    }
    target->is_listed = true;
    leave_mailbox(client);
    if (!is_fine)
        target_fail(target);
}

void target_enter(struct target *target)
{
    struct pair *pair = target->pair;
    (void)lane_set_flush(&pair->lanes);
    if (imap_client_is_alive(pair->destination.client))
        target_send_open(target, "SELECT", NULL);
}

uint64_t target_append_limit(const struct target *target)
{
    const struct imap_client *client = target->pair->destination.client;
    return target->append_limit != UINT64_MAX ? target->append_limit
                                              : imap_client_append_limit(client);
}

void target_forget_mail(struct target *target)
{
    struct session *session = target->listing.session;
    listing_deinit(&target->listing);
    selection_deinit(&target->selection);
    listing_init(&target->listing, session);
}

/* -- all of them -- */

/* Not too many at a time: the server's answers have to fit somewhere too. */
static void send_slowly(struct pair *pair)
{
    struct imap_client *client = pair->destination.client;
    while (imap_client_is_alive(client) && imap_client_pending(client) >= IN_FLIGHT_MAX &&
           !pair_sees_stop(pair))
        imap_loop_turn(&pair->loop);
    if (!imap_client_is_alive(client))
        pair_end(pair, imap_client_fault(client));
}

static void send_with_name(struct pair *pair, const char *command, const char *name,
                           const char *more, imap_command_callback *callback, uint32_t number)
{
    struct imap_client *client = pair->destination.client;
    imap_client_begin(client, false);
    imap_client_add(client, "%s ", command);
    imap_client_add_string(client, name);
    imap_client_add(client, "%s", more);
    imap_client_end(client, callback, pair, number);
    send_slowly(pair);
}

static void log_refusal(struct pair *pair, const char *mailbox, const char *what,
                        const struct imap_reply *reply)
{
    char *name = mutf7_to_display(mailbox);
    log_line(pair->log, "folder %s not %s [server said: %.*s]", name, what,
             (int)(reply->text_size < 512 ? reply->text_size : 512), reply->text);
    mem_free(name);
}

/* "[CODE] text", owned by the caller. */
static char *words_of(const struct imap_reply *reply)
{
    if (reply->code_size == 0)
        return mem_strndup(reply->text, reply->text_size);
    return mem_printf("[%.*s] %.*s", (int)reply->code_size, reply->code, (int)reply->text_size,
                      reply->text);
}

static void create_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct pair *pair = context;
    const char *mailbox = pair->plan->creates[number];
    if (reply->status == IMAP_STATUS_NO || reply->status == IMAP_STATUS_BAD) {
        pair->targets.create_refusals[number] = words_of(reply);
        log_refusal(pair, mailbox, "created", reply);
    } else if (reply->status == IMAP_STATUS_OK) {
        char *name = mutf7_to_display(mailbox);
        log_line(pair->log, "folder %s created", name);
        mem_free(name);
    }
}

/* A folder that is not subscribed is there all the same. */
static void subscribe_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct pair *pair = context;
    if (reply->status == IMAP_STATUS_NO || reply->status == IMAP_STATUS_BAD)
        log_refusal(pair, pair->plan->subscribes[number], "subscribed", reply);
}

static bool entry_is_merged_with_last(const struct folder_plan *plan, size_t i)
{
    return i > 0 && plan->entries[i].is_merged &&
           strcmp(plan->entries[i].destination, plan->entries[i - 1].destination) == 0;
}

/* Some source folder that goes there has work to do. Where the folder is gone though an earlier run
   filled it, its user did away with it, and only new mail brings it back. */
static bool target_has_work(const struct pair *pair, size_t first_entry)
{
    const struct folder_plan *plan = pair->plan;
    size_t i = first_entry;
    do {
        const struct folder_memory *memory = &pair->memories[i];
        if (plan->entries[i].exists ? memory->delta != DELTA_UNCHANGED : memory->may_bring_mail)
            return true;
        i++;
    } while (i < plan->count && entry_is_merged_with_last(plan, i));
    return false;
}

/* The first of the entries that go to a mailbox. */
static size_t find_entry(const struct folder_plan *plan, const char *mailbox)
{
    size_t i = 0;
    while (i + 1 < plan->count && strcmp(plan->entries[i].destination, mailbox) != 0)
        i++;
    return i;
}

/* Parents that are to be created stand in no entry; those that do are judged by what they get. */
static bool create_is_unwanted(const struct pair *pair, const char *mailbox)
{
    const struct folder_plan *plan = pair->plan;
    size_t i = find_entry(plan, mailbox);
    return i < plan->count && strcmp(plan->entries[i].destination, mailbox) == 0 &&
           !target_has_work(pair, i);
}

/* Once a folder was synced, its subscription is its user's. */
static bool subscribe_is_unwanted(const struct pair *pair, const char *mailbox)
{
    const struct folder_plan *plan = pair->plan;
    size_t i = find_entry(plan, mailbox);
    bool is_synced = i < plan->count && pair->memories[i].folder != NULL &&
                     pair->memories[i].folder->rules != 0;
    return is_synced && (plan->entries[i].exists || !target_has_work(pair, i));
}

static void send_creates(struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    for (size_t i = 0; i < plan->create_count && !pair_is_ended(pair); i++) {
        if (create_is_unwanted(pair, plan->creates[i]))
            continue;
        send_with_name(pair, "CREATE", plan->creates[i], "", create_answered, (uint32_t)i);
    }
    for (size_t i = 0; i < plan->subscribe_count && !pair_is_ended(pair); i++) {
        if (subscribe_is_unwanted(pair, plan->subscribes[i]))
            continue;
        send_with_name(pair, "SUBSCRIBE", plan->subscribes[i], "", subscribe_answered, (uint32_t)i);
    }
}

static void target_init(struct target *target, struct pair *pair, const struct plan_entry *entry)
{
    target->pair = pair;
    target->append_limit = UINT64_MAX;
    target->mailbox = entry->destination;
    target->name = mutf7_to_display(entry->destination);
    listing_init(&target->listing, &pair->destination);
    target->listing.role = (struct listing_role){.secret = &pair->adopt_secret,
                                                 .is_searched = true};
}

/* "* STATUS Work (APPENDLIMIT 35882577)"; NIL is no limit (RFC 7889 section 4). */
static enum imap_taken status_told(void *context, const struct imap_response *response)
{
    struct target_list *list = context;
    const struct imap_token *tokens = response->tokens;
    uint64_t limit;
    if (!str_iequals_n(response->name, response->name_size, "STATUS") ||
        response->token_count < 4 || !imap_token_is_string(&tokens[0]) ||
        tokens[1].type != IMAP_TOKEN_LIST || !imap_token_is(&tokens[2], "APPENDLIMIT") ||
        !imap_token_uint64(&tokens[3], INT64_MAX, &limit))
        return IMAP_TAKEN;
    char *mailbox = imap_token_strdup(&tokens[0]);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].mailbox, mailbox) == 0)
            list->items[i].append_limit = limit;
    }
    mem_free(mailbox);
    return IMAP_TAKEN;
}

/* The capability alone, without a number: each mailbox has its own. */
static bool asks_for_limits(const struct pair *pair)
{
    return pair->settings->appendlimit < 0 &&
           imap_client_can(pair->destination.client, IMAP_CAP_APPENDLIMIT);
}

static void send_opens(struct target_list *list, struct pair *pair)
{
    struct imap_events events = {list, status_told, NULL, NULL, NULL, NULL};
    if (asks_for_limits(pair))
        imap_client_set_events(pair->destination.client, &events);
    const struct folder_plan *plan = pair->plan;
    bool is_dry = pair->settings->dry;
    for (size_t i = 0; i < plan->count && !pair_is_ended(pair); i++) {
        if (entry_is_merged_with_last(plan, i))
            continue;
        struct target *target = &list->items[list->count++];
        target_init(target, pair, &plan->entries[i]);
        /* What a dry run would create is not there: every message would be copied. */
        bool is_to_be_seen = plan->entries[i].exists &&
                             (delete_needs_targets(pair->settings) || pair->settings->resyncflags);
        if ((is_dry && !plan->entries[i].exists) || !(target_has_work(pair, i) || is_to_be_seen))
            continue;
        if (asks_for_limits(pair))
            send_with_name(pair, "STATUS", target->mailbox, " (APPENDLIMIT)", NULL, 0);
        target_send_open(target, is_dry ? "EXAMINE" : "SELECT", target_opened);
        send_slowly(pair);
    }
    leave_mailbox(pair->destination.client);
}

void target_list_send(struct target_list *list, struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    list->pair = pair;
    list->create_refusals = mem_alloc_array(plan->create_count, sizeof(char *));
    list->items = mem_alloc_array(plan->count, sizeof(*list->items));
    if (!pair->settings->dry)
        send_creates(pair);
    if (!pair->settings->justfolders)
        send_opens(list, pair);
}

void target_list_await(struct target_list *list)
{
    struct pair *pair = list->pair;
    struct imap_client *client = pair->destination.client;
    while (imap_client_is_alive(client) && imap_client_pending(client) > 0 && !pair_sees_stop(pair))
        imap_loop_turn(&pair->loop);
    if (!imap_client_is_alive(client))
        pair_end(pair, imap_client_fault(client));
    imap_client_set_events(client, NULL);
    for (size_t i = 0; i < list->count && !pair_is_ended(pair); i++) {
        if (list->items[i].answer.is_done)
            target_judge(&list->items[i]);
    }
}

uint64_t target_list_refused(const struct target_list *list)
{
    uint64_t refused = 0;
    for (size_t i = 0; list->create_refusals != NULL && i < list->pair->plan->create_count; i++)
        refused += list->create_refusals[i] != NULL;
    return refused;
}

void target_list_deinit(struct target_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct target *target = &list->items[i];
        listing_deinit(&target->listing);
        selection_deinit(&target->selection);
        mem_free(target->opened.permanentflags);
        mem_free(target->name);
    }
    for (size_t i = 0; list->create_refusals != NULL && i < list->pair->plan->create_count; i++)
        mem_free(list->create_refusals[i]);
    mem_free(list->create_refusals);
    mem_free(list->items);
    memset(list, 0, sizeof(*list));
}
