/* SPDX-License-Identifier: MIT */
#include "sync/delete_folders.h"

#include <string.h>

#include "base/mem.h"
#include "sync/delete.h"
#include "sync/delete_folder.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name.h"
#include "sync/folders/removable.h"
#include "sync/messages/expression.h"
#include "sync/messages/removal.h"
#include "sync/verdict.h"

#define SENTENCE_MAX_BYTES 4096

bool delete_folders_is_wanted(const struct settings *settings)
{
    return settings->delete2folders || settings->delete2foldersonly != NULL ||
           settings->delete2foldersbutnot != NULL;
}

/* -- expressions -- */

static bool check_expression(const char *option, const char *text, struct buffer *faults)
{
    struct buffer error;
    if (text == NULL)
        return true;
    buffer_init(&error, SENTENCE_MAX_BYTES);
    struct expression *expression = expression_init(text, EXPRESSION_TEST, &error);
    bool is_fine = expression != NULL;
    if (!is_fine)
        buffer_printf(faults, "%s: %s\n", option, buffer_str(&error));
    expression_deinit(&expression);
    buffer_deinit(&error);
    return is_fine;
}

bool delete_folders_check_settings(const struct settings *settings, struct buffer *faults)
{
    bool is_fine = check_expression("delete2foldersonly", settings->delete2foldersonly, faults);
    if (settings->delete1emptyfolders && delete_folders_is_wanted(settings)) {
        buffer_append_str(faults, "delete1emptyfolders and delete2folders are both asked for: a "
                                  "folder that went from the source would be deleted from the "
                                  "destination by the next run; choose one\n");
        is_fine = false;
    }
    return check_expression("delete2foldersbutnot", settings->delete2foldersbutnot, faults) &&
           is_fine;
}

/* NULL for none. They were checked before the run began, so a bad one is a fault of the pair. */
static bool compile(const char *text, struct expression **expression_r, struct fault *fault_r)
{
    struct buffer error;
    *expression_r = NULL;
    if (text == NULL)
        return true;
    buffer_init(&error, SENTENCE_MAX_BYTES);
    *expression_r = expression_init(text, EXPRESSION_TEST, &error);
    if (*expression_r == NULL)
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0, "%s",
                  buffer_str(&error));
    buffer_deinit(&error);
    return *expression_r != NULL;
}

/* Whatever is not clearly a hit of the one and a miss of the other stays. */
static bool is_chosen(struct expression *only, struct expression *but_not, const char *raw)
{
    char *name = mutf7_to_display(raw);
    bool is_hit = only == NULL || expression_match(only, name, strlen(name)) == EXPRESSION_HIT;
    bool is_spared = but_not != NULL &&
                     (expression_match(but_not, name, strlen(name)) != EXPRESSION_MISS ||
                      expression_match(but_not, raw, strlen(raw)) != EXPRESSION_MISS);
    mem_free(name);
    return is_hit && !is_spared;
}

static bool keep_by_expressions(const struct settings *settings, struct removable *removable,
                                struct fault *fault_r)
{
    struct expression *only = NULL;
    struct expression *but_not = NULL;
    bool is_fine = compile(settings->delete2foldersonly, &only, fault_r) &&
                   compile(settings->delete2foldersbutnot, &but_not, fault_r);
    for (size_t i = 0; is_fine && i < removable->count; i++) {
        struct removable_folder *item = &removable->items[i];
        item->is_kept = item->is_kept || !is_chosen(only, but_not, item->name);
    }
    expression_deinit(&only);
    expression_deinit(&but_not);
    return is_fine;
}

/* -- the plan of all -- */

static void clear_list(struct str_list *list)
{
    str_list_deinit(list);
    memset(list, 0, sizeof(*list));
}

bool delete_folders_plan_all(const struct pair *pair, struct folder_plan **plan_r,
                             struct fault *fault_r)
{
    struct settings settings;
    settings_copy(&settings, pair->settings);
    clear_list(&settings.folder);
    clear_list(&settings.folderrec);
    clear_list(&settings.include);
    clear_list(&settings.exclude);
    str_list_add(&settings.include, "^"); /* all are named: those that no plan has by itself, too */
    settings.subscribed = false;
    settings.skipemptyfolders = false;
    settings.mixfolders = true; /* else what another case stands in the way of is left out */
    bool is_planned = folder_plan_build(&pair->source.folders, &pair->destination.folders,
                                        &settings, plan_r, fault_r);
    settings_deinit(&settings);
    return is_planned;
}

/* -- on a server -- */

