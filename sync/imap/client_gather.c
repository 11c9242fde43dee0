/* SPDX-License-Identifier: MIT
 * A server writes bodies in small pieces. Waking for each of them costs this end a fifth of its
 * time, and the destination small TLS records; so a reader that has much to expect lets poll() wait
 * for a part of it. */
#include "base/clock.h"
#include "sync/imap/client_private.h"

#define GATHER_BYTES ((size_t)64 * 1024) /* 32 KiB cost more, 96 hardly less */

static void gather_set(struct imap_client *client, bool is_gathering)
{
    size_t least = is_gathering ? GATHER_BYTES : 1;
    if (client->is_gathering != is_gathering && client->state != IMAP_STATE_CLOSED &&
        connection_set_least(client->connection, least))
        client->is_gathering = is_gathering;
}

void imap_client_expect(struct imap_client *client, uint64_t bytes)
{
    uint64_t enough = client->in.used + 2 * GATHER_BYTES;
    gather_set(client, bytes >= enough && !client->has_gathered_in_vain);
}

bool imap_client_is_gathering(const struct imap_client *client)
{
    return client->is_gathering && client->state != IMAP_STATE_CLOSED && !client->is_blocked;
}

void imap_client_gather_look(struct imap_client *client, int64_t now_nsecs)
{
    if (!imap_client_is_gathering(client) ||
        now_nsecs - client->active_nsecs < IMAP_GATHER_MSECS * CLOCK_NSECS_PER_MSEC)
        return;
    gather_set(client, false);
    client->has_gathered_in_vain = true;
    imap_client_set_ready(client);
}
