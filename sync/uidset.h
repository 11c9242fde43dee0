/* SPDX-License-Identifier: MIT
 * UID sets for commands: "1:3,7". Pure. */
#ifndef SYNC_UIDSET_H
#define SYNC_UIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Exchange takes command lines up to 10,240 bytes; sets stay well below. */
#define UIDSET_MAX_BYTES ((size_t)7900)
/* Any UID fits, and some more. */
#define UIDSET_MIN_BYTES ((size_t)100)

/* Both ends included. */
struct uid_range {
    uint32_t first;
    uint32_t last;
};

struct uidset {
    struct buffer text;
    uint32_t first; /* of the range being built; 0: none */
    uint32_t last;
};

/* It gets no longer than max_bytes, which is brought between the two limits above. */
void uidset_init(struct uidset *set, size_t max_bytes);
void uidset_deinit(struct uidset *set);
/* Adds a UID above all added before. follows_last: no listed UID lies between it and the one added
   before, so the two may stand in one range. False, and nothing added, when the set is full. */
bool uidset_add(struct uidset *set, uint32_t uid, bool follows_last);
/* The set as text; nothing may be added afterwards. */
const char *uidset_finish(struct uidset *set);

/* Reads a set that a server sent ("1:3,7", RFC 9051 section 9, sequence-set without "*"), range by
   range, in its order. The text must outlive the reader. */
struct uidset_reader {
    const char *at;
    const char *end;
};
void uidset_reader_init(struct uidset_reader *reader, const char *text, size_t size);
/* first <= last, both above 0. False at the end, and at the first thing that is no set: then `at`
   is there. */
bool uidset_reader_next(struct uidset_reader *reader, uint32_t *first_r, uint32_t *last_r);

#endif
