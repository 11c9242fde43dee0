/* SPDX-License-Identifier: MIT
 * What a preflight knows of a mailbox before it is looked at, and how that ended. */
#ifndef BATCH_PREFLIGHT_ROWS_H
#define BATCH_PREFLIGHT_ROWS_H

#include "batch/preflight_table.h"
#include "sync/pair.h"
#include "sync/settings.h"

/* Fills names and the limits that the forecast goes by: those of the settings, and the rates that
   earlier runs found the servers to bear. */
bool preflight_row_begin(struct preflight_row *row, const struct settings *settings,
                         struct store *store, struct fault *fault_r);
/* After the last attempt, in the thread that made it. */
void preflight_row_end(struct preflight_row *row, const struct pair_result *result);

#endif
