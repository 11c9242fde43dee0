/* SPDX-License-Identifier: MIT
 * From a path to a connection: makes a new file, opens one that is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/store_private.h"

#define STORE_BUSY_TIMEOUT_MSECS 10000

static bool store_file_fault(struct fault *fault_r, const char *path)
{
    int error = errno;
    char words[STR_ERROR_SIZE];
    const char *hint = "";
    if (error == EACCES || error == EPERM || error == EROFS)
        hint = "; its directory must be writable, or use another work directory";
    else if (error == ENOSPC || error == EDQUOT)
        hint = "; make room on that disk, then start again";
    fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't make the store %s: %s%s", path, str_error(error, words), hint);
    return false;
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

static bool store_connect(const char *path, const char *vfs, sqlite3 **db_r, struct fault *fault_r)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, db_r, flags, vfs) == SQLITE_OK)
        return true;
    store_fault(fault_r, FAULT_SCOPE_RUN, "open the store", path, *db_r);
    (void)sqlite3_close(*db_r);
    return false;
}

/* Fills an empty file that is nobody's yet. A crash leaves nothing that anyone would open, so no
   journal is needed; the switch to WAL is the last write, and its sync takes all with it. */
static bool store_file_fill(sqlite3 *db, const char *path, struct fault *fault_r)
{
    if (sqlite3_exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", NULL, NULL,
                     NULL) != SQLITE_OK)
        return store_fault(fault_r, FAULT_SCOPE_RUN, "make the store", path, db);
    if (!store_schema_migrate(db, path, fault_r))
        return false;
    if (sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK)
        return store_fault(fault_r, FAULT_SCOPE_RUN, "make the store", path, db);
    return store_use_wal(db, path, fault_r);
}

/* What a file that is gone has left beside it would be taken for a part of the new one. */
static bool store_file_drop_leftovers(const char *path)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm"};
    bool is_ok = true;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && is_ok; i++) {
        char *leftover = mem_printf("%s%s", path, suffixes[i]);
        is_ok = unlink(leftover) == 0 || errno == ENOENT;
        mem_free(leftover);
    }
    return is_ok;
}

/* An empty file for its owner alone; SQLite gives the files beside it the same mode. */
static bool store_file_create_empty(const char *path)
{
    if (!store_file_drop_leftovers(path) || (unlink(path) != 0 && errno != ENOENT))
        return false;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

/* Makes the store under another name, which it gives up only when it is whole and on the disk: one
   sync for the file. That of the directory comes with SQLite's first sync of the write-ahead log,
   which it makes beside it; until then there is nothing in the store that could be missed. */
static bool store_file_create(const char *path, const char *vfs, struct fault *fault_r)
{
    sqlite3 *db = NULL;
    char *draft = mem_printf("%s.new", path);
    bool is_ok = store_file_create_empty(draft) || store_file_fault(fault_r, path);
    if (is_ok)
        is_ok = store_connect(draft, vfs, &db, fault_r);
    if (is_ok) {
        is_ok = store_file_fill(db, draft, fault_r);
        if (sqlite3_close(db) != SQLITE_OK && is_ok)
            is_ok = store_fault(fault_r, FAULT_SCOPE_RUN, "make the store", draft, db);
        if (is_ok && (!store_file_drop_leftovers(path) || rename(draft, path) != 0))
            is_ok = store_file_fault(fault_r, path);
        if (!is_ok)
            (void)unlink(draft);
    }
    mem_free(draft);
    return is_ok;
}

static bool store_prepare_db(sqlite3 *db, const char *path, struct fault *fault_r)
{
    if (sqlite3_db_readonly(db, "main") != 0) {
        fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't write to the store %s; the file and its directory must be writable, or"
                  " use another work directory",
                  path);
        return false;
    }
    if (sqlite3_busy_timeout(db, STORE_BUSY_TIMEOUT_MSECS) != SQLITE_OK ||
        sqlite3_extended_result_codes(db, 1) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL", NULL, NULL,
                     NULL) != SQLITE_OK)
        return store_fault(fault_r, FAULT_SCOPE_RUN, "open the store", path, db);
    /* The schema first: a newer program's file is not touched. */
    return store_schema_migrate(db, path, fault_r) && store_use_wal(db, path, fault_r);
}

bool store_file_open(const char *path, const char *vfs, sqlite3 **db_r, struct fault *fault_r)
{
    if (access(path, F_OK) != 0 && !store_file_create(path, vfs, fault_r))
        return false;
    if (!store_connect(path, vfs, db_r, fault_r))
        return false;
    if (store_prepare_db(*db_r, path, fault_r))
        return true;
    (void)sqlite3_close(*db_r);
    return false;
}
