/* SPDX-License-Identifier: MIT
 * Many rows at once: those that a run leaves out or did not come to, and runs that are forgotten.
 */
#include "store/store_private.h"

bool store_cron_step(struct store *store, struct store_binder *binder, const char *what,
                     struct fault *fault_r)
{
    bool is_ok = binder->rc == SQLITE_OK && sqlite3_step(binder->statement) == SQLITE_DONE;
    if (!is_ok) {
        store_fault(fault_r, FAULT_SCOPE_RUN, what, store->path, store->db);
        store_transaction_check(store, fault_r);
    }
    store_statement_end(binder->statement);
    return is_ok;
}

/* Mutex held, transaction open. A statement whose first value is the run's id. */
static bool runs_step(struct store *store, enum store_statement which, const char *run_id,
                      const char *const *more, const char *what, struct fault *fault_r)
{
    struct store_binder binder = {.statement = store_statement(store, which, fault_r),
                                  .rc = SQLITE_OK};
    if (binder.statement == NULL)
        return false;
    store_bind_text(&binder, run_id);
    for (; more != NULL && *more != NULL; more++)
        store_bind_text(&binder, *more);
    return store_cron_step(store, &binder, what, fault_r);
}

/* Mutex held. */
static bool runs_walk(struct store *store, enum store_statement which, const char *run_id,
                      bool (*take)(sqlite3_stmt *statement, void *context), void *context,
                      struct fault *fault_r)
{
    struct store_binder binder = {.statement = store_statement(store, which, fault_r),
                                  .rc = SQLITE_OK};
    if (binder.statement == NULL)
        return false;
    if (run_id != NULL)
        store_bind_text(&binder, run_id);
    int rc = binder.rc;
    do {
        rc = rc == SQLITE_OK || rc == SQLITE_ROW ? sqlite3_step(binder.statement) : rc;
    } while (rc == SQLITE_ROW && take(binder.statement, context));
    bool is_ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (!is_ok)
        store_fault(fault_r, FAULT_SCOPE_RUN, "read the store", store->path, store->db);
    store_statement_end(binder.statement);
    return is_ok;
}

struct row_walk {
    store_row_callback *callback;
    void *context;
};

static bool take_row(sqlite3_stmt *statement, void *context)
{
    struct row_walk *walk = context;
    return walk->callback(walk->context, sqlite3_column_int64(statement, 0));
}

bool store_jobs_leave_out(struct store *store, const char *run_id, store_row_callback *callback,
                          void *context, struct fault *fault_r)
{
    static const char what[] = "note the mailboxes that are left out in the store";
    struct row_walk walk = {callback, context};
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_begin(store, fault_r) &&
                 runs_step(store, STORE_SQL_JOBS_LEAVE_OUT, run_id, NULL, what, fault_r) &&
                 store_transaction_commit(store, fault_r) &&
                 runs_walk(store, STORE_SQL_JOBS_LEFT_OUT, run_id, take_row, &walk, fault_r);
    store_unlock(store);
    return is_ok;
}

bool store_jobs_pause(struct store *store, const char *run_id, const char *error_code,
                      const char *error, struct fault *fault_r)
{
    static const char what[] = "note the mailboxes that were not started in the store";
    const char *const more[] = {error_code, error, NULL};
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_begin(store, fault_r) &&
                 runs_step(store, STORE_SQL_JOBS_PAUSE, run_id, more, what, fault_r) &&
                 store_transaction_commit(store, fault_r);
    store_unlock(store);
    return is_ok;
}

static bool take_run_id(sqlite3_stmt *statement, void *context)
{
    const unsigned char *id = sqlite3_column_text(statement, 0);
    str_list_add(context, id == NULL ? "" : (const char *)id);
    return true;
}

bool store_run_ids(struct store *store, struct str_list *ids, struct fault *fault_r)
{
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = runs_walk(store, STORE_SQL_RUNS, NULL, take_run_id, ids, fault_r);
    store_unlock(store);
    return is_ok;
}

bool store_run_forget(struct store *store, const char *run_id, struct fault *fault_r)
{
    static const enum store_statement steps[] = {
        STORE_SQL_RUN_FORGET_PROBLEMS, STORE_SQL_RUN_FORGET_COPIED, STORE_SQL_RUN_FORGET_FOLDERS,
        STORE_SQL_RUN_FORGET_JOBS,     STORE_SQL_RUN_FORGET,
    };
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_begin(store, fault_r);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && is_ok; i++)
        is_ok = runs_step(store, steps[i], run_id, NULL, "forget a run in the store", fault_r);
    is_ok = is_ok && store_transaction_commit(store, fault_r);
    store_unlock(store);
    return is_ok;
}
