/* SPDX-License-Identifier: MIT */
#include "sync/resync.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/messages/flags.h"
#include "sync/pair_command.h"
#include "sync/uidset.h"
#include "sync/verdict.h"

#define PAGE_ROWS       256
#define FLAGS_MAX_BYTES ((size_t)64 * 1024)

/* A message that is on both sides. */
struct resynced {
    uint32_t dst_uid;
    uint32_t flags; /* the source's, store_map_flags_id() */
    bool is_different;
};

struct resync {
    struct pair *pair;
    const struct target *target;
    struct resynced *items; /* by dst_uid */
    size_t count;
    size_t alloc;
    uint32_t wanted_of; /* whose flags `wanted` holds; STORE_FLAGS_UNKNOWN: none's */
    struct buffer wanted;
    struct buffer there; /* scratch */
    uint64_t changed;
};

/* -- what is to be there -- */

/* What the destination is to have for flags of the source; NULL: the store has lost them. */
static const char *resync_wanted(struct resync *resync, uint32_t flags)
{
    struct pair *pair = resync->pair;
    const char *text = NULL;
    struct fault fault;
    if (flags == resync->wanted_of)
        return buffer_str(&resync->wanted);
    if (!store_map_flags_text(pair->map, flags, &text, &fault)) {
        pair_end(pair, &fault);
        return NULL;
    }
    if (text == NULL)
        return NULL;
    buffer_clear(&resync->wanted);
    (void)flag_rules_append(&pair->flag_rules, text, &resync->target->opened, &resync->wanted);
    resync->wanted_of = flags;
    return buffer_str(&resync->wanted);
}

static int compare_by_uid(const void *a, const void *b)
{
    const struct resynced *left = a;
    const struct resynced *right = b;
    return left->dst_uid < right->dst_uid ? -1 : left->dst_uid > right->dst_uid;
}

/* Those that differ first, alike ones together. */
static int compare_by_flags(const void *a, const void *b)
{
    const struct resynced *left = a;
    const struct resynced *right = b;
    if (left->is_different != right->is_different)
        return left->is_different ? -1 : 1;
    if (left->flags != right->flags)
        return left->flags < right->flags ? -1 : 1;
    return compare_by_uid(a, b);
}

static void resync_take_rows(struct resync *resync, const struct store_map_row *rows, size_t count,
                             uint32_t first_uid)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].outcome != STORE_OUTCOME_PRESENT || rows[i].dst_uid == 0 ||
            rows[i].dst_uid < first_uid || rows[i].flags == STORE_FLAGS_UNKNOWN)
            continue;
        MEM_GROW(resync->items, resync->count, resync->alloc);
        resync->items[resync->count++] = (struct resynced){rows[i].dst_uid, rows[i].flags, false};
    }
}

/* Of one source folder that goes there. */
static void resync_read(struct resync *resync, const struct folder_memory *memory,
                        uint32_t first_uid)
{
    struct pair *pair = resync->pair;
    struct store_map_row rows[PAGE_ROWS];
    struct fault fault;
    uint64_t next_uid = 1;
    size_t count;
    if (memory->folder == NULL || memory->folder->id == 0 ||
        memory->folder->destination.uid_validity != resync->target->opened.uidvalidity)
        return;
    do {
        if (!store_map_read_on(pair->map, memory->folder, &next_uid, UINT32_MAX, rows, PAGE_ROWS,
                               &count, &fault)) {
            pair_end(pair, &fault);
            return;
        }
        resync_take_rows(resync, rows, count, first_uid);
    } while (count > 0);
}

/* -- what is there -- */

static enum imap_taken resync_untagged(void *context, const struct imap_response *response)
{
    struct resync *resync = context;
    struct imap_fetch fetch;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0 || !fetch.has_flags)
        return IMAP_TAKEN;
    const struct resynced key = {fetch.uid, 0, false};
    struct resynced *item = bsearch(&key, resync->items, resync->count, sizeof(key),
                                    compare_by_uid);
    const char *wanted = item == NULL ? NULL : resync_wanted(resync, item->flags);
    if (wanted == NULL)
        return IMAP_TAKEN;
    buffer_clear(&resync->there);
    flags_append_canonical(fetch.flags, fetch.flag_count, &resync->there);
    item->is_different = !flags_are_equal(wanted, buffer_str(&resync->there));
    return IMAP_TAKEN;
}

static bool resync_await(struct resync *resync, const struct imap_answer *answer, int command,
                         struct fault *fault_r)
{
    struct session *session = &resync->pair->destination;
    if (!pair_await_answer(resync->pair, session, answer, fault_r))
        return false;
    imap_client_set_events(session->client, NULL);
    if (answer->status == IMAP_STATUS_OK)
        return true;
    session_judge(session, command, answer, resync->target->name, fault_r);
    return false;
}