static bool command_with_name(struct pair *pair, struct session *session, const char *command,
                              const char *mailbox, struct imap_answer *answer,
                              struct fault *fault_r)
{
    struct imap_client *client = session->client;
    memset(answer, 0, sizeof(*answer));
    imap_client_begin(client, false);
    imap_client_add(client, "%s ", command);
    imap_client_add_string(client, mailbox);
    imap_client_end(client, imap_answer_callback, answer, 0);
    return pair_await_answer(pair, session, answer, fault_r);
}

/* False if it is still there; the fault is counted. */
static bool delete_mailbox(struct pair *pair, struct session *session, const char *mailbox,
                           const char *name)
{
    struct imap_answer answer;
    struct fault fault;
    if (session->side == 2 &&
        !command_with_name(pair, session, "UNSUBSCRIBE", mailbox, &answer, &fault))
        return false;
    if (!command_with_name(pair, session, "DELETE", mailbox, &answer, &fault))
        return false;
    if (answer.status == IMAP_STATUS_OK)
        return true;
    session_judge(session, VERDICT_DELETE, &answer, name, &fault);
    pair_fail_folder(pair, &fault);
    return false;
}

/* -- folders of the destination -- */

/* EXAMINE tells how many messages are in it, whatever the server's LIST said before. */
static bool count_messages(struct pair *pair, const struct folder *folder, uint64_t *messages_r)
{
    struct fault fault;
    char *name = mutf7_to_display(folder->name);
    bool is_open = pair_open_mailbox(pair, &pair->destination, folder->name, name, false, &fault);
    const struct imap_mailbox *mailbox = imap_client_mailbox(pair->destination.client);
    bool is_counted = is_open && mailbox->has_exists;
    *messages_r = is_counted ? mailbox->exists : 0;
    if (!is_open)
        pair_fail_folder(pair, &fault);
    else if (!is_counted)
        log_line(pair->log, "folder %s on host2 stays: the server does not say what it holds",
                 name);
    mem_free(name);
    return is_counted;
}

/* Keeps what can't be counted, and special folders that hold mail. */
static uint64_t count_all(struct pair *pair, struct removable *removable, uint64_t *counts)
{
    const struct folder_list *folders = &pair->destination.folders;
    uint64_t sum = 0;
    for (size_t i = 0; i < removable->count && !pair_is_ended(pair); i++) {
        struct removable_folder *item = &removable->items[i];
        if (item->is_kept)
            continue;
        item->is_kept = !count_messages(pair, item->folder, &counts[i]);
        if (counts[i] > 0 && removable_is_special(folders, pair->settings, item->folder)) {
            log_line(pair->log, "folder %s on host2 stays: it is a special folder and holds mail",
                     item->name);
            item->is_kept = true;
        }
    }
    removable_keep_parents(removable);
    for (size_t i = 0; i < removable->count; i++)
        sum += removable->items[i].is_kept ? 0 : counts[i];
    return sum;
}

/* Nothing may be selected that is to be deleted. */
static bool leave_mailbox(struct pair *pair, struct session *session)
{
    struct imap_client *client = session->client;
    struct imap_answer answer = {0};
    struct fault fault;
    if (imap_client_state(client) != IMAP_STATE_SELECTED)
        return true;
    /* It was opened with EXAMINE, so CLOSE expunges nothing (RFC 9051 section 6.4.1). */
    imap_client_command(client, imap_answer_callback, &answer, "%s",
                        imap_client_can(client, IMAP_CAP_UNSELECT) ? "UNSELECT" : "CLOSE");
    if (!pair_await_answer(pair, session, &answer, &fault))
        return false;
    imap_client_set_selected(client, false);
    return true;
}

static void remove_folders(struct pair *pair, const struct removable *removable,
                           const uint64_t *counts)
{
    bool is_dry = pair->settings->dry;
    for (size_t i = removable->count; i-- > 0 && !pair_is_ended(pair) && !pair_sees_stop(pair);) {
        const struct removable_folder *item = &removable->items[i];
        if (item->is_kept)
            continue;
        char *name = mutf7_to_display(item->name);
        log_line(pair->log,
                 "%s on host2: folder %s with %llu messages: no source folder goes there "
                 "(--delete2folders)",
                 is_dry ? "would delete" : "delete", name, (unsigned long long)counts[i]);
        log_flush(pair->log);
        if (!is_dry && delete_mailbox(pair, &pair->destination, item->name, name))
            delete_count(pair, 2, counts[i]);
        mem_free(name);
    }
}

/* A tenth of what goes is always less than what goes, so by default 50 messages in all. */
static bool sum_is_allowed(struct pair *pair, uint64_t sum)
{
    struct fault fault;
    uint64_t limit;
    if (removal_limit(pair->settings->maxdelete, 0, &limit) && sum <= limit)
        return true;
    fault_set(&fault, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, 2,
              "the destination folders that no source folder goes to hold %llu messages, and to "
              "delete more than %llu needs leave; none was deleted. Look at them with --dry, then "
              "allow it with --maxdelete %llu or --maxdelete all",
              (unsigned long long)sum, (unsigned long long)limit, (unsigned long long)sum);
    pair_fail_folder(pair, &fault);
    return false;
}

