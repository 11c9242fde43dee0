/* SPDX-License-Identifier: MIT
 * Messages and their copies, read whole on both sides and compared: byte by byte, and where that
 * tells a difference in their canonical form (sync/messages/canonical.h), since servers rewrite
 * what makes no difference. What this run's settings would change in a message on its way is no
 * difference either. Nothing is marked as read. Belongs to the pair's thread. */
#ifndef SYNC_VERIFY_BODIES_H
#define SYNC_VERIFY_BODIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct pair;

/* A message and its copy. */
struct verify_item {
    uint32_t index; /* the caller's */
    uint32_t source_uid;
    uint32_t destination_uid;
    uint32_t size_bytes; /* on the source, as listed */
};

enum verify_outcome {
    VERIFY_SAME,
    VERIFY_DIFFERENT,
    VERIFY_UNREAD, /* one of the two did not come, or could not be understood */
};

/* What became of an item, in the order of the items; `text` says why, or what differs ("" if the
   same), and is good during the call. */
typedef void verify_bodies_callback(void *context, const struct verify_item *item,
                                    enum verify_outcome outcome, uint64_t bytes_read,
                                    const char *text);

/* Both mailboxes are open, and nothing is in flight. The items are in the order of source_uid; the
   budget is asked for each message, and for the bytes of both sides. False: the pair has ended, or
   a fault of the folder is in *fault_r; those before it were told. */
bool verify_bodies(struct pair *pair, const char *name, const struct verify_item *items,
                   size_t count, verify_bodies_callback *callback, void *context,
                   struct fault *fault_r);

#endif
