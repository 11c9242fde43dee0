/* SPDX-License-Identifier: MIT */
#include "sync/verify_folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/notes.h"
#include "sync/verify_bodies.h"

#define PAGE_ROWS      256
#define TEXT_MAX_BYTES ((size_t)1024)

/* What the states of listed messages mean here. */
#define VERIFIED_FOUND   MESSAGE_ALREADY
#define VERIFIED_MISSING MESSAGE_WANTED
#define VERIFIED_GONE    MESSAGE_VANISHED
#define VERIFIED_LATER   MESSAGE_REQUESTED
/* Or what the copy, or a rule, made of it: EXCLUDED, TOO_BIG, FAILED, UNREADABLE, NOT_SELECTED. */

/* The destination's records by UID. */
struct by_uid {
    const struct adopt_record **items;
    size_t count;
};

/* One source folder. */
struct evidence {
    struct compare *compare;
    struct compare_source *source;
    enum verify_level level;
    const struct by_uid *there;
    struct verify_counts counts;
    struct notes notes;
    struct verify_resume *resume; /* NULL: nobody keeps it */
    bool is_resumed;
};

bool verify_folder_is_done(struct pair *pair, const struct plan_entry *entry)
{
    const struct pair_environment *environment = pair->environment;
    struct fault fault;
    bool is_there = false;
    if (!store_verification_is_there(environment->store, environment->run_id, environment->row,
                                     entry->source_label, &is_there, &fault))
        pair_end(pair, &fault);
    return is_there;
}

/* -- the destination by UID -- */

static int compare_uids(const void *a, const void *b)
{
    const struct adopt_record *one = *(const struct adopt_record *const *)a;
    const struct adopt_record *other = *(const struct adopt_record *const *)b;
    return (one->uid > other->uid) - (one->uid < other->uid);
}

/* Only who compares identities looks there. */
static void by_uid_init(struct by_uid *by_uid, const struct listing *listing,
                        enum verify_level level)
{
    const struct adopt_destination there = listing_as_destination(listing);
    by_uid->count = level == VERIFY_HEADERS ? there.count : 0;
    by_uid->items = mem_alloc_array(by_uid->count, sizeof(const struct adopt_record *));
    for (size_t i = 0; i < by_uid->count; i++)
        by_uid->items[i] = &there.records[i];
    if (by_uid->count > 0)
        qsort(by_uid->items, by_uid->count, sizeof(const struct adopt_record *), compare_uids);
}

static const struct adopt_record *by_uid_find(const struct by_uid *by_uid, uint32_t uid)
{
    const struct adopt_record wanted = {.uid = uid};
    const struct adopt_record *key = &wanted;
    const struct adopt_record **found = by_uid->count == 0
                                            ? NULL
                                            : bsearch(&key, by_uid->items, by_uid->count,
                                                      sizeof(*by_uid->items), compare_uids);
    return found == NULL ? NULL : *found;
}

/* Whether the copy that the map names has the message's identity. */
static bool is_same_identity(const struct evidence *own, size_t index)
{
    const struct listing *listing = &own->source->listing;
    const struct adopt_destination there = listing_as_destination(&own->compare->listing);
    const struct adopt_record *record = by_uid_find(own->there, listing->traits[index].uid);
    uint32_t place = listing->messages[index].place;
    return record != NULL && place != ADOPT_NOWHERE && there.records[place].key == record->key;
}

/* -- what is known of messages that were not found -- */

static enum message_state state_by_rules(const struct evidence *own,
                                         const struct listed_message *message)
{
    const struct settings *settings = own->compare->pair->settings;
    const struct listing *listing = &own->source->listing;
    int64_t size_bytes = (int64_t)message->size_bytes;
    if (listing->selection != NULL && !selection_holds(listing->selection, message->uid))
        return MESSAGE_NOT_SELECTED;
    bool is_equal_there = !settings->syncduplicates && own->compare->has_identities &&
                          message->place != ADOPT_NOWHERE;
    if (is_equal_there || (settings->maxsize >= 0 && size_bytes > settings->maxsize) ||
        (settings->minsize >= 0 && size_bytes <= settings->minsize))
        return MESSAGE_EXCLUDED;
    return VERIFIED_MISSING;
}

