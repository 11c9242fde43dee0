/* SPDX-License-Identifier: MIT */
#include "batch/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

struct entry {
    struct queue_job job;
    uint64_t arrival;
};

/* A binary heap: entries[0] comes first. */
struct heap {
    bool (*is_before)(const struct entry *a, const struct entry *b);
    struct entry *entries;
    size_t count;
    size_t alloc;
};

struct queue {
    const struct queue_admission *admission; /* NULL: all may start. Never changes */

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    struct heap *ready; /* by route: what may run, by order */
    size_t route_count;
    struct entry *fronts; /* room for the first one of every route */
    size_t ready_count;
    struct heap delayed; /* by not_before_nsecs */
    uint64_t arrivals;
    size_t taken;
    bool is_stopped;
};

static bool ready_is_before(const struct entry *a, const struct entry *b)
{
    if (a->job.order != b->job.order)
        return a->job.order < b->job.order;
    return a->arrival < b->arrival;
}

static bool delayed_is_before(const struct entry *a, const struct entry *b)
{
    return a->job.not_before_nsecs < b->job.not_before_nsecs;
}

static void heap_push(struct heap *heap, const struct entry *entry)
{
    MEM_GROW(heap->entries, heap->count, heap->alloc);
    size_t at = heap->count++;
    while (at > 0 && heap->is_before(entry, &heap->entries[(at - 1) / 2])) {
        heap->entries[at] = heap->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->entries[at] = *entry;
}

/* The heap is not empty. */
static struct entry heap_pop(struct heap *heap)
{
    struct entry first = heap->entries[0];
    struct entry last = heap->entries[--heap->count];
    size_t at = 0;
    for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count &&
            heap->is_before(&heap->entries[child + 1], &heap->entries[child]))
            child++;
        if (!heap->is_before(&heap->entries[child], &last))
            break;
        heap->entries[at] = heap->entries[child];
        at = child;
    }
    heap->entries[at] = last;
    return first;
}

/* Waiting must not end early or late when somebody sets the machine's clock. */
static bool condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool is_ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                 pthread_cond_init(condition, &attributes) == 0;
    return pthread_condattr_destroy(&attributes) == 0 && is_ok;
}

bool queue_init(struct queue **queue_r, struct fault *fault_r)
{
    struct queue *queue = mem_alloc(sizeof(*queue));
    bool has_mutex = pthread_mutex_init(&queue->mutex, NULL) == 0;
    if (!has_mutex || !condition_init(&queue->changed)) {
        if (has_mutex)
            (void)pthread_mutex_destroy(&queue->mutex);
        mem_free(queue);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the job queue");
        return false;
    }
    queue->delayed.is_before = delayed_is_before;
    *queue_r = queue;
    return true;
}

void queue_deinit(struct queue **queue_p)
{
    struct queue *queue = *queue_p;
    if (queue == NULL)
        return;
    *queue_p = NULL;
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->mutex);
    for (size_t i = 0; i < queue->route_count; i++)
        mem_free(queue->ready[i].entries);
    mem_free(queue->ready);
    mem_free(queue->fronts);
    mem_free(queue->delayed.entries);
    mem_free(queue);
}

void queue_set_admission(struct queue *queue, const struct queue_admission *admission)
{
    queue->admission = admission;
}

/* Mutex held. */
static void queue_push_ready(struct queue *queue, const struct entry *entry)
{
    size_t needed = (size_t)entry->job.route + 1;
    if (needed > queue->route_count) {
        queue->ready = mem_realloc_array(queue->ready, needed, sizeof(*queue->ready));
        queue->fronts = mem_realloc_array(queue->fronts, needed, sizeof(*queue->fronts));
        for (; queue->route_count < needed; queue->route_count++)
            queue->ready[queue->route_count] = (struct heap){.is_before = ready_is_before};
    }
    heap_push(&queue->ready[entry->job.route], entry);
    queue->ready_count++;
}

/* Mutex held. */
static void queue_add_locked(struct queue *queue, const struct queue_job *job)
{
    struct entry entry = {*job, ++queue->arrivals};
    if (job->not_before_nsecs > 0)
        heap_push(&queue->delayed, &entry);
    else
        queue_push_ready(queue, &entry);
}

/* Mutex held. Wakes all: each waiting worker may have to wait for another time now. */
static bool queue_changed_unlock(struct queue *queue)
{
    bool is_ok = pthread_cond_broadcast(&queue->changed) == 0;
    return pthread_mutex_unlock(&queue->mutex) == 0 && is_ok;
}

