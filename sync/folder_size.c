/* SPDX-License-Identifier: MIT */
#include "sync/folder_size.h"

#include <string.h>

#include "base/mem.h"
#include "sync/folders/mutf7.h"
#include "sync/listing.h"
#include "sync/verdict.h"

void folder_size_add(struct folder_size *sum, const struct folder_size *size)
{
    sum->messages += size->messages;
    sum->bytes += size->bytes;
    sum->above += size->above;
    if (size->biggest_bytes > sum->biggest_bytes)
        sum->biggest_bytes = size->biggest_bytes;
}

static void size_of_listing(const struct listing *listing, uint64_t limit_bytes,
                            struct folder_size *size_r)
{
    memset(size_r, 0, sizeof(*size_r));
    for (size_t i = 0; i < listing->count; i++) {
        uint64_t bytes = listing->messages[i].size_bytes;
        const struct folder_size one = {1, bytes, bytes, bytes > limit_bytes};
        folder_size_add(size_r, &one);
    }
}

/* The listing goes out with EXAMINE. */
bool folder_size_read(struct session *session, const char *mailbox, uint64_t limit_bytes,
                      struct folder_size *size_r, struct fault *fault_r)
{
    struct imap_client *client = session->client;
    struct imap_answer opened = {0};
    struct listing listing;
    struct fault ignored;
    char *name = mutf7_to_display(mailbox);
    listing_init(&listing, session);
    listing.opened = &opened;
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "EXAMINE ");
    imap_client_add_string(client, mailbox);
    imap_client_end(client, imap_answer_callback, &opened, 0);
    listing_send(&listing, false, false);
    listing_listen(&listing);
    bool is_ok = imap_loop_await(session->loop, client, &opened, fault_r);
    if (is_ok && opened.status != IMAP_STATUS_OK) {
        session_judge(session, VERDICT_SELECT, &opened, name, fault_r);
        (void)listing_drop(&listing, &ignored);
        is_ok = false;
    } else if (is_ok) {
        imap_client_set_selected(client, true);
        is_ok = listing_finish(&listing, name, fault_r);
    }
    if (is_ok)
        size_of_listing(&listing, limit_bytes, size_r);
    /* What is unanswered, since the run is to stop, points into this frame. */
    if (!is_ok && imap_client_is_alive(client) && imap_client_pending(client) > 0)
        imap_client_fail(client, fault_r);
    imap_client_set_events(client, NULL);
    listing_deinit(&listing);
    mem_free(name);
    return is_ok;
}
