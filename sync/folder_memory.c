/* SPDX-License-Identifier: MIT */
#include "sync/folder_memory.h"

#include <string.h>

#include "base/mem.h"
#include "sync/folders/mutf7.h"
#include "sync/messages/flags.h"
#include "sync/messages/labels.h"
#include "sync/pair_private.h"

static void memory_fail(struct folder_memory *memory, const struct fault *fault)
{
    pair_end(memory->pair, fault);
}

bool folder_memory_may_grow(const struct pair *pair, const struct store_map_folder *folder)
{
    return pair->wanted.may_grow && folder->counts.not_selected > 0;
}

void folder_memory_init(struct folder_memory *memory, struct pair *pair,
                        const struct plan_entry *entry)
{
    memset(memory, 0, sizeof(*memory));
    memory->pair = pair;
    memory->delta = DELTA_LIST;
    memory->may_bring_mail = true;
    if (pair->map == NULL)
        return;
    struct store_mark now = delta_mark_of(entry->source);
    memory->rules = delta_rules(pair->message_rules, entry->is_renamed, entry->is_merged);
    char *destination_name = mutf7_to_display(entry->destination);
    memory->folder = store_map_folder(pair->map, entry->source_label, destination_name);
    mem_free(destination_name);
    memory->is_known = memory->folder->id != 0;
    memory->delta = delta_judge(memory->folder, &now, memory->rules);
    memory->is_partial = pair->settings->retry_problems;
    if (memory->is_partial)
        memory->delta = store_map_folder_has_failures(memory->folder) || memory->folder->rules == 0
                            ? DELTA_LIST
                            : DELTA_UNCHANGED;
    /* A duplicate is known by what it is a duplicate of, in this folder or in a later one. */
    if ((memory->delta != DELTA_UNCHANGED && !pair->settings->syncduplicates) ||
        (!memory->is_partial &&
         (folder_memory_may_grow(pair, memory->folder) || pair->cross != NULL)))
        memory->delta = DELTA_LIST;
    memory->may_bring_mail = memory->delta == DELTA_LIST ||
                             (memory->delta != DELTA_UNCHANGED &&
                              now.uid_next != memory->folder->source.uid_next);
    if (memory->delta != DELTA_LIST)
        memory->known = memory->folder->counts;
}

void folder_memory_deinit(struct folder_memory *memory)
{
    mem_free(memory->rows);
    memory->rows = NULL;
}

void folder_memory_distrust(struct folder_memory *memory)
{
    memory->delta = DELTA_LIST;
    memset(&memory->known, 0, sizeof(memory->known));
}

bool folder_memory_open(struct folder_memory *memory, const struct imap_mailbox *mailbox,
                        const char *name, struct fault *fault_r)
{
    struct store_map_folder *folder = memory->folder;
    if (folder == NULL)
        return true;
    memory->now.uid_validity = mailbox->uidvalidity;
    memory->now.uid_next = mailbox->uidnext;
    memory->now.mod_seq = mailbox->mod_seq;
    if (folder->source.uid_validity != 0 && folder->source.uid_validity != mailbox->uidvalidity) {
        struct fault fault;
        /* The next run, which need not be told by STATUS, begins anew. */
        if (mailbox->uidvalidity != 0 && !store_map_forget(memory->pair->map, folder, &fault))
            memory_fail(memory, &fault);
        fault_set(fault_r, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, 1,
                  "the folder %s was replaced on the source (another UIDVALIDITY); it was left "
                  "alone, run the same command again",
                  name);
        return false;
    }
    if (folder->source.uid_validity == 0 && folder->id != 0) {
        /* No row may get into the map of a mailbox that nobody knows. */
        struct fault fault;
        folder->source.uid_validity = mailbox->uidvalidity;
        if (!store_map_folder_save(memory->pair->map, folder, &fault))
            memory_fail(memory, &fault);
    }
    return true;
}

/* The number of what stands in the pair's scratch. */
static uint32_t memory_flags_id(struct folder_memory *memory)
{
    struct fault fault;
    uint32_t id = STORE_FLAGS_UNKNOWN;
    if (!store_map_flags_id(memory->pair->map, buffer_str(&memory->pair->flags_text), &id, &fault))
        memory_fail(memory, &fault);
    return id;
}

uint32_t folder_memory_flags(struct folder_memory *memory, const struct imap_fetch *fetch)
{
    if (memory == NULL || memory->folder == NULL || !fetch->has_flags ||
        (memory->pair->with_labels && !fetch->has_labels))
        return STORE_FLAGS_UNKNOWN;
    struct buffer *text = &memory->pair->flags_text;
    buffer_clear(text);
    flags_append_canonical(fetch->flags, fetch->flag_count, text);
    if (memory->pair->with_labels)
        labels_append_canonical(fetch->labels, fetch->label_count, text);
    return memory_flags_id(memory);
}

