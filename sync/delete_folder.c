/* SPDX-License-Identifier: MIT */
#include "sync/delete_folder.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/imap/fetch.h"
#include "sync/messages/header.h"
#include "sync/messages/internaldate.h"
#include "sync/uidset.h"
#include "sync/verdict.h"

/* Messages in one command: described, logged, marked and expunged together. */
#define GROUP_MAX      ((size_t)256)
#define TEXT_MAX_BYTES ((size_t)300)

/* What is known of a message, for its line in the log. */
struct detail {
    bool is_known;
    uint64_t size_bytes;
    char date[CLOCK_ISO8601_SIZE];
    char *message_id; /* NULL: not known */
    char *subject;
};

/* Messages [first, end) of the list. */
struct group {
    struct delete_folder *folder;
    const struct removal_list *list;
    size_t first;
    size_t end;
    struct uidset set;
    const char *uids;
    struct detail details[GROUP_MAX];
};

/* -- waiting -- */

static bool folder_await(const struct delete_folder *folder, const struct imap_answer *answer,
                         struct fault *fault_r)
{
    if (!pair_await_answer(folder->pair, folder->session, answer, fault_r))
        return false;
    imap_client_set_events(folder->session->client, NULL);
    if (answer->status == IMAP_STATUS_OK)
        return true;
    session_judge(folder->session, VERDICT_DELETE, answer, folder->name, fault_r);
    return false;
}

bool delete_folder_open(struct delete_folder *folder, struct fault *fault_r)
{
    struct pair *pair = folder->pair;
    if (!pair_open_mailbox(pair, folder->session, folder->mailbox, folder->name,
                           !pair->settings->dry, fault_r))
        return false;
    if (folder->uidvalidity == 0 ||
        imap_client_mailbox(folder->session->client)->uidvalidity == folder->uidvalidity)
        return true;
    fault_set(
        fault_r, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, folder->session->side,
        "the folder %s was replaced during the run (another UIDVALIDITY); nothing was deleted "
        "there",
        folder->name);
    return false;
}

/* -- what is marked -- */

static enum imap_taken search_untagged(void *context, const struct imap_response *response)
{
    struct removal_list *list = context;
    if (!str_iequals_n(response->name, response->name_size, "SEARCH"))
        return IMAP_TAKEN;
    for (size_t i = 0; i < response->token_count && list->count < IMAP_TOKENS_MAX; i++) {
        uint64_t uid;
        if (imap_token_uint64(&response->tokens[i], UINT32_MAX, &uid) && uid > 0)
            removal_list_add(list, (uint32_t)uid, REMOVAL_MARKED);
    }
    return IMAP_TAKEN;
}

static bool folder_search(struct delete_folder *folder, const char *criterion,
                          struct removal_list *list_r, struct fault *fault_r)
{
    struct imap_client *client = folder->session->client;
    struct imap_answer answer = {0};
    struct imap_events events = {list_r, search_untagged, NULL, NULL, NULL, NULL};
    imap_client_set_events(client, &events);
    imap_client_command(client, imap_answer_callback, &answer, "UID SEARCH %s", criterion);
    bool is_done = folder_await(folder, &answer, fault_r);
    removal_list_sort(list_r);
    return is_done;
}

bool delete_folder_find_marked(struct delete_folder *folder, struct removal_list *list_r,
                               struct fault *fault_r)
{
    return folder_search(folder, "DELETED", list_r, fault_r);
}

bool delete_folder_count(struct delete_folder *folder, uint64_t *messages_r, struct fault *fault_r)
{
    struct removal_list all = {0};
    bool is_done = folder_search(folder, "ALL", &all, fault_r);
    *messages_r = all.count;
    removal_list_deinit(&all);
    return is_done;
}

/* -- what they are -- */

