/* SPDX-License-Identifier: MIT
 * A destination folder and the source folders that go there, listed whole and matched as a
 * multiset: by the map, as far as the copies it names are still there, then by identity. It relies
 * on nothing that a run copied, passed over or left out by a rule, so it can tell what may be
 * deleted (sync/delete_compare.h) and what arrived (sync/verify.h). Nothing is changed on either
 * side. Belongs to the pair's thread. */
#ifndef SYNC_COMPARE_H
#define SYNC_COMPARE_H

#include "sync/pair_private.h"

/* A source folder that goes there, or may do so. */
struct compare_source {
    const struct plan_entry *entry;
    struct folder_memory *memory;   /* NULL: this run leaves the folder out, or copies nothing */
    struct store_map_folder *known; /* NULL: nothing is remembered */
    uint32_t uidvalidity;
    struct selection selection;
    struct listing listing; /* after compare_run(): ALREADY is what was found there */
};

struct compare {
    struct pair *pair;
    const char *mailbox; /* of the destination, as the server knows it */
    const char *name;    /* for people */
    /* Wishes, before compare_run(). */
    const struct selection_rules *source_rules;      /* NULL: all; what else is there is listed, and
                                                        selection_holds() tells */
    const struct selection_rules *destination_rules; /* NULL: all; what else is there is not seen */
    const char *replaced;   /* what another UIDVALIDITY means, for people ("nothing was deleted") */
    bool leaves_out_marked; /* a copy that is marked as \Deleted is as good as gone */
    bool is_absent;         /* there is no such mailbox: it is not opened, and holds nothing */

    struct compare_source *sources;
    size_t count;
    size_t alloc;
    struct listing listing; /* of the destination: records to be searched */
    struct selection selection;
    uint32_t uidvalidity; /* before: the one it must have, 0 any; after: the one it has */
    bool has_identities;  /* else every message of the destination was matched by the map */
    uint64_t lost; /* messages that were brought there by an earlier run and can't be told from the
                      others any more (no UIDPLUS) */
};

/* `mailbox` and `name` outlive it. */
void compare_init(struct compare *compare, struct pair *pair, const char *mailbox,
                  const char *name);
/* `memory` may be NULL; then what is remembered is looked up. */
void compare_add_source(struct compare *compare, const struct plan_entry *entry,
                        struct folder_memory *memory);
void compare_deinit(struct compare *compare);
/* Opens, lists and matches; may be called again. Without identities (and with a map or none at all)
   only what the map knows is matched. False with a fault unless every listing ended OK and agrees
   with EXISTS, and every mailbox is the one that this pair knows (UIDVALIDITY). */
bool compare_run(struct compare *compare, bool with_identities, struct fault *fault_r);
/* Opens a source folder again, as it was. */
bool compare_open_source(const struct compare *compare, const struct compare_source *source,
                         struct fault *fault_r);
/* And the destination. */
bool compare_open_destination(const struct compare *compare, struct fault *fault_r);

#endif
