/* SPDX-License-Identifier: MIT
 * What FETCH tells of a source folder's flags, and which messages are said to be gone (VANISHED,
 * RFC 7162 section 3.2.10): collected first, compared with the map then. */
#ifndef SYNC_CHANGES_H
#define SYNC_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/uidset.h"

/* More are not believed. */
#define CHANGES_MAX        10000000
#define CHANGES_RANGES_MAX 1000000

struct change {
    uint32_t uid;
    uint32_t flags; /* store_map_flags_id() */
};

struct changes {
    struct change *items; /* after changes_sort(): by UID, each once */
    size_t count;
    size_t alloc;
    struct uid_range *gone;
    size_t gone_count;
    size_t gone_alloc;
    bool is_overflown; /* there was more than fits: nothing here can be relied on */
};

void changes_deinit(struct changes *changes);
void changes_add(struct changes *changes, uint32_t uid, uint32_t flags);
/* A set of UIDs as the server wrote it. */
void changes_add_gone(struct changes *changes, const char *set, size_t size);
void changes_add_gone_one(struct changes *changes, uint32_t uid);
/* Of two for the same UID the later one stays. */
void changes_sort(struct changes *changes);
/* NULL if nothing is known of that UID. To be called after changes_sort(). */
const struct change *changes_find(const struct changes *changes, uint32_t uid);

#endif
