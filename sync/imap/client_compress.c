/* SPDX-License-Identifier: MIT
 * COMPRESS=DEFLATE (RFC 4978): asking for it, and where the stream changes over. */
#include "base/clock.h"
#include "sync/imap/client_private.h"
#include "sync/imap/compress.h"

uint64_t client_compress_limit(const struct imap_client *client, uint64_t end)
{
    const struct imap_command *compress = client->compress;
    if (compress == NULL)
        return end;
    uint64_t limit = client->first == compress ? compress->end : compress->start;
    return limit < end ? limit : end;
}

static void compress_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct imap_client *client = context;
    (void)number;
    client->compress = NULL;
    client->is_deflate_due = reply->status == IMAP_STATUS_OK;
}

void client_begin_deflate(struct imap_client *client)
{
    struct fault fault;
    client->is_deflate_due = false;
    if (connection_start_deflate(client->connection, client->in.data, client->in.used, &fault))
        buffer_clear(&client->in);
    else
        imap_client_fail(client, &fault);
}

void imap_client_compress(struct imap_client *client)
{
    client->compress_rtt_usecs = 0;
    client->is_compress_wanted = client->building != NULL;
    if (client->is_compress_wanted || client->state == IMAP_STATE_CLOSED)
        return;
    imap_client_command(client, compress_answered, client, "COMPRESS DEFLATE");
    client->compress = client->last;
}

void imap_client_compress_when_slow(struct imap_client *client, int64_t rtt_usecs,
                                    imap_slow_callback *callback, void *context)
{
    client->compress_rtt_usecs = rtt_usecs;
    client->slow_callback = callback;
    client->slow_context = context;
    client->watch_began_nsecs = 0;
}

void client_watch(struct imap_client *client, int64_t now_nsecs)
{
    int64_t watched = now_nsecs - client->watch_began_nsecs;
    if (client->compress_rtt_usecs == 0 || client->state == IMAP_STATE_CLOSED ||
        watched < COMPRESS_WATCH_NSECS)
        return;
    bool is_first = client->watch_began_nsecs == 0;
    uint64_t bytes = client->watched_bytes;
    client->watch_began_nsecs = now_nsecs;
    client->watched_bytes = 0;
    if (is_first || !compress_is_worthwhile(client->compress_rtt_usecs, bytes, watched))
        return;
    client->slow_callback(client->slow_context,
                          (uint64_t)((double)bytes / (double)watched * CLOCK_NSECS_PER_SEC));
    imap_client_compress(client);
}
