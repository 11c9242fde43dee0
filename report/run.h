/* SPDX-License-Identifier: MIT
 * Finding the run that a report is about. */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H

#include <stdbool.h>

#include "store/store.h"

/* Shows the run (the newest if run_id is NULL) to the callback. FAULT_USAGE with a sentence when
   there is none. */
bool report_run_get(struct store *store, const char *run_id, store_run_callback *callback,
                    void *context, struct fault *fault_r);
bool report_run_exists(struct store *store, const char *run_id, struct fault *fault_r);
/* The id of the run, owned by the caller, or NULL and a fault. */
char *report_run_id(struct store *store, const char *run_id, struct fault *fault_r);

#endif
