/* SPDX-License-Identifier: MIT
 * The rates that servers allow. */
#include "store/store_private.h"

bool store_pace_get(struct store *store, struct store_pace *pace, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    pace->rate = 0;
    pace->noted_msecs = 0;
    if (!store_query_begin(&query, store, STORE_SQL_PACE_GET, fault_r))
        return false;
    store_bind_text(&query.binder, pace->account);
    store_bind_int64(&query.binder, pace->side);
    if (store_query_next(&query, &columns)) {
        pace->rate = (double)store_take_uint32(&columns) / 1000;
        pace->noted_msecs = store_take_int64(&columns);
    }
    return store_query_end(&query, fault_r);
}

bool store_pace_put(struct store *store, const struct store_pace *pace, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note a rate in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_PACE_PUT, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, pace->account);
        store_bind_int64(&write.binder, pace->side);
        store_bind_int64(&write.binder, (int64_t)(pace->rate * 1000 + 0.5));
        store_bind_int64(&write.binder, pace->noted_msecs);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}
