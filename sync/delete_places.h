/* SPDX-License-Identifier: MIT
 * Which source folders go to which place on the destination, those that a run leaves out by choice
 * too. What may be one mailbox is one place: folders that are merged, names that differ by case
 * alone, and folders of which the destination tells the same UIDVALIDITY, UIDNEXT and number of
 * messages. Belongs to the pair's thread. */
#ifndef SYNC_DELETE_PLACES_H
#define SYNC_DELETE_PLACES_H

#include "sync/pair_private.h"

struct delete_origin {
    const struct plan_entry *entry;
    struct folder_memory *memory; /* NULL: the run leaves it out */
    const struct target *target;  /* NULL then as well */
    size_t place;                 /* a number */
};

struct delete_places {
    struct delete_origin *items; /* those of one place side by side, in the order of the plan */
    size_t count;
};

/* `all`: the plan with nothing left out; it outlives the places, as do the pair's plan, memories
   and targets. n log n. */
void delete_places_init(struct delete_places *places, struct pair *pair,
                        const struct folder_plan *all);
void delete_places_deinit(struct delete_places *places);
/* Where the origins end that have the place of items[first]. */
size_t delete_places_end(const struct delete_places *places, size_t first);

#endif