uint32_t folder_memory_no_flags(struct folder_memory *memory)
{
    if (memory->folder == NULL)
        return STORE_FLAGS_UNKNOWN;
    buffer_clear(&memory->pair->flags_text);
    return memory_flags_id(memory);
}

uint32_t folder_memory_without_labels(struct folder_memory *memory, uint32_t flags)
{
    const char *text = NULL;
    struct fault fault;
    if (memory->folder == NULL)
        return STORE_FLAGS_UNKNOWN;
    if (!store_map_flags_text(memory->pair->map, flags, &text, &fault))
        memory_fail(memory, &fault);
    if (text == NULL)
        return STORE_FLAGS_UNKNOWN;
    buffer_clear(&memory->pair->flags_text);
    buffer_append(&memory->pair->flags_text, text, labels_flags_size(text));
    return memory_flags_id(memory);
}

/* -- rows -- */

void folder_memory_flush(struct folder_memory *memory)
{
    struct fault fault;
    if (memory->row_count > 0 &&
        !store_map_put(memory->pair->map, memory->folder, memory->rows, memory->row_count, &fault))
        memory_fail(memory, &fault);
    memory->row_count = 0;
}

void folder_memory_put(struct folder_memory *memory, uint32_t src_uid, uint32_t dst_uid,
                       uint32_t flags, enum store_outcome outcome)
{
    if (memory == NULL || memory->folder == NULL || memory->folder->id == 0)
        return;
    if (memory->rows == NULL)
        memory->rows = mem_alloc_array(FOLDER_MEMORY_ROWS, sizeof(*memory->rows));
    memory->rows[memory->row_count++] = (struct store_map_row){src_uid, dst_uid, flags, outcome};
    if (memory->row_count == FOLDER_MEMORY_ROWS)
        folder_memory_flush(memory);
}

/* Reads the next page of rows from *next_uid on; 0 rows at the end. */
static size_t memory_read(struct folder_memory *memory, uint64_t *next_uid, uint32_t last_uid,
                          struct store_map_row *rows, size_t capacity)
{
    struct fault fault;
    size_t count = 0;
    if (!store_map_read_on(memory->pair->map, memory->folder, next_uid, last_uid, rows, capacity,
                           &count, &fault)) {
        memory_fail(memory, &fault);
        return 0;
    }
    return count;
}

static void memory_remove(struct folder_memory *memory, const uint32_t *uids, size_t count)
{
    struct fault fault;
    if (count > 0 && !store_map_remove(memory->pair->map, memory->folder, uids, count, &fault))
        memory_fail(memory, &fault);
}

void folder_memory_add_known(struct folder_memory *memory, uint32_t first_uid,
                             struct uid_list *list)
{
    struct store_map_row rows[FOLDER_MEMORY_ROWS];
    uint64_t next_uid = 1;
    size_t count;
    if (memory->folder == NULL || memory->folder->id == 0)
        return;
    folder_memory_flush(memory);
    while ((count = memory_read(memory, &next_uid, UINT32_MAX, rows, FOLDER_MEMORY_ROWS)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (rows[i].outcome != STORE_OUTCOME_PRESENT || rows[i].dst_uid < first_uid)
                continue;
            MEM_GROW(list->items, list->count, list->alloc);
            list->items[list->count++] = rows[i].dst_uid;
        }
    }
}

/* Source messages below this UID are not in the destination's tail, even if it is not known where
   they are: all were there when the last run came to its end, and only then the bracket was
   opened. */
static uint32_t memory_settled_uid(const struct folder_memory *memory, uint32_t tail_from)
{
    const struct store_map_folder *folder = memory->folder;
    bool were_all_there = folder->counts.already == folder->counts.source;
    /* From 1 on: the server never told its UIDNEXT. */
    bool is_below_tail = folder->bracket_uid_next > 1 && tail_from >= folder->bracket_uid_next;
    return were_all_there && is_below_tail ? folder->source.uid_next : 0;
}

