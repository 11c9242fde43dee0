/* SPDX-License-Identifier: MIT */
#include "sync/carry.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/messages/labels.h"
#include "sync/pair_private.h"
#include "sync/uidset.h"

#define PAGE_ROWS 256
/* STOREs in flight, and messages whose differences are held at a time. */
#define IN_FLIGHT_MAX 64
#define HELD_MAX      20000

struct carry {
    struct pair *pair;
    struct folder_memory *memory;
    struct target *target;
    struct carry_list list;
    bool with_labels;
    bool is_selected;
    uint64_t carried;  /* messages */
    uint64_t unplaced; /* it is not known where they are */
    uint64_t refused;
    char refusal[200];
};

/* A STORE for items [first, end). */
struct carry_store {
    struct carry *carry;
    size_t first;
    size_t end;
};

void carry_list_add(struct carry_list *list, const struct carried *item)
{
    MEM_GROW(list->items, list->count, list->alloc);
    list->items[list->count++] = *item;
}

void carry_list_deinit(struct carry_list *list)
{
    mem_free(list->items);
    memset(list, 0, sizeof(*list));
}

static const char *flags_text(struct carry *carry, uint32_t id)
{
    const char *text = NULL;
    struct fault fault;
    if (!store_map_flags_text(carry->pair->map, id, &text, &fault))
        pair_end(carry->pair, &fault);
    return text;
}

/* -- on the destination -- */

static void store_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct carry_store *store = context;
    struct carry *carry = store->carry;
    (void)number;
    if (reply->status != IMAP_STATUS_OK) {
        for (size_t i = store->first; i < store->end; i++)
            carry->list.items[i].is_refused = true;
        size_t size = reply->text_size < sizeof(carry->refusal) - 1 ? reply->text_size
                                                                    : sizeof(carry->refusal) - 1;
        memcpy(carry->refusal, reply->text, size);
        carry->refusal[size] = '\0';
    }
    mem_free(store);
}

static void select_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct carry *carry = context;
    const struct imap_mailbox *mailbox = imap_client_mailbox(carry->pair->destination.client);
    (void)number;
    carry->is_selected = reply->status == IMAP_STATUS_OK &&
                         mailbox->uidvalidity == carry->target->opened.uidvalidity;
}

static bool carry_await(struct carry *carry)
{
    struct pair *pair = carry->pair;
    struct imap_client *client = pair->destination.client;
    while (imap_client_is_alive(client) && imap_client_pending(client) > 0 && !pair_sees_stop(pair))
        imap_loop_turn(&pair->loop);
    if (!imap_client_is_alive(client))
        pair_end(pair, imap_client_fault(client));
    else if (imap_client_pending(client) > 0)
        imap_client_fail(client, &pair->fault); /* the answers point into this function's frame */
    return !pair_is_ended(pair);
}

static bool carry_select(struct carry *carry)
{
    struct imap_client *client = carry->pair->destination.client;
    (void)lane_set_flush(&carry->pair->lanes);
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "SELECT ");
    imap_client_add_string(client, carry->target->mailbox);
    imap_client_end(client, select_answered, carry, 0);
    if (!carry_await(carry))
        return false;
    imap_client_set_selected(client, carry->is_selected);
    return carry->is_selected;
}

/* A STORE whose list is still to come. */
static void store_begin(struct carry *carry, const char *set, const char *sign, const char *item)
{
    struct imap_client *client = carry->pair->destination.client;
    imap_client_begin(client, false);
    imap_client_add(client, "UID STORE ");
    imap_client_add_bytes(client, set, strlen(set));
    imap_client_add(client, " %s%s (", sign, item);
}

static void store_end(struct carry *carry, size_t first, size_t end)
{
    struct imap_client *client = carry->pair->destination.client;
    struct carry_store *store = mem_alloc(sizeof(*store));
    *store = (struct carry_store){carry, first, end};
    imap_client_add_bytes(client, ")", 1);
    imap_client_end(client, store_answered, store, 0);
}

static void send_flags(struct carry *carry, size_t first, size_t end, const char *set,
                       const char *sign, const struct buffer *flags)
{
    if (flags->used == 0)
        return;
    store_begin(carry, set, sign, "FLAGS.SILENT");
    imap_client_add_bytes(carry->pair->destination.client, flags->data, flags->used);
    store_end(carry, first, end);
}

/* A label is a folder, which the plan may call something else. */
static const char *label_there(const struct carry *carry, const char *label)
{
    const struct folder_plan *plan = carry->pair->plan;
    for (size_t i = 0; i < plan->count; i++) {
        if (strcmp(plan->entries[i].source->name, label) == 0)
            return strcmp(plan->entries[i].destination, "INBOX") == 0
                       ? "\\Inbox"
                       : plan->entries[i].destination;
    }
    return label;
}

