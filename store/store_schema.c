/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "store/store_private.h"

/* Tables that are as they were first made. */
#define TABLE_FOLDER_COPIED                                           \
    "CREATE TABLE folder_copied ("                                    \
    " run_id TEXT NOT NULL,"                                          \
    " job_row INTEGER NOT NULL,"                                      \
    " source_name TEXT NOT NULL,"                                     \
    " copied INTEGER NOT NULL,"                                       \
    " bytes_copied INTEGER NOT NULL,"                                 \
    " PRIMARY KEY (run_id, job_row, source_name),"                    \
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)" \
    ") WITHOUT ROWID;"
#define TABLE_PAIR                         \
    "CREATE TABLE pair ("                  \
    " id INTEGER PRIMARY KEY,"             \
    " host1 TEXT NOT NULL,"                \
    " user1 TEXT NOT NULL,"                \
    " host2 TEXT NOT NULL,"                \
    " user2 TEXT NOT NULL,"                \
    " UNIQUE (host1, user1, host2, user2)" \
    ");"
#define TABLE_FLAG_SET                                \
    "CREATE TABLE flag_set ("                         \
    " pair_id INTEGER NOT NULL REFERENCES pair (id)," \
    " id INTEGER NOT NULL,"                           \
    " flags TEXT NOT NULL,"                           \
    " PRIMARY KEY (pair_id, id)"                      \
    ") WITHOUT ROWID;"
/* Rows are many: small numbers (0 and 1 take no byte), no second index, no foreign key (a third of
   the time of an insert). */
#define TABLE_MESSAGE_MAP               \
    "CREATE TABLE message_map ("        \
    " folder_id INTEGER NOT NULL,"      \
    " src_uid INTEGER NOT NULL,"        \
    " dst_uid INTEGER NOT NULL,"        \
    " flags INTEGER NOT NULL,"          \
    " outcome INTEGER NOT NULL,"        \
    " PRIMARY KEY (folder_id, src_uid)" \
    ") WITHOUT ROWID;"
#define INDEX_JOB_BY_PAIR "CREATE INDEX job_by_pair ON job (host1, user1, host2, user2, run_id);"

/* Steps have added columns to these two. */
#define TABLE_FOLDER(added)                                 \
    "CREATE TABLE folder ("                                 \
    " id INTEGER PRIMARY KEY,"                              \
    " pair_id INTEGER NOT NULL REFERENCES pair (id),"       \
    " source_name TEXT NOT NULL,"                           \
    " destination_name TEXT NOT NULL,"                      \
    " source_uid_validity INTEGER NOT NULL DEFAULT 0,"      \
    " source_uid_next INTEGER NOT NULL DEFAULT 0,"          \
    " source_messages INTEGER NOT NULL DEFAULT 0,"          \
    " source_mod_seq INTEGER NOT NULL DEFAULT 0,"           \
    " destination_uid_validity INTEGER NOT NULL DEFAULT 0," \
    " destination_uid_next INTEGER NOT NULL DEFAULT 0,"     \
    " destination_messages INTEGER NOT NULL DEFAULT 0,"     \
    " destination_mod_seq INTEGER NOT NULL DEFAULT 0,"      \
    " rules INTEGER NOT NULL DEFAULT 0,"                    \
    " source INTEGER NOT NULL DEFAULT 0,"                   \
    " copied INTEGER NOT NULL DEFAULT 0,"                   \
    " already INTEGER NOT NULL DEFAULT 0,"                  \
    " excluded INTEGER NOT NULL DEFAULT 0,"                 \
    " too_big INTEGER NOT NULL DEFAULT 0,"                  \
    " failed INTEGER NOT NULL DEFAULT 0,"                   \
    " unreadable INTEGER NOT NULL DEFAULT 0,"               \
    " vanished INTEGER NOT NULL DEFAULT 0,"                 \
    " bytes_copied INTEGER NOT NULL DEFAULT 0,"             \
    " bracket_uid_next INTEGER NOT NULL DEFAULT 0," added   \
    " UNIQUE (pair_id, source_name, destination_name)"      \
    ");"
