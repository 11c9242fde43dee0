/* SPDX-License-Identifier: MIT
 * Shared by the files of the SQLite store; nobody else includes it. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"
#include "store/store_changes_private.h"
#include "store/store_course_private.h"
#include "store/store_cron_private.h"
#include "store/store_diagnoses_private.h"
#include "store/store_verify_private.h"

/* So many rows of the map go in by one statement, at a third of what single ones cost. */
#define STORE_MAP_MANY 32
#define MAP_ROW_SQL    "(?, ?, ?, ?, ?)"
#define MAP_ROWS4_SQL  MAP_ROW_SQL "," MAP_ROW_SQL "," MAP_ROW_SQL "," MAP_ROW_SQL
#define MAP_MANY_SQL                                                                      \
    MAP_ROWS4_SQL "," MAP_ROWS4_SQL "," MAP_ROWS4_SQL "," MAP_ROWS4_SQL "," MAP_ROWS4_SQL \
                  "," MAP_ROWS4_SQL "," MAP_ROWS4_SQL "," MAP_ROWS4_SQL

/* store_map.c and its neighbours */
#define STORE_MAP_STATEMENTS(X)                                                                   \
    X(PAIR_ADD, "INSERT INTO pair (host1, user1, host2, user2) VALUES (?1, ?2, ?3, ?4)"           \
                " ON CONFLICT DO NOTHING")                                                        \
    X(PAIR_ID, "SELECT id FROM pair"                                                              \
               " WHERE host1 = ?1 AND user1 = ?2 AND host2 = ?3 AND user2 = ?4")                  \
    X(MAP_FOLDERS,                                                                                \
      "SELECT p.id, f.id, f.source_name, f.destination_name, f.source_uid_validity,"              \
      " f.source_uid_next, f.source_messages, f.source_mod_seq, f.destination_uid_validity,"      \
      " f.destination_uid_next, f.destination_messages, f.destination_mod_seq, f.rules,"          \
      " f.source, f.copied, f.already, f.excluded, f.too_big, f.failed, f.unreadable,"            \
      " f.vanished, f.bytes_copied, f.not_selected, f.bracket_uid_next"                           \
      " FROM pair p LEFT JOIN folder f ON f.pair_id = p.id"                                       \
      " WHERE p.host1 = ?1 AND p.user1 = ?2 AND p.host2 = ?3 AND p.user2 = ?4")                   \
    X(MAP_FOLDER_STORED,                                                                          \
      "SELECT id, source_uid_validity, destination_uid_validity, bracket_uid_next FROM folder"    \
      " WHERE pair_id = ?1 AND source_name = ?2 AND destination_name = ?3")                       \
    X(MAP_FOLDER_ADD,                                                                             \
      "INSERT INTO folder (pair_id, source_name, destination_name) VALUES (?1, ?2, ?3)")          \
    X(MAP_BRACKET, "UPDATE folder SET source_uid_validity = ?2, destination_uid_validity = ?3,"   \
                   " bracket_uid_next = ?4 WHERE id = ?1")                                        \
    X(MAP_FOLDER_SAVE,                                                                            \
      "UPDATE folder SET source_uid_validity = ?2, source_uid_next = ?3,"                         \
      " source_messages = ?4, source_mod_seq = ?5, destination_uid_validity = ?6,"                \
      " destination_uid_next = ?7, destination_messages = ?8, destination_mod_seq = ?9,"          \
      " rules = ?10, source = ?11, already = ?12, excluded = ?13, too_big = ?14,"                 \
      " failed = ?15, unreadable = ?16, vanished = ?17, bracket_uid_next = ?18,"                  \
      " not_selected = ?19 WHERE id = ?1")                                                        \
    X(MAP_SOURCE_FORGET,                                                                          \
      "UPDATE folder SET source_uid_validity = 0, source_uid_next = 0, source_messages = 0,"      \
      " source_mod_seq = 0, rules = 0, source = 0, already = 0, excluded = 0, too_big = 0,"       \
      " failed = 0, unreadable = 0, vanished = 0, not_selected = 0 WHERE id = ?1")                \
    X(MAP_DESTINATION_FORGET,                                                                     \
      "UPDATE folder SET destination_uid_validity = 0, destination_uid_next = 0,"                 \
      " destination_messages = 0, destination_mod_seq = 0 WHERE id = ?1")                         \
    X(MAP_ROWS_FORGET, "DELETE FROM message_map WHERE folder_id = ?1")                            \
    X(MAP_ROWS_FORGET_DESTINATION,                                                                \
      "UPDATE message_map SET dst_uid = 0 WHERE folder_id = ?1 AND dst_uid <> 0")                 \
    X(MAP_PROBLEMS_FORGET, "DELETE FROM folder_problem WHERE folder_id = ?1")                     \
    X(MAP_PROBLEMS_KEEP,                                                                          \
      "INSERT INTO folder_problem (folder_id, number, uid, messages, message_id,"                 \
      " date, size_bytes, reason, server_text, diagnosis, subject)"                               \
      " SELECT ?1, id, uid, messages, message_id, date, size_bytes, reason, server_text,"         \
      " diagnosis, subject"                                                                       \
      " FROM problem WHERE run_id = ?2 AND job_row = ?3 AND folder = ?4"                          \
      " AND reason NOT IN " STORE_VERIFY_REASONS)                                                 \
    X(MAP_PROBLEMS_REPEAT,                                                                        \
      "INSERT INTO problem (run_id, job_row, folder, uid, messages, message_id,"                  \
      " date, size_bytes, reason, server_text, diagnosis, subject)"                               \
      " SELECT ?2, ?3, ?4, uid, messages, message_id, date, size_bytes, reason, server_text,"     \
      " diagnosis, subject"                                                                       \
      " FROM folder_problem WHERE folder_id = ?1 ORDER BY number")                                \
    X(MAP_FOLDER_FIND, "SELECT 1 FROM folder WHERE id = ?1")                                      \
    X(MAP_PUT, "INSERT OR REPLACE INTO message_map (folder_id, src_uid, dst_uid, flags, outcome)" \
               " VALUES (?1, ?2, ?3, ?4, ?5)")                                                    \
    X(MAP_PUT_MANY, "INSERT OR REPLACE INTO message_map"                                          \
                    " (folder_id, src_uid, dst_uid, flags, outcome) VALUES " MAP_MANY_SQL)        \
    X(MAP_SET_FLAGS,                                                                              \
      "UPDATE message_map SET flags = ?3 WHERE folder_id = ?1 AND src_uid = ?2 AND flags <> ?3")  \
    X(MAP_REMOVE, "DELETE FROM message_map WHERE folder_id = ?1 AND src_uid = ?2")                \
    X(MAP_READ, "SELECT src_uid, dst_uid, flags, outcome FROM message_map"                        \
                " WHERE folder_id = ?1 AND src_uid BETWEEN ?2 AND ?3 ORDER BY src_uid LIMIT ?4")  \
    X(FLAGS_ALL, "SELECT id, flags FROM flag_set WHERE pair_id = ?1 ORDER BY id")                 \
    X(FLAGS_ADD, "INSERT INTO flag_set (pair_id, id, flags)"                                      \
                 " SELECT ?1, COALESCE(MAX(id), 0) + 1, ?2 FROM flag_set WHERE pair_id = ?1")     \
    X(FLAGS_NEWEST, "SELECT MAX(id) FROM flag_set WHERE pair_id = ?1")

