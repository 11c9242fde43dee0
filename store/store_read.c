/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/store_private.h"

const char *store_take_text(struct store_columns *columns)
{
    const unsigned char *text = sqlite3_column_text(columns->statement, columns->index++);
    return text == NULL ? "" : (const char *)text;
}

int64_t store_take_int64(struct store_columns *columns)
{
    return sqlite3_column_int64(columns->statement, columns->index++);
}

uint64_t store_take_uint64(struct store_columns *columns)
{
    int64_t value = store_take_int64(columns);
    return value < 0 ? 0 : (uint64_t)value;
}

uint32_t store_take_uint32(struct store_columns *columns)
{
    int64_t value = store_take_int64(columns);
    return value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
}

void store_take_counts(struct store_columns *columns, struct message_counts *counts_r)
{
    counts_r->source = store_take_uint64(columns);
    counts_r->copied = store_take_uint64(columns);
    counts_r->already = store_take_uint64(columns);
    counts_r->excluded = store_take_uint64(columns);
    counts_r->too_big = store_take_uint64(columns);
    counts_r->failed = store_take_uint64(columns);
    counts_r->unreadable = store_take_uint64(columns);
    counts_r->vanished = store_take_uint64(columns);
    counts_r->bytes_copied = store_take_uint64(columns);
    counts_r->not_selected = store_take_uint64(columns);
}

/* A name this program does not know can only come from a damaged file; it must not look good. */
static enum job_status store_take_status(struct store_columns *columns)
{
    const char *name = store_take_text(columns);
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        if (strcmp(job_status_name((enum job_status)i), name) == 0)
            return (enum job_status)i;
    }
    return JOB_FAILED;
}

static enum problem_reason store_take_reason(struct store_columns *columns)
{
    const char *name = store_take_text(columns);
    for (int i = 0; i < PROBLEM_REASON_COUNT; i++) {
        if (strcmp(problem_reason_name((enum problem_reason)i), name) == 0)
            return (enum problem_reason)i;
    }
    return PROBLEM_FAILED;
}

bool store_query_begin(struct store_query *query, struct store *store, enum store_statement which,
                       struct fault *fault_r)
{
    query->store = store;
    if (!store_lock(store, fault_r))
        return false;
    query->binder.statement = store_statement(store, which, fault_r);
    query->binder.index = 0;
    query->binder.rc = SQLITE_OK;
    if (query->binder.statement == NULL)
        store_unlock(store);
    return query->binder.statement != NULL;
}

bool store_query_next(struct store_query *query, struct store_columns *columns_r)
{
    if (query->binder.rc != SQLITE_OK)
        return false;
    query->binder.rc = sqlite3_step(query->binder.statement);
    columns_r->statement = query->binder.statement;
    columns_r->index = 0;
    if (query->binder.rc != SQLITE_ROW)
        return false;
    query->binder.rc = SQLITE_OK;
    return true;
}

bool store_query_end(struct store_query *query, struct fault *fault_r)
{
    struct store *store = query->store;
    bool is_ok = query->binder.rc == SQLITE_OK || query->binder.rc == SQLITE_DONE;
    if (!is_ok)
        store_fault(fault_r, FAULT_SCOPE_RUN, "read the store", store->path, store->db);
    store_statement_end(query->binder.statement);
    store_unlock(store);
    return is_ok;
}

bool store_run_get(struct store *store, const char *run_id, store_run_callback *callback,
                   void *context, bool *found_r, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    *found_r = false;
    if (!store_query_begin(&query, store,
                           run_id == NULL ? STORE_SQL_RUN_GET_NEWEST : STORE_SQL_RUN_GET, fault_r))
        return false;
    if (run_id != NULL)
        store_bind_text(&query.binder, run_id);
    if (store_query_next(&query, &columns)) {
        struct store_run run;
        run.id = store_take_text(&columns);
        run.command = store_take_text(&columns);
        run.version = store_take_text(&columns);
        run.manifest = store_take_text(&columns);
        run.settings = store_take_text(&columns);
        run.started_msecs = store_take_int64(&columns);
        run.ended_msecs = store_take_int64(&columns);
        run.exit_code = (int)store_take_int64(&columns);
        run.is_final = store_take_int64(&columns) != 0;
        run.manifest_sha256 = store_take_text(&columns);
        *found_r = true;
        (void)callback(context, &run);
    }
    return store_query_end(&query, fault_r);
}

