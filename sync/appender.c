/* SPDX-License-Identifier: MIT */
#include "sync/appender.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* The backlog that may wait in memory for a slow destination. */
#define APPENDER_BACKLOG_BYTES     ((size_t)1024 * 1024)
#define APPENDER_BACKLOG_MIN_BYTES ((size_t)64 * 1024)
/* A command's messages are stored in one transaction: large enough to be cheap, small enough to be
   taken apart quickly when one of them is refused. */
#define APPENDER_BATCH_BYTES ((uint64_t)1024 * 1024)
#define APPENDER_BATCH_COUNT 128
#define APPENDER_PENDING_MAX 64
/* Where every literal waits for its invitation a long queue only keeps other lanes from helping. */
#define APPENDER_PENDING_MAX_INVITED 4

struct append_batch {
    struct appender *appender;
    struct append_batch *next;
    uint32_t indexes[APPENDER_BATCH_COUNT];
    size_t count;
    uint64_t bytes;
    int64_t begun_nsecs;
};

struct appender {
    struct imap_client *client;
    const char *mailbox;
    appender_result_callback *callback;
    void *context;
    struct append_batch *open;
    struct append_batch *batches; /* all that are not answered, the open one too */
    size_t pending;
    size_t batch_count_max;
    size_t pending_max;
    size_t backlog_max_bytes;
    bool is_in_message;
};

struct appender *appender_init(struct imap_client *client, const char *mailbox,
                               appender_result_callback *callback, void *context)
{
    struct appender *appender = mem_alloc(sizeof(*appender));
    appender->client = client;
    appender->mailbox = mailbox;
    appender->callback = callback;
    appender->context = context;
    appender->backlog_max_bytes = APPENDER_BACKLOG_BYTES;
    appender->pending_max = imap_client_can(client, IMAP_CAP_LITERAL_PLUS)
                                ? APPENDER_PENDING_MAX
                                : APPENDER_PENDING_MAX_INVITED;
    appender->batch_count_max = imap_client_can(client, IMAP_CAP_MULTIAPPEND) ? APPENDER_BATCH_COUNT
                                                                              : 1;
    return appender;
}

void appender_deinit(struct appender **appender_p)
{
    struct appender *appender = *appender_p;
    if (appender == NULL)
        return;
    *appender_p = NULL;
    while (appender->batches != NULL) {
        struct append_batch *batch = appender->batches;
        appender->batches = batch->next;
        mem_free(batch);
    }
    mem_free(appender);
}

static void appender_forget(struct appender *appender, struct append_batch *batch)
{
    struct append_batch **at = &appender->batches;
    while (*at != NULL && *at != batch)
        at = &(*at)->next;
    if (*at != NULL)
        *at = batch->next;
    appender->pending--;
}

static void appender_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct append_batch *batch = context;
    struct appender *appender = batch->appender;
    (void)number;
    appender_forget(appender, batch);
    appender->callback(appender->context, batch->indexes, batch->count, reply);
    mem_free(batch);
}

bool appender_is_ready(const struct appender *appender)
{
    return imap_client_unsent_bytes(appender->client) < appender->backlog_max_bytes &&
           appender->pending < appender->pending_max;
}

void appender_share_backlog(struct appender *appender, size_t lanes)
{
    size_t share = APPENDER_BACKLOG_BYTES / lanes;
    appender->backlog_max_bytes = share > APPENDER_BACKLOG_MIN_BYTES ? share
                                                                     : APPENDER_BACKLOG_MIN_BYTES;
}

size_t appender_backlog_bytes(const struct appender *appender)
{
    return imap_client_unsent_bytes(appender->client);
}

static void appender_open_batch(struct appender *appender)
{
    struct append_batch *batch = mem_alloc(sizeof(*batch));
    batch->appender = appender;
    batch->begun_nsecs = clock_mono_nsecs();
    batch->next = appender->batches;
    appender->batches = batch;
    appender->open = batch;
    appender->pending++;
    imap_client_begin(appender->client, false);
    imap_client_add(appender->client, "APPEND ");
    imap_client_add_string(appender->client, appender->mailbox);
}

void appender_begin(struct appender *appender, uint32_t index, const char *flags, const char *date,
                    uint64_t size_bytes)
{
    if (appender->open == NULL)
        appender_open_batch(appender);
    struct append_batch *batch = appender->open;
    batch->indexes[batch->count++] = index;
    batch->bytes += size_bytes;
    appender->is_in_message = true;
    imap_client_add_bytes(appender->client, " (", 2);
    imap_client_add_bytes(appender->client, flags, strlen(flags));
    imap_client_add(appender->client, date[0] == '\0' ? ") " : ") \"%s\" ", date);
    imap_client_add_literal(appender->client, size_bytes);
}

void appender_add(struct appender *appender, const void *data, size_t size)
{
    imap_client_add_bytes(appender->client, data, size);
}

void appender_end(struct appender *appender)
{
    struct append_batch *batch = appender->open;
    appender->is_in_message = false;
    if (batch->count >= appender->batch_count_max || batch->bytes >= APPENDER_BATCH_BYTES)
        (void)appender_flush(appender);
}

bool appender_is_in_message(const struct appender *appender)
{
    return appender->is_in_message;
}

bool appender_flush(struct appender *appender)
{
    struct append_batch *batch = appender->open;
    if (batch == NULL || appender->is_in_message)
        return false;
    appender->open = NULL;
    imap_client_end(appender->client, appender_answered, batch, 0);
    return true;
}

int64_t appender_open_since_nsecs(const struct appender *appender)
{
    return appender->open == NULL ? 0 : appender->open->begun_nsecs;
}

size_t appender_pending(const struct appender *appender)
{
    return appender->pending;
}