/* X(name, SQL): every statement that runs more than once; prepared when first used, then kept. */
#define STORE_STATEMENTS(X)                                                                        \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(RUN_BEGIN,                                                                                   \
      "INSERT INTO run (id, command, version, manifest, settings, started_msecs, ended_msecs,"     \
      " exit_code, is_final, manifest_sha256)"                                                     \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, -1, ?7, ?8)")                                           \
    X(RUN_END, "UPDATE run SET ended_msecs = ?2, exit_code = ?3 WHERE id = ?1")                    \
    X(JOB_ADD, "INSERT INTO job (run_id, job_row, label, host1, user1, host2, user2, status,"      \
               " started_msecs, ended_msecs, error_code, error, trial, is_partial, exposure)"      \
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, '', '', ?9, ?10, ?11)")             \
    X(JOB_START, "UPDATE job SET has_old_results = started_msecs <> 0, started_msecs ="            \
                 " CASE started_msecs WHEN 0 THEN ?3 ELSE started_msecs END, ended_msecs = 0,"     \
                 " error_code = '', error = '', diagnosis = ''"                                    \
                 " WHERE run_id = ?1 AND job_row = ?2")                                            \
    X(JOB_TAKE_OLD, "UPDATE job SET has_old_results = 0"                                           \
                    " WHERE run_id = ?1 AND job_row = ?2 AND has_old_results = 1")                 \
    X(JOB_KEEP_COPIED,                                                                             \
      "INSERT INTO folder_copied (run_id, job_row, source_name, copied, bytes_copied)"             \
      " SELECT run_id, job_row, source_name, copied, bytes_copied FROM folder_result"              \
      " WHERE run_id = ?1 AND job_row = ?2 AND copied > 0"                                         \
      " ON CONFLICT DO UPDATE SET copied = MAX(copied, excluded.copied),"                          \
      " bytes_copied = MAX(bytes_copied, excluded.bytes_copied)")                                  \
    X(JOB_FORGET_FOLDERS, "DELETE FROM folder_result WHERE run_id = ?1 AND job_row = ?2")          \
    X(JOB_FORGET_PROBLEMS, "DELETE FROM problem WHERE run_id = ?1 AND job_row = ?2"                \
                           " AND reason NOT IN " STORE_VERIFY_REASONS)                             \
    X(JOB_END, "UPDATE job SET status = ?3, ended_msecs = ?4, error_code = ?5, error = ?6"         \
               " WHERE run_id = ?1 AND job_row = ?2")                                              \
    X(JOB_DELETED, "UPDATE job SET deleted_source = deleted_source + ?3,"                          \
                   " deleted_destination = deleted_destination + ?4"                               \
                   " WHERE run_id = ?1 AND job_row = ?2")                                          \
    X(FOLDER_ADD,                                                                                  \
      "INSERT OR REPLACE INTO folder_result (run_id, job_row, source_name, destination_name,"      \
      " is_renamed, is_merged, is_failed, error, source, copied, already, excluded, too_big,"      \
      " failed, unreadable, vanished, bytes_copied, not_selected)"                                 \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)") \
    X(FOLDER_COPIED, "SELECT copied, bytes_copied FROM folder_copied"                              \
                     " WHERE run_id = ?1 AND job_row = ?2 AND source_name = ?3")                   \
    X(PROBLEM_ADD,                                                                                 \
      "INSERT INTO problem (run_id, job_row, folder, uid, messages, message_id, date, size_bytes," \
      " reason, server_text, diagnosis, subject)"                                                  \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")                               \
    X(RUN_GET,                                                                                     \
      "SELECT id, command, version, manifest, settings, started_msecs, ended_msecs, exit_code,"    \
      " is_final, manifest_sha256 FROM run WHERE id = ?1")                                         \
    X(RUN_GET_NEWEST,                                                                              \
      "SELECT id, command, version, manifest, settings, started_msecs, ended_msecs, exit_code,"    \
      " is_final, manifest_sha256 FROM run ORDER BY started_msecs DESC, id DESC LIMIT 1")          \
    X(JOBS,                                                                                        \
      "SELECT j.job_row, j.label, j.host1, j.user1, j.host2, j.user2, j.status, j.started_msecs,"  \
      " j.ended_msecs, j.error_code, j.error, j.diagnosis, j.trial, j.is_partial, j.exposure, "    \
      "j.deleted_source,"                                                                          \
      " j.deleted_destination, COUNT(f.id), "                                                      \
      "COALESCE(SUM(f.source), 0),"                                                                \
      " COALESCE(SUM(f.copied), 0), COALESCE(SUM(f.already), 0), COALESCE(SUM(f.excluded), 0),"    \
      " COALESCE(SUM(f.too_big), 0), COALESCE(SUM(f.failed), 0), COALESCE(SUM(f.unreadable), 0),"  \
      " COALESCE(SUM(f.vanished), 0), COALESCE(SUM(f.bytes_copied), 0),"                           \
      " COALESCE(SUM(f.not_selected), 0)"                                                          \
      " FROM job j LEFT JOIN folder_result f ON f.run_id = j.run_id AND f.job_row = j.job_row"     \
      " WHERE j.run_id = ?1 AND j.job_row > ?2"                                                    \
      " GROUP BY j.run_id, j.job_row ORDER BY j.run_id, j.job_row LIMIT ?3")                       \
    X(FOLDERS,                                                                                     \
      "SELECT source_name, destination_name, is_renamed, is_merged, is_failed, error, source,"     \
      " copied, already, excluded, too_big, failed, unreadable, vanished, bytes_copied,"           \
      " not_selected"                                                                              \
      " FROM folder_result WHERE run_id = ?1 AND job_row = ?2 ORDER BY id")                        \
    X(PROBLEMS, "SELECT p.job_row, j.user1, p.folder, p.uid, p.messages, p.message_id, p.date,"    \
                " p.size_bytes, p.reason, p.server_text, p.diagnosis, p.subject"                   \
                " FROM problem p JOIN job j ON j.run_id = p.run_id AND j.job_row = p.job_row"      \
                " WHERE p.run_id = ?1 ORDER BY p.job_row, p.id")                                   \
    X(JOB_PROBLEMS, "SELECT p.job_row, j.user1, p.folder, p.uid, p.messages, p.message_id,"        \
                    " p.date, p.size_bytes, p.reason, p.server_text, p.diagnosis, p.subject"       \
                    " FROM problem p JOIN job j ON j.run_id = p.run_id AND j.job_row = p.job_row"  \
                    " WHERE p.run_id = ?1 AND p.job_row = ?2"                                      \
                    " ORDER BY p.reason IN ('excluded', 'vanished'), p.id")                        \
    X(PAIR_SIZES,                                                                                  \
      "SELECT j.job_row, (SELECT (SELECT SUM(f.source) FROM folder_result f"                       \
      " WHERE f.run_id = p.run_id AND f.job_row = p.job_row)"                                      \
      " FROM job p WHERE p.host1 = j.host1 AND p.user1 = j.user1 AND p.host2 = j.host2"            \
      " AND p.user2 = j.user2 AND p.run_id < j.run_id AND EXISTS (SELECT 1 FROM folder_result f"   \
      " WHERE f.run_id = p.run_id AND f.job_row = p.job_row)"                                      \
      " ORDER BY p.run_id DESC LIMIT 1) AS messages"                                               \
      " FROM job j WHERE j.run_id = ?1 AND messages IS NOT NULL ORDER BY j.job_row")               \
    STORE_MAP_STATEMENTS(X)                                                                        \
    STORE_CRON_STATEMENTS(X)                                                                       \
    STORE_VERIFY_STATEMENTS(X)                                                                     \
    STORE_CHANGES_STATEMENTS(X)                                                                    \
    STORE_COURSE_STATEMENTS(X)                                                                     \
    STORE_DIAGNOSES_STATEMENTS(X)

