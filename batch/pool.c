/* SPDX-License-Identifier: MIT */
#include "batch/pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct pool {
    struct queue *queue; /* locks itself */
    const struct pool_work *work;
    const struct stop *stop;
    atomic_size_t working;
    struct stop all_ended; /* raised by the last worker, so that one poll() sees it and the stop */
};

static void *pool_worker(void *context)
{
    struct pool *pool = context;
    struct queue_job job;
    while (!stop_is_requested(pool->stop) && queue_take(pool->queue, &job)) {
        int64_t again_nsecs = 0;
        enum pool_verdict verdict = pool->work->run(pool->work->context, job.id, &again_nsecs);
        job.not_before_nsecs = again_nsecs;
        if (verdict == POOL_DONE)
            queue_finish(pool->queue, &job);
        else if (!queue_again(pool->queue, &job))
            break;
    }
    if (atomic_fetch_sub(&pool->working, 1) == 1)
        stop_request(&pool->all_ended);
    return NULL;
}

/* Signals belong to the calling thread, so that no system call of a worker is interrupted. */
static size_t pool_start(struct pool *pool, pthread_t *threads, size_t count, int *error_r)
{
    sigset_t all;
    sigset_t before;
    size_t started = 0;
    *error_r = 0;
    (void)sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_blocked = error == 0;
    while (error == 0 && started < count) {
        atomic_fetch_add(&pool->working, 1);
        error = pthread_create(&threads[started], NULL, pool_worker, pool);
        if (error == 0)
            started++;
        else
            atomic_fetch_sub(&pool->working, 1);
    }
    if (is_blocked && pthread_sigmask(SIG_SETMASK, &before, NULL) != 0)
        queue_stop(pool->queue); /* nobody could stop us any more */
    *error_r = error;
    return started;
}

static bool pool_fault(struct fault *fault_r, const char *what, int error)
{
    char words[STR_ERROR_SIZE];
    fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0, "can't %s: %s", what,
              str_error(error, words));
    return false;
}

/* Until all workers ended. */
static void pool_wait(struct pool *pool)
{
    struct pollfd fds[2] = {
        {.fd = pool->all_ended.fd, .events = POLLIN},
        {.fd = pool->stop->fd, .events = POLLIN},
    };
    while (!stop_is_requested(&pool->all_ended)) {
        int wait_msecs = pool->work->look != NULL ? pool->work->look(pool->work->context) : -1;
        if (poll(fds, 2, wait_msecs) < 0 && errno != EINTR)
            break; /* joining them waits as well, only deaf to the stop */
        if (fds[1].fd >= 0 && stop_is_requested(pool->stop)) {
            queue_stop(pool->queue);
            fds[1].fd = -1; /* it stays readable: don't spin on it */
        }
    }
}

bool pool_run(struct queue *queue, size_t threads_max, const struct pool_work *work,
              const struct stop *stop, size_t *started_r, struct fault *fault_r)
{
    struct pool pool = {.queue = queue, .work = work, .stop = stop};
    size_t count = queue_count(queue);
    int error;
    count = count < threads_max ? count : threads_max;
    *started_r = 0;
    if (!stop_init(&pool.all_ended))
        return pool_fault(fault_r, "make a pipe for the workers", errno);
    /* The caller counts as working until all are started, else a quick first worker would seem to
       be the last one. */
    atomic_init(&pool.working, 1);
    pthread_t *threads = mem_alloc_array(count, sizeof(*threads));
    *started_r = pool_start(&pool, threads, count, &error);
    if (atomic_fetch_sub(&pool.working, 1) == 1)
        stop_request(&pool.all_ended);
    pool_wait(&pool);
    for (size_t i = 0; i < *started_r; i++)
        (void)pthread_join(threads[i], NULL);
    queue_stop(queue);
    mem_free(threads);
    stop_deinit(&pool.all_ended);
    if (*started_r == 0 && count > 0)
        return pool_fault(fault_r, "start a single worker thread", error);
    return true;
}
