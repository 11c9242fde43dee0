/* SPDX-License-Identifier: MIT
 * What a run after the first has to do: decisions from what the store remembers and what STATUS or
 * EXAMINE tell. Pure. */
#ifndef SYNC_DELTA_H
#define SYNC_DELTA_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store_map.h"
#include "sync/folders/folders.h"
#include "sync/settings.h"

enum delta {
    DELTA_UNCHANGED, /* nothing to be asked */
    DELTA_FLAGS,     /* no mail came or went; flags may have changed, there is no CONDSTORE */
    DELTA_CHANGED,   /* the marks hold: only what changed since is to be asked for */
    DELTA_LIST,      /* all is to be listed, and compared with the map */
};

/* `now`: the source as it stands; 0 where a mark is not known. `rules`: delta_rules(). */
enum delta delta_judge(const struct store_map_folder *known, const struct store_mark *now,
                       uint64_t rules);
struct store_mark delta_mark_of(const struct folder *folder);

/* Fingerprints, never 0. Of the settings that choose or change messages: made once for a pair. */
uint64_t delta_message_rules(const struct settings *settings);
/* Of those, and of how the plan treats the folder: with another one all is looked at again. */
uint64_t delta_rules(uint64_t message_rules, bool is_renamed, bool is_merged);
bool delta_rules_is_renamed(uint64_t rules);
bool delta_rules_is_merged(uint64_t rules);
/* Of all that the plan is made of on the source's side: with the same one, the plan of the last run
   holds, whatever happened on the destination. */
uint64_t delta_plan_rules(const struct settings *settings, const struct folder_list *source);

#endif
