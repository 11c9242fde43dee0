/* SPDX-License-Identifier: MIT */
#include "store/store_private.h"

bool store_write_begin(struct store_write *write, struct store *store, enum store_write_kind kind,
                       const char *what, struct fault *fault_r)
{
    write->store = store;
    write->kind = kind;
    write->row_count = 1;
    write->what = what;
    if (!store_lock(store, fault_r))
        return false;
    if (store_transaction_begin(store, fault_r))
        return true;
    store_unlock(store);
    return false;
}

bool store_write_use(struct store_write *write, enum store_statement which, struct fault *fault_r)
{
    write->binder.statement = store_statement(write->store, which, fault_r);
    write->binder.index = 0;
    write->binder.rc = SQLITE_OK;
    return write->binder.statement != NULL;
}

void store_write_missed(const struct store_write *write, struct fault *fault_r)
{
    fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
              "can't %s %s: there is no such run, job or folder in it", write->what,
              write->store->path);
}

bool store_write_step(struct store_write *write, bool must_change, struct fault *fault_r)
{
    struct store *store = write->store;
    bool is_ok = write->binder.rc == SQLITE_OK &&
                 sqlite3_step(write->binder.statement) == SQLITE_DONE;
    if (!is_ok) {
        store_fault(fault_r, FAULT_SCOPE_MAILBOX, write->what, store->path, store->db);
    } else if (must_change && sqlite3_changes(store->db) == 0) {
        store_write_missed(write, fault_r);
        is_ok = false;
    }
    store_statement_end(write->binder.statement);
    return is_ok;
}

bool store_write_get(struct store_write *write, bool *found_r, struct fault *fault_r)
{
    struct store *store = write->store;
    int rc = write->binder.rc == SQLITE_OK ? sqlite3_step(write->binder.statement)
                                           : write->binder.rc;
    *found_r = rc == SQLITE_ROW;
    if (*found_r)
        return true;
    if (rc != SQLITE_DONE)
        store_fault(fault_r, FAULT_SCOPE_MAILBOX, write->what, store->path, store->db);
    store_statement_end(write->binder.statement);
    return rc == SQLITE_DONE;
}

bool store_write_end(struct store_write *write, bool is_ok, struct fault *fault_r)
{
    struct store *store = write->store;
    if (!is_ok)
        store_transaction_check(store, fault_r);
    else if (write->kind == STORE_WRITE_GROUPED)
        is_ok = store_transaction_note(store, write->row_count, fault_r);
    else if (write->kind == STORE_WRITE_COMMITTED)
        is_ok = store_transaction_commit(store, fault_r);
    else
        is_ok = store_transaction_sync(store, fault_r);
    store_unlock(store);
    return is_ok;
}

