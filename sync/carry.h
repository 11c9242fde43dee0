/* SPDX-License-Identifier: MIT
 * Flags that changed on the source since the last run are changed on the destination in the same
 * way, and nothing else there is touched: what was added is added, what was removed is removed,
 * what the destination's user did to other flags stays. So it is with Gmail's labels, which stand
 * behind the flags (messages/labels.h), and with what an APPEND can't bring. */
#ifndef SYNC_CARRY_H
#define SYNC_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/changes.h"
#include "sync/folder_memory.h"
#include "sync/target.h"

/* One message whose flags are to be changed. */
struct carried {
    uint32_t src_uid;
    uint32_t dst_uid;
    uint32_t before; /* store_map_flags_id(), as the map has it */
    uint32_t after;
    bool is_refused;
};

struct carry_list {
    struct carried *items;
    size_t count;
    size_t alloc;
};

void carry_list_add(struct carry_list *list, const struct carried *item);
void carry_list_deinit(struct carry_list *list);

/* Compares the changes (sorted) with the folder's map and stores the differences on the destination
   and then in the map. Waits for the answers. `name` is the source folder's, for the log. What the
   destination refuses is logged, and tried again by the next run. */
void carry_flags(struct folder_memory *memory, const struct changes *changes, struct target *target,
                 const char *name);
/* The same for copies of this run, when their APPENDs are answered and their rows are in the map:
   what they are to have besides what the APPEND brought. Empties the list; what is left in it when
   the pair has ended was not done. */
void carry_after_copy(struct folder_memory *memory, struct carry_list *list, struct target *target,
                      const char *name);

#endif
