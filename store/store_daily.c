/* SPDX-License-Identifier: MIT
 * Bytes by account and day. */
#include "store/store_private.h"

static void daily_bind(struct store_binder *binder, const struct store_daily *daily)
{
    store_bind_text(binder, daily->account);
    store_bind_int64(binder, daily->side);
    store_bind_int64(binder, daily->day);
}

bool store_daily_get(struct store *store, const struct store_daily *daily, uint64_t *bytes_r,
                     struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    *bytes_r = 0;
    if (!store_query_begin(&query, store, STORE_SQL_DAILY_GET, fault_r))
        return false;
    daily_bind(&query.binder, daily);
    if (store_query_next(&query, &columns))
        *bytes_r = store_take_uint64(&columns);
    return store_query_end(&query, fault_r);
}

bool store_daily_add(struct store *store, const struct store_daily *daily, uint64_t bytes,
                     struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_COMMITTED,
                           "note the day's bytes in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_DAILY_ADD, fault_r);
    if (is_ok) {
        daily_bind(&write.binder, daily);
        store_bind_uint64(&write.binder, bytes);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_daily_forget(struct store *store, int64_t before_day, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "forget old days in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_DAILY_FORGET, fault_r);
    if (is_ok) {
        store_bind_int64(&write.binder, before_day);
        is_ok = store_write_step(&write, false, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}