bool folder_memory_subtract(struct folder_memory *memory, struct listing *listing,
                            uint32_t first_uid, uint32_t tail_from)
{
    struct store_map_row rows[FOLDER_MEMORY_ROWS];
    uint32_t gone[FOLDER_MEMORY_ROWS];
    uint64_t next_uid = first_uid;
    size_t at = 0;
    size_t count;
    bool has_unplaced = false;
    if (memory->folder == NULL || memory->folder->id == 0)
        return false;
    uint32_t settled_uid = memory_settled_uid(memory, tail_from);
    while ((count = memory_read(memory, &next_uid, UINT32_MAX, rows, FOLDER_MEMORY_ROWS)) > 0) {
        size_t gone_count = 0;
        for (size_t i = 0; i < count; i++) {
            bool is_unplaced = rows[i].dst_uid == 0 && rows[i].src_uid >= settled_uid;
            while (at < listing->count && listing->messages[at].uid < rows[i].src_uid)
                at++;
            if (at == listing->count || listing->messages[at].uid != rows[i].src_uid)
                gone[gone_count++] = rows[i].src_uid;
            else if (rows[i].outcome == STORE_OUTCOME_PRESENT)
                listing->messages[at].state = is_unplaced ? FOLDER_MEMORY_UNPLACED
                                                          : MESSAGE_ALREADY;
            else if (memory->is_partial && (rows[i].outcome == STORE_OUTCOME_FAILED ||
                                            rows[i].outcome == STORE_OUTCOME_UNREADABLE))
                listing->messages[at].state = FOLDER_MEMORY_FAILED_BEFORE;
            has_unplaced = has_unplaced || is_unplaced;
        }
        memory_remove(memory, gone, gone_count);
    }
    return has_unplaced;
}

void folder_memory_find_gone(struct folder_memory *memory, struct changes *changes)
{
    struct store_map_row rows[FOLDER_MEMORY_ROWS];
    uint64_t next_uid = 1;
    size_t count;
    uint32_t last_uid = memory->folder->source.uid_next - 1;
    while ((count = memory_read(memory, &next_uid, last_uid, rows, FOLDER_MEMORY_ROWS)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (changes_find(changes, rows[i].src_uid) == NULL)
                changes_add_gone_one(changes, rows[i].src_uid);
        }
    }
}

bool folder_memory_drop(struct folder_memory *memory, const struct uid_range *ranges, size_t count)
{
    struct store_map_row rows[FOLDER_MEMORY_ROWS];
    uint32_t gone[FOLDER_MEMORY_ROWS];
    bool were_present = true;
    for (size_t r = 0; r < count; r++) {
        uint64_t next_uid = ranges[r].first;
        size_t found;
        while ((found = memory_read(memory, &next_uid, ranges[r].last, rows, FOLDER_MEMORY_ROWS)) >
               0) {
            for (size_t i = 0; i < found; i++) {
                gone[i] = rows[i].src_uid;
                were_present = were_present && rows[i].outcome == STORE_OUTCOME_PRESENT;
            }
            memory_remove(memory, gone, found);
            uint64_t left = memory->known.already;
            memory->known.already = left > found ? left - found : 0;
            memory->known.source -= memory->known.source > found ? found : memory->known.source;
        }
    }
    return were_present;
}

/* -- the end -- */

static void memory_put_others(struct folder_memory *memory, const struct listing *listing)
{
    static const struct {
        bool is_kept;
        enum store_outcome outcome;
    } outcomes[MESSAGE_STATE_COUNT] = {
        [MESSAGE_EXCLUDED] = {true, STORE_OUTCOME_EXCLUDED},
        [MESSAGE_NOT_SELECTED] = {true, STORE_OUTCOME_EXCLUDED},
        [MESSAGE_TOO_BIG] = {true, STORE_OUTCOME_TOO_BIG},
        [MESSAGE_FAILED] = {true, STORE_OUTCOME_FAILED},
        [MESSAGE_UNREADABLE] = {true, STORE_OUTCOME_UNREADABLE},
    };
    for (size_t i = 0; i < listing->count; i++) {
        const struct listed_message *message = &listing->messages[i];
        if (outcomes[message->state].is_kept)
            folder_memory_put(memory, message->uid, 0, STORE_FLAGS_UNKNOWN,
                              outcomes[message->state].outcome);
    }
}

/* What the next run starts from. A message that vanished during this run is no longer there. */
static void memory_set_marks(struct folder_memory *memory, const struct message_counts *counts)
{
    struct store_map_folder *folder = memory->folder;
    folder->source = memory->now;
    folder->rules = memory->rules;
    folder->counts = *counts;
    folder->counts.source -= counts->vanished;
    folder->counts.vanished = 0;
    folder->source.messages = (uint32_t)folder->counts.source;
}

void folder_memory_finish(struct folder_memory *memory, const struct listing *listing,
                          const struct message_counts *counts, bool is_finished, bool is_answered)
{
    struct pair *pair = memory->pair;
    struct store_map_folder *folder = memory->folder;
    struct fault fault;
    if (folder == NULL || folder->id == 0)
        return;
    memory_put_others(memory, listing);
    folder_memory_flush(memory);
    if (is_finished)
        memory_set_marks(memory, counts);
    if (is_answered)
        folder->bracket_uid_next = 0;
    bool is_kept = (!is_finished ||
                    store_map_problems_keep(pair->map, folder, pair->environment->run_id,
                                            pair->environment->row, &fault)) &&
                   store_map_folder_save(pair->map, folder, &fault);
    if (!is_kept)
        memory_fail(memory, &fault);
}