static enum message_state state_by_row(const struct evidence *own, const struct store_map_row *row)
{
    static const enum message_state states[] = {
        [STORE_OUTCOME_PRESENT] = VERIFIED_MISSING,
        [STORE_OUTCOME_EXCLUDED] = MESSAGE_EXCLUDED,
        [STORE_OUTCOME_TOO_BIG] = MESSAGE_TOO_BIG,
        [STORE_OUTCOME_FAILED] = MESSAGE_FAILED,
        [STORE_OUTCOME_UNREADABLE] = MESSAGE_UNREADABLE,
        [STORE_OUTCOME_VANISHED] = VERIFIED_MISSING, /* and is there again */
    };
    uint32_t known = own->source->known->destination.uid_validity;
    if (row->outcome == STORE_OUTCOME_PRESENT && row->dst_uid != 0 && known != 0 &&
        known == own->compare->uidvalidity)
        return VERIFIED_GONE;
    return states[row->outcome];
}

/* False: the store can't be read. */
static bool apply_map(struct evidence *own, struct fault *fault_r)
{
    struct store_map *map = own->compare->pair->map;
    const struct store_map_folder *known = own->source->known;
    struct listing *listing = &own->source->listing;
    struct store_map_row rows[PAGE_ROWS];
    uint64_t next_uid = 1;
    size_t count;
    if (known == NULL || known->id == 0)
        return true;
    do {
        if (!store_map_read_on(map, known, &next_uid, UINT32_MAX, rows, PAGE_ROWS, &count, fault_r))
            return false;
        for (size_t i = 0; i < count; i++) {
            ptrdiff_t index = listing_find(listing, rows[i].src_uid);
            if (index >= 0 && listing->messages[index].state == VERIFIED_MISSING)
                listing->messages[index].state = state_by_row(own, &rows[i]) & 0xff;
        }
    } while (count > 0);
    return true;
}

/* From this UID on nothing was there when the copy looked; 0: not known, or there was none. */
static uint32_t first_later_uid(const struct evidence *own)
{
    const struct folder_memory *memory = own->source->memory;
    return memory == NULL ? 0 : memory->now.uid_next;
}

static bool settle_states(struct evidence *own, struct fault *fault_r)
{
    struct listing *listing = &own->source->listing;
    uint32_t later = first_later_uid(own);
    for (size_t i = 0; i < listing->count; i++) {
        struct listed_message *message = &listing->messages[i];
        if (message->state != VERIFIED_FOUND)
            message->state = state_by_rules(own, message) & 0xff;
    }
    if (!apply_map(own, fault_r))
        return false;
    for (size_t i = 0; i < listing->count; i++) {
        struct listed_message *message = &listing->messages[i];
        if (message->state == VERIFIED_MISSING && later != 0 && message->uid >= later)
            message->state = VERIFIED_LATER;
    }
    return true;
}

/* -- the account -- */

static uint64_t count_unmatched(const struct compare *compare)
{
    const struct adopt_destination there = listing_as_destination(&compare->listing);
    uint64_t unmatched = 0;
    for (size_t i = 0; i < there.count; i++)
        unmatched += !there.records[i].is_matched;
    return unmatched;
}

static void count_states(struct evidence *own)
{
    const struct listing *listing = &own->source->listing;
    struct verify_counts *counts = &own->counts;
    counts->source = listing->count;
    for (size_t i = 0; i < listing->count; i++) {
        switch (listing->messages[i].state) {
        case VERIFIED_FOUND:
            counts->found++;
            break;
        case VERIFIED_MISSING:
            counts->missing++;
            break;
        case VERIFIED_GONE:
            counts->gone++;
            break;
        case VERIFIED_LATER:
            counts->later++;
            break;
        default:
            counts->excepted++;
            break;
        }
    }
}

