/* SPDX-License-Identifier: MIT
 * When compression pays. Why so stands, with its figures, in docs/ARCHITECTURE.md. Pure. */
#ifndef SYNC_IMAP_COMPRESS_H
#define SYNC_IMAP_COMPRESS_H

#include <stdbool.h>
#include <stdint.h>

/* How long a connection is watched before it is judged. */
#define COMPRESS_WATCH_NSECS INT64_C(1000000000)

/* A connection of this round trip (0: not known) moved so many bytes in that time. */
bool compress_is_worthwhile(int64_t rtt_usecs, uint64_t bytes, int64_t nsecs);

#endif
