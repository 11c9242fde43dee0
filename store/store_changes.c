/* SPDX-License-Identifier: MIT
 * Messages that were changed on their way, by kind. */
#include <string.h>

#include "store/store_private.h"

bool store_change_add(struct store *store, const char *run_id, int64_t row, enum change_kind kind,
                      uint64_t messages, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note what was changed in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_CHANGE_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, change_kind_name(kind));
        store_bind_uint64(&write.binder, messages);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

static void take_change(struct store_columns *columns, uint64_t messages[CHANGE_KIND_COUNT])
{
    const char *name = store_take_text(columns);
    uint64_t count = store_take_uint64(columns);
    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++) {
        if (strcmp(name, change_kind_name((enum change_kind)kind)) == 0)
            messages[kind] = count;
    }
}

bool store_changes_get(struct store *store, const char *run_id, int64_t row,
                       uint64_t messages_r[CHANGE_KIND_COUNT], struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    memset(messages_r, 0, CHANGE_KIND_COUNT * sizeof(*messages_r));
    if (!store_query_begin(&query, store, STORE_SQL_CHANGES, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row);
    while (store_query_next(&query, &columns))
        take_change(&columns, messages_r);
    return store_query_end(&query, fault_r);
}

static bool sum_messages(struct store *store, const char *run_id, struct store_changes *changes,
                         struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    if (!store_query_begin(&query, store, STORE_SQL_CHANGES_SUM, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (store_query_next(&query, &columns))
        take_change(&columns, changes->messages);
    return store_query_end(&query, fault_r);
}

bool store_changes_sum(struct store *store, const char *run_id, struct store_changes *changes_r,
                       struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    memset(changes_r, 0, sizeof(*changes_r));
    if (!sum_messages(store, run_id, changes_r, fault_r) ||
        !store_query_begin(&query, store, STORE_SQL_FOLDERS_CHANGED, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    if (store_query_next(&query, &columns)) {
        changes_r->folders_renamed = store_take_uint64(&columns);
        changes_r->folders_merged = store_take_uint64(&columns);
    }
    return store_query_end(&query, fault_r);
}

bool store_repair_add(struct store *store, const char *run_id, int64_t row,
                      const struct store_repair *repair, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED,
                           "note what was repaired in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_REPAIR_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, repair->folder);
        store_bind_int64(&write.binder, repair->uid);
        store_bind_text(&write.binder, repair->kinds);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_repairs_each(struct store *store, const char *run_id, int64_t row,
                        store_repair_callback *callback, void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_REPAIRS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row);
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_repair repair;
        repair.folder = store_take_text(&columns);
        repair.uid = (uint32_t)store_take_uint64(&columns);
        repair.kinds = store_take_text(&columns);
        goes_on = callback(context, &repair);
    }
    return store_query_end(&query, fault_r);
}