enum store_statement {
#define STORE_STATEMENT_ENUM(name, sql) STORE_SQL_##name,
    STORE_STATEMENTS(STORE_STATEMENT_ENUM)
#undef STORE_STATEMENT_ENUM
    STORE_STATEMENT_COUNT
};

struct store {
    pthread_mutex_t mutex; /* guards all below */
    char *path;
    int64_t left_msecs; /* see store_left_msecs(); never changes */
    sqlite3 *db;        /* opened without SQLite's own locks */
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
    int64_t begun_nsecs;    /* when the open transaction began; 0: there is none */
    unsigned int row_count; /* rows written in it */
    bool is_broken;         /* grouped rows were lost; `fault` says how */
    struct fault fault;
};

/* store_open() through another VFS of SQLite's (NULL: the usual one); for tests. */
bool store_open_vfs(const char *path, const char *vfs, struct store **store_r,
                    struct fault *fault_r);

/* store_file.c: opens the file, which is made first if it is missing. The connection is set up and
   its schema is this program's. */
bool store_file_open(const char *path, const char *vfs, sqlite3 **db_r, struct fault *fault_r);

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
/* After a write: notes its rows and commits when it is time. */
bool store_transaction_note(struct store *store, unsigned int row_count, struct fault *fault_r);
bool store_transaction_commit(struct store *store, struct fault *fault_r);
/* Commits, and waits until all that was ever committed is on the disk. SQLite's own way
   (synchronous = FULL) does not wait when a commit changes no page, though earlier ones may not be
   safe yet. */
