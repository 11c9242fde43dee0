/* SPDX-License-Identifier: MIT
 * --skipcrossduplicates: a message that is in an earlier folder of the run, too, is left out. Which
 * folder is earlier, the plan says (--folderfirst, --folderlast). */
#include "sync/folder_run_private.h"

/* Of the plan's entry, for the log. */
static uint32_t run_number(const struct folder_run *run)
{
    return (uint32_t)(run->entry - run->pair->plan->entries);
}

void folder_cross_exclude(struct folder_run *run)
{
    const struct pair *pair = run->pair;
    const struct listing *listing = &run->listing;
    uint32_t folder;
    for (size_t i = 0; listing->keys != NULL && i < listing->count; i++) {
        if (listing->messages[i].state != MESSAGE_WANTED || listing->traits[i].is_weak ||
            !cross_find(pair->cross, listing->keys[i], &folder))
            continue;
        folder_run_settle_message(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
                                  "rule: an earlier folder has it, too (--skipcrossduplicates)");
        run->pair->figures.cross_duplicates++;
        if (pair->settings->debugcrossduplicates)
            log_line(pair->log, "folder %s: UID %u is in folder %s, too", run->name,
                     listing->messages[i].uid, pair->plan->entries[folder].source_label);
    }
    /* As if it were copied; what is left out by its size in a later rule is too big everywhere. */
    for (size_t i = 0; pair->settings->dry && listing->keys != NULL && i < listing->count; i++) {
        if (listing->messages[i].state == MESSAGE_WANTED)
            cross_add(pair->cross, listing->keys[i], run_number(run));
    }
}

void folder_cross_note(struct folder_run *run)
{
    struct cross *cross = run->pair->cross;
    const struct listing *listing = &run->listing;
    const struct adopt_destination there = listing_as_destination(&run->target->listing);
    if (cross == NULL)
        return;
    for (size_t i = 0; listing->keys != NULL && i < listing->count; i++) {
        if (listing->messages[i].state == MESSAGE_COPIED ||
            listing->messages[i].state == MESSAGE_ALREADY)
            cross_add(cross, listing->keys[i], run_number(run));
    }
    for (size_t i = 0; i < there.count; i++)
        cross_add(cross, there.records[i].key, run_number(run));
}
