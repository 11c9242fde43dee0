/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "store/store_private.h"

/* Steps are only ever added at the end; one that was released is never changed. Status and reason
   are kept by name: they must read the same when the lists in store.h grow. */
static const struct {
    int to_version;
    const char *sql;
} store_migrations[] = {
    {1, "CREATE TABLE run ("
        " id TEXT NOT NULL PRIMARY KEY,"
        " command TEXT NOT NULL,"
        " version TEXT NOT NULL,"
        " manifest TEXT NOT NULL,"
        " settings TEXT NOT NULL,"
        " started_msecs INTEGER NOT NULL,"
        " ended_msecs INTEGER NOT NULL,"
        " exit_code INTEGER NOT NULL"
        ") WITHOUT ROWID;"

        "CREATE TABLE job ("
        " run_id TEXT NOT NULL REFERENCES run (id),"
        " job_row INTEGER NOT NULL,"
        " label TEXT NOT NULL,"
        " host1 TEXT NOT NULL,"
        " user1 TEXT NOT NULL,"
        " host2 TEXT NOT NULL,"
        " user2 TEXT NOT NULL,"
        " status TEXT NOT NULL,"
        " started_msecs INTEGER NOT NULL,"
        " ended_msecs INTEGER NOT NULL,"
        " error_code TEXT NOT NULL,"
        " error TEXT NOT NULL,"
        " PRIMARY KEY (run_id, job_row)"
        ") WITHOUT ROWID;"

        "CREATE TABLE folder_result ("
        " id INTEGER PRIMARY KEY,"
        " run_id TEXT NOT NULL,"
        " job_row INTEGER NOT NULL,"
        " source_name TEXT NOT NULL,"
        " destination_name TEXT NOT NULL,"
        " is_renamed INTEGER NOT NULL,"
        " is_merged INTEGER NOT NULL,"
        " is_failed INTEGER NOT NULL,"
        " error TEXT NOT NULL,"
        " source INTEGER NOT NULL,"
        " copied INTEGER NOT NULL,"
        " already INTEGER NOT NULL,"
        " excluded INTEGER NOT NULL,"
        " too_big INTEGER NOT NULL,"
        " failed INTEGER NOT NULL,"
        " unreadable INTEGER NOT NULL,"
        " vanished INTEGER NOT NULL,"
        " bytes_copied INTEGER NOT NULL,"
        " UNIQUE (run_id, job_row, source_name),"
        " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)"
        ");"

        "CREATE TABLE problem ("
        " id INTEGER PRIMARY KEY,"
        " run_id TEXT NOT NULL,"
        " job_row INTEGER NOT NULL,"
        " folder TEXT NOT NULL,"
        " uid INTEGER NOT NULL,"
        " messages INTEGER NOT NULL,"
        " message_id TEXT NOT NULL,"
        " date TEXT NOT NULL,"
        " size_bytes INTEGER NOT NULL,"
        " reason TEXT NOT NULL,"
        " server_text TEXT NOT NULL,"
        " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)"
        ");"
        "CREATE INDEX problem_by_job ON problem (run_id, job_row);"},

    /* A mailbox across runs; and jobs that are tried more than once in a run. */
    {2, "CREATE INDEX job_by_pair ON job (host1, user1, host2, user2, run_id);"

        "ALTER TABLE job ADD COLUMN has_old_results INTEGER NOT NULL DEFAULT 0;"

        "CREATE TABLE folder_copied ("
        " run_id TEXT NOT NULL,"
        " job_row INTEGER NOT NULL,"
        " source_name TEXT NOT NULL,"
        " copied INTEGER NOT NULL,"
        " bytes_copied INTEGER NOT NULL,"
        " PRIMARY KEY (run_id, job_row, source_name),"
        " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)"
        ") WITHOUT ROWID;"},
};

#define STORE_MIGRATION_COUNT (sizeof(store_migrations) / sizeof(store_migrations[0]))

static bool store_schema_version(sqlite3 *db, int *version_r)
{
    sqlite3_stmt *statement = NULL;
    bool is_ok = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    if (is_ok)
        *version_r = sqlite3_column_int(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && is_ok;
}

static bool store_schema_set_version(sqlite3 *db, int version)
{
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Inside the transaction: what is missing, from the version read under its lock. */
static bool store_schema_steps(sqlite3 *db)
{
    int version;
    if (!store_schema_version(db, &version))
        return false;
    for (size_t i = 0; i < STORE_MIGRATION_COUNT; i++) {
        if (store_migrations[i].to_version <= version)
            continue;
        if (sqlite3_exec(db, store_migrations[i].sql, NULL, NULL, NULL) != SQLITE_OK ||
            !store_schema_set_version(db, store_migrations[i].to_version))
            return false;
    }
    return true;
}

bool store_schema_migrate(sqlite3 *db, const char *path, struct fault *fault_r)
{
    const int newest = store_migrations[STORE_MIGRATION_COUNT - 1].to_version;
    int version;
    if (!store_schema_version(db, &version))
        return store_fault(fault_r, FAULT_SCOPE_RUN, "read the store", path, db);
    if (version > newest) {
        fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "the store %s was written by a newer mailconvoy (schema %d, this program knows"
                  " up to %d); use that program, or another work directory",
                  path, version, newest);
        return false;
    }
    if (version == newest)
        return true;
    if (sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK)
        return store_fault(fault_r, FAULT_SCOPE_RUN, "lock the store", path, db);
    if (store_schema_steps(db) && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    store_fault(fault_r, FAULT_SCOPE_RUN, "prepare the store", path, db);
    /* Nothing to do if even this fails: closing rolls back as well. */
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
