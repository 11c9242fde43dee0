/* SPDX-License-Identifier: MIT */
#include "sync/delete_compare.h"

#include <string.h>

void delete_compare_init(struct delete_compare *compare, struct pair *pair,
                         const struct target *target, const struct delete_origin *origins,
                         size_t count)
{
    const struct settings *settings = pair->settings;
    struct compare *both = &compare->both;
    compare->target = target;
    compare_init(both, pair, target->mailbox, target->name);
    both->uidvalidity = target->opened.uidvalidity;
    both->replaced = "nothing was deleted there";
    both->leaves_out_marked = settings->delete1;
    both->source_rules = settings->delete1 ? &pair->wanted : NULL;
    both->destination_rules = settings->delete2 || settings->delete2duplicates ? &pair->removable
                                                                               : NULL;
    for (size_t i = 0; i < count; i++) {
        if (origins[i].target == target)
            compare_add_source(both, origins[i].entry, origins[i].memory);
    }
    compare->own_count = both->count;
    for (size_t i = 0; i < count; i++) {
        if (origins[i].target != target)
            compare_add_source(both, origins[i].entry, origins[i].memory);
    }
}

void delete_compare_deinit(struct delete_compare *compare)
{
    compare_deinit(&compare->both);
    memset(compare, 0, sizeof(*compare));
}

/* -- is the map enough? -- */

static bool has_stranger(const struct delete_compare *compare)
{
    const struct adopt_destination there = listing_as_destination(&compare->both.listing);
    for (size_t i = 0; i < there.count; i++) {
        if (!there.records[i].is_matched)
            return true;
    }
    return false;
}

static bool has_unmatched(const struct delete_compare *compare)
{
    for (size_t i = 0; i < compare->own_count; i++) {
        const struct listing *listing = &compare->both.sources[i].listing;
        for (size_t k = 0; k < listing->count; k++) {
            if (listing->messages[k].state != MESSAGE_ALREADY)
                return true;
        }
    }
    return false;
}

/* Who a message is has to be known only where the map leaves something open. */
static bool needs_identities(const struct delete_compare *compare)
{
    const struct settings *settings = compare->both.pair->settings;
    bool looks_for_equals = !settings->syncduplicates;
    bool is_open = has_stranger(compare);
    return (settings->delete2 && is_open) ||
           (settings->delete2duplicates && (is_open || looks_for_equals)) ||
           (settings->delete1 && (is_open || looks_for_equals) && has_unmatched(compare));
}

/* By UIDs first, which costs little; with headers if that leaves anything open. */
bool delete_compare_run(struct delete_compare *compare, struct fault *fault_r)
{
    bool has_map = compare->both.pair->map != NULL;
    if (has_map && !compare_run(&compare->both, false, fault_r))
        return false;
    return (has_map && !needs_identities(compare)) || compare_run(&compare->both, true, fault_r);
}
