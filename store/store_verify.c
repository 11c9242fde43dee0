/* SPDX-License-Identifier: MIT
 * What --verify found. */
#include "store/store_verify.h"

#include <string.h>

#include "store/store_private.h"

/* What stands in the table, in its order. */
#define COUNTS_MAX 11

static void counts_list(struct verify_counts *counts, uint64_t *list_r[COUNTS_MAX])
{
    uint64_t *const list[COUNTS_MAX] = {&counts->source,   &counts->found,     &counts->different,
                                        &counts->unread,   &counts->missing,   &counts->gone,
                                        &counts->excepted, &counts->later,     &counts->extra,
                                        &counts->read,     &counts->bytes_read};
    memcpy(list_r, list, sizeof(list));
}

void verify_counts_add(struct verify_counts *sum, const struct verify_counts *more)
{
    struct verify_counts added = *more;
    uint64_t *to[COUNTS_MAX];
    uint64_t *from[COUNTS_MAX];
    counts_list(sum, to);
    counts_list(&added, from);
    for (size_t i = 0; i < COUNTS_MAX; i++)
        *to[i] += *from[i];
}

uint64_t verify_counts_differences(const struct verify_counts *counts)
{
    return counts->different + counts->unread + counts->missing + counts->gone;
}

void verify_sum_add(struct verify_sum *sum, const struct verify_sum *more)
{
    if (more->folders == 0)
        return;
    if (sum->folders == 0 || more->level < sum->level)
        sum->level = more->level;
    sum->folders += more->folders;
    sum->mailboxes += more->mailboxes;
    sum->mailboxes_differing += more->mailboxes_differing;
    verify_counts_add(&sum->counts, &more->counts);
}

static void take_counts(struct store_columns *columns, struct verify_counts *counts_r)
{
    uint64_t *list[COUNTS_MAX];
    counts_list(counts_r, list);
    for (size_t i = 0; i < COUNTS_MAX; i++)
        *list[i] = store_take_uint64(columns);
}

/* One from a newer program's file would be above all we know. */
static enum verify_level take_level(struct store_columns *columns)
{
    uint64_t level = store_take_uint64(columns);
    return level < VERIFY_LEVEL_COUNT ? (enum verify_level)level : VERIFY_NONE;
}

/* -- writing -- */

bool store_verification_put(struct store *store, const char *run_id, int64_t row,
                            const struct store_verification *verification, struct fault *fault_r)
{
    struct store_write write;
    struct verify_counts counts = verification->counts;
    uint64_t *list[COUNTS_MAX];
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED,
                           "note what was compared in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_VERIFICATION_PUT, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, verification->source_name);
        store_bind_text(&write.binder, verification->destination_name);
        store_bind_int64(&write.binder, verification->level);
        counts_list(&counts, list);
        for (size_t i = 0; i < COUNTS_MAX; i++)
            store_bind_uint64(&write.binder, *list[i]);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

static bool forget_in(struct store_write *write, enum store_statement which, const char *run_id,
                      int64_t row, const char *source_name, struct fault *fault_r)
{
    if (!store_write_use(write, which, fault_r))
        return false;
    store_bind_text(&write->binder, run_id);
    store_bind_int64(&write->binder, row);
    store_bind_text(&write->binder, source_name);
    return store_write_step(write, false, fault_r);
}

bool store_verification_forget(struct store *store, const char *run_id, int64_t row,
                               const char *source_name, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED,
                           "forget what was compared in the store", fault_r))
        return false;
    bool is_ok = forget_in(&write, STORE_SQL_VERIFICATION_FORGET, run_id, row, source_name,
                           fault_r) &&
                 forget_in(&write, STORE_SQL_DIFFERENCES_FORGET, run_id, row, source_name, fault_r);
    return store_write_end(&write, is_ok, fault_r);
}

/* -- reading -- */

bool store_verification_is_there(struct store *store, const char *run_id, int64_t row,
                                 const char *source_name, bool *is_there_r, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    if (!store_query_begin(&query, store, STORE_SQL_VERIFICATION_FIND, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row);
    store_bind_text(&query.binder, source_name);
    *is_there_r = store_query_next(&query, &columns);
    return store_query_end(&query, fault_r);
}

bool store_verifications_each(struct store *store, const char *run_id, int64_t row,
                              store_verification_callback *callback, void *context,
                              struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_VERIFICATIONS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row);
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_verification verification;
        verification.source_name = store_take_text(&columns);
        verification.destination_name = store_take_text(&columns);
        verification.level = take_level(&columns);
        take_counts(&columns, &verification.counts);
        goes_on = callback(context, &verification);
    }
    return store_query_end(&query, fault_r);
}

bool store_verifications_sum(struct store *store, const char *run_id, int64_t row,
                             struct verify_sum *sum_r, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    memset(sum_r, 0, sizeof(*sum_r));
    if (!store_query_begin(&query, store, STORE_SQL_VERIFICATIONS_SUM, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row == 0 ? INT64_MIN : row);
    store_bind_int64(&query.binder, row == 0 ? INT64_MAX : row);
    if (store_query_next(&query, &columns)) {
        sum_r->level = take_level(&columns);
        sum_r->folders = store_take_uint64(&columns);
        sum_r->mailboxes = store_take_uint64(&columns);
        sum_r->mailboxes_differing = store_take_uint64(&columns);
        take_counts(&columns, &sum_r->counts);
    }
    return store_query_end(&query, fault_r);
}
