/* SPDX-License-Identifier: MIT
 * --notify while the run lasts: the first mailbox that fails is told when the run goes on for a
 * while, so that nobody learns of it days later. Once in a run; the rest is told at its end. Any
 * thread may note, one looks; a mutex inside guards all. */
#ifndef BATCH_ALERT_H
#define BATCH_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/log.h"
#include "batch/live.h"
#include "sync/settings.h"

#define ALERT_DELAY_SECS 60

struct alert;

/* The settings outlive it. False (FAULT_INTERNAL) when no mutex can be had. */
bool alert_init(const struct settings *settings, struct alert **alert_r, struct fault *fault_r);
/* Nulls the caller's pointer; NULL is fine. */
void alert_deinit(struct alert **alert);
/* A mailbox has failed: `line` says which and why, harmless. Monotonic time. */
void alert_note(struct alert *alert, int64_t now_nsecs, const char *line);
/* Tells it when it is time. May then block as notify_send() does. Returns in how many milliseconds
   there may be something to tell; -1: never, as far as is known. */
int alert_look(struct alert *alert, int64_t now_nsecs, struct live *live, struct log *log);

#endif
