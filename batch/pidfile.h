/* SPDX-License-Identifier: MIT
 * --pidfile: a file that holds the process id of a run in its first line and the log's name in its
 * second, as imapsync's does. It is locked while the run lasts, so a process that is gone is never
 * taken for one that is alive. For the main thread. */
#ifndef BATCH_PIDFILE_H
#define BATCH_PIDFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "base/stop.h"

struct pidfile;

enum pidfile_outcome {
    PIDFILE_TAKEN,
    PIDFILE_BUSY,  /* another process is alive; *fault_r says which (FAULT_BUSY) */
    PIDFILE_FAULT, /* *fault_r is filled (FAULT_FILE) */
};

/* Writes the file; it goes with pidfile_release(). Another program's (imapsync's) process counts as
   alive if there is a process with its id, or if the file holds no id. */
enum pidfile_outcome pidfile_take(const char *path, int64_t now_msecs, struct pidfile **pidfile_r,
                                  struct fault *fault_r);
/* Nulls; NULL is fine. */
void pidfile_release(struct pidfile **pidfile);
void pidfile_set_log(struct pidfile *pidfile, const char *log_path);

/* Somebody made the file "PATHabortPID", which then is removed. */
bool pidfile_sees_abort(const struct pidfile *pidfile);
/* Makes that file for the run that holds `path`, and says so, or that there is none, in `words`. */
bool pidfile_ask_abort(const char *path, struct buffer *words);
/* Stops the run of mailconvoy that holds this file (a pidfile, or a work directory's lock): asks it
   to end in good order, and if it has not after 10 seconds, to end at once. False if it is still
   there. What happened is appended to `words`. */
bool pidfile_stop_holder(const char *path, struct buffer *words);

#endif
