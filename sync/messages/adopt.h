/* SPDX-License-Identifier: MIT
 * Which source messages are on the destination already: a multiset match by identity. Two copies on
 * the source need two on the destination. Among equals, the same INTERNALDATE and size wins, then
 * the same date, then the same size. Pure; n log n whatever the messages are. */
#ifndef SYNC_MESSAGES_ADOPT_H
#define SYNC_MESSAGES_ADOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/messages/identity.h"

struct adopt_message {
    struct identity identity;
    enum identity_strength strength;
    uint32_t index; /* the caller's */
    int64_t date_seconds;
    uint64_t size_bytes;
    bool is_matched;
};

/* Marks matched messages on both sides; those already marked take no part. Both arrays are
   reordered. A message without any identity is known by its date alone, sizes being estimates on
   some servers; by its size only where dates_are_kept says that the copies have other dates. */
void adopt_match(struct adopt_message *source, size_t source_count,
                 struct adopt_message *destination, size_t destination_count, bool dates_are_kept);
/* Marks (is_matched) each message that has an equal one of lower index: an exact duplicate, for
   --nosyncduplicates. Reorders the array. */
void adopt_mark_duplicates(struct adopt_message *messages, size_t count);

#endif
