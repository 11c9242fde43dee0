/* SPDX-License-Identifier: MIT
 * Finds the folders of a listing by the names people type: raw, or readable. One thread. */
#ifndef SYNC_FOLDERS_LOOKUP_H
#define SYNC_FOLDERS_LOOKUP_H

#include <stddef.h>

#include "sync/folders/folders.h"

struct folder_lookup {
    const struct folder_list *list;
    char **displays; /* one for each folder, decoded; NULL until somebody asks */
    struct name_map by_display;
};

/* The list must outlive the lookup and stay unchanged. */
void folder_lookup_init(struct folder_lookup *lookup, const struct folder_list *list);
void folder_lookup_deinit(struct folder_lookup *lookup);
/* The folder of the raw name `text`, else of the decoded name `text`; NULL if absent. */
const struct folder *folder_lookup_find(struct folder_lookup *lookup, const char *text);
/* The decoded name of the list's folder `index`. Good until deinit. */
const char *folder_lookup_display(struct folder_lookup *lookup, size_t index);

#endif
