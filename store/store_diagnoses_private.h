/* SPDX-License-Identifier: MIT
 * What the store keeps of diagnoses: its schema step and its statements. For store_diagnoses.c,
 * through store_private.h. */
#ifndef STORE_STORE_DIAGNOSES_PRIVATE_H
#define STORE_STORE_DIAGNOSES_PRIVATE_H

#define STORE_DIAGNOSES_SCHEMA                                           \
    "ALTER TABLE job ADD COLUMN diagnosis TEXT NOT NULL DEFAULT '';"     \
    "ALTER TABLE problem ADD COLUMN diagnosis TEXT NOT NULL DEFAULT '';" \
    "ALTER TABLE folder_problem ADD COLUMN diagnosis TEXT NOT NULL DEFAULT '';"

#define STORE_DIAGNOSES_STATEMENTS(X)                                                           \
    X(JOB_DIAGNOSE,                                                                             \
      "UPDATE job SET diagnosis = CASE WHEN ?3 <> '' THEN ?3 ELSE COALESCE((SELECT diagnosis"   \
      " FROM problem WHERE run_id = ?1 AND job_row = ?2 AND diagnosis <> '' GROUP BY diagnosis" \
      " ORDER BY SUM(messages) DESC, diagnosis LIMIT 1), '') END"                               \
      " WHERE run_id = ?1 AND job_row = ?2")                                                    \
    X(DIAGNOSES,                                                                                \
      "SELECT diagnosis, SUM(mailboxes) AS m, SUM(messages) AS n FROM ("                        \
      "SELECT diagnosis, 1 AS mailboxes, 0 AS messages FROM job"                                \
      " WHERE run_id = ?1 AND diagnosis <> ''"                                                  \
      " UNION ALL SELECT diagnosis, 0, messages FROM problem"                                   \
      " WHERE run_id = ?1 AND diagnosis <> '') GROUP BY diagnosis ORDER BY m DESC, n DESC,"     \
      " diagnosis")

#endif