bool queue_add(struct queue *queue, const struct queue_job *job)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return false;
    queue_add_locked(queue, job);
    return queue_changed_unlock(queue);
}

size_t queue_count(struct queue *queue)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return 0;
    size_t count = queue->ready_count + queue->delayed.count;
    (void)pthread_mutex_unlock(&queue->mutex);
    return count;
}

static int compare_fronts(const void *a, const void *b)
{
    return ready_is_before(a, b) ? -1 : ready_is_before(b, a);
}

/* Mutex held. The first of the ready jobs that may start; false if there is none. */
static bool queue_pick(struct queue *queue, struct queue_job *job_r)
{
    const struct queue_admission *admission = queue->admission;
    size_t count = 0;
    for (size_t i = 0; i < queue->route_count; i++) {
        if (queue->ready[i].count > 0)
            queue->fronts[count++] = queue->ready[i].entries[0];
    }
    if (count > 1)
        qsort(queue->fronts, count, sizeof(*queue->fronts), compare_fronts);
    if (admission != NULL)
        admission->begin(admission->context);
    for (size_t i = 0; i < count; i++) {
        uint32_t route = queue->fronts[i].job.route;
        if (admission != NULL && !admission->enter(admission->context, route))
            continue;
        *job_r = heap_pop(&queue->ready[route]).job;
        queue->ready_count--;
        queue->taken++;
        return true;
    }
    return false;
}

/* Mutex held. */
static void queue_leave(struct queue *queue, const struct queue_job *job)
{
    queue->taken--;
    if (queue->admission != NULL)
        queue->admission->leave(queue->admission->context, job->route);
}

/* Mutex held. */
static enum queue_answer queue_try_take_locked(struct queue *queue, int64_t now_nsecs,
                                               struct queue_job *job_r, int64_t *wait_until_nsecs_r)
{
    struct heap *delayed = &queue->delayed;
    if (queue->is_stopped)
        return QUEUE_END;
    while (delayed->count > 0 && delayed->entries[0].job.not_before_nsecs <= now_nsecs) {
        struct entry due = heap_pop(delayed);
        queue_push_ready(queue, &due);
    }
    if (queue_pick(queue, job_r))
        return QUEUE_JOB;
    if (delayed->count == 0 && queue->taken == 0)
        return QUEUE_END;
    *wait_until_nsecs_r = delayed->count > 0 ? delayed->entries[0].job.not_before_nsecs : INT64_MAX;
    return QUEUE_WAIT;
}

enum queue_answer queue_try_take(struct queue *queue, int64_t now_nsecs, struct queue_job *job_r,
                                 int64_t *wait_until_nsecs_r)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return QUEUE_END;
    enum queue_answer answer = queue_try_take_locked(queue, now_nsecs, job_r, wait_until_nsecs_r);
    (void)pthread_mutex_unlock(&queue->mutex);
    return answer;
}

/* Mutex held. False if waiting is impossible; a wait that ends early is fine. */
static bool queue_wait_locked(struct queue *queue, int64_t until_nsecs)
{
    if (until_nsecs == INT64_MAX)
        return pthread_cond_wait(&queue->changed, &queue->mutex) == 0;
    struct timespec until = {
        .tv_sec = (time_t)(until_nsecs / CLOCK_NSECS_PER_SEC),
        .tv_nsec = (long)(until_nsecs % CLOCK_NSECS_PER_SEC),
    };
    int error = pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
    return error == 0 || error == ETIMEDOUT;
}

bool queue_take(struct queue *queue, struct queue_job *job_r)
{
    int64_t until_nsecs;
    enum queue_answer answer;
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return false;
    do {
        answer = queue_try_take_locked(queue, clock_mono_nsecs(), job_r, &until_nsecs);
    } while (answer == QUEUE_WAIT && queue_wait_locked(queue, until_nsecs));
    (void)pthread_mutex_unlock(&queue->mutex);
    return answer == QUEUE_JOB;
}

void queue_finish(struct queue *queue, const struct queue_job *job)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return;
    queue_leave(queue, job);
    (void)queue_changed_unlock(queue);
}

bool queue_again(struct queue *queue, const struct queue_job *job)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return false;
    queue_leave(queue, job);
    queue_add_locked(queue, job);
    return queue_changed_unlock(queue);
}

void queue_wake(struct queue *queue)
{
    if (pthread_mutex_lock(&queue->mutex) == 0)
        (void)queue_changed_unlock(queue);
}

void queue_stop(struct queue *queue)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        return;
    queue->is_stopped = true;
    (void)queue_changed_unlock(queue);
}
