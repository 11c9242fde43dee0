/* SPDX-License-Identifier: MIT
 * Old runs are forgotten: their files and what the store knows of them. */
#ifndef BATCH_PRUNE_H
#define BATCH_PRUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/str.h"
#include "store/store.h"

/* Keeps the newest `keep_runs` runs of a work directory (0: all) besides those that may never go:
   the run in progress and the one that `latest` leads to, which count among them. *forgotten_r
   counts those of which nothing is left. Only files that a run makes are deleted, by their names,
   and the logs in users/; a directory that holds anything else stays with it, links are not
   followed, and a directory that is already gone is fine. The caller holds the lock of the work
   directory. False (FAULT_FILE, FAULT_STORE) at the first thing that can't be done; the rest comes
   next time. */
bool prune_runs(struct store *store, const char *workdir, const char *current_run, size_t keep_runs,
                size_t *forgotten_r, struct fault *fault_r);

/* The ids to forget, out of those known to the store or found as directories. `protect` (may hold
   NULL) is never among them. Sorts `ids` and drops doubles. Pure. */
void prune_choose(struct str_list *ids, size_t keep_runs, const char *const protect[2],
                  struct str_list *chosen);
/* "20261122T215146.123Z-1f3a". Pure. */
bool prune_is_run_id(const char *name);
/* Whether a run makes a file of that name in its directory; also as a draft that was left behind
   ("summary.txt.4711.0.tmp"). Pure. */
bool prune_is_run_file(const char *name);

#endif
