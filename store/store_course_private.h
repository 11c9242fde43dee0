/* SPDX-License-Identifier: MIT
 * The course of a run: what was sent when, and which mailboxes waited. The schema step and the
 * statements, for store_course.c and store_runs.c, through store_private.h. */
#ifndef STORE_STORE_COURSE_PRIVATE_H
#define STORE_STORE_COURSE_PRIVATE_H

#define STORE_COURSE_SCHEMA                                                   \
    "ALTER TABLE run ADD COLUMN manifest_sha256 TEXT NOT NULL DEFAULT '';"    \
    "ALTER TABLE problem ADD COLUMN subject TEXT NOT NULL DEFAULT '';"        \
    "ALTER TABLE folder_problem ADD COLUMN subject TEXT NOT NULL DEFAULT '';" \
    "CREATE TABLE run_sample ("                                               \
    " run_id TEXT NOT NULL,"                                                  \
    " from_msecs INTEGER NOT NULL,"                                           \
    " until_msecs INTEGER NOT NULL,"                                          \
    " messages INTEGER NOT NULL,"                                             \
    " bytes INTEGER NOT NULL,"                                                \
    " PRIMARY KEY (run_id, from_msecs)"                                       \
    ") WITHOUT ROWID;"                                                        \
    "CREATE TABLE job_wait ("                                                 \
    " run_id TEXT NOT NULL,"                                                  \
    " job_row INTEGER NOT NULL,"                                              \
    " from_msecs INTEGER NOT NULL,"                                           \
    " until_msecs INTEGER NOT NULL,"                                          \
    " is_throttle INTEGER NOT NULL,"                                          \
    " PRIMARY KEY (run_id, job_row, from_msecs),"                             \
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)"         \
    ") WITHOUT ROWID;"

#define STORE_COURSE_STATEMENTS(X)                                                           \
    X(SAMPLE_ADD,                                                                            \
      "INSERT OR REPLACE INTO run_sample (run_id, from_msecs, until_msecs, messages, bytes)" \
      " VALUES (?1, ?2, ?3, ?4, ?5)")                                                        \
    X(SAMPLES, "SELECT from_msecs, until_msecs, messages, bytes FROM run_sample"             \
               " WHERE run_id = ?1 ORDER BY from_msecs")                                     \
    X(WAIT_ADD, "INSERT OR REPLACE INTO job_wait (run_id, job_row, from_msecs, until_msecs," \
                " is_throttle) VALUES (?1, ?2, ?3, ?4, ?5)")                                 \
    X(WAITS, "SELECT job_row, from_msecs, until_msecs, is_throttle FROM job_wait"            \
             " WHERE run_id = ?1 ORDER BY job_row, from_msecs")                              \
    X(RUN_FORGET_SAMPLES, "DELETE FROM run_sample WHERE run_id = ?1")                        \
    X(RUN_FORGET_WAITS, "DELETE FROM job_wait WHERE run_id = ?1")

#endif