bool store_run_begin(struct store *store, const struct store_run *run, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note the run in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_RUN_BEGIN, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run->id);
        store_bind_text(&write.binder, run->command);
        store_bind_text(&write.binder, run->version);
        store_bind_text(&write.binder, run->manifest);
        store_bind_text(&write.binder, run->settings);
        store_bind_int64(&write.binder, run->started_msecs);
        store_bind_int64(&write.binder, run->is_final);
        store_bind_text(&write.binder, run->manifest_sha256 == NULL ? "" : run->manifest_sha256);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_run_end(struct store *store, const char *run_id, int64_t ended_msecs, int exit_code,
                   struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_COMMITTED,
                           "note the end of the run in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_RUN_END, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, ended_msecs);
        store_bind_int64(&write.binder, exit_code);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_job_add(struct store *store, const char *run_id, const struct store_job *job,
                   struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note the mailbox in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_JOB_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, job->row);
        store_bind_text(&write.binder, job->label);
        store_bind_text(&write.binder, job->host1);
        store_bind_text(&write.binder, job->user1);
        store_bind_text(&write.binder, job->host2);
        store_bind_text(&write.binder, job->user2);
        store_bind_text(&write.binder, job_status_name(JOB_NOT_STARTED));
        store_bind_text(&write.binder, job->trial);
        store_bind_int64(&write.binder, job->is_partial);
        store_bind_int64(&write.binder, job->exposure);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

/* Runs a statement whose values are a job's. */
static bool store_write_job(struct store_write *write, enum store_statement which,
                            const char *run_id, int64_t row, struct fault *fault_r)
{
    if (!store_write_use(write, which, fault_r))
        return false;
    store_bind_text(&write->binder, run_id);
    store_bind_int64(&write->binder, row);
    return store_write_step(write, false, fault_r);
}

bool store_write_drop_old(struct store_write *write, const char *run_id, int64_t row,
                          struct fault *fault_r)
{
    if (!store_write_job(write, STORE_SQL_JOB_TAKE_OLD, run_id, row, fault_r))
        return false;
    if (sqlite3_changes(write->store->db) == 0)
        return true;
    return store_write_job(write, STORE_SQL_JOB_KEEP_COPIED, run_id, row, fault_r) &&
           store_write_job(write, STORE_SQL_JOB_FORGET_FOLDERS, run_id, row, fault_r) &&
           store_write_job(write, STORE_SQL_JOB_FORGET_PROBLEMS, run_id, row, fault_r);
}

bool store_job_start(struct store *store, const char *run_id, int64_t row, int64_t started_msecs,
                     struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED,
                           "note the start of the mailbox in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_JOB_START, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_int64(&write.binder, started_msecs);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_job_end(struct store *store, const char *run_id, int64_t row, enum job_status status,
                   int64_t ended_msecs, const char *error_code, const char *error,
                   struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_COMMITTED,
                           "note the end of the mailbox in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_JOB_END, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, job_status_name(status));
        store_bind_int64(&write.binder, ended_msecs);
        store_bind_text(&write.binder, error_code);
        store_bind_text(&write.binder, error);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_job_deleted(struct store *store, const char *run_id, int64_t row, uint64_t on_source,
                       uint64_t on_destination, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note in the store what was deleted",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_JOB_DELETED, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_uint64(&write.binder, on_source);
        store_bind_uint64(&write.binder, on_destination);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

void store_bind_counts(struct store_binder *binder, const struct message_counts *counts)
{
    store_bind_uint64(binder, counts->source);
    store_bind_uint64(binder, counts->copied);
    store_bind_uint64(binder, counts->already);
    store_bind_uint64(binder, counts->excluded);
    store_bind_uint64(binder, counts->too_big);
    store_bind_uint64(binder, counts->failed);
    store_bind_uint64(binder, counts->unreadable);
    store_bind_uint64(binder, counts->vanished);
    store_bind_uint64(binder, counts->bytes_copied);
    store_bind_uint64(binder, counts->not_selected);
}

/* The folder's counts for the whole run: with what earlier attempts copied. */
static bool store_write_carry(struct store_write *write, const char *run_id, int64_t row,
                              const struct store_folder *folder, struct message_counts *counts_r,
                              struct fault *fault_r)
{
    bool is_found;
    *counts_r = folder->counts;
    if (!store_write_use(write, STORE_SQL_FOLDER_COPIED, fault_r))
        return false;
    sqlite3_stmt *statement = write->binder.statement;
    store_bind_text(&write->binder, run_id);
    store_bind_int64(&write->binder, row);
    store_bind_text(&write->binder, folder->source_name);
    if (!store_write_get(write, &is_found, fault_r))
        return false;
    if (is_found) {
        message_counts_carry(counts_r, (uint64_t)sqlite3_column_int64(statement, 0),
                             (uint64_t)sqlite3_column_int64(statement, 1));
        store_statement_end(statement);
    }
    return true;
}

bool store_folder_add(struct store *store, const char *run_id, int64_t row,
                      const struct store_folder *folder, struct fault *fault_r)
{
    struct store_write write;
    struct message_counts counts;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note the folder in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_drop_old(&write, run_id, row, fault_r) &&
                 store_write_carry(&write, run_id, row, folder, &counts, fault_r) &&
                 store_write_use(&write, STORE_SQL_FOLDER_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, folder->source_name);
        store_bind_text(&write.binder, folder->destination_name);
        store_bind_int64(&write.binder, folder->is_renamed);
        store_bind_int64(&write.binder, folder->is_merged);
        store_bind_int64(&write.binder, folder->is_failed);
        store_bind_text(&write.binder, folder->error);
        store_bind_counts(&write.binder, &counts);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_problem_add(struct store *store, const char *run_id, int64_t row,
                       const struct store_problem *problem, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note the problem in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_drop_old(&write, run_id, row, fault_r) &&
                 store_write_use(&write, STORE_SQL_PROBLEM_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, problem->folder);
        store_bind_int64(&write.binder, problem->uid);
        store_bind_uint64(&write.binder, problem->messages);
        store_bind_text(&write.binder, problem->message_id);
        store_bind_text(&write.binder, problem->date);
        store_bind_uint64(&write.binder, problem->size_bytes);
        store_bind_text(&write.binder, problem_reason_name(problem->reason));
        store_bind_text(&write.binder, problem->server_text);
        store_bind_text(&write.binder, problem->diagnosis == NULL ? "" : problem->diagnosis);
        store_bind_text(&write.binder, problem->subject == NULL ? "" : problem->subject);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}
