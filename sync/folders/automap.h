/* SPDX-License-Identifier: MIT
 * Pairs the folders of the same role (sent mail, drafts, ...) on two servers. Pure; any thread. */
#ifndef SYNC_FOLDERS_AUTOMAP_H
#define SYNC_FOLDERS_AUTOMAP_H

#include <stddef.h>

#include "sync/folders/folders.h"
#include "sync/folders/name.h"

#define AUTOMAP_ROLES 7

struct automap_pair {
    const struct folder *source; /* both point into their listings */
    const struct folder *destination;
};

struct automap {
    struct automap_pair pairs[AUTOMAP_ROLES];
    size_t count;
};

/* A role belongs to the first folder with its SPECIAL-USE attribute (RFC 6154), else to the folder
   with the most usual name for it. A role that one side has no folder for is not mapped. INBOX,
   folders that can't be selected and other users' folders have no role. */
void automap_init(struct automap *map, const struct folder_list *source,
                  const struct name_style *source_style, const struct folder_list *destination,
                  const struct name_style *destination_style);
/* The pair of this folder or of its closest mapped parent, NULL if there is none; *below_r is then
   the part of the name below it, "" for the folder itself. */
const struct automap_pair *automap_find(const struct automap *map, const char *name, char separator,
                                        const char **below_r);

#endif
