/* SPDX-License-Identifier: MIT
 * Bytes by account and day. */
#include "store/store_private.h"

static void daily_bind(struct store_binder *binder, sqlite3_stmt *statement,
                       const struct store_daily *daily)
{
    *binder = (struct store_binder){.statement = statement, .rc = SQLITE_OK};
    store_bind_text(binder, daily->account);
    store_bind_int64(binder, daily->side);
    store_bind_int64(binder, daily->day);
}

bool store_daily_get(struct store *store, const struct store_daily *daily, uint64_t *bytes_r,
                     struct fault *fault_r)
{
    struct store_binder binder;
    *bytes_r = 0;
    if (!store_lock(store, fault_r))
        return false;
    sqlite3_stmt *statement = store_statement(store, STORE_SQL_DAILY_GET, fault_r);
    bool is_ok = statement != NULL;
    if (is_ok) {
        daily_bind(&binder, statement, daily);
        int rc = binder.rc == SQLITE_OK ? sqlite3_step(statement) : binder.rc;
        int64_t bytes = rc == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        *bytes_r = bytes < 0 ? 0 : (uint64_t)bytes;
        is_ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
        if (!is_ok)
            store_fault(fault_r, FAULT_SCOPE_RUN, "read the store", store->path, store->db);
        store_statement_end(statement);
    }
    store_unlock(store);
    return is_ok;
}

bool store_daily_add(struct store *store, const struct store_daily *daily, uint64_t bytes,
                     struct fault *fault_r)
{
    struct store_binder binder;
    if (!store_lock(store, fault_r))
        return false;
    sqlite3_stmt *statement = NULL;
    if (store_transaction_begin(store, fault_r))
        statement = store_statement(store, STORE_SQL_DAILY_ADD, fault_r);
    bool is_ok = statement != NULL;
    if (is_ok) {
        daily_bind(&binder, statement, daily);
        store_bind_uint64(&binder, bytes);
        is_ok = store_cron_step(store, &binder, "note the day's bytes in the store", fault_r) &&
                store_transaction_note(store, fault_r);
    }
    store_unlock(store);
    return is_ok;
}

bool store_daily_forget(struct store *store, int64_t before_day, struct fault *fault_r)
{
    if (!store_lock(store, fault_r))
        return false;
    sqlite3_stmt *statement = NULL;
    if (store_transaction_begin(store, fault_r))
        statement = store_statement(store, STORE_SQL_DAILY_FORGET, fault_r);
    bool is_ok = statement != NULL;
    if (is_ok) {
        struct store_binder binder = {.statement = statement, .rc = SQLITE_OK};
        store_bind_int64(&binder, before_day);
        is_ok = store_cron_step(store, &binder, "forget old days in the store", fault_r) &&
                store_transaction_note(store, fault_r);
    }
    store_unlock(store);
    return is_ok;
}
