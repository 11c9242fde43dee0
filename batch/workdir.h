/* SPDX-License-Identifier: MIT
 * The work directory:
 *
 *     <workdir>/lock                    held while a run lasts
 *     <workdir>/state.db                the store
 *     <workdir>/status.json             how the run stands, for `status`
 *     <workdir>/runs/<run id>/run.log
 *     <workdir>/runs/<run id>/users/    a log per mailbox
 *     <workdir>/latest -> runs/<run id>
 *
 * All directories are for their owner alone. Belongs to one thread; the strings may be read by
 * all. */
#ifndef BATCH_WORKDIR_H
#define BATCH_WORKDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct workdir;

/* Makes what is missing and takes the lock. FAULT_BUSY when another run holds it (the sentence
   says which), FAULT_FILE when
   something can't be made. */
bool workdir_open(const char *path, struct workdir **workdir_r, struct fault *fault_r);
/* Gives the lock back. Nulls the caller's pointer; NULL is fine. */
void workdir_close(struct workdir **workdir);

/* Gives the run its id (from the time it starts, so ids sort by it), makes its directories and
   points `latest` to them. Once per workdir object. */
bool workdir_begin_run(struct workdir *workdir, int64_t wall_msecs, struct fault *fault_r);

/* Good as long as the object; the last two are NULL until workdir_begin_run(). The first is
   absolute. */
const char *workdir_path(const struct workdir *workdir);
const char *workdir_state_path(const struct workdir *workdir);
const char *workdir_status_path(const struct workdir *workdir);
const char *workdir_run_id(const struct workdir *workdir);
const char *workdir_run_dir(const struct workdir *workdir);

#endif
