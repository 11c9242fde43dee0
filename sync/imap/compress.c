/* SPDX-License-Identifier: MIT */
#include "sync/imap/compress.h"

/* Nearer than this a LAN or one computing centre is between: if it is slow, it is not for the line.
 */
#define COMPRESS_MIN_RTT_USECS 5000
/* A line that carries more is faster than most servers compress. */
#define COMPRESS_MAX_BYTES_PER_SEC 5e6
/* Less is talk, or a pair that waits for something else: there is little to win. */
#define COMPRESS_MIN_BYTES (UINT64_C(256) * 1024)

bool compress_is_worthwhile(int64_t rtt_usecs, uint64_t bytes, int64_t nsecs)
{
    if (rtt_usecs < COMPRESS_MIN_RTT_USECS || nsecs < COMPRESS_WATCH_NSECS ||
        bytes < COMPRESS_MIN_BYTES)
        return false;
    return (double)bytes / (double)nsecs * 1e9 < COMPRESS_MAX_BYTES_PER_SEC;
}
