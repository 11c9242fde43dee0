/* SPDX-License-Identifier: MIT
 * What --verify found: the schema step and the statements. For store_verify.c and store_runs.c,
 * through store_private.h. */
#ifndef STORE_STORE_VERIFY_PRIVATE_H
#define STORE_STORE_VERIFY_PRIVATE_H

#define STORE_VERIFY_SCHEMA                                           \
    "CREATE TABLE verification ("                                     \
    " run_id TEXT NOT NULL,"                                          \
    " job_row INTEGER NOT NULL,"                                      \
    " source_name TEXT NOT NULL,"                                     \
    " destination_name TEXT NOT NULL,"                                \
    " level INTEGER NOT NULL,"                                        \
    " source INTEGER NOT NULL,"                                       \
    " found INTEGER NOT NULL,"                                        \
    " different INTEGER NOT NULL,"                                    \
    " unread INTEGER NOT NULL,"                                       \
    " missing INTEGER NOT NULL,"                                      \
    " gone INTEGER NOT NULL,"                                         \
    " excepted INTEGER NOT NULL,"                                     \
    " later INTEGER NOT NULL,"                                        \
    " extra INTEGER NOT NULL,"                                        \
    " read INTEGER NOT NULL,"                                         \
    " bytes_read INTEGER NOT NULL,"                                   \
    " PRIMARY KEY (run_id, job_row, source_name),"                    \
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)" \
    ") WITHOUT ROWID;"

/* The reasons that --verify gives. Problems of the copy are dropped and kept without them. */
#define STORE_VERIFY_REASONS "('missing', 'gone', 'different', 'unread')"

#define STORE_VERIFY_STATEMENTS(X)                                                                 \
    X(VERIFICATION_PUT,                                                                            \
      "INSERT OR REPLACE INTO verification (run_id, job_row, source_name, destination_name,"       \
      " level, source, found, different, unread, missing, gone, excepted, later, extra, read,"     \
      " bytes_read)"                                                                               \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")           \
    X(VERIFICATION_FORGET,                                                                         \
      "DELETE FROM verification WHERE run_id = ?1 AND job_row = ?2 AND source_name = ?3")          \
    X(DIFFERENCES_FORGET, "DELETE FROM problem WHERE run_id = ?1 AND job_row = ?2 AND folder = ?3" \
                          " AND reason IN " STORE_VERIFY_REASONS)                                  \
    X(VERIFICATION_FIND,                                                                           \
      "SELECT 1 FROM verification WHERE run_id = ?1 AND job_row = ?2 AND source_name = ?3")        \
    X(VERIFICATIONS,                                                                               \
      "SELECT source_name, destination_name, level, source, found, different, unread, missing,"    \
      " gone, excepted, later, extra, read, bytes_read FROM verification"                          \
      " WHERE run_id = ?1 AND job_row = ?2 ORDER BY source_name")                                  \
    X(VERIFICATIONS_SUM,                                                                           \
      "SELECT COALESCE(MIN(level), 0), COUNT(*), COUNT(DISTINCT job_row),"                         \
      " COUNT(DISTINCT CASE WHEN different + unread + missing + gone > 0 THEN job_row END),"       \
      " TOTAL(source), TOTAL(found), TOTAL(different), TOTAL(unread), TOTAL(missing),"             \
      " TOTAL(gone), TOTAL(excepted), TOTAL(later), TOTAL(extra), TOTAL(read),"                    \
      " TOTAL(bytes_read) FROM verification WHERE run_id = ?1 AND job_row BETWEEN ?2 AND ?3")      \
    X(RUN_FORGET_VERIFICATIONS, "DELETE FROM verification WHERE run_id = ?1")

#endif