/* Of counts alone: what is there, and nobody else's, may be any of those that are missing. */
static void take_strangers(struct evidence *own, uint64_t *strangers)
{
    struct verify_counts *counts = &own->counts;
    uint64_t taken = counts->missing < *strangers ? counts->missing : *strangers;
    if (own->level != VERIFY_COUNTS)
        return;
    counts->missing -= taken;
    counts->found += taken;
    *strangers -= taken;
}

static void note_states(struct evidence *own)
{
    const struct listing *listing = &own->source->listing;
    uint32_t known = own->source->known == NULL ? 0 : own->source->known->source.uid_next;
    for (size_t i = 0; i < listing->count; i++) {
        const struct listed_message *message = &listing->messages[i];
        if (message->state == VERIFIED_GONE)
            notes_add(&own->notes, (uint32_t)i, PROBLEM_GONE,
                      "it was copied, and is not there any more: deleted or moved since",
                      "copy-gone");
        else if (message->state == VERIFIED_MISSING && own->level != VERIFY_COUNTS)
            notes_add(&own->notes, (uint32_t)i, PROBLEM_MISSING,
                      known != 0 && message->uid >= known
                          ? "it is not on the destination: it arrived after the last copy"
                          : "it is not on the destination",
                      "copy-missing");
    }
}

/* -- bodies -- */

static void begin_resume(struct evidence *own)
{
    struct verify_resume *resume = own->resume;
    verify_resume_deinit(resume);
    resume->folder = mem_strdup(own->source->entry->source_label);
    resume->uidvalidity[0] = own->source->uidvalidity;
    resume->uidvalidity[1] = own->compare->uidvalidity;
    own->is_resumed = true;
}

static void keep_resume(struct evidence *own, const struct verify_item *item,
                        enum verify_outcome outcome, uint64_t bytes_read, const char *text)
{
    struct verify_resume *resume = own->resume;
    if (resume == NULL)
        return;
    if (!own->is_resumed)
        begin_resume(own);
    if (outcome != VERIFY_SAME && resume->count == VERIFY_RESUME_MAX_DIFFERENCES)
        verify_resume_deinit(resume);
    if (resume->folder == NULL)
        return; /* there were too many */
    resume->last_uid = item->source_uid;
    resume->read++;
    resume->bytes_read += bytes_read;
    if (outcome == VERIFY_SAME)
        return;
    MEM_GROW(resume->differences, resume->count, resume->alloc);
    resume->differences[resume->count++] = (struct verify_difference){
        item->source_uid, outcome == VERIFY_UNREAD, mem_strdup(text)};
}

static void take_difference(struct evidence *own, uint32_t index, bool is_unread, const char *text)
{
    own->counts.found--;
    own->counts.different += !is_unread;
    own->counts.unread += is_unread;
    notes_add(&own->notes, index, is_unread ? PROBLEM_UNREAD : PROBLEM_DIFFERENT, text,
              is_unread ? "copy-unread" : "copy-different");
}

static void take_body(void *context, const struct verify_item *item, enum verify_outcome outcome,
                      uint64_t bytes_read, const char *text)
{
    struct evidence *own = context;
    own->compare->pair->compared++;
    own->counts.read++;
    own->counts.bytes_read += bytes_read;
    if (outcome != VERIFY_SAME)
        take_difference(own, item->index, outcome == VERIFY_UNREAD, text);
    keep_resume(own, item, outcome, bytes_read, text);
}

/* What an earlier attempt of this run has read. */
static void take_resume(struct evidence *own)
{
    const struct verify_resume *resume = own->resume;
    const struct listing *listing = &own->source->listing;
    own->is_resumed = resume != NULL && resume->folder != NULL &&
                      strcmp(resume->folder, own->source->entry->source_label) == 0 &&
                      resume->uidvalidity[0] == own->source->uidvalidity &&
                      resume->uidvalidity[1] == own->compare->uidvalidity;
    if (!own->is_resumed)
        return;
    own->counts.read = resume->read;
    own->counts.bytes_read = resume->bytes_read;
    for (size_t i = 0; i < resume->count; i++) {
        const struct verify_difference *difference = &resume->differences[i];
        ptrdiff_t index = listing_find(listing, difference->uid);
        if (index >= 0 && listing->messages[index].state == VERIFIED_FOUND)
            take_difference(own, (uint32_t)index, difference->is_unread, difference->text);
    }
}