#define TABLE_FOLDER_PROBLEM(added)                                        \
    "CREATE TABLE folder_problem ("                                        \
    " folder_id INTEGER NOT NULL REFERENCES folder (id),"                  \
    " number INTEGER NOT NULL,"                                            \
    " uid INTEGER NOT NULL,"                                               \
    " messages INTEGER NOT NULL,"                                          \
    " message_id TEXT NOT NULL,"                                           \
    " date TEXT NOT NULL,"                                                 \
    " size_bytes INTEGER NOT NULL,"                                        \
    " reason TEXT NOT NULL,"                                               \
    " server_text TEXT NOT NULL," added " PRIMARY KEY (folder_id, number)" \
    ") WITHOUT ROWID;"

#define ADDED_TO_FOLDER " not_selected INTEGER NOT NULL DEFAULT 0,"
#define ADDED_TO_FOLDER_PROBLEM \
    " diagnosis TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '',"

/* The schema as the steps below leave it: what a fresh store is made with, at once. Who adds a step
   adds it here too. Status and reason are kept by name: they must read the same when the lists in
   store.h grow. copied and bytes_copied of a folder are always 0; they are there so that its counts
   read like any other's. */
static const char store_schema_whole[] =
    "CREATE TABLE run ("
    " id TEXT NOT NULL PRIMARY KEY,"
    " command TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " manifest TEXT NOT NULL,"
    " settings TEXT NOT NULL,"
    " started_msecs INTEGER NOT NULL,"
    " ended_msecs INTEGER NOT NULL,"
    " exit_code INTEGER NOT NULL,"
    " is_final INTEGER NOT NULL DEFAULT 0,"
    " manifest_sha256 TEXT NOT NULL DEFAULT ''"
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
    " has_old_results INTEGER NOT NULL DEFAULT 0,"
    " trial TEXT NOT NULL DEFAULT '',"
    " is_partial INTEGER NOT NULL DEFAULT 0,"
    " deleted_source INTEGER NOT NULL DEFAULT 0,"
    " deleted_destination INTEGER NOT NULL DEFAULT 0,"
    " diagnosis TEXT NOT NULL DEFAULT '',"
    " exposure INTEGER NOT NULL DEFAULT 0,"
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
    " not_selected INTEGER NOT NULL DEFAULT 0,"
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
    " diagnosis TEXT NOT NULL DEFAULT '',"
    " subject TEXT NOT NULL DEFAULT '',"
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)"
    ");"
    "CREATE INDEX problem_by_job ON problem (run_id, job_row);"

    INDEX_JOB_BY_PAIR TABLE_FOLDER_COPIED TABLE_PAIR TABLE_FLAG_SET TABLE_MESSAGE_MAP TABLE_FOLDER(
        ADDED_TO_FOLDER) TABLE_FOLDER_PROBLEM(ADDED_TO_FOLDER_PROBLEM)
        STORE_DAILY_TABLE STORE_CHANGES_SCHEMA STORE_PACE_SCHEMA STORE_REPAIRS_SCHEMA
            STORE_COURSE_TABLES STORE_VERIFY_SCHEMA;

/* What a store of an earlier schema lacks. Steps are only ever added at the end; one that was
   released is never changed. */
