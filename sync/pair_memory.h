/* SPDX-License-Identifier: MIT
 * What a pair remembers from run to run: whether anything changed at all, and the brackets that
 * make a crash harmless. Belongs to the pair's thread. */
#ifndef SYNC_PAIR_MEMORY_H
#define SYNC_PAIR_MEMORY_H

#include "sync/pair_private.h"

/* Opens the pair's map, unless the run writes nothing (--dry and its like). A store that can't be
   read ends the pair. */
void pair_memory_open(struct pair *pair);
/* --retry-problems: nothing failed in the last run, so nothing is to be tried again. */
bool pair_memory_has_no_problems(const struct pair *pair);
/* An earlier run came to its end: the source alone may tell that there is nothing to do. */
bool pair_memory_is_known(const struct pair *pair);
/* With the source signed in and the STATUS of its folders at hand: if nothing changed since the
   last run, records all folders as they are and returns true; the destination is not needed. May
   open folders to compare flags where the server has no CONDSTORE. */
bool pair_memory_records_all(struct pair *pair);

/* With the plan made: finds each entry's memory, and so what has to be done for it. */
void pair_memory_plan(struct pair *pair);
/* With the destination folders opened: settles where mail must be recognised, and durably notes the
   brackets of all folders that may get mail, before the first APPEND (one transaction). */
void pair_memory_begin(struct pair *pair);
/* All folders came to their end: the next run may trust the plan. */
void pair_memory_end(struct pair *pair);
void pair_memory_close(struct pair *pair);

/* Records a folder with what the map says of it. */
void pair_memory_record(struct pair *pair, const struct store_map_folder *folder);

#endif
