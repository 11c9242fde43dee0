/* SPDX-License-Identifier: MIT
 * A destination folder and all source folders that go there, listed whole and matched: what may be
 * deleted is decided from this alone, whatever a run copied, passed over or left out by a rule.
 * Nothing is changed on either side. Belongs to the pair's thread. */
#ifndef SYNC_DELETE_COMPARE_H
#define SYNC_DELETE_COMPARE_H

#include "sync/delete_places.h"
#include "sync/messages/removal.h"
#include "sync/pair_private.h"

/* A source folder that goes there, or may do so. */
struct delete_source {
    const struct plan_entry *entry;
    struct folder_memory *memory;   /* NULL: this run leaves the folder out */
    struct store_map_folder *known; /* NULL: nothing is remembered */
    uint32_t uidvalidity;
    struct selection selection; /* with --delete1: what else is there is none of this run's */
    struct listing listing;     /* after delete_compare_run(): ALREADY is what was found there */
};

struct delete_compare {
    struct pair *pair;
    const struct target *target;
    struct delete_source *sources; /* those of this run first */
    size_t count;
    size_t own_count;           /* those that this run syncs */
    struct listing listing;     /* of the destination: records to be searched */
    struct selection selection; /* with --delete2: what else is there stays */
    uint32_t uidvalidity;
    bool has_identities; /* else every message of the destination was matched by the map */
    uint64_t lost; /* messages that were brought there by an earlier run and can't be told from the
                      others any more (no UIDPLUS) */
};

/* `origins`: all source folders of the target's place. */
void delete_compare_init(struct delete_compare *compare, struct pair *pair,
                         const struct target *target, const struct delete_origin *origins,
                         size_t count);
void delete_compare_deinit(struct delete_compare *compare);
/* Opens, lists and matches. False with a fault unless every listing ended OK and agrees with
   EXISTS, and every mailbox is the one that this run synced (UIDVALIDITY). */
bool delete_compare_run(struct delete_compare *compare, struct fault *fault_r);

#endif