static size_t choose_items(const struct evidence *own, struct verify_item *items)
{
    const struct listing *listing = &own->source->listing;
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        const struct listed_message *message = &listing->messages[i];
        if (message->state != VERIFIED_FOUND ||
            (own->level == VERIFY_HEADERS && is_same_identity(own, i)) ||
            (own->is_resumed && message->uid <= own->resume->last_uid))
            continue;
        items[count++] = (struct verify_item){(uint32_t)i, message->uid, listing->traits[i].uid,
                                              message->size_bytes};
    }
    return count;
}

static bool open_both(const struct evidence *own, struct fault *fault_r)
{
    const struct compare *compare = own->compare;
    return compare_open_source(compare, own->source, fault_r) &&
           compare_open_destination(compare, fault_r);
}

static bool read_bodies(struct evidence *own, struct fault *fault_r)
{
    const struct listing *listing = &own->source->listing;
    if (own->level == VERIFY_COUNTS)
        return true;
    take_resume(own);
    struct verify_item *items = mem_alloc_array(listing->count, sizeof(*items));
    size_t count = choose_items(own, items);
    bool is_fine = count == 0 ||
                   (open_both(own, fault_r) &&
                    verify_bodies(own->compare->pair, own->source->entry->source_label, items,
                                  count, take_body, own, fault_r));
    mem_free(items);
    return is_fine;
}

/* -- the record -- */

/* Those that are missing by their number alone. */
static bool store_uncounted(const struct evidence *own, struct fault *fault_r)
{
    const struct pair_environment *environment = own->compare->pair->environment;
    if (own->level != VERIFY_COUNTS || own->counts.missing == 0)
        return true;
    char *text = mem_printf("the destination holds fewer: %llu; --verify headers tells which",
                            (unsigned long long)own->counts.missing);
    const struct store_problem problem = {
        .folder = own->source->entry->source_label,
        .messages = own->counts.missing,
        .message_id = "",
        .date = "",
        .reason = PROBLEM_MISSING,
        .server_text = text,
        .diagnosis = "copy-missing",
    };
    bool is_stored = store_problem_add(environment->store, environment->run_id, environment->row,
                                       &problem, fault_r);
    mem_free(text);
    return is_stored;
}

/* With --verify-only there is no other account of the folder. */
static bool store_folder(const struct evidence *own, struct fault *fault_r)
{
    struct pair *pair = own->compare->pair;
    const struct pair_environment *environment = pair->environment;
    const struct plan_entry *entry = own->source->entry;
    const struct listing *listing = &own->source->listing;
    const struct verify_counts *counts = &own->counts;
    struct store_folder result = {.source_name = entry->source_label,
                                  .destination_name = own->compare->name,
                                  .is_renamed = entry->is_renamed,
                                  .is_merged = entry->is_merged,
                                  .error = ""};
    uint64_t in_state[MESSAGE_STATE_COUNT] = {0};
    for (size_t i = 0; i < listing->count; i++)
        in_state[listing->messages[i].state]++;
    result.counts = (struct message_counts){
        .source = counts->source,
        .already = counts->found + counts->different + counts->unread,
        .excluded = in_state[MESSAGE_EXCLUDED],
        .too_big = in_state[MESSAGE_TOO_BIG],
        .failed = in_state[MESSAGE_FAILED] + counts->missing + counts->gone,
        .unreadable = in_state[MESSAGE_UNREADABLE],
        .not_selected = in_state[MESSAGE_NOT_SELECTED],
    };
    if (!pair->settings->verify_only)
        return true;
    message_counts_add(&pair->counts, &result.counts);
    const struct store_map_folder *known = own->source->known;
    return (known == NULL || known->id == 0 ||
            store_map_problems_repeat(pair->map, known, environment->run_id, environment->row,
                                      fault_r)) &&
           store_folder_add(environment->store, environment->run_id, environment->row, &result,
                            fault_r);
}