static void remove_among(struct pair *pair, const struct folder_plan *all)
{
    const struct settings *settings = pair->settings;
    struct removable removable;
    struct fault fault;
    removable_init(&removable, &pair->source.folders, &pair->destination.folders, all, settings);
    uint64_t *counts = mem_alloc_array(removable.count, sizeof(*counts));
    if (!keep_by_expressions(settings, &removable, &fault)) {
        pair_end(pair, &fault);
    } else {
        removable_keep_parents(&removable);
        uint64_t sum = count_all(pair, &removable, counts);
        if (!pair_is_ended(pair) && leave_mailbox(pair, &pair->destination) &&
            (sum_is_allowed(pair, sum) || settings->dry))
            remove_folders(pair, &removable, counts);
    }
    mem_free(counts);
    removable_deinit(&removable);
}

void delete_destination_folders(struct pair *pair)
{
    struct folder_plan *all;
    struct fault fault;
    if (!delete_folders_is_wanted(pair->settings) || pair->settings->retry_problems)
        return;
    /* Every mailbox has an INBOX: a list without is none. */
    if (folder_list_find(&pair->source.folders, "INBOX") == NULL) {
        fault_set(&fault, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, 1,
                  "the source listed no INBOX, so its list of folders can't be trusted; no folder "
                  "was deleted");
        pair_fail_folder(pair, &fault);
        return;
    }
    if (!delete_folders_plan_all(pair, &all, &fault)) {
        pair_end(pair, &fault);
        return;
    }
    remove_among(pair, all);
    folder_plan_deinit(&all);
}

/* -- empty folders of the source -- */

static bool is_empty(struct pair *pair, const struct folder *folder, const char *name)
{
    struct delete_folder opened = {.pair = pair, .session = &pair->source, .name = name};
    struct imap_client *client = pair->source.client;
    struct fault fault;
    uint64_t found = 0;
    bool is_fine = pair_open_mailbox(pair, &pair->source, folder->name, name, false, &fault);
    const struct imap_mailbox *mailbox = imap_client_mailbox(client);
    bool has_none = is_fine && mailbox->has_exists && mailbox->exists == 0;
    if (has_none)
        is_fine = delete_folder_count(&opened, &found, &fault);
    if (!is_fine)
        pair_fail_folder(pair, &fault);
    return is_fine && has_none && found == 0 && imap_client_mailbox(client)->exists == 0 &&
           leave_mailbox(pair, &pair->source);
}

static bool remove_if_empty(struct pair *pair, const struct folder *folder)
{
    char *name = mutf7_to_display(folder->name);
    bool is_gone = is_empty(pair, folder, name);
    if (is_gone) {
        log_line(pair->log, "%s on host1: folder %s: it is empty (--delete1emptyfolders)",
                 pair->settings->dry ? "would delete" : "delete", name);
        log_flush(pair->log);
        is_gone = pair->settings->dry || delete_mailbox(pair, &pair->source, folder->name, name);
    }
    mem_free(name);
    return is_gone;
}

/* Children first: a folder above one that stays, stays. True if some are gone. */
static bool remove_empty_folders(struct pair *pair, bool *is_gone)
{
    const struct folder_list *folders = &pair->source.folders;
    struct removable removable;
    const char *next_kept = NULL;
    bool has_removed = false;
    removable_init_source(&removable, folders, pair->plan, pair->settings);
    for (size_t i = removable.count; i-- > 0 && !pair_is_ended(pair) && !pair_sees_stop(pair);) {
        const struct removable_folder *item = &removable.items[i];
        bool has_child = next_kept != NULL &&
                         name_below(next_kept, item->name, removable.separator) != NULL;
        if (!item->is_kept && !has_child && remove_if_empty(pair, item->folder)) {
            is_gone[item->folder - folders->items] = !pair->settings->dry;
            has_removed = !pair->settings->dry;
        } else {
            next_kept = item->name;
        }
    }
    removable_deinit(&removable);
    return has_removed;
}

bool delete_empty_source_folders(struct pair *pair, bool is_before)
{
    struct folder_list *folders = &pair->source.folders;
    if (!pair->settings->delete1emptyfolders || pair_is_ended(pair) ||
        pair->settings->retry_problems)
        return false;
    bool *is_gone = mem_alloc_array(folders->count, sizeof(*is_gone));
    bool is_changed = remove_empty_folders(pair, is_gone) && is_before;
    if (is_changed) {
        folder_plan_deinit(&pair->plan);
        folder_list_drop(folders, is_gone);
    }
    mem_free(is_gone);
    return is_changed;
}
