/* SPDX-License-Identifier: MIT
 * What a run says when it is over: on the terminal, to those who want to be told. For the main
 * thread. */
#ifndef BATCH_ENDING_H
#define BATCH_ENDING_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/log.h"
#include "batch/live.h"
#include "store/store.h"
#include "sync/settings.h"

/* A run whose report files are written. All of it outlives the calls. */
struct ending {
    const struct settings *settings;
    struct store *store;
    struct live *live; /* finished */
    struct log *log;
    const char *run_id;
    char *run_dir; /* absolute */
    int exit_code;
};

/* The summary, or what a preflight found, on stdout. A terminal that went away is no reason to call
   the run anything else than what it was; the file is there. */
void ending_print_summary(const struct ending *ending);
/* --quiet: nothing about a run that went well. */
bool ending_print_trouble(const struct ending *ending, struct fault *fault_r);
/* --notify */
void ending_notify(const struct ending *ending);
/* --notify of a run that could not start, or not be brought to its end. */
void ending_notify_broken(const struct settings *settings, int exit_code, const char *why,
                          struct log *log);
/* Forgets old runs. A run that went well is not spoiled by an older one that stays. */
void ending_prune(const struct ending *ending);

#endif
