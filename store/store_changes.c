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
    while (store_query_next(&query, &columns)) {
        const char *name = store_take_text(&columns);
        uint64_t messages = store_take_uint64(&columns);
        for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++) {
            if (strcmp(name, change_kind_name((enum change_kind)kind)) == 0)
                messages_r[kind] = messages;
        }
    }
    return store_query_end(&query, fault_r);
}