static bool store_result(const struct evidence *own, struct fault *fault_r)
{
    const struct pair_environment *environment = own->compare->pair->environment;
    const struct store_verification result = {.source_name = own->source->entry->source_label,
                                              .destination_name = own->compare->name,
                                              .level = own->level,
                                              .counts = own->counts};
    return store_uncounted(own, fault_r) && store_folder(own, fault_r) &&
           store_verification_put(environment->store, environment->run_id, environment->row,
                                  &result, fault_r);
}

/* What was found so far is on record, however the folder's comparison ended. */
static bool store_notes(struct evidence *own, struct fault *fault_r)
{
    struct pair *pair = own->compare->pair;
    const char *name = own->source->entry->source_label;
    struct fault ignored;
    if (own->notes.count == 0)
        return true;
    /* Their headers are wanted, but what is known counts without them. */
    if (!pair_is_ended(pair) && compare_open_source(own->compare, own->source, &ignored) &&
        !notes_describe(&own->notes, &own->source->listing, pair->environment, name, fault_r))
        return false;
    return notes_store(&own->notes, &own->source->listing, pair->environment, name, fault_r);
}

static void log_result(const struct evidence *own)
{
    const struct verify_counts *counts = &own->counts;
    log_line(own->compare->pair->log,
             "verified (%s) %s: %llu messages, %llu found, %llu different, %llu unread, %llu "
             "missing, %llu gone, %llu not there for a known reason, %llu arrived later, %llu more "
             "on the destination",
             verify_level_name(own->level), own->source->entry->source_label,
             (unsigned long long)counts->source, (unsigned long long)counts->found,
             (unsigned long long)counts->different, (unsigned long long)counts->unread,
             (unsigned long long)counts->missing, (unsigned long long)counts->gone,
             (unsigned long long)counts->excepted, (unsigned long long)counts->later,
             (unsigned long long)counts->extra);
}

/* -- all source folders of the place -- */

/* What an attempt found that was broken off. */
static bool forget_earlier(const struct evidence *own, struct fault *fault_r)
{
    const struct pair_environment *environment = own->compare->pair->environment;
    return store_verification_forget(environment->store, environment->run_id, environment->row,
                                     own->source->entry->source_label, fault_r);
}

static void verify_folder(struct evidence *own, uint64_t *strangers)
{
    struct pair *pair = own->compare->pair;
    struct fault fault;
    struct fault store_fault;
    if (!forget_earlier(own, &fault) || !settle_states(own, &fault)) {
        pair_end(pair, &fault);
        return;
    }
    count_states(own);
    take_strangers(own, strangers);
    note_states(own);
    bool is_read = read_bodies(own, &fault);
    if (own->source == &own->compare->sources[0])
        own->counts.extra = own->level == VERIFY_COUNTS ? *strangers
                                                        : count_unmatched(own->compare);
    bool is_stored = store_notes(own, &store_fault) &&
                     (!is_read || store_result(own, &store_fault));
    if (!is_stored)
        pair_end(pair, &store_fault);
    else if (is_read)
        log_result(own);
    else if (!pair_is_ended(pair))
        pair_fail_folder(pair, &fault);
}

void verify_folders(struct compare *compare, enum verify_level level)
{
    struct by_uid there;
    uint64_t strangers = count_unmatched(compare);
    by_uid_init(&there, &compare->listing, level);
    for (size_t i = 0; i < compare->count && !pair_is_ended(compare->pair); i++) {
        struct evidence own = {.compare = compare,
                               .source = &compare->sources[i],
                               .level = level,
                               .there = &there,
                               .resume = compare->pair->environment->verify_resume};
        if (!verify_folder_is_done(compare->pair, own.source->entry) &&
            !pair_is_ended(compare->pair))
            verify_folder(&own, &strangers);
        notes_deinit(&own.notes);
    }
    mem_free(there.items);
}
