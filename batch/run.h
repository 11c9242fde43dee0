/* SPDX-License-Identifier: MIT
 * A run: all pairs of a manifest, or the one pair of `sync`, with the same engine, store and log
 * layout. */
#ifndef BATCH_RUN_H
#define BATCH_RUN_H

#include "base/stop.h"
#include "batch/manifest.h"
#include "sync/settings.h"

struct pidfile;

struct run_plan {
    const char *command; /* "batch" or "sync" */
    const char *manifest_path;
    const struct manifest *manifest; /* NULL for sync: `settings` is the pair */
    const struct settings *settings; /* the command line's */
    struct stop *stop;               /* raised at the end of the time window too */
    struct pidfile *pidfile;         /* NULL: none */
};

/* Opens the work directory, runs every pair, writes the report's files, prints the summary to
   stdout and a line per finished mailbox to stderr; `sync` shows its user's log on stdout as well.
   With --quiet none of that is shown, but what went wrong, to stderr. Forgets old runs at its end.
   Faults of the run go to stderr, those of a pair to its log and into the summary. Returns what the
   program exits with: see batch/tally.h. For the main thread. */
int run_execute(const struct run_plan *plan);

#endif