static struct detail *group_find(struct group *group, uint32_t uid)
{
    size_t low = group->first;
    size_t high = group->end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (group->list->items[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < group->end && group->list->items[low].uid == uid;
    return is_found ? &group->details[low - group->first] : NULL;
}

static char *header_text(const struct imap_fetch *fetch, const char *name)
{
    struct header_field field;
    struct buffer value;
    if (!fetch->has_header || !header_find(fetch->header, fetch->header_size, name, &field))
        return NULL;
    buffer_init(&value, HEADER_VALUE_MAX_BYTES);
    header_append_normal(&field, &value);
    char *text = mem_strndup(buffer_str(&value),
                             value.used < TEXT_MAX_BYTES ? value.used : TEXT_MAX_BYTES);
    buffer_deinit(&value);
    return text;
}

static enum imap_taken group_untagged(void *context, const struct imap_response *response)
{
    struct group *group = context;
    struct imap_fetch fetch;
    int64_t seconds;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0 || !fetch.has_size)
        return IMAP_TAKEN;
    struct detail *detail = group_find(group, fetch.uid);
    if (detail == NULL || detail->is_known)
        return IMAP_TAKEN;
    detail->is_known = true;
    detail->size_bytes = fetch.size_bytes;
    detail->message_id = header_text(&fetch, "Message-ID");
    detail->subject = header_text(&fetch, "Subject");
    if (fetch.internaldate != NULL &&
        internaldate_parse(fetch.internaldate, fetch.internaldate_size, &seconds))
        clock_format(seconds * 1000, detail->date);
    return IMAP_TAKEN;
}

static bool group_describe(struct group *group, struct fault *fault_r)
{
    struct imap_client *client = group->folder->session->client;
    struct imap_answer answer = {0};
    struct imap_events events = {group, group_untagged, NULL, NULL, NULL, NULL};
    imap_client_set_events(client, &events);
    imap_client_command(client, imap_answer_callback, &answer,
                        "UID FETCH %s (UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS "
                        "(MESSAGE-ID SUBJECT)])",
                        group->uids);
    return folder_await(group->folder, &answer, fault_r);
}

static const char *reason_text(enum removal_reason reason)
{
    static const char *const texts[] = {
        [REMOVAL_CONFIRMED] = "it is on the destination (--delete1)",
        [REMOVAL_ABSENT] = "it is not on the source (--delete2)",
        [REMOVAL_DUPLICATE] = "another copy of it stays (--delete2duplicates)",
        [REMOVAL_MARKED] = "it was marked as deleted before (--expunge1, --expunge2)",
    };
    return texts[reason];
}

static void group_log(struct group *group)
{
    const struct delete_folder *folder = group->folder;
    bool is_dry = folder->pair->settings->dry;
    const char *verb = folder->may_expunge ? (is_dry ? "would delete" : "delete")
                                           : (is_dry ? "would mark as deleted" : "mark as deleted");
    for (size_t i = group->first; i < group->end; i++) {
        const struct removal *removal = &group->list->items[i];
        const struct detail *detail = &group->details[i - group->first];
        log_line(folder->pair->log,
                 "%s on host%d: folder %s, UID %u, %llu bytes, %s, %s, \"%s\": %s",
                 removal->reason == REMOVAL_MARKED ? (is_dry ? "would delete" : "delete") : verb,
                 folder->session->side, folder->name, removal->uid,
                 (unsigned long long)detail->size_bytes,
                 detail->date[0] == '\0' ? "no date" : detail->date,
                 detail->message_id == NULL ? "no Message-ID" : detail->message_id,
                 detail->subject == NULL ? "" : detail->subject, reason_text(removal->reason));
    }
    log_flush(folder->pair->log);
}

/* -- a group -- */

/* As many as fit into one command, from `first` on. Ranges hold nothing that is not in the list. */
static void group_init(struct group *group, struct delete_folder *folder,
                       const struct removal_list *list, size_t first)
{
    memset(group, 0, sizeof(*group));
    group->folder = folder;
    group->list = list;
    group->first = first;
    group->end = first;
    uidset_init(&group->set, session_uidset_bytes(folder->session));
    while (group->end < list->count && group->end - first < GROUP_MAX) {
        uint32_t uid = list->items[group->end].uid;
        bool follows_last = group->end > first && list->items[group->end - 1].uid + 1 == uid;
        if (!uidset_add(&group->set, uid, follows_last))
            break;
        group->end++;
    }
    group->uids = uidset_finish(&group->set);
}

static void group_deinit(struct group *group)
{
    for (size_t i = 0; i < group->end - group->first; i++) {
        mem_free(group->details[i].message_id);
        mem_free(group->details[i].subject);
    }
    uidset_deinit(&group->set);
}

/* Before a source message goes, where its copy is has to be on the disk. And a run that is cut off
   between mark and expunge leaves marked messages: the next one must not carry the mark to their
   copies, so nobody knows from now on which flags they had. */
static bool group_record(const struct group *group, struct fault *fault_r)
{
    const struct delete_folder *folder = group->folder;
    const struct folder_memory *memory = folder->memory;
    struct store_map_row rows[GROUP_MAX];
    size_t count = group->end - group->first;
    if (memory == NULL || memory->folder == NULL || memory->folder->id == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct store_map_row){group->list->items[group->first + i].uid, 0,
                                         STORE_FLAGS_UNKNOWN, STORE_OUTCOME_PRESENT};
    return store_map_set_flags(folder->pair->map, memory->folder, rows, count, fault_r) &&
           store_sync(folder->pair->environment->store, fault_r);
}

static bool group_command(const struct group *group, const char *format_before,
                          const char *format_after, struct fault *fault_r)
{
    struct imap_client *client = group->folder->session->client;
    struct imap_answer answer = {0};
    imap_client_command(client, imap_answer_callback, &answer, "%s %s%s", format_before,
                        group->uids, format_after);
    return folder_await(group->folder, &answer, fault_r);
}

/* All of a list is marked, or nothing of it. */
static bool list_is_marked(const struct removal_list *list)
{
    return list->count > 0 && list->items[0].reason == REMOVAL_MARKED;
}

static bool group_expunge(struct group *group, struct fault *fault_r)
{
    if (!group_command(group, "UID EXPUNGE", "", fault_r))
        return false;
    group->folder->deleted += group->end - group->first;
    return true;
}

static bool group_remove(struct group *group, struct fault *fault_r)
{
    struct delete_folder *folder = group->folder;
    if (!group_describe(group, fault_r))
        return false;
    group_log(group);
    if (folder->pair->settings->dry) {
        folder->deleted += group->end - group->first;
        return true;
    }
    if (!list_is_marked(group->list) &&
        !(group_record(group, fault_r) &&
          group_command(group, "UID STORE", " +FLAGS.SILENT (\\Deleted)", fault_r)))
        return false;
    if (folder->may_expunge)
        return folder->is_late || group_expunge(group, fault_r);
    folder->deleted += group->end - group->first;
    return true;
}

/* -- all of them -- */

typedef bool group_step(struct group *group, struct fault *fault_r);

static bool folder_each_group(struct delete_folder *folder, const struct removal_list *list,
                              group_step *step, struct fault *fault_r)
{
    struct group *group = mem_alloc(sizeof(*group));
    bool is_fine = true;
    for (size_t at = 0; at < list->count && is_fine;) {
        group_init(group, folder, list, at);
        at = group->end;
        is_fine = step(group, fault_r);
        group_deinit(group);
        if (is_fine && pair_sees_stop(folder->pair)) {
            *fault_r = folder->pair->fault;
            is_fine = false;
        }
    }
    mem_free(group);
    return is_fine;
}

bool delete_folder_remove(struct delete_folder *folder, const struct removal_list *list,
                          struct fault *fault_r)
{
    bool is_late = folder->may_expunge && folder->is_late && !folder->pair->settings->dry;
    return folder_each_group(folder, list, group_remove, fault_r) &&
           (!is_late || folder_each_group(folder, list, group_expunge, fault_r));
}

bool delete_folder_expunge(struct delete_folder *folder, struct fault *fault_r)
{
    struct imap_client *client = folder->session->client;
    struct imap_answer answer = {0};
    if (folder->pair->settings->dry)
        return true;
    imap_client_command(client, imap_answer_callback, &answer, "EXPUNGE");
    return folder_await(folder, &answer, fault_r);
}
