/* SPDX-License-Identifier: MIT
 * Messages that were changed on their way: the schema step and the statements. For store_changes.c
 * and store_runs.c, through store_private.h. */
#ifndef STORE_STORE_CHANGES_PRIVATE_H
#define STORE_STORE_CHANGES_PRIVATE_H

#define STORE_CHANGES_SCHEMA                                          \
    "CREATE TABLE message_change ("                                   \
    " run_id TEXT NOT NULL,"                                          \
    " job_row INTEGER NOT NULL,"                                      \
    " kind TEXT NOT NULL,"                                            \
    " messages INTEGER NOT NULL,"                                     \
    " PRIMARY KEY (run_id, job_row, kind),"                           \
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)" \
    ") WITHOUT ROWID;"

/* Those whose form was made right, one by one. */
#define STORE_REPAIRS_SCHEMA                                          \
    "CREATE TABLE message_repair ("                                   \
    " run_id TEXT NOT NULL,"                                          \
    " job_row INTEGER NOT NULL,"                                      \
    " folder TEXT NOT NULL,"                                          \
    " uid INTEGER NOT NULL,"                                          \
    " kinds TEXT NOT NULL,"                                           \
    " PRIMARY KEY (run_id, job_row, folder, uid),"                    \
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row)" \
    ") WITHOUT ROWID;"

#define STORE_CHANGES_STATEMENTS(X)                                                             \
    X(CHANGE_ADD, "INSERT INTO message_change (run_id, job_row, kind, messages)"                \
                  " VALUES (?1, ?2, ?3, ?4)"                                                    \
                  " ON CONFLICT DO UPDATE SET messages = messages + excluded.messages")         \
    X(CHANGES, "SELECT kind, messages FROM message_change WHERE run_id = ?1 AND job_row = ?2")  \
    X(CHANGES_SUM,                                                                              \
      "SELECT kind, SUM(messages) FROM message_change WHERE run_id = ?1 GROUP BY kind")         \
    X(FOLDERS_CHANGED,                                                                          \
      "SELECT TOTAL(is_renamed), TOTAL(is_merged) FROM folder_result WHERE run_id = ?1")        \
    X(RUN_FORGET_CHANGES, "DELETE FROM message_change WHERE run_id = ?1")                       \
    X(REPAIR_ADD, "INSERT OR REPLACE INTO message_repair (run_id, job_row, folder, uid, kinds)" \
                  " VALUES (?1, ?2, ?3, ?4, ?5)")                                               \
    X(REPAIRS, "SELECT folder, uid, kinds FROM message_repair"                                  \
               " WHERE run_id = ?1 AND job_row = ?2 ORDER BY folder, uid")                      \
    X(RUN_FORGET_REPAIRS, "DELETE FROM message_repair WHERE run_id = ?1")

#endif
