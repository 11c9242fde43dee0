/* SPDX-License-Identifier: MIT */
#include "sync/messages/adopt.h"

#include <stdlib.h>

#include "base/sort.h"

/* What two messages must have in common beside their identity. */
enum adopt_pass {
    PASS_DATE_AND_SIZE,
    PASS_DATE,
    PASS_SIZE,
    PASS_IDENTITY,
    PASS_COUNT,
};

uint64_t adopt_key(const struct adopt_secret *secret, const struct identity *identity)
{
    return siphash(secret->bytes, identity->bytes, sizeof(identity->bytes));
}

uint64_t adopt_key_of_added(const struct adopt_secret *secret, uint32_t uid, uint64_t size_bytes)
{
    const struct identity_message message = {
        .header = "", .size_bytes = size_bytes, .added_uid = uid};
    struct identity identity;
    (void)identity_make(secret->maker, &message, &identity);
    return adopt_key(secret, &identity);
}

uint32_t adopt_date(int64_t seconds)
{
    return seconds == 0 ? 0 : (uint32_t)((uint64_t)seconds % ADOPT_DATE_MAX) + 1;
}

/* -- order -- */

static bool pass_has_date(enum adopt_pass pass)
{
    return pass == PASS_DATE_AND_SIZE || pass == PASS_DATE;
}

static bool pass_has_size(enum adopt_pass pass)
{
    return pass == PASS_DATE_AND_SIZE || pass == PASS_SIZE;
}

/* By what the pass compares; what is equal in that begins with the records that are matched, and
   goes on by UID: they are matched in the order in which a copy makes them. */
static bool record_is_less(const struct adopt_record *a, const struct adopt_record *b,
                           enum adopt_pass pass)
{
    if (a->key != b->key)
        return a->key < b->key;
    if (pass_has_date(pass) && a->date != b->date)
        return a->date < b->date;
    if (pass_has_size(pass) && a->size_bytes != b->size_bytes)
        return a->size_bytes < b->size_bytes;
    return a->is_matched > b->is_matched;
}

struct record_sort {
    struct adopt_record *records;
    enum adopt_pass pass;
};

static bool record_sort_is_less(const void *context, size_t a, size_t b)
{
    const struct record_sort *sort = context;
    const struct adopt_record *left = &sort->records[a];
    const struct adopt_record *right = &sort->records[b];
    if (record_is_less(left, right, sort->pass))
        return true;
    return !record_is_less(right, left, sort->pass) && left->uid < right->uid;
}

static void record_sort_swap(void *context, size_t a, size_t b)
{
    struct adopt_record *records = ((struct record_sort *)context)->records;
    struct adopt_record kept = records[a];
    records[a] = records[b];
    records[b] = kept;
}

static void records_sort(struct adopt_record *records, size_t count, enum adopt_pass pass)
{
    struct record_sort context = {records, pass};
    const struct sort sort = {&context, record_sort_is_less, record_sort_swap};
    sort_in_place(&sort, count);
}

void adopt_sort(const struct adopt_destination *destination)
{
    records_sort(destination->records, destination->count, PASS_IDENTITY);
}

/* Sorts for a pass. Records of one identity stay where they are among the others. */
static void adopt_arrange(const struct adopt_destination *destination, enum adopt_pass pass)
{
    struct adopt_record *records = destination->records;
    for (size_t first = 0; first < destination->count;) {
        size_t end = first + 1;
        while (end < destination->count && records[end].key == records[first].key)
            end++;
        if (end - first > 1)
            records_sort(records + first, end - first, pass);
        first = end;
    }
}

/* The first record from `low` on that is not less than the one looked for; count if none is. It is
   expected near: steps that double, then halves. */
