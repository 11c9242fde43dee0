/* SPDX-License-Identifier: MIT */
#include "sync/appender.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* The backlog that may wait in memory for a slow destination: what a processor's cache holds. */
#define APPENDER_BACKLOG_BYTES     ((size_t)256 * 1024)
#define APPENDER_BACKLOG_MIN_BYTES ((size_t)64 * 1024)
/* A command's messages are stored in one transaction: the larger the cheaper. One that is refused
   is taken apart and sent again; where that happened once, commands are kept small. */
#define APPENDER_BATCH_BYTES         ((uint64_t)8 * 1024 * 1024)
#define APPENDER_BATCH_COUNT         512
#define APPENDER_BATCH_REFUSED_BYTES ((uint64_t)1024 * 1024)
#define APPENDER_BATCH_REFUSED_COUNT 64
#define APPENDER_PENDING_MAX         64
/* Where every literal waits for its invitation a long queue only keeps other lanes from helping. */
#define APPENDER_PENDING_MAX_INVITED 4

struct append_batch {
    struct appender *appender;
    struct append_batch *next;
    void *context;
    size_t count;
    uint64_t bytes;
    int64_t begun_nsecs;
    struct append_item items[];
};

struct appender {
    struct imap_client *client;
    appender_result_callback *callback;
    const char *mailbox; /* the present aim */
    void *context;
    struct append_batch *open;
    struct append_batch *batches; /* all that are not answered, the open one too */
    size_t pending;
    size_t batch_count_max;
    uint64_t batch_max_bytes;
    size_t pending_max;
    size_t backlog_max_bytes;
    bool is_in_message;
};

struct appender *appender_init(struct imap_client *client, appender_result_callback *callback)
{
    struct appender *appender = mem_alloc(sizeof(*appender));
    appender->client = client;
    appender->callback = callback;
    appender->backlog_max_bytes = APPENDER_BACKLOG_BYTES;
    appender->pending_max = imap_client_can(client, IMAP_CAP_LITERAL_PLUS)
                                ? APPENDER_PENDING_MAX
                                : APPENDER_PENDING_MAX_INVITED;
    appender->batch_max_bytes = APPENDER_BATCH_BYTES;
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
    if (batch->count > 1 && reply->status == IMAP_STATUS_NO) {
        appender->batch_max_bytes = APPENDER_BATCH_REFUSED_BYTES;
        appender->batch_count_max = APPENDER_BATCH_REFUSED_COUNT;
    }
    appender->callback(batch->context, batch->items, batch->count, reply);
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
    struct append_batch *batch = mem_alloc(sizeof(*batch) +
                                           appender->batch_count_max * sizeof(batch->items[0]));
    batch->appender = appender;
    batch->context = appender->context;
    batch->begun_nsecs = clock_mono_nsecs();
    batch->next = appender->batches;
    appender->batches = batch;
    appender->open = batch;
    appender->pending++;
    imap_client_begin(appender->client, false);
    imap_client_add(appender->client, "APPEND ");
    imap_client_add_string(appender->client, appender->mailbox);
}

void appender_aim(struct appender *appender, const char *mailbox, void *context)
{
    if (context != appender->context)
        (void)appender_flush(appender);
    appender->mailbox = mailbox;
    appender->context = context;
}

void appender_begin(struct appender *appender, const struct append_item *item, const char *flags,
                    const char *date, uint64_t size_bytes)
{
    if (appender->open == NULL)
        appender_open_batch(appender);
    struct append_batch *batch = appender->open;
    batch->items[batch->count++] = *item;
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
    if (batch->count >= appender->batch_count_max || batch->bytes >= appender->batch_max_bytes)
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
