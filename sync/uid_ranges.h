/* SPDX-License-Identifier: MIT
 * A set of UIDs that a server told, as ranges: it may be large, and one range may stand for four
 * billion. Pure; belongs to one thread. */
#ifndef SYNC_UID_RANGES_H
#define SYNC_UID_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/uidset.h"

/* 8 bytes each; no folder holds more messages. */
#define UID_RANGES_MAX ((size_t)10000000)

/* Starts as zeros. */
struct uid_ranges {
    struct uid_range *items;
    size_t count;
    size_t alloc;
    uint64_t uids;     /* added so far, each as often as it was */
    bool is_overflown; /* there was more than fits: it is of no use */
};

void uid_ranges_deinit(struct uid_ranges *ranges);
/* first <= last. One that goes on where the last one added ends makes that longer. */
void uid_ranges_add(struct uid_ranges *ranges, uint32_t first, uint32_t last);
/* To be called when all are added, before uid_ranges_hold(). */
void uid_ranges_sort(struct uid_ranges *ranges);
bool uid_ranges_hold(const struct uid_ranges *ranges, uint32_t uid);

#endif
