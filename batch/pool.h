/* SPDX-License-Identifier: MIT
 * A bounded pool of threads that works a queue off. */
#ifndef BATCH_POOL_H
#define BATCH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/stop.h"
#include "batch/queue.h"

enum pool_verdict {
    POOL_DONE,
    POOL_AGAIN, /* back to the queue, not before *again_nsecs_r (monotonic) */
};

struct pool_work {
    void *context;
    /* Does one job. Called by many threads at once, each with another job; signals are blocked in
       them. */
    enum pool_verdict (*run)(void *context, uint64_t job_id, int64_t *again_nsecs_r);
    /* The calling thread's own business while it waits: called before each wait, returns how many
       milliseconds that may last at most, -1 for as long as it takes. NULL: there is none. */
    int (*look)(void *context);
};

/* Works with up to `threads` threads (never more than there are jobs) until the queue is empty and
   no job is running. Once a stop is requested no further job is given out, and it returns when the
   running ones have returned: seeing the stop is their business. When the system refuses some
   threads it goes on with fewer, and *started_r tells; with none it returns false
   (FAULT_INTERNAL). The queue is stopped afterwards. */
bool pool_run(struct queue *queue, size_t threads, const struct pool_work *work,
              const struct stop *stop, size_t *started_r, struct fault *fault_r);

#endif