/* The labels of `text` that `other` has not, one at a time: Gmail refuses some names, and the
   others must not suffer. It is not known to take ".SILENT" for labels. */
static void send_labels(struct carry *carry, size_t first, size_t end, const char *set,
                        const char *sign, const char *text, const char *other)
{
    struct imap_client *client = carry->pair->destination.client;
    struct buffer label;
    buffer_init(&label, LABEL_MAX_BYTES + 1);
    while (carry->with_labels && labels_next_missing(&text, other, &label)) {
        const char *name = label_there(carry, buffer_str(&label));
        if (carry->pair->settings->debuglabels)
            log_line(carry->pair->log, "labels: host2 UID %s %sX-GM-LABELS (%s)", set, sign, name);
        store_begin(carry, set, sign, "X-GM-LABELS");
        if (label_is_system(name))
            imap_client_add_bytes(client, name, strlen(name));
        else
            imap_client_add_string(client, name);
        store_end(carry, first, end);
    }
    buffer_deinit(&label);
}

/* As many of [first, end), which change alike, as fit into one command. Returns where it stopped.
 */
static size_t carry_some(struct carry *carry, size_t first, size_t end)
{
    struct uidset set;
    struct buffer added, removed;
    size_t at = first;
    const char *before = flags_text(carry, carry->list.items[first].before);
    const char *after = flags_text(carry, carry->list.items[first].after);
    uidset_init(&set, session_uidset_bytes(&carry->pair->destination));
    buffer_init(&added, 64 * 1024);
    buffer_init(&removed, 64 * 1024);
    while (at < end && uidset_add(&set, carry->list.items[at].dst_uid, false))
        at++;
    if (before != NULL && after != NULL) {
        const char *uids = uidset_finish(&set);
        flag_rules_append_changes(&carry->pair->flag_rules, before, after, &carry->target->opened,
                                  &added, &removed);
        send_flags(carry, first, at, uids, "+", &added);
        send_flags(carry, first, at, uids, "-", &removed);
        send_labels(carry, first, at, uids, "+", after, before);
        send_labels(carry, first, at, uids, "-", before, after);
    } else { /* the store has lost a text: nobody knows what is to be changed */
        for (size_t i = first; i < at; i++)
            carry->list.items[i].is_refused = true;
    }
    buffer_deinit(&added);
    buffer_deinit(&removed);
    uidset_deinit(&set);
    return at;
}

/* Alike next to each other, by UID. */
static int compare_carried(const void *a, const void *b)
{
    const struct carried *left = a;
    const struct carried *right = b;
    if (left->before != right->before)
        return left->before < right->before ? -1 : 1;
    if (left->after != right->after)
        return left->after < right->after ? -1 : 1;
    return left->dst_uid < right->dst_uid ? -1 : left->dst_uid > right->dst_uid;
}

static void carry_send_all(struct carry *carry)
{
    struct imap_client *client = carry->pair->destination.client;
    for (size_t first = 0; first < carry->list.count;) {
        size_t end = first + 1;
        while (end < carry->list.count &&
               carry->list.items[end].before == carry->list.items[first].before &&
               carry->list.items[end].after == carry->list.items[first].after)
            end++;
        for (size_t at = first; at < end && !pair_is_ended(carry->pair);) {
            at = carry_some(carry, at, end);
            if (imap_client_pending(client) >= IN_FLIGHT_MAX && !carry_await(carry))
                return;
        }
        if (pair_is_ended(carry->pair))
            return;
        first = end;
    }
    (void)carry_await(carry);
}

/* -- in the map -- */

static void carry_note(struct carry *carry)
{
    struct store_map_row rows[PAGE_ROWS];
    size_t count = 0;
    struct fault fault;
    for (size_t i = 0; i < carry->list.count; i++) {
        const struct carried *item = &carry->list.items[i];
        carry->refused += item->is_refused;
        carry->carried += !item->is_refused;
        if (!item->is_refused)
            rows[count++] = (struct store_map_row){item->src_uid, 0, item->after, 0};
        if ((count == PAGE_ROWS || i + 1 == carry->list.count) && count > 0) {
            if (!store_map_set_flags(carry->pair->map, carry->memory->folder, rows, count, &fault))
                pair_end(carry->pair, &fault);
            count = 0;
        }
    }
}

static void carry_flush(struct carry *carry)
{
    if (carry->list.count == 0 || pair_is_ended(carry->pair))
        return;
    qsort(carry->list.items, carry->list.count, sizeof(*carry->list.items), compare_carried);
    if (!carry->is_selected && !carry_select(carry) && !pair_is_ended(carry->pair)) {
        for (size_t i = 0; i < carry->list.count; i++)
            carry->list.items[i].is_refused = true;
    } else if (!pair_is_ended(carry->pair)) {
        carry_send_all(carry);
    }
    if (pair_is_ended(carry->pair))
        return;
    carry_note(carry);
    carry->list.count = 0;
}

