/* SPDX-License-Identifier: MIT
 * How fast a mailbox is copied and how long it will take, as the end of each message's line in the
 * log. Belongs to the pair's thread. */
#ifndef SYNC_PROGRESS_LINE_H
#define SYNC_PROGRESS_LINE_H

#include <stdint.h>

#include "base/buffer.h"

struct progress_line {
    int64_t began_nsecs; /* of the copy */
    uint64_t copied;
    uint64_t bytes;
    uint64_t planned; /* messages that the source's folders hold; 0: not known */
    uint64_t settled; /* those of them that needed no copy */
};

/* Appends "2.00 msgs/s 10.000 KiB/s 40.000 KiB copied ETA: 2026-11-22T21:51:46Z 2 s 4/12 msgs
   left", imapsync's words; without what follows "copied" when nothing is planned. Pure. */
void progress_line_append(const struct progress_line *line, int64_t now_nsecs, int64_t now_msecs,
                          struct buffer *text);

#endif
