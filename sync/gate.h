/* SPDX-License-Identifier: MIT
 * May the pair send now? The sync engine asks before each message; batch/budget answers. */
#ifndef SYNC_GATE_H
#define SYNC_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct gate {
    void *context;
    /* Asks to send `messages` (0 or 1) and `bytes` at `now_nsecs` (monotonic). Returns 0 when
       granted: it is paid for and the caller sends at once. Else the time to ask the very same
       again; until then nothing is paid that the caller could lose by waiting longer. Called by
       the pair's own thread only. */
    int64_t (*ask)(void *context, int64_t now_nsecs, uint32_t messages, uint64_t bytes);
    /* Asked before each message, before ask(): true if one of so many bytes may not be sent in this
       run any more; *fault_r then says why and ends the pair. NULL: never refuses. */
    bool (*refuses)(void *context, uint64_t bytes, struct fault *fault_r);
};

#endif
