/* SPDX-License-Identifier: MIT
 * How large a folder is: EXAMINE, and the size of each message. Belongs to the pair's thread. */
#ifndef SYNC_FOLDER_SIZE_H
#define SYNC_FOLDER_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/session.h"

struct folder_size {
    uint64_t messages;
    uint64_t bytes;
    uint64_t biggest_bytes;
    uint64_t above; /* messages above the limit */
};

void folder_size_add(struct folder_size *sum, const struct folder_size *size);
/* Of a mailbox by its raw name; nothing else may be under way on the session. Leaves it selected,
   read-only. False with a fault, which may be the folder's alone. */
bool folder_size_read(struct session *session, const char *mailbox, uint64_t limit_bytes,
                      struct folder_size *size_r, struct fault *fault_r);

#endif