/* The flags of a row that were not known are taken as they are: nobody can say what changed. */
static void carry_take(struct carry *carry, const struct store_map_row *row, uint32_t after)
{
    struct fault fault;
    if (row->outcome != STORE_OUTCOME_PRESENT || after == STORE_FLAGS_UNKNOWN ||
        row->flags == after)
        return;
    bool is_nowhere = row->dst_uid == 0 || !carry->target->is_there;
    if (row->flags == STORE_FLAGS_UNKNOWN || is_nowhere) {
        struct store_map_row seen = {row->src_uid, 0, after, 0};
        carry->unplaced += row->flags != STORE_FLAGS_UNKNOWN && carry->target->is_there;
        if (!store_map_set_flags(carry->pair->map, carry->memory->folder, &seen, 1, &fault))
            pair_end(carry->pair, &fault);
        return;
    }
    carry_list_add(&carry->list,
                   &(struct carried){row->src_uid, row->dst_uid, row->flags, after, false});
    if (carry->list.count >= HELD_MAX)
        carry_flush(carry);
}

/* Rows are read in pages that begin at the next change: a few changes in a large folder cost a few
   look-ups. */
static void carry_compare(struct carry *carry, const struct changes *changes)
{
    struct store_map_row rows[PAGE_ROWS];
    struct fault fault;
    for (size_t at = 0; at < changes->count && !pair_is_ended(carry->pair);) {
        size_t end = at;
        size_t count = 0;
        /* Changes that lie close together share a page. */
        while (end < changes->count && changes->items[end].uid - changes->items[at].uid < PAGE_ROWS)
            end++;
        if (!store_map_read(carry->pair->map, carry->memory->folder, changes->items[at].uid,
                            changes->items[end - 1].uid, rows, PAGE_ROWS, &count, &fault)) {
            pair_end(carry->pair, &fault);
            return;
        }
        for (size_t i = 0; i < count && at < end;) {
            if (rows[i].src_uid < changes->items[at].uid)
                i++;
            else if (rows[i].src_uid > changes->items[at].uid)
                at++;
            else
                carry_take(carry, &rows[i++], changes->items[at++].flags);
        }
        at = end;
    }
}

static void carry_log(const struct carry *carry, const char *name, const char *what)
{
    struct log *log = carry->pair->log;
    const char *things = carry->with_labels ? "flags or labels" : "flags";
    if (carry->carried > 0)
        log_line(log, "folder %s: %s of %llu messages %s", name, things,
                 (unsigned long long)carry->carried, what);
    if (carry->refused > 0)
        log_line(log,
                 "folder %s: %s of %llu messages could not be changed; the next run tries "
                 "again [server said: %s]",
                 name, things, (unsigned long long)carry->refused, carry->refusal);
    if (carry->unplaced > 0)
        log_line(log,
                 "folder %s: %s of %llu messages changed on the source; the destination never "
                 "said where these messages are (no UIDPLUS), so theirs were left alone",
                 name, things, (unsigned long long)carry->unplaced);
}

/* What is refused: the next run asks for what changed since the same moment once more. */
static void carry_finish(struct carry *carry, const char *name, const char *what)
{
    struct imap_client *client = carry->pair->destination.client;
    if (carry->refused > 0)
        carry->memory->now.mod_seq = carry->memory->folder->source.mod_seq;
    carry_log(carry, name, what);
    if (carry->is_selected && imap_client_is_alive(client) &&
        imap_client_can(client, IMAP_CAP_UNSELECT)) {
        imap_client_command(client, NULL, NULL, "UNSELECT");
        imap_client_set_selected(client, false);
    }
}

void carry_flags(struct folder_memory *memory, const struct changes *changes, struct target *target,
                 const char *name)
{
    struct carry carry = {.pair = memory->pair, .memory = memory, .target = target};
    if (memory->folder == NULL || memory->folder->id == 0 || changes->count == 0)
        return;
    /* What a run that was cut off has copied is ours to label. */
    carry.with_labels = memory->pair->with_labels &&
                        (memory->pair->settings->resynclabels || memory->is_tail_ours);
    carry_compare(&carry, changes);
    carry_flush(&carry);
    carry_finish(&carry, name, "changed");
    carry_list_deinit(&carry.list);
}

void carry_after_copy(struct folder_memory *memory, struct carry_list *list, struct target *target,
                      const char *name)
{
    struct carry carry = {.pair = memory->pair, .memory = memory, .target = target, .list = *list};
    if (list->count == 0 || pair_is_ended(memory->pair))
        return;
    carry.with_labels = memory->pair->with_labels;
    folder_memory_flush(memory);
    carry_flush(&carry);
    carry_finish(&carry, name, "set on their copies");
    *list = carry.list;
}
