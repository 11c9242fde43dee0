/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_private.h"

#define STORE_BUSY_TIMEOUT_MSECS 10000
#define STORE_COMMIT_ROWS        1000
#define STORE_COMMIT_NSECS       CLOCK_NSECS_PER_SEC

static const char *const store_sql[] = {
#define STORE_STATEMENT_SQL(name, sql) sql,
    STORE_STATEMENTS(STORE_STATEMENT_SQL)
#undef STORE_STATEMENT_SQL
};

bool store_fault(struct fault *fault_r, enum fault_scope scope, const char *what, const char *path,
                 sqlite3 *db)
{
    fault_set(fault_r, FAULT_STORE, scope, FAULT_ADVICE_NEVER, 0, "can't %s %s: %s", what, path,
              db == NULL ? "no memory" : sqlite3_errmsg(db));
    return false;
}

bool store_lock(struct store *store, struct fault *fault_r)
{
    if (pthread_mutex_lock(&store->mutex) == 0)
        return true;
    fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't get the lock of the store %s", store->path);
    return false;
}

void store_unlock(struct store *store)
{
    /* An error would mean that this thread does not hold it, so there is nothing to give back. */
    if (pthread_mutex_unlock(&store->mutex) != 0)
        store->is_broken = true;
}

sqlite3_stmt *store_statement(struct store *store, enum store_statement which,
                              struct fault *fault_r)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(store->db, store_sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) != SQLITE_OK)
        store_fault(fault_r, FAULT_SCOPE_RUN, "use the store", store->path, store->db);
    return *statement;
}

void store_statement_end(sqlite3_stmt *statement)
{
    /* Repeats the error of the last step, which was already answered. */
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

void store_bind_text(struct store_binder *binder, const char *text)
{
    int rc = sqlite3_bind_text(binder->statement, ++binder->index, text == NULL ? "" : text, -1,
                               SQLITE_STATIC);
    if (binder->rc == SQLITE_OK)
        binder->rc = rc;
}

void store_bind_int64(struct store_binder *binder, int64_t value)
{
    int rc = sqlite3_bind_int64(binder->statement, ++binder->index, value);
    if (binder->rc == SQLITE_OK)
        binder->rc = rc;
}

void store_bind_uint64(struct store_binder *binder, uint64_t value)
{
    store_bind_int64(binder, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

bool store_commit_is_due(unsigned int row_count, int64_t begun_nsecs, int64_t now_nsecs)
{
    return row_count >= STORE_COMMIT_ROWS || now_nsecs - begun_nsecs > STORE_COMMIT_NSECS;
}

/* Runs a statement that has no values and no rows. */
static bool store_run_statement(struct store *store, enum store_statement which,
                                struct fault *fault_r)
{
    sqlite3_stmt *statement = store_statement(store, which, fault_r);
    if (statement == NULL)
        return false;
    bool is_ok = sqlite3_step(statement) == SQLITE_DONE;
    if (!is_ok)
        store_fault(fault_r, FAULT_SCOPE_RUN, "write to the store", store->path, store->db);
    store_statement_end(statement);
    return is_ok;
}

bool store_transaction_begin(struct store *store, struct fault *fault_r)
{
    if (store->is_broken) {
        *fault_r = store->fault;
        return false;
    }
    if (store->begun_nsecs != 0)
        return true;
    if (!store_run_statement(store, STORE_SQL_BEGIN, fault_r))
        return false;
    store->begun_nsecs = clock_mono_nsecs();
    store->row_count = 0;
    return true;
}

bool store_transaction_commit(struct store *store, struct fault *fault_r)
{
    if (store->is_broken) {
        *fault_r = store->fault;
        return false;
    }
    if (store->begun_nsecs == 0)
        return true;
    store->begun_nsecs = 0;
    if (store_run_statement(store, STORE_SQL_COMMIT, fault_r))
        return true;
    store->is_broken = true;
    store->fault = *fault_r;
    /* Rows of other pairs are in it, so it must not be tried again as if it were new. */
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool store_transaction_note(struct store *store, struct fault *fault_r)
{
    store->row_count++;
    if (!store_commit_is_due(store->row_count, store->begun_nsecs, clock_mono_nsecs()))
        return true;
    return store_transaction_commit(store, fault_r);
}

void store_transaction_check(struct store *store, const struct fault *fault)
{
    if (store->begun_nsecs == 0 || !sqlite3_get_autocommit(store->db))
        return;
    store->begun_nsecs = 0;
    store->is_broken = true;
    store->fault = *fault;
    store->fault.scope = FAULT_SCOPE_RUN;
}

/* Creates the file for its owner alone; SQLite gives the files beside it the same mode. */
static bool store_create_file(const char *path, struct fault *fault_r)
{
    char words[STR_ERROR_SIZE];
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) {
        fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make the store %s: %s", path, str_error(errno, words));
        return false;
    }
    if (fd >= 0)
        (void)close(fd);
    return true;
}

/* WAL needs memory shared between processes, which network file systems don't have; SQLite then
   keeps the old mode and says which. */
static bool store_use_wal(sqlite3 *db, const char *path, struct fault *fault_r)
{
    sqlite3_stmt *statement = NULL;
    bool is_wal = false;
    bool is_ok = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) ==
                     SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    if (is_ok) {
        const unsigned char *mode = sqlite3_column_text(statement, 0);
        is_wal = mode != NULL && strcmp((const char *)mode, "wal") == 0;
    }
    if (sqlite3_finalize(statement) != SQLITE_OK || !is_ok)
        return store_fault(fault_r, FAULT_SCOPE_RUN, "open the store", path, db);
    if (!is_wal)
        fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't keep the store %s safe on this file system; use a work directory on a"
                  " local disk",
                  path);
    return is_wal;
}

static bool store_prepare_db(sqlite3 *db, const char *path, struct fault *fault_r)
{
    if (sqlite3_busy_timeout(db, STORE_BUSY_TIMEOUT_MSECS) != SQLITE_OK ||
        sqlite3_extended_result_codes(db, 1) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) != SQLITE_OK)
        return store_fault(fault_r, FAULT_SCOPE_RUN, "open the store", path, db);
    /* The schema first: a newer program's file is not touched. */
    return store_schema_migrate(db, path, fault_r) && store_use_wal(db, path, fault_r);
}

