/* SPDX-License-Identifier: MIT
 * Shared by the files of the SQLite store; nobody else includes it. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

/* X(name, SQL): every statement that runs more than once; prepared when first used, then kept. */
#define STORE_STATEMENTS(X)                                                                        \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(RUN_BEGIN,                                                                                   \
      "INSERT INTO run (id, command, version, manifest, settings, started_msecs, ended_msecs,"     \
      " exit_code) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, -1)")                                        \
    X(RUN_END, "UPDATE run SET ended_msecs = ?2, exit_code = ?3 WHERE id = ?1")                    \
    X(JOB_ADD, "INSERT INTO job (run_id, job_row, label, host1, user1, host2, user2, status,"      \
               " started_msecs, ended_msecs, error_code, error)"                                   \
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, '', '')")                           \
    X(JOB_START, "UPDATE job SET has_old_results = started_msecs <> 0, started_msecs ="            \
                 " CASE started_msecs WHEN 0 THEN ?3 ELSE started_msecs END, ended_msecs = 0,"     \
                 " error_code = '', error = '' WHERE run_id = ?1 AND job_row = ?2")                \
    X(JOB_TAKE_OLD, "UPDATE job SET has_old_results = 0"                                           \
                    " WHERE run_id = ?1 AND job_row = ?2 AND has_old_results = 1")                 \
    X(JOB_KEEP_COPIED,                                                                             \
      "INSERT INTO folder_copied (run_id, job_row, source_name, copied, bytes_copied)"             \
      " SELECT run_id, job_row, source_name, copied, bytes_copied FROM folder_result"              \
      " WHERE run_id = ?1 AND job_row = ?2 AND copied > 0"                                         \
      " ON CONFLICT DO UPDATE SET copied = MAX(copied, excluded.copied),"                          \
      " bytes_copied = MAX(bytes_copied, excluded.bytes_copied)")                                  \
    X(JOB_FORGET_FOLDERS, "DELETE FROM folder_result WHERE run_id = ?1 AND job_row = ?2")          \
    X(JOB_FORGET_PROBLEMS, "DELETE FROM problem WHERE run_id = ?1 AND job_row = ?2")               \
    X(JOB_END, "UPDATE job SET status = ?3, ended_msecs = ?4, error_code = ?5, error = ?6"         \
               " WHERE run_id = ?1 AND job_row = ?2")                                              \
    X(FOLDER_ADD,                                                                                  \
      "INSERT OR REPLACE INTO folder_result (run_id, job_row, source_name, destination_name,"      \
      " is_renamed, is_merged, is_failed, error, source, copied, already, excluded, too_big,"      \
      " failed, unreadable, vanished, bytes_copied)"                                               \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)")      \
    X(FOLDER_COPIED, "SELECT copied, bytes_copied FROM folder_copied"                              \
                     " WHERE run_id = ?1 AND job_row = ?2 AND source_name = ?3")                   \
    X(PROBLEM_ADD,                                                                                 \
      "INSERT INTO problem (run_id, job_row, folder, uid, messages, message_id, date, size_bytes," \
      " reason, server_text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                    \
    X(RUN_GET,                                                                                     \
      "SELECT id, command, version, manifest, settings, started_msecs, ended_msecs, exit_code"     \
      " FROM run WHERE id = ?1")                                                                   \
    X(RUN_GET_NEWEST,                                                                              \
      "SELECT id, command, version, manifest, settings, started_msecs, ended_msecs, exit_code"     \
      " FROM run ORDER BY started_msecs DESC, id DESC LIMIT 1")                                    \
    X(JOBS,                                                                                        \
      "SELECT j.job_row, j.label, j.host1, j.user1, j.host2, j.user2, j.status, j.started_msecs,"  \
      " j.ended_msecs, j.error_code, j.error, COUNT(f.id), COALESCE(SUM(f.source), 0),"            \
      " COALESCE(SUM(f.copied), 0), COALESCE(SUM(f.already), 0), COALESCE(SUM(f.excluded), 0),"    \
      " COALESCE(SUM(f.too_big), 0), COALESCE(SUM(f.failed), 0), COALESCE(SUM(f.unreadable), 0),"  \
      " COALESCE(SUM(f.vanished), 0), COALESCE(SUM(f.bytes_copied), 0)"                            \
      " FROM job j LEFT JOIN folder_result f ON f.run_id = j.run_id AND f.job_row = j.job_row"     \
      " WHERE j.run_id = ?1 AND j.job_row > ?2"                                                    \
      " GROUP BY j.run_id, j.job_row ORDER BY j.run_id, j.job_row LIMIT ?3")                       \
    X(FOLDERS,                                                                                     \
      "SELECT source_name, destination_name, is_renamed, is_merged, is_failed, error, source,"     \
      " copied, already, excluded, too_big, failed, unreadable, vanished, bytes_copied"            \
      " FROM folder_result WHERE run_id = ?1 AND job_row = ?2 ORDER BY id")                        \
    X(PROBLEMS, "SELECT p.job_row, j.user1, p.folder, p.uid, p.messages, p.message_id, p.date,"    \
                " p.size_bytes, p.reason, p.server_text"                                           \
                " FROM problem p JOIN job j ON j.run_id = p.run_id AND j.job_row = p.job_row"      \
                " WHERE p.run_id = ?1 ORDER BY p.job_row, p.id")                                   \
    X(PAIR_SIZES,                                                                                  \
      "SELECT j.job_row, (SELECT (SELECT SUM(f.source) FROM folder_result f"                       \
      " WHERE f.run_id = p.run_id AND f.job_row = p.job_row)"                                      \
      " FROM job p WHERE p.host1 = j.host1 AND p.user1 = j.user1 AND p.host2 = j.host2"            \
      " AND p.user2 = j.user2 AND p.run_id < j.run_id AND EXISTS (SELECT 1 FROM folder_result f"   \
      " WHERE f.run_id = p.run_id AND f.job_row = p.job_row)"                                      \
      " ORDER BY p.run_id DESC LIMIT 1) AS messages"                                               \
      " FROM job j WHERE j.run_id = ?1 AND messages IS NOT NULL ORDER BY j.job_row")

enum store_statement {
#define STORE_STATEMENT_ENUM(name, sql) STORE_SQL_##name,
    STORE_STATEMENTS(STORE_STATEMENT_ENUM)
#undef STORE_STATEMENT_ENUM
    STORE_STATEMENT_COUNT
};

struct store {
    pthread_mutex_t mutex; /* guards all below */
    char *path;
    sqlite3 *db; /* opened without SQLite's own locks */
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
    int64_t begun_nsecs;    /* when the open transaction began; 0: there is none */
    unsigned int row_count; /* rows written in it */
    bool is_broken;         /* grouped rows were lost; `fault` says how */
    struct fault fault;
};

/* store_schema.c: brings the file to this program's schema. `path` is for the sentences. */
bool store_schema_migrate(sqlite3 *db, const char *path, struct fault *fault_r);

/* store.c. All but the first two need the mutex. */
bool store_lock(struct store *store, struct fault *fault_r);
void store_unlock(struct store *store);
/* "can't WHAT PATH: SQLite's words". Returns false. */
bool store_fault(struct fault *fault_r, enum fault_scope scope, const char *what, const char *path,
                 sqlite3 *db);
/* A prepared statement ready for its values, or NULL. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement which,
                              struct fault *fault_r);
/* Ends the use of a statement and forgets its values, which belonged to the caller. */
void store_statement_end(sqlite3_stmt *statement);
/* Opens a transaction unless one is open. */
bool store_transaction_begin(struct store *store, struct fault *fault_r);
/* After a write: notes its row and commits when it is time. */
bool store_transaction_note(struct store *store, struct fault *fault_r);
bool store_transaction_commit(struct store *store, struct fault *fault_r);
/* After a failed write: if SQLite gave the whole transaction up, the store is broken. */
void store_transaction_check(struct store *store, const struct fault *fault);

/* Whether grouped rows wait no longer. Pure. */
bool store_commit_is_due(unsigned int row_count, int64_t begun_nsecs, int64_t now_nsecs);

/* Gives a statement its values one after the other; the first failure stays in rc. */
struct store_binder {
    sqlite3_stmt *statement;
    int index;
    int rc;
};
/* `text` must stay until store_statement_end(). */
void store_bind_text(struct store_binder *binder, const char *text);
void store_bind_int64(struct store_binder *binder, int64_t value);
void store_bind_uint64(struct store_binder *binder, uint64_t value);

#endif
