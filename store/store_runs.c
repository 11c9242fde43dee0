/* SPDX-License-Identifier: MIT
 * Many rows at once: those that a run leaves out or did not come to, and runs that are forgotten.
 */
#include "store/store_private.h"

/* Runs a statement whose first value is a run's id. */
static bool runs_step(struct store_write *write, enum store_statement which, const char *run_id,
                      struct fault *fault_r)
{
    if (!store_write_use(write, which, fault_r))
        return false;
    store_bind_text(&write->binder, run_id);
    return store_write_step(write, false, fault_r);
}

static bool runs_mark_left_out(struct store *store, const char *run_id, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_COMMITTED,
                           "note the mailboxes that are left out in the store", fault_r))
        return false;
    bool is_ok = runs_step(&write, STORE_SQL_JOBS_LEAVE_OUT, run_id, fault_r);
    return store_write_end(&write, is_ok, fault_r);
}

bool store_jobs_leave_out(struct store *store, const char *run_id, store_row_callback *callback,
                          void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!runs_mark_left_out(store, run_id, fault_r) ||
        !store_query_begin(&query, store, STORE_SQL_JOBS_LEFT_OUT, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (goes_on && store_query_next(&query, &columns))
        goes_on = callback(context, store_take_int64(&columns));
    return store_query_end(&query, fault_r);
}

bool store_jobs_pause(struct store *store, const char *run_id, const char *error_code,
                      const char *error, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_COMMITTED,
                           "note the mailboxes that were not started in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_JOBS_PAUSE, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_text(&write.binder, error_code);
        store_bind_text(&write.binder, error);
        is_ok = store_write_step(&write, false, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_run_ids(struct store *store, struct str_list *ids, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    if (!store_query_begin(&query, store, STORE_SQL_RUNS, fault_r))
        return false;
    while (store_query_next(&query, &columns))
        str_list_add(ids, store_take_text(&columns));
    return store_query_end(&query, fault_r);
}

bool store_run_forget(struct store *store, const char *run_id, struct fault *fault_r)
{
    static const enum store_statement steps[] = {
        STORE_SQL_RUN_FORGET_VERIFICATIONS, STORE_SQL_RUN_FORGET_REPAIRS,
        STORE_SQL_RUN_FORGET_SAMPLES,       STORE_SQL_RUN_FORGET_WAITS,
        STORE_SQL_RUN_FORGET_CHANGES,       STORE_SQL_RUN_FORGET_PROBLEMS,
        STORE_SQL_RUN_FORGET_COPIED,        STORE_SQL_RUN_FORGET_FOLDERS,
        STORE_SQL_RUN_FORGET_JOBS,          STORE_SQL_RUN_FORGET,
    };
    struct store_write write;
    bool is_ok = true;
    if (!store_write_begin(&write, store, STORE_WRITE_COMMITTED, "forget a run in the store",
                           fault_r))
        return false;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && is_ok; i++)
        is_ok = runs_step(&write, steps[i], run_id, fault_r);
    return store_write_end(&write, is_ok, fault_r);
}