bool store_open(const char *path, struct store **store_r, struct fault *fault_r)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    sqlite3 *db = NULL;
    *store_r = NULL;
    if (!store_create_file(path, fault_r))
        return false;
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
        store_fault(fault_r, FAULT_SCOPE_RUN, "open the store", path, db);
        (void)sqlite3_close(db);
        return false;
    }
    struct store *store = mem_alloc(sizeof(*store));
    bool is_ready = store_prepare_db(db, path, fault_r);
    if (is_ready && pthread_mutex_init(&store->mutex, NULL) != 0)
        is_ready = store_fault(fault_r, FAULT_SCOPE_RUN, "make a lock for the store", path, NULL);
    if (!is_ready) {
        (void)sqlite3_close(db);
        mem_free(store);
        return false;
    }
    store->db = db;
    store->path = mem_strdup(path);
    *store_r = store;
    return true;
}

bool store_flush(struct store *store, struct fault *fault_r)
{
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_commit(store, fault_r);
    store_unlock(store);
    return is_ok;
}

bool store_close(struct store **store_p, struct fault *fault_r)
{
    struct store *store = *store_p;
    *store_p = NULL;
    bool is_ok = store_flush(store, fault_r);
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(store->statements[i]); /* repeats an old error, if any */
    if (sqlite3_close(store->db) != SQLITE_OK && is_ok)
        is_ok = store_fault(fault_r, FAULT_SCOPE_RUN, "close the store", store->path, store->db);
    (void)pthread_mutex_destroy(&store->mutex);
    mem_free(store->path);
    mem_free(store);
    return is_ok;
}
