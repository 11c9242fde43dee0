/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "base/crash.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_private.h"

#define STORE_COMMIT_ROWS  1000
#define STORE_COMMIT_NSECS CLOCK_NSECS_PER_SEC

static const char *const store_sql[] = {
#define STORE_STATEMENT_SQL(name, sql) sql,
    STORE_STATEMENTS(STORE_STATEMENT_SQL)
#undef STORE_STATEMENT_SQL
};

/* What the user may do about an error of SQLite's, an extended code. */
static const char *store_hint(int code)
{
    /* The index of the write-ahead log is made as large as it must be before it is used. */
    if (code == SQLITE_IOERR_SHMSIZE)
        code = SQLITE_FULL;
    switch (code & 0xff) {
    case SQLITE_FULL:
        return "; make room on that disk, then start again: it goes on where it stopped";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return "; the file and its directory must be writable, or use another work directory";
    case SQLITE_CORRUPT:
        return "; the file is damaged: put a backup in its place, or use another work directory:"
               " what is on the destination already is then found there";
    case SQLITE_NOTADB:
        return "; it is no store of mailconvoy: move it away, or use another work directory";
    case SQLITE_BUSY:
        return "; another program uses it: wait for its end";
    case SQLITE_IOERR:
        return "; look at the disk and its file system";
    default:
        return "";
    }
}

bool store_fault(struct fault *fault_r, enum fault_scope scope, const char *what, const char *path,
                 sqlite3 *db)
{
    fault_set(fault_r, FAULT_STORE, scope, FAULT_ADVICE_NEVER, 0, "can't %s %s: %s%s", what, path,
              db == NULL ? "no memory" : sqlite3_errmsg(db),
              db == NULL ? "" : store_hint(sqlite3_extended_errcode(db)));
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
    crash_point(CRASH_COMMIT);
    bool is_ok = store_run_statement(store, STORE_SQL_COMMIT, fault_r);
    crash_point(CRASH_COMMITTED);
    if (is_ok)
        return true;
    store->is_broken = true;
    store->fault = *fault_r;
    /* Rows of other pairs are in it, so it must not be tried again as if it were new. */
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool store_transaction_sync(struct store *store, struct fault *fault_r)
{
    sqlite3_file *log = NULL;
    if (!store_transaction_commit(store, fault_r))
        return false;
    int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (rc == SQLITE_OK && log != NULL && log->pMethods != NULL)
        rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (rc == SQLITE_OK)
        return true;
    /* What a failed sync has lost, a second one doesn't bring back. */
    fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't get the store %s onto the disk: %s%s", store->path, sqlite3_errstr(rc),
              store_hint(rc & 0xff));
    store->is_broken = true;
    store->fault = *fault_r;
    return false;
}

bool store_transaction_note(struct store *store, unsigned int row_count, struct fault *fault_r)
{
    store->row_count += row_count;
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

/* The log beside the file has what was committed last. */
static int64_t store_written_msecs(const char *path)
{
    char *log = mem_printf("%s-wal", path);
    const char *const paths[] = {path, log};
    int64_t newest_msecs = 0;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct stat status;
        if (stat(paths[i], &status) != 0)
            continue;
        int64_t msecs = (int64_t)status.st_mtim.tv_sec * 1000 +
                        status.st_mtim.tv_nsec / CLOCK_NSECS_PER_MSEC;
        newest_msecs = msecs > newest_msecs ? msecs : newest_msecs;
    }
    mem_free(log);
    return newest_msecs;
}

bool store_open_vfs(const char *path, const char *vfs, struct store **store_r,
                    struct fault *fault_r)
{
    sqlite3 *db;
    *store_r = NULL;
    int64_t left_msecs = store_written_msecs(path);
    if (!store_file_open(path, vfs, &db, fault_r))
        return false;
    struct store *store = mem_alloc(sizeof(*store));
    if (pthread_mutex_init(&store->mutex, NULL) != 0) {
        store_fault(fault_r, FAULT_SCOPE_RUN, "make a lock for the store", path, NULL);
        (void)sqlite3_close(db);
        mem_free(store);
        return false;
    }
    store->db = db;
    store->path = mem_strdup(path);
    store->left_msecs = left_msecs;
    *store_r = store;
    return true;
}

bool store_open(const char *path, struct store **store_r, struct fault *fault_r)
{
    return store_open_vfs(path, NULL, store_r, fault_r);
}

int64_t store_left_msecs(const struct store *store)
{
    return store->left_msecs;
}

bool store_flush(struct store *store, struct fault *fault_r)
{
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_commit(store, fault_r);
    store_unlock(store);
    return is_ok;
}

bool store_sync(struct store *store, struct fault *fault_r)
{
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_sync(store, fault_r);
    store_unlock(store);
    return is_ok;
}

/* Gets everything onto the disk, and into the one file unless somebody reads it just now: closing
   would do that too, but not say when it failed. */
static bool store_settle(struct store *store, struct fault *fault_r)
{
    int logged = 0;
    int moved = 0;
    if (!store_lock(store, fault_r))
        return false;
    bool is_ok = store_transaction_commit(store, fault_r);
    if (is_ok && (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &logged,
                                            &moved) != SQLITE_OK ||
                  logged != moved))
        is_ok = store_transaction_sync(store, fault_r);
    store_unlock(store);
    return is_ok;
}

bool store_close(struct store **store_p, struct fault *fault_r)
{
    struct store *store = *store_p;
    *store_p = NULL;
    bool is_ok = store_settle(store, fault_r);
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(store->statements[i]); /* repeats an old error, if any */
    if (sqlite3_close(store->db) != SQLITE_OK && is_ok)
        is_ok = store_fault(fault_r, FAULT_SCOPE_RUN, "close the store", store->path, store->db);
    (void)pthread_mutex_destroy(&store->mutex);
    mem_free(store->path);
    mem_free(store);
    return is_ok;
}
