/* SPDX-License-Identifier: MIT
 * May the pair send now? The sync engine asks before each message; batch/budget answers. */
#ifndef SYNC_GATE_H
#define SYNC_GATE_H

#include <stdint.h>

struct gate {
    void *context;
    /* Asks to send `messages` (0 or 1) and `bytes` at `now_nsecs` (monotonic). Returns 0 when
       granted: it is paid for and the caller sends at once. Else the time to ask the very same
       again; until then nothing is paid that the caller could lose by waiting longer. Called by
       the pair's own thread only. */
    int64_t (*ask)(void *context, int64_t now_nsecs, uint32_t messages, uint64_t bytes);
};

#endif
