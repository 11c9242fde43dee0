/* SPDX-License-Identifier: MIT */
#include "batch/forecast.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SECS_PER_DAY 86400.0

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Alone. What is above a day's limit waits for the next day. */
static double mailbox_secs(const struct forecast_mailbox *mailbox)
{
    double rate = mailbox->messages_per_sec > 0 ? mailbox->messages_per_sec
                  : mailbox->is_exchange        ? FORECAST_EXCHANGE_RATE
                                                : FORECAST_OTHER_RATE;
    double secs = (double)mailbox->messages / rate;
    if (mailbox->bytes_per_sec > 0)
        secs = larger(secs, (double)mailbox->bytes / mailbox->bytes_per_sec);
    if (mailbox->daily_bytes > 0 && mailbox->bytes > 0) {
        uint64_t whole_days = (mailbox->bytes - 1) / mailbox->daily_bytes;
        secs = larger(secs, (double)whole_days * SECS_PER_DAY);
    }
    return secs;
}

static int longest_first(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return one < other ? 1 : one > other ? -1 : 0;
}

/* Puts a larger time in the place of the smallest, in a heap whose root is the smallest. */
static void heap_replace(double *heap, size_t count, double value)
{
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (child >= count || heap[child] >= value)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* When the last worker is done. */
static double workers_secs(const struct forecast_mailbox *mailboxes, size_t count, size_t workers)
{
    double *secs = mem_alloc_array(count, sizeof(*secs));
    double *heap = mem_alloc_array(workers, sizeof(*heap));
    double last = 0;
    for (size_t i = 0; i < count; i++)
        secs[i] = mailboxes[i].secs;
    qsort(secs, count, sizeof(*secs), longest_first);
    for (size_t i = 0; i < count; i++) {
        double end = heap[0] + secs[i];
        last = larger(last, end);
        heap_replace(heap, workers, end);
    }
    mem_free(heap);
    mem_free(secs);
    return last;
}

static void take(struct forecast *forecast, double secs, enum forecast_decider decider)
{
    if (secs <= forecast->secs)
        return;
    forecast->secs = secs;
    forecast->decider = decider;
}

void forecast_make(struct forecast_mailbox *mailboxes, size_t count,
                   const struct forecast_limits *limits, struct forecast *forecast_r)
{
    double messages = 0, bytes = 0, longest = 0;
    size_t workers = limits->workers < 1 ? 1 : limits->workers;
    memset(forecast_r, 0, sizeof(*forecast_r));
    for (size_t i = 0; i < count; i++) {
        mailboxes[i].secs = mailbox_secs(&mailboxes[i]);
        messages += (double)mailboxes[i].messages;
        bytes += (double)mailboxes[i].bytes;
        forecast_r->has_assumed = forecast_r->has_assumed ||
                                  (mailboxes[i].messages_per_sec <= 0 && mailboxes[i].messages > 0);
        if (mailboxes[i].secs > longest) {
            longest = mailboxes[i].secs;
            forecast_r->mailbox = i;
        }
    }
    take(forecast_r, longest, FORECAST_MAILBOX);
    if (count > 0)
        take(forecast_r, workers_secs(mailboxes, count, workers < count ? workers : count),
             FORECAST_WORKERS);
    if (limits->budget_messages > 0)
        take(forecast_r, messages / limits->budget_messages, FORECAST_BUDGET_MESSAGES);
    if (limits->budget_bytes > 0)
        take(forecast_r, bytes / limits->budget_bytes, FORECAST_BUDGET_BYTES);
}
