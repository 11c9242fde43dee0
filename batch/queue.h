/* SPDX-License-Identifier: MIT
 * The jobs that are still to be done. A job may carry a time before which it is not to be tried;
 * of those that may run, the one with the lowest order is next, then the one that was added first.
 * Jobs of a route (what they need is the same) may be refused until others end; then jobs of other
 * routes pass them. Any thread may call these; one mutex inside guards everything, and nobody holds
 * it while a job runs. */
#ifndef BATCH_QUEUE_H
#define BATCH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct queue;

struct queue_job {
    uint64_t id;              /* the caller's */
    uint64_t order;           /* lower runs earlier */
    int64_t not_before_nsecs; /* monotonic; 0: at once */
    uint32_t route;           /* the caller's, small: 0, 1, 2 ... */
};

/* Who decides whether a job may start now. Called with the queue's mutex held, so none of these may
   call the queue. */
struct queue_admission {
    void *context;
    /* A look through the queue begins. */
    void (*begin)(void *context);
    /* May the foremost job of this route start? Asked once per route and look, in the order of
       those jobs, until the first "yes", which takes what the job needs. */
    bool (*enter)(void *context, uint32_t route);
    /* A job of this route has ended or goes back. */
    void (*leave)(void *context, uint32_t route);
};

enum queue_answer {
    QUEUE_JOB,  /* *job_r is taken: queue_finish() or queue_again() must follow */
    QUEUE_WAIT, /* nothing may run yet, or a taken job may come back or make room */
    QUEUE_END,  /* nothing left, or stopped */
};

/* False (FAULT_INTERNAL) when no mutex or condition can be had. */
bool queue_init(struct queue **queue_r, struct fault *fault_r);
/* No thread may be inside any more. Nulls the caller's pointer; NULL is fine. */
void queue_deinit(struct queue **queue);
/* Without it every job may start. Set before any other thread is there; outlives the queue's use.
 */
void queue_set_admission(struct queue *queue, const struct queue_admission *admission);
/* False only if the mutex can't be locked; so for queue_again(). */
bool queue_add(struct queue *queue, const struct queue_job *job);
/* Jobs not taken. */
size_t queue_count(struct queue *queue);

/* Never blocks. With QUEUE_WAIT, *wait_until_nsecs_r is when a job may run, INT64_MAX if only a
   returning one could. */
enum queue_answer queue_try_take(struct queue *queue, int64_t now_nsecs, struct queue_job *job_r,
                                 int64_t *wait_until_nsecs_r);
/* Blocks until there is a job (true) or the end (false). */
bool queue_take(struct queue *queue, struct queue_job *job_r);
/* A taken job is over. */
void queue_finish(struct queue *queue, const struct queue_job *job);
/* A taken job goes back, to be tried from job->not_before_nsecs on. */
bool queue_again(struct queue *queue, const struct queue_job *job);
/* What the admission refused may be possible now: those who wait look again. */
void queue_wake(struct queue *queue);
/* Gives out nothing more and wakes all who wait. What was not taken stays undone. */
void queue_stop(struct queue *queue);

#endif
