/* SPDX-License-Identifier: MIT
 * What is shown of a run while it lasts (--progress), and what is written about it for others: the
 * status file, the metrics. The main thread looks; workers only say that a mailbox ended. */
#ifndef BATCH_PROGRESS_H
#define BATCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/stop.h"
#include "batch/live.h"
#include "sync/settings.h"

enum progress_mode {
    PROGRESS_NONE,
    PROGRESS_LINES,  /* stderr: a line per mailbox that ended, and one a minute; a sync: its log */
    PROGRESS_SCREEN, /* stderr: one screen that is drawn in place */
    PROGRESS_JSON,   /* stdout: an object per line */
};

/* What --progress asks for, or fits best: a screen where one can be drawn (stderr is a terminal
   that can), else lines; --quiet shows nothing. A sync that is asked to show something on its way
   (a trial, sizes, debugging), or whose stdout is no terminal, shows its log, unless a screen is
   asked for. Pure. */
struct progress_place {
    bool is_sync;
    bool can_draw;
    bool is_redirected; /* stdout is no terminal */
};
enum progress_mode progress_choose(const struct settings *settings,
                                   const struct progress_place *place);

struct progress;

/* All of it outlives the object. */
struct progress_plan {
    enum progress_mode mode;
    bool is_sync;
    struct live *live;
    const struct stop *stop;
    struct log *log;          /* of the run */
    const char *status_path;  /* for `status` */
    const char *metrics_path; /* NULL: none */
};

/* False (FAULT_INTERNAL) when no mutex or signal can be had. */
bool progress_init(const struct progress_plan *plan, struct progress **progress_r,
                   struct fault *fault_r);
/* The last picture of the run, which has ended, is written; the terminal is as it was before, and
   the warnings stand there. Nulls the caller's pointer; NULL is fine. */
void progress_deinit(struct progress **progress);

/* A mailbox has ended, or waits (is_waiting): `line` says how, harmless. Any thread may call it. */
struct progress_news {
    int64_t row;
    enum job_status status;
    bool is_waiting;
    uint64_t ended; /* mailboxes so far, of so many */
    uint64_t wanted;
    const char *line;
};
void progress_tell(struct progress *progress, const struct progress_news *news);

/* A sentence for stderr, harmless, without a line end. Where a screen is drawn it comes behind
   that. Any thread may call it; without an object (NULL) it is printed at once. */
void progress_warn(struct progress *progress, const char *sentence);

/* The main thread's: shows and writes what is due. Returns how many milliseconds nothing will be.
 */
int progress_look(struct progress *progress, int64_t now_nsecs, int64_t now_msecs);

#endif