static const struct {
    int to_version;
    const char *sql;
} store_migrations[] = {
    /* A mailbox across runs; and jobs that are tried more than once in a run. */
    {2, INDEX_JOB_BY_PAIR

     "ALTER TABLE job ADD COLUMN has_old_results INTEGER NOT NULL DEFAULT 0;"

     TABLE_FOLDER_COPIED},

    /* What a pair's next run wants to know, see store_map.h. */
    {3, TABLE_PAIR TABLE_FOLDER("") TABLE_FLAG_SET TABLE_MESSAGE_MAP TABLE_FOLDER_PROBLEM("")},

    {4, STORE_CRON_SCHEMA},

    /* What a job was asked to delete, and did. */
    {5, "ALTER TABLE job ADD COLUMN deleted_source INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE job ADD COLUMN deleted_destination INTEGER NOT NULL DEFAULT 0;"},

    {6, STORE_CHANGES_SCHEMA},
    {7, STORE_PACE_SCHEMA},
    {8, STORE_DIAGNOSES_SCHEMA},

    /* What a selection leaves out is counted, not listed. */
    {9, "ALTER TABLE folder_result ADD COLUMN not_selected INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE folder ADD COLUMN not_selected INTEGER NOT NULL DEFAULT 0;"},

    {10, STORE_REPAIRS_SCHEMA},

    {11, STORE_COURSE_SCHEMA},

    /* What was not protected, since that was asked for: bits of enum store_exposure. */
    {12, "ALTER TABLE job ADD COLUMN exposure INTEGER NOT NULL DEFAULT 0;"},

    {13, STORE_VERIFY_SCHEMA},
};

#define STORE_MIGRATION_COUNT (sizeof(store_migrations) / sizeof(store_migrations[0]))
#define STORE_SCHEMA_NEWEST   (store_migrations[STORE_MIGRATION_COUNT - 1].to_version)

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
    if (version == 0)
        return sqlite3_exec(db, store_schema_whole, NULL, NULL, NULL) == SQLITE_OK &&
               store_schema_set_version(db, STORE_SCHEMA_NEWEST);
    for (size_t i = 0; i < STORE_MIGRATION_COUNT; i++) {
        if (store_migrations[i].to_version <= version)
            continue;
        if (sqlite3_exec(db, store_migrations[i].sql, NULL, NULL, NULL) != SQLITE_OK ||
            !store_schema_set_version(db, store_migrations[i].to_version))
            return false;
    }
    return true;
}

/* Whether the tables are ours: those of the first schema, or none at all in a file without any. */
static bool store_schema_is_ours(sqlite3 *db, int version, bool *is_ours_r)
{
    sqlite3_stmt *statement = NULL;
    bool is_ok = sqlite3_prepare_v2(db,
                                    "SELECT COUNT(*), TOTAL(name IN ('run', 'job',"
                                    " 'folder_result', 'problem')) FROM sqlite_master"
                                    " WHERE type = 'table'",
                                    -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    *is_ours_r = is_ok && (version == 0 ? sqlite3_column_int(statement, 0) == 0
                                        : sqlite3_column_int(statement, 1) == 4);
    return sqlite3_finalize(statement) == SQLITE_OK && is_ok;
}

/* A file that this program can't use is left as it is. */
static bool store_schema_check(sqlite3 *db, const char *path, int version, struct fault *fault_r)
{
    bool is_ours;
    if (!store_schema_is_ours(db, version, &is_ours))
        return store_fault(fault_r, FAULT_SCOPE_RUN, "read the store", path, db);
    if (!is_ours) {
        fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "%s is a database of another program, not a store of mailconvoy; use another"
                  " work directory",
                  path);
        return false;
    }
    if (version <= STORE_SCHEMA_NEWEST)
        return true;
    fault_set(fault_r, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "the store %s was written by a newer mailconvoy (schema %d, this program knows"
              " up to %d); use that program, or another work directory",
              path, version, STORE_SCHEMA_NEWEST);
    return false;
}

bool store_schema_migrate(sqlite3 *db, const char *path, struct fault *fault_r)
{
    int version;
    if (!store_schema_version(db, &version))
        return store_fault(fault_r, FAULT_SCOPE_RUN, "read the store", path, db);
    if (!store_schema_check(db, path, version, fault_r))
        return false;
    if (version == STORE_SCHEMA_NEWEST)
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
