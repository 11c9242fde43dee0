/* SPDX-License-Identifier: MIT
 * The course of a run, for the report's charts: how much was copied in each stretch of time goes
 * into the store. A stretch is a hundredth of the run so far, a second at least, so that a long run
 * has some hundred of them and a short one is not without. Belongs to one thread. */
#ifndef BATCH_COURSE_H
#define BATCH_COURSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "batch/live.h"
#include "store/store.h"

/* Starts as zeros but for its first three fields. */
struct course {
    struct store *store;
    const char *run_id;
    int64_t started_msecs; /* wall clock, as all here */
    struct store_sample last;
};

/* The length of the stretch that begins so long after the run's start. Pure. */
int64_t course_stretch_msecs(int64_t since_start_msecs);

/* Notes a stretch if it is over. Returns how long the next one goes on; -1: a fault. */
int course_look(struct course *course, struct live *live, int64_t now_msecs, struct fault *fault_r);
/* Notes the last one, which ends now. */
bool course_end(struct course *course, struct live *live, int64_t now_msecs, struct fault *fault_r);

#endif
