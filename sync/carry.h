/* SPDX-License-Identifier: MIT
 * Flags that changed on the source since the last run are changed on the destination in the same
 * way, and nothing else there is touched: what was added is added, what was removed is removed,
 * what the destination's user did to other flags stays. */
#ifndef SYNC_CARRY_H
#define SYNC_CARRY_H

#include "sync/changes.h"
#include "sync/folder_memory.h"
#include "sync/target.h"

/* Compares the changes (sorted) with the folder's map and stores the differences on the destination
   and then in the map. Waits for the answers. `name` is the source folder's, for the log. What the
   destination refuses is logged, and tried again by the next run. */
void carry_flags(struct folder_memory *memory, const struct changes *changes, struct target *target,
                 const char *name);

#endif
