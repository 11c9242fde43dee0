/* SPDX-License-Identifier: MIT
 * What runs that follow each other need of the store: its schema step and its statements. For
 * store_daily.c and store_runs.c, through store_private.h. */
#ifndef STORE_STORE_CRON_PRIVATE_H
#define STORE_STORE_CRON_PRIVATE_H

/* Bytes by account and day. */
#define STORE_DAILY_TABLE               \
    "CREATE TABLE daily_bytes ("        \
    " account TEXT NOT NULL,"           \
    " side INTEGER NOT NULL,"           \
    " day INTEGER NOT NULL,"            \
    " bytes INTEGER NOT NULL,"          \
    " PRIMARY KEY (account, side, day)" \
    ") WITHOUT ROWID;"

/* And what kind of run it was. */
#define STORE_CRON_SCHEMA                                             \
    "ALTER TABLE run ADD COLUMN is_final INTEGER NOT NULL DEFAULT 0;" \
    "ALTER TABLE job ADD COLUMN trial TEXT NOT NULL DEFAULT '';"      \
    "ALTER TABLE job ADD COLUMN is_partial INTEGER NOT NULL DEFAULT 0;" STORE_DAILY_TABLE

/* What servers allow, in thousandths of a message a second. */
#define STORE_PACE_SCHEMA            \
    "CREATE TABLE pace ("            \
    " account TEXT NOT NULL,"        \
    " side INTEGER NOT NULL,"        \
    " rate_milli INTEGER NOT NULL,"  \
    " noted_msecs INTEGER NOT NULL," \
    " PRIMARY KEY (account, side)"   \
    ") WITHOUT ROWID;"

#define STORE_CRON_SAME_PAIR                                                              \
    "p.host1 = j.host1 AND p.user1 = j.user1 AND p.host2 = j.host2 AND p.user2 = j.user2" \
    " AND p.trial = j.trial AND p.status <> 'left_out'"

#define STORE_CRON_STATEMENTS(X)                                                                \
    X(DAILY_GET, "SELECT bytes FROM daily_bytes WHERE account = ?1 AND side = ?2 AND day = ?3") \
    X(DAILY_ADD, "INSERT INTO daily_bytes (account, side, day, bytes) VALUES (?1, ?2, ?3, ?4)"  \
                 " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes")                   \
    X(DAILY_FORGET, "DELETE FROM daily_bytes WHERE day < ?1")                                   \
    X(PACE_GET, "SELECT rate_milli, noted_msecs FROM pace WHERE account = ?1 AND side = ?2")    \
    X(PACE_PUT, "INSERT OR REPLACE INTO pace (account, side, rate_milli, noted_msecs)"          \
                " VALUES (?1, ?2, ?3, ?4)")                                                     \
    X(JOBS_LEAVE_OUT,                                                                           \
      "UPDATE job AS j SET status = 'left_out' WHERE j.run_id = ?1 AND EXISTS (SELECT 1"        \
      " FROM job p INDEXED BY job_by_pair WHERE " STORE_CRON_SAME_PAIR                          \
      " AND p.run_id < ?1) AND NOT EXISTS (SELECT 1"                                            \
      " FROM job p INDEXED BY job_by_pair WHERE " STORE_CRON_SAME_PAIR                          \
      " AND p.status <> 'complete'"                                                             \
      " AND p.run_id = (SELECT MAX(p.run_id) FROM job p INDEXED BY job_by_pair "                \
      "WHERE " STORE_CRON_SAME_PAIR " AND p.run_id < ?1))")                                     \
    X(JOBS_LEFT_OUT, "SELECT job_row FROM job WHERE run_id = ?1 AND status = 'left_out'"        \
                     " ORDER BY job_row")                                                       \
    X(JOBS_PAUSE, "UPDATE job SET status = 'paused', error_code = ?2, error = ?3,"              \
                  " diagnosis = ?2" /* that of a fault of our own has its code's name */        \
                  " WHERE run_id = ?1 AND status = 'not_started'")                              \
    X(RUNS, "SELECT id FROM run ORDER BY id DESC")                                              \
    X(RUN_FORGET_PROBLEMS, "DELETE FROM problem WHERE run_id = ?1")                             \
    X(RUN_FORGET_COPIED, "DELETE FROM folder_copied WHERE run_id = ?1")                         \
    X(RUN_FORGET_FOLDERS, "DELETE FROM folder_result WHERE run_id = ?1")                        \
    X(RUN_FORGET_JOBS, "DELETE FROM job WHERE run_id = ?1")                                     \
    X(RUN_FORGET, "DELETE FROM run WHERE id = ?1")

#endif
