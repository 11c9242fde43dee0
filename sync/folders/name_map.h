/* SPDX-License-Identifier: MIT
 * An ordered map from mailbox names to numbers. Servers choose the names, so it is a balanced tree:
 * a hash could be made to collide. Names are compared by bytes, but INBOX in any case is one name
 * (RFC 9051 section 5.1). Belongs to one thread. */
#ifndef SYNC_FOLDERS_NAME_MAP_H
#define SYNC_FOLDERS_NAME_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct name_map {
    void *root;
};

bool name_is_inbox(const char *name);

void name_map_init(struct name_map *map);
void name_map_deinit(struct name_map *map);
/* The value of `name`; when it is not there yet, it is added with `value`. So the answer differs
   from `value` exactly when the name was there before (with another value). The name is not copied:
   it must outlive the map. */
size_t name_map_add(struct name_map *map, const char *name, size_t value);
/* False if absent. */
bool name_map_find(const struct name_map *map, const char *name, size_t *value_r);

#endif
