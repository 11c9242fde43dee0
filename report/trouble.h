/* SPDX-License-Identifier: MIT
 * What `--quiet` says when a run did not go well: for a mail from cron. */
#ifndef REPORT_TROUBLE_H
#define REPORT_TROUBLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fault.h"
#include "store/store.h"

/* So many mailboxes are named; the rest is in the summary. */
#define REPORT_TROUBLE_MAX_ROWS 100

/* Writes which mailboxes are not complete and why, what to do, and where the report is (run_dir).
   Memory and faults as in report/summary.h. */
bool report_write_trouble(struct store *store, const char *run_id, const char *run_dir,
                          FILE *stream, struct fault *fault_r);

#endif