static void store_take_job(struct store_columns *columns, struct store_job *job_r)
{
    job_r->row = store_take_int64(columns);
    job_r->label = store_take_text(columns);
    job_r->host1 = store_take_text(columns);
    job_r->user1 = store_take_text(columns);
    job_r->host2 = store_take_text(columns);
    job_r->user2 = store_take_text(columns);
    job_r->status = store_take_status(columns);
    job_r->started_msecs = store_take_int64(columns);
    job_r->ended_msecs = store_take_int64(columns);
    job_r->error_code = store_take_text(columns);
    job_r->error = store_take_text(columns);
    job_r->diagnosis = store_take_text(columns);
    job_r->trial = store_take_text(columns);
    job_r->is_partial = store_take_int64(columns) != 0;
    job_r->exposure = (unsigned int)store_take_uint64(columns);
    job_r->deleted_source = store_take_uint64(columns);
    job_r->deleted_destination = store_take_uint64(columns);
    job_r->folders = store_take_uint64(columns);
    store_take_counts(columns, &job_r->counts);
}

/* Walks at most `limit` jobs (-1: all) with a row above after_row; *row_r is the last one's. */
static bool store_jobs_walk(struct store *store, const char *run_id, int64_t after_row,
                            int64_t limit, store_job_callback *callback, void *context,
                            int64_t *row_r, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    *row_r = 0;
    if (!store_query_begin(&query, store, STORE_SQL_JOBS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, after_row);
    store_bind_int64(&query.binder, limit);
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_job job;
        store_take_job(&columns, &job);
        *row_r = job.row;
        goes_on = callback(context, &job);
    }
    return store_query_end(&query, fault_r);
}

bool store_jobs_each(struct store *store, const char *run_id, store_job_callback *callback,
                     void *context, struct fault *fault_r)
{
    int64_t last_row;
    return store_jobs_walk(store, run_id, INT64_MIN, -1, callback, context, &last_row, fault_r);
}

bool store_job_next(struct store *store, const char *run_id, int64_t after_row,
                    store_job_callback *callback, void *context, int64_t *row_r,
                    struct fault *fault_r)
{
    return store_jobs_walk(store, run_id, after_row, 1, callback, context, row_r, fault_r);
}

bool store_pair_sizes_each(struct store *store, const char *run_id,
                           store_pair_size_callback *callback, void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_PAIR_SIZES, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (goes_on && store_query_next(&query, &columns)) {
        int64_t row = store_take_int64(&columns);
        uint64_t messages = store_take_uint64(&columns);
        goes_on = callback(context, row, messages);
    }
    return store_query_end(&query, fault_r);
}

bool store_folders_each(struct store *store, const char *run_id, int64_t row,
                        store_folder_callback *callback, void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_FOLDERS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row);
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_folder folder;
        folder.source_name = store_take_text(&columns);
        folder.destination_name = store_take_text(&columns);
        folder.is_renamed = store_take_int64(&columns) != 0;
        folder.is_merged = store_take_int64(&columns) != 0;
        folder.is_failed = store_take_int64(&columns) != 0;
        folder.error = store_take_text(&columns);
        store_take_counts(&columns, &folder.counts);
        goes_on = callback(context, &folder);
    }
    return store_query_end(&query, fault_r);
}

/* The job's row and user, then the problem. */
static bool store_show_problem(struct store_columns *columns, store_problem_callback *callback,
                               void *context)
{
    struct store_job job = {.label = "",
                            .host1 = "",
                            .host2 = "",
                            .user2 = "",
                            .error_code = "",
                            .error = "",
                            .diagnosis = "",
                            .trial = ""};
    struct store_problem problem;
    job.row = store_take_int64(columns);
    job.user1 = store_take_text(columns);
    problem.folder = store_take_text(columns);
    problem.uid = (uint32_t)store_take_uint64(columns);
    problem.messages = store_take_uint64(columns);
    problem.message_id = store_take_text(columns);
    problem.date = store_take_text(columns);
    problem.size_bytes = store_take_uint64(columns);
    problem.reason = store_take_reason(columns);
    problem.server_text = store_take_text(columns);
    problem.diagnosis = store_take_text(columns);
    problem.subject = store_take_text(columns);
    return callback(context, &job, &problem);
}

bool store_problems_each(struct store *store, const char *run_id, store_problem_callback *callback,
                         void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_PROBLEMS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (goes_on && store_query_next(&query, &columns))
        goes_on = store_show_problem(&columns, callback, context);
    return store_query_end(&query, fault_r);
}

bool store_job_problems_each(struct store *store, const char *run_id, int64_t row,
                             store_problem_callback *callback, void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_JOB_PROBLEMS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    store_bind_int64(&query.binder, row);
    while (goes_on && store_query_next(&query, &columns))
        goes_on = store_show_problem(&columns, callback, context);
    return store_query_end(&query, fault_r);
}