bool store_transaction_sync(struct store *store, struct fault *fault_r);
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
/* source, copied, already, excluded, too_big, failed, unreadable, vanished, bytes_copied,
   not_selected */
void store_bind_counts(struct store_binder *binder, const struct message_counts *counts);

enum store_write_kind {
    STORE_WRITE_GROUPED,   /* committed with others, soon */
    STORE_WRITE_COMMITTED, /* by the end */
    STORE_WRITE_DURABLE,   /* and on the disk */
};

/* store_write.c: a write in progress; the mutex is held from begin to end. */
struct store_write {
    struct store *store;
    struct store_binder binder;
    enum store_write_kind kind;
    unsigned int row_count; /* that the last step has written; 1 at the start */
    const char *what;       /* for the sentence: "can't WHAT PATH: ..." */
};

/* Takes the lock and opens the transaction. False: nothing is held. */
bool store_write_begin(struct store_write *write, struct store *store, enum store_write_kind kind,
                       const char *what, struct fault *fault_r);
/* Chooses the statement whose values are bound next. */
bool store_write_use(struct store_write *write, enum store_statement which, struct fault *fault_r);
/* Runs it. With must_change a write that met no row is a fault: the run or job is not there. */
bool store_write_step(struct store_write *write, bool must_change, struct fault *fault_r);
/* What the write is about is not there. */
void store_write_missed(const struct store_write *write, struct fault *fault_r);
/* Runs a statement of at most one row. *found_r: its columns may be taken, until
   store_statement_end() of the binder's statement, which is the caller's then. */
