/* SPDX-License-Identifier: MIT */
#include "sync/compression.h"

#include "base/log.h"
#include "sync/session.h"

static void session_found_slow(void *context, uint64_t bytes_per_sec)
{
    const struct session *session = context;
    log_line(session->log, "host%d compression: asked for (%.1f ms away, %.1f MB/s)", session->side,
             (double)session->rtt_usecs / 1000, (double)bytes_per_sec / 1e6);
}

void session_begin_compression(struct session *session)
{
    enum choice compress = session->own->compress;
    bool is_offered = imap_client_can(session->client, IMAP_CAP_COMPRESS_DEFLATE);
    if (compress == CHOICE_YES)
        log_line(session->log, "host%d compression: %s", session->side,
                 is_offered ? "asked for" : "not offered");
    if (!is_offered || compress == CHOICE_NO)
        return;
    if (compress == CHOICE_YES)
        imap_client_compress(session->client);
    else
        imap_client_compress_when_slow(session->client, session->rtt_usecs, session_found_slow,
                                       session);
}
