/* SPDX-License-Identifier: MIT
 * A message through a shell command: it goes to the command's input, what the command prints takes
 * its place. The process must ignore SIGPIPE. Any thread may call these. */
#ifndef SYNC_MESSAGES_PIPE_H
#define SYNC_MESSAGES_PIPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/stop.h"

#define PIPE_REASON_SIZE      128
#define PIPE_TIMEOUT_SECS     60
#define PIPE_ERRORS_MAX_BYTES ((size_t)16 * 1024)

enum pipe_outcome {
    PIPE_DONE,
    PIPE_FAILED,
    PIPE_STOPPED, /* somebody wants the run to stop; the command was ended */
};

struct pipe_order {
    const char *command;
    const char *const *hidden; /* see shell_start() */
    int64_t timeout_msecs;
    const struct stop *stop; /* may be NULL */
};

/* Blocks until the command has ended; at its time limit, at a wish to stop, or when `output` is
   full it is killed, with all it started. DONE: it ended with status 0 and `output`, cleared first,
   holds what it printed, which is not empty. FAILED: reason_r is the end of a sentence that begins
   with the command. What it said on its error output is in `errors` in any case, cut at that
   buffer's ceiling. A command need not read all of its input. */
enum pipe_outcome pipe_message(const struct pipe_order *order, const void *data, size_t size,
                               struct buffer *output, struct buffer *errors,
                               char reason_r[PIPE_REASON_SIZE]);

#endif
