/* SPDX-License-Identifier: MIT */
#include "sync/messages/removal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* -- lists -- */

void removal_list_deinit(struct removal_list *list)
{
    mem_free(list->items);
    memset(list, 0, sizeof(*list));
}

void removal_list_add(struct removal_list *list, uint32_t uid, enum removal_reason reason)
{
    MEM_GROW(list->items, list->count, list->alloc);
    list->items[list->count++] = (struct removal){uid, reason};
}

static int compare_removals(const void *a, const void *b)
{
    const struct removal *left = a;
    const struct removal *right = b;
    return left->uid < right->uid ? -1 : left->uid > right->uid;
}

void removal_list_sort(struct removal_list *list)
{
    size_t kept = 0;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof(*list->items), compare_removals);
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || list->items[kept - 1].uid != list->items[i].uid)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

bool removal_list_holds(const struct removal_list *list, uint32_t uid)
{
    const struct removal wanted = {uid, REMOVAL_MARKED};
    return list->count > 0 && bsearch(&wanted, list->items, list->count, sizeof(*list->items),
                                      compare_removals) != NULL;
}

void removal_list_subtract(struct removal_list *list, const struct removal_list *other)
{
    size_t kept = 0;
    size_t at = 0;
    for (size_t i = 0; i < list->count; i++) {
        while (at < other->count && other->items[at].uid < list->items[i].uid)
            at++;
        if (at == other->count || other->items[at].uid != list->items[i].uid)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* -- what has a partner -- */

static int compare_known(const void *a, const void *b)
{
    const struct removal_known *left = a;
    const struct removal_known *right = b;
    if (left->dst_uid != right->dst_uid)
        return left->dst_uid < right->dst_uid ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* The first that claims this UID, or NULL. */
static const struct removal_known *known_find(const struct removal_known *known, size_t count,
                                              uint32_t dst_uid)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (known[middle].dst_uid < dst_uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && known[low].dst_uid == dst_uid ? &known[low] : NULL;
}

void removal_match_known(const struct adopt_source *source,
                         const struct adopt_destination *destination, struct removal_known *known,
                         size_t count)
{
    if (count > 0)
        qsort(known, count, sizeof(*known), compare_known);
    for (size_t i = 0; i < destination->count; i++) {
        struct adopt_record *record = &destination->records[i];
        const struct removal_known *claim = known_find(known, count, record->uid);
        if (claim == NULL || record->is_matched)
            continue;
        record->is_matched = true;
        source->messages[claim->index].state = MESSAGE_ALREADY;
        if (source->traits != NULL)
            source->traits[claim->index].uid = record->uid;
    }
}

/* Where the records of one identity end. */
static size_t group_end(const struct adopt_destination *destination, size_t first)
{
    size_t end = first + 1;
    while (end < destination->count &&
           destination->records[end].key == destination->records[first].key)
        end++;
    return end;
}

static void keep_all_of(const struct adopt_destination *destination, uint64_t key)
{
    uint32_t place = adopt_find(destination, key);
    if (place == ADOPT_NOWHERE)
        return;
    size_t end = group_end(destination, place);
    for (size_t i = place; i < end; i++)
        destination->records[i].is_matched = true;
}

void removal_keep_doubtful(const struct adopt_source *source,
                           const struct adopt_destination *destination,
                           const struct adopt_secret *secret)
{
    for (size_t i = 0; i < source->count; i++) {
        const struct listed_message *message = &source->messages[i];
        if (message->state != MESSAGE_WANTED || !source->traits[i].is_weak)
            continue;
        keep_all_of(destination, adopt_key_of_added(secret, message->uid, message->size_bytes));
    }
}

/* -- the destination -- */

static uint64_t key_of_nothing(const struct adopt_secret *secret)
{
    const struct identity_message message = {.header = ""};
    struct identity identity;
    (void)identity_make(secret->maker, &message, &identity);
    return adopt_key(secret, &identity);
}

/* The copy that is kept for all: one with its partner if there is such a one, and of several the
   one with the lowest UID. */
static size_t group_choose_keeper(const struct adopt_record *records, size_t first, size_t end)
{
    size_t keeper = first;
    for (size_t i = first + 1; i < end; i++) {
        if (records[i].is_matched != records[keeper].is_matched
                ? records[i].is_matched
                : records[i].uid < records[keeper].uid)
            keeper = i;
    }
    return keeper;
}

static void choose_in_group(const struct adopt_record *records, size_t first, size_t end,
                            const struct removal_rules *rules, struct removal_list *list)
{
    size_t keeper = group_choose_keeper(records, first, end);
    for (size_t i = first; i < end; i++) {
        bool has_partner = records[i].is_matched;
        bool is_duplicate = i != keeper && (!has_partner || rules->one_is_enough);
        if (records[i].uid >= rules->first_new_uid)
            continue;
        if (rules->duplicates && is_duplicate)
            removal_list_add(list, records[i].uid, REMOVAL_DUPLICATE);
        else if (rules->absent && !has_partner)
            removal_list_add(list, records[i].uid, REMOVAL_ABSENT);
    }
}

void removal_choose_surplus(const struct adopt_destination *destination,
                            const struct removal_rules *rules, struct removal_list *list)
{
    uint64_t nothing = key_of_nothing(rules->secret);
    for (size_t first = 0; first < destination->count;) {
        size_t end = group_end(destination, first);
        if (destination->records[first].key != nothing)
            choose_in_group(destination->records, first, end, rules, list);
        first = end;
    }
    removal_list_sort(list);
}

/* -- the source -- */

static bool has_equal_that_is_there(const struct adopt_destination *destination, uint32_t place)
{
    if (place == ADOPT_NOWHERE)
        return false;
    uint64_t key = destination->records[place].key;
    for (size_t i = place; i < destination->count && destination->records[i].key == key; i++) {
        if (destination->records[i].is_matched)
            return true;
    }
    return false;
}

void removal_choose_confirmed(const struct adopt_source *source,
                              const struct adopt_destination *destination, bool one_is_enough,
                              struct removal_list *list)
{
    for (size_t i = 0; i < source->count; i++) {
        const struct listed_message *message = &source->messages[i];
        bool is_there = message->state == MESSAGE_ALREADY ||
                        (one_is_enough && source->traits != NULL &&
                         message->state == MESSAGE_WANTED && !source->traits[i].is_weak &&
                         has_equal_that_is_there(destination, message->place));
        if (is_there)
            removal_list_add(list, message->uid, REMOVAL_CONFIRMED);
    }
    removal_list_sort(list);
}

/* -- how many -- */

bool removal_limit(const char *maxdelete, uint64_t messages, uint64_t *limit_r)
{
    int64_t number = 0;
    if (maxdelete == NULL) {
        *limit_r = messages / 10 > REMOVAL_FREE_MESSAGES ? messages / 10 : REMOVAL_FREE_MESSAGES;
        return true;
    }
    if (str_iequals(maxdelete, "all")) {
        *limit_r = UINT64_MAX;
        return true;
    }
    bool is_number = str_to_integer(maxdelete, false, 0, INT64_MAX, &number);
    *limit_r = (uint64_t)number;
    return is_number;
}
