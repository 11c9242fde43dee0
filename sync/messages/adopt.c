/* SPDX-License-Identifier: MIT */
#include "sync/messages/adopt.h"

#include <stdlib.h>
#include <string.h>

/* What two messages must have in common beside their identity. */
enum adopt_pass {
    PASS_DATE_AND_SIZE,
    PASS_DATE,
    PASS_SIZE,
    PASS_IDENTITY,
    PASS_COUNT,
};

static int compare_int64(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_uint64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_keys(const struct adopt_message *a, const struct adopt_message *b,
                        enum adopt_pass pass)
{
    int order = memcmp(a->identity.bytes, b->identity.bytes, sizeof(a->identity.bytes));
    if (order == 0 && (pass == PASS_DATE_AND_SIZE || pass == PASS_DATE))
        order = compare_int64(a->date_seconds, b->date_seconds);
    if (order == 0 && (pass == PASS_DATE_AND_SIZE || pass == PASS_SIZE))
        order = compare_uint64(a->size_bytes, b->size_bytes);
    return order;
}

static int compare_for(const void *a, const void *b, enum adopt_pass pass)
{
    const struct adopt_message *left = a;
    const struct adopt_message *right = b;
    int order = compare_keys(left, right, pass);
    return order != 0 ? order : compare_uint64(left->index, right->index);
}

static int compare_date_and_size(const void *a, const void *b)
{
    return compare_for(a, b, PASS_DATE_AND_SIZE);
}

static int compare_date(const void *a, const void *b)
{
    return compare_for(a, b, PASS_DATE);
}

static int compare_size(const void *a, const void *b)
{
    return compare_for(a, b, PASS_SIZE);
}

static int compare_identity(const void *a, const void *b)
{
    return compare_for(a, b, PASS_IDENTITY);
}

/* May the message be matched in this pass? One without any identity needs more; 0 is an unknown
   date or size. */
static bool is_recognisable(const struct adopt_message *message, enum adopt_pass pass,
                            bool dates_are_kept)
{
    bool by_date = pass != PASS_SIZE && pass != PASS_IDENTITY && message->date_seconds != 0;
    bool by_size = pass != PASS_DATE && pass != PASS_IDENTITY && message->size_bytes != 0;
    return message->strength != IDENTITY_NOTHING || by_date || (by_size && !dates_are_kept);
}

static void adopt_pass_run(struct adopt_message *source, size_t source_count,
                           struct adopt_message *destination, size_t destination_count,
                           enum adopt_pass pass, bool dates_are_kept)
{
    size_t s = 0;
    size_t d = 0;
    while (s < source_count && d < destination_count) {
        if (source[s].is_matched || !is_recognisable(&source[s], pass, dates_are_kept)) {
            s++;
            continue;
        }
        if (destination[d].is_matched) {
            d++;
            continue;
        }
        int order = compare_keys(&source[s], &destination[d], pass);
        if (order < 0) {
            s++;
        } else if (order > 0) {
            d++;
        } else {
            source[s++].is_matched = true;
            destination[d++].is_matched = true;
        }
    }
}

void adopt_match(struct adopt_message *source, size_t source_count,
                 struct adopt_message *destination, size_t destination_count, bool dates_are_kept)
{
    static int (*const compare[PASS_COUNT])(const void *, const void *) = {
        compare_date_and_size, compare_date, compare_size, compare_identity};
    if (source_count == 0 || destination_count == 0)
        return;
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        qsort(source, source_count, sizeof(*source), compare[pass]);
        qsort(destination, destination_count, sizeof(*destination), compare[pass]);
        adopt_pass_run(source, source_count, destination, destination_count, (enum adopt_pass)pass,
                       dates_are_kept);
    }
}

void adopt_mark_duplicates(struct adopt_message *messages, size_t count)
{
    if (count == 0)
        return;
    qsort(messages, count, sizeof(*messages), compare_identity);
    for (size_t i = 1; i < count; i++) {
        if (messages[i].strength != IDENTITY_NOTHING &&
            compare_keys(&messages[i - 1], &messages[i], PASS_IDENTITY) == 0)
            messages[i].is_matched = true;
    }
}
