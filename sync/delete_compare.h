/* SPDX-License-Identifier: MIT
 * What deletion wants of a comparison (sync/compare.h): all source folders of a place are looked
 * at, those too that a run leaves out, and identities are asked for only where the map leaves
 * something open. Belongs to the pair's thread. */
#ifndef SYNC_DELETE_COMPARE_H
#define SYNC_DELETE_COMPARE_H

#include "sync/compare.h"
#include "sync/delete_places.h"

struct delete_compare {
    struct compare both;
    const struct target *target;
    size_t own_count; /* of the sources: those that this run syncs, which come first */
};

/* `origins`: all source folders of the target's place. */
void delete_compare_init(struct delete_compare *compare, struct pair *pair,
                         const struct target *target, const struct delete_origin *origins,
                         size_t count);
void delete_compare_deinit(struct delete_compare *compare);
/* As compare_run(). */
bool delete_compare_run(struct delete_compare *compare, struct fault *fault_r);

#endif