static bool resync_compare(struct resync *resync, uint32_t first_uid, struct fault *fault_r)
{
    struct imap_client *client = resync->pair->destination.client;
    struct imap_answer answer = {0};
    struct imap_events events = {resync, resync_untagged, NULL, NULL, NULL, NULL};
    imap_client_set_events(client, &events);
    imap_client_command(client, imap_answer_callback, &answer, "UID FETCH %u:* (UID FLAGS)",
                        first_uid > 0 ? first_uid : 1);
    return resync_await(resync, &answer, VERDICT_FETCH, fault_r);
}

/* -- what is stored -- */

/* As many of [first, end), which get the same flags, as fit into one command. *next_r: where it
   stopped. */
static bool resync_store(struct resync *resync, size_t first, size_t end, size_t *next_r,
                         struct fault *fault_r)
{
    struct imap_client *client = resync->pair->destination.client;
    struct imap_answer answer = {0};
    struct uidset set;
    size_t at = first;
    const char *wanted = resync_wanted(resync, resync->items[first].flags);
    uidset_init(&set, session_uidset_bytes(&resync->pair->destination));
    while (at < end && uidset_add(&set, resync->items[at].dst_uid, false))
        at++;
    const char *uids = uidset_finish(&set);
    imap_client_begin(client, false);
    imap_client_add(client, "UID STORE ");
    imap_client_add_bytes(client, uids, strlen(uids));
    imap_client_add(client, " FLAGS.SILENT (");
    imap_client_add_bytes(client, wanted, strlen(wanted));
    imap_client_add_bytes(client, ")", 1);
    imap_client_end(client, imap_answer_callback, &answer, 0);
    uidset_deinit(&set);
    *next_r = at;
    if (!resync_await(resync, &answer, VERDICT_STORE, fault_r))
        return false;
    resync->changed += at - first;
    return true;
}

static bool resync_store_all(struct resync *resync, struct fault *fault_r)
{
    qsort(resync->items, resync->count, sizeof(*resync->items), compare_by_flags);
    bool is_fine = true;
    for (size_t first = 0; is_fine && first < resync->count && resync->items[first].is_different;) {
        size_t end = first + 1;
        while (end < resync->count && resync->items[end].is_different &&
               resync->items[end].flags == resync->items[first].flags)
            end++;
        for (; is_fine && first < end;)
            is_fine = resync_store(resync, first, end, &first, fault_r);
    }
    return is_fine;
}

/* -- a folder -- */

static bool resync_work(struct resync *resync, uint32_t first_uid, struct fault *fault_r)
{
    struct pair *pair = resync->pair;
    const struct target *target = resync->target;
    struct session *session = &pair->destination;
    if (!pair_open_mailbox(pair, session, target->mailbox, target->name, true, fault_r))
        return false;
    /* Replaced meanwhile: the UIDs are other messages'. */
    if (imap_client_mailbox(session->client)->uidvalidity != target->opened.uidvalidity)
        return true;
    return resync_compare(resync, first_uid, fault_r) && resync_store_all(resync, fault_r);
}

static void resync_target(struct pair *pair, const struct target *target)
{
    struct resync resync = {.pair = pair, .target = target, .wanted_of = STORE_FLAGS_UNKNOWN};
    uint32_t first_uid = pair->settings->resyncflags ? 0 : target->opened.uidnext;
    struct fault fault;
    buffer_init(&resync.wanted, FLAGS_MAX_BYTES);
    buffer_init(&resync.there, FLAGS_MAX_BYTES);
    for (size_t i = 0; i < pair->plan->count && !pair_is_ended(pair); i++) {
        if (strcmp(pair->plan->entries[i].destination, target->mailbox) == 0)
            resync_read(&resync, &pair->memories[i], first_uid);
    }
    if (resync.count > 0 && !pair_is_ended(pair)) {
        qsort(resync.items, resync.count, sizeof(*resync.items), compare_by_uid);
        if (!resync_work(&resync, first_uid, &fault))
            pair_fail_folder(pair, &fault);
    }
    if (resync.changed > 0)
        log_line(pair->log, "folder %s: flags of %llu messages set to those of the source",
                 target->name, (unsigned long long)resync.changed);
    buffer_deinit(&resync.wanted);
    buffer_deinit(&resync.there);
    mem_free(resync.items);
}

void resync_flags(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    if ((!settings->resyncflags && !settings->syncflagsaftercopy) || settings->dry)
        return;
    for (size_t i = 0; i < pair->targets.count && !pair_is_ended(pair); i++) {
        if (pair->targets.items[i].is_there && !pair_sees_stop(pair))
            resync_target(pair, &pair->targets.items[i]);
    }
}