static size_t adopt_seek(const struct adopt_destination *destination, size_t low,
                         const struct adopt_record *wanted, enum adopt_pass pass)
{
    size_t high = low;
    for (size_t step = 1;
         high < destination->count && record_is_less(&destination->records[high], wanted, pass);
         step *= 2) {
        low = high + 1;
        high = destination->count - high > step ? high + step : destination->count;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (record_is_less(&destination->records[middle], wanted, pass))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t adopt_find(const struct adopt_destination *destination, uint64_t key)
{
    size_t low = 0;
    size_t high = destination->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (destination->records[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < destination->count && destination->records[low].key == key ? (uint32_t)low
                                                                            : ADOPT_NOWHERE;
}

void adopt_place(const struct adopt_source *source, const struct adopt_destination *destination)
{
    for (size_t i = 0; i < source->count; i++)
        source->messages[i].place = adopt_find(destination, source->keys[i]) & ADOPT_NOWHERE;
}

/* -- the match -- */

/* May the message be matched in this pass? One without any identity needs more; 0 is an unknown
   date or size. */
static bool is_recognisable(const struct adopt_record *wanted, bool is_weak, enum adopt_pass pass,
                            bool dates_are_kept)
{
    bool by_date = pass_has_date(pass) && wanted->date != 0;
    bool by_size = pass_has_size(pass) && wanted->size_bytes != 0;
    return !is_weak || by_date || (by_size && !dates_are_kept);
}

/* As large as the copy is: with the field that --addheader gave it, if that is its identity. */
static uint32_t size_of_copy(const struct listed_message *message, bool is_weak, uint64_t key,
                             const struct adopt_rules *rules)
{
    char field[IDENTITY_ADDED_FIELD_SIZE];
    uint64_t size_bytes = message->size_bytes;
    if (rules->with_added_field && is_weak) {
        if (adopt_key_of_added(rules->secret, message->uid, message->size_bytes) == key)
            size_bytes += identity_added_field(message->uid, field);
    }
    return size_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)size_bytes;
}

static bool adopt_match_one(const struct listed_message *message, union adopt_trait *trait,
                            const struct adopt_destination *destination,
                            const struct adopt_rules *rules, enum adopt_pass pass)
{
    struct adopt_record wanted = {.key = destination->records[message->place].key};
    wanted.date = trait->date;
    wanted.size_bytes = size_of_copy(message, trait->is_weak, wanted.key, rules);
    if (!is_recognisable(&wanted, trait->is_weak, pass, rules->dates_are_kept))
        return false;
    size_t place = adopt_seek(destination, message->place, &wanted, pass);
    /* Not less than what is wanted, and what is wanted not less than it: equal. */
    if (place == destination->count || record_is_less(&wanted, &destination->records[place], pass))
        return false;
    destination->records[place].is_matched = true;
    trait->uid = destination->records[place].uid;
    return true;
}

/* Returns how many messages are still to be matched. */
static size_t adopt_pass_run(const struct adopt_source *source,
                             const struct adopt_destination *destination,
                             const struct adopt_rules *rules, enum adopt_pass pass)
{
    size_t left = 0;
    for (size_t i = 0; i < source->count; i++) {
        struct listed_message *message = &source->messages[i];
        if (message->state != MESSAGE_WANTED || message->place == ADOPT_NOWHERE)
            continue;
        if (adopt_match_one(message, &source->traits[i], destination, rules, pass))
            message->state = MESSAGE_ALREADY;
        else
            left++;
    }
    return left;
}

void adopt_match(const struct adopt_source *source, const struct adopt_destination *destination,
                 const struct adopt_rules *rules)
{
    size_t left = source->count;
    if (destination->count == 0)
        return;
    for (int pass = 0; pass < PASS_COUNT && left > 0; pass++) {
        adopt_arrange(destination, (enum adopt_pass)pass);
        left = adopt_pass_run(source, destination, rules, (enum adopt_pass)pass);
    }
}

/* -- duplicates -- */

static bool source_key_is_less(const void *context, size_t a, size_t b)
{
    const struct adopt_source *source = context;
    if (source->keys[a] != source->keys[b])
        return source->keys[a] < source->keys[b];
    return source->messages[a].uid < source->messages[b].uid;
}

static bool source_uid_is_less(const void *context, size_t a, size_t b)
{
    const struct adopt_source *source = context;
    return source->messages[a].uid < source->messages[b].uid;
}

static void source_swap(void *context, size_t a, size_t b)
{
    const struct adopt_source *source = context;
    struct listed_message message = source->messages[a];
    union adopt_trait trait = source->traits[a];
    uint64_t key = source->keys[a];
    source->messages[a] = source->messages[b];
    source->messages[b] = message;
    source->traits[a] = source->traits[b];
    source->traits[b] = trait;
    source->keys[a] = source->keys[b];
    source->keys[b] = key;
}

void adopt_exclude_duplicates(const struct adopt_source *source)
{
    struct adopt_source arrays = *source;
    const struct sort by_key = {&arrays, source_key_is_less, source_swap};
    const struct sort by_uid = {&arrays, source_uid_is_less, source_swap};
    sort_in_place(&by_key, arrays.count);
    bool is_represented = false;
    for (size_t i = 0; i < arrays.count; i++) {
        is_represented = is_represented && i > 0 && arrays.keys[i] == arrays.keys[i - 1];
        if (is_represented && arrays.messages[i].state == MESSAGE_WANTED &&
            !arrays.traits[i].is_weak)
            arrays.messages[i].state = MESSAGE_EXCLUDED;
        is_represented = is_represented || arrays.messages[i].state != MESSAGE_NOT_SELECTED;
    }
    sort_in_place(&by_uid, arrays.count);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

void adopt_take(const struct adopt_destination *destination, uint32_t *uids, size_t count)
{
    if (count > 0)
        qsort(uids, count, sizeof(*uids), compare_numbers);
    for (size_t i = 0; count > 0 && i < destination->count; i++) {
        uint32_t uid = destination->records[i].uid;
        if (bsearch(&uid, uids, count, sizeof(*uids), compare_numbers) != NULL)
            destination->records[i].is_matched = true;
    }
}