bool store_write_get(struct store_write *write, bool *found_r, struct fault *fault_r);
/* Before a result or problem of this attempt at a job: drops those of an earlier one. */
bool store_write_drop_old(struct store_write *write, const char *run_id, int64_t row,
                          struct fault *fault_r);
/* Gives the lock back. Rows that count (is_ok) are committed as the kind says. */
bool store_write_end(struct store_write *write, bool is_ok, struct fault *fault_r);

/* store_read.c: takes the columns of a row one after the other. */
struct store_columns {
    sqlite3_stmt *statement;
    int index;
};
const char *store_take_text(struct store_columns *columns);
int64_t store_take_int64(struct store_columns *columns);
uint64_t store_take_uint64(struct store_columns *columns);
/* What is no number of 32 bits can only come from a damaged file, and is 0. */
uint32_t store_take_uint32(struct store_columns *columns);
void store_take_counts(struct store_columns *columns, struct message_counts *counts_r);

/* A query in progress; the mutex is held from begin to end. */
struct store_query {
    struct store *store;
    struct store_binder binder;
};
bool store_query_begin(struct store_query *query, struct store *store, enum store_statement which,
                       struct fault *fault_r);
/* The next row's columns, or false at the end or on a fault. */
bool store_query_next(struct store_query *query, struct store_columns *columns_r);
bool store_query_end(struct store_query *query, struct fault *fault_r);

#endif
