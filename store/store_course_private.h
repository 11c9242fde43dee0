/* SPDX-License-Identifier: MIT
 * The course of a run: what was sent when, and which mailboxes waited. The schema step and the
 * statements, for store_course.c and store_runs.c, through store_private.h. */
#ifndef STORE_STORE_COURSE_PRIVATE_H
#define STORE_STORE_COURSE_PRIVATE_H

#define STORE_COURSE_TABLES                                           \
    "CREATE TABLE run_sample ("                                       \
    " run_id TEXT NOT NULL,"                                          \
    " from_msecs INTEGER NOT NULL,"                                   \
    " until_msecs INTEGER NOT NULL,"                                  \
    " messages INTEGER NOT NULL,"                                     \
    " bytes INTEGER NOT NULL,"                                        \
    " PRIMARY KEY (run_id, from_msecs)"                               \
    ") WITHOUT ROWID;"                                                \
    "CREATE TABLE job_wait ("                                         \
    " run_id TEXT NOT NULL,"                                          \
    " job_row INTEGER NOT NULL,"                                      \
    " from_msecs INTEGER NOT NULL,"                                   \
    " until_msecs INTEGER NOT NULL,"                                  \
    " is_throttle INTEGER NOT NULL,"                                  \
    " PRIMARY KEY (run_id, job_row, from_msecs),"                     \
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)" \
    ") WITHOUT ROWID;"

#define STORE_COURSE_SCHEMA                                                \
    "ALTER TABLE run ADD COLUMN manifest_sha256 TEXT NOT NULL DEFAULT '';" \
    "ALTER TABLE problem ADD COLUMN subject TEXT NOT NULL DEFAULT '';"     \
    "ALTER TABLE folder_problem ADD COLUMN subject TEXT NOT NULL DEFAULT '';" STORE_COURSE_TABLES

#define STORE_COURSE_STATEMENTS(X)                                                                \
    X(SAMPLE_ADD,                                                                                 \
      "INSERT OR REPLACE INTO run_sample (run_id, from_msecs, until_msecs, messages, bytes)"      \
      " VALUES (?1, ?2, ?3, ?4, ?5)")                                                             \
    X(SAMPLES, "SELECT from_msecs, until_msecs, messages, bytes FROM run_sample"                  \
               " WHERE run_id = ?1 ORDER BY from_msecs")                                          \
    X(WAIT_ADD, "INSERT OR REPLACE INTO job_wait (run_id, job_row, from_msecs, until_msecs,"      \
                " is_throttle) VALUES (?1, ?2, ?3, ?4, ?5)")                                      \
    X(WAITS, "SELECT job_row, from_msecs, until_msecs, is_throttle FROM job_wait"                 \
             " WHERE run_id = ?1 ORDER BY job_row, from_msecs")                                   \
    X(PAIR_SUMS,                                                                                  \
      "WITH worked AS (SELECT j.run_id, j.job_row, j.host1, j.user1, j.host2, j.user2,"           \
      " j.status, j.started_msecs, j.ended_msecs, COALESCE(SUM(f.copied), 0) AS copied,"          \
      " COALESCE(SUM(f.bytes_copied), 0) AS bytes"                                                \
      " FROM job j LEFT JOIN folder_result f ON f.run_id = j.run_id AND f.job_row = j.job_row"    \
      " WHERE j.trial = '' AND j.status <> 'left_out' GROUP BY j.run_id, j.job_row)"              \
      " SELECT w.run_id, MIN(w.job_row), s.runs, s.first_copied, MAX(w.ended_msecs), s.copied,"   \
      " s.bytes FROM worked w JOIN (SELECT host1, user1, host2, user2,"                           \
      " COALESCE(MAX(CASE WHEN status <> 'not_started' THEN run_id END), MAX(run_id)) AS run_id," \
      " COUNT(DISTINCT CASE WHEN status <> 'not_started' THEN run_id END) AS runs, "              \
      "COALESCE(MIN(CASE WHEN copied > 0 THEN started_msecs"                                      \
      " END), 0) AS first_copied, SUM(copied) AS copied, SUM(bytes) AS bytes FROM worked"         \
      " GROUP BY host1, user1, host2, user2) s ON w.run_id = s.run_id AND w.host1 = s.host1"      \
      " AND w.user1 = s.user1 AND w.host2 = s.host2 AND w.user2 = s.user2"                        \
      " GROUP BY w.host1, w.user1, w.host2, w.user2")                                             \
    X(RUN_FORGET_SAMPLES, "DELETE FROM run_sample WHERE run_id = ?1")                             \
    X(RUN_FORGET_WAITS, "DELETE FROM job_wait WHERE run_id = ?1")

#endif
