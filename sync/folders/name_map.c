/* SPDX-License-Identifier: MIT */
#include "sync/folders/name_map.h"

#include <search.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct name_map_item {
    const char *name;
    size_t value;
};

bool name_is_inbox(const char *name)
{
    return str_iequals(name, "INBOX");
}

static int name_map_compare(const void *a, const void *b)
{
    const char *left = ((const struct name_map_item *)a)->name;
    const char *right = ((const struct name_map_item *)b)->name;
    return strcmp(name_is_inbox(left) ? "INBOX" : left, name_is_inbox(right) ? "INBOX" : right);
}

void name_map_init(struct name_map *map)
{
    map->root = NULL;
}

void name_map_deinit(struct name_map *map)
{
    while (map->root != NULL) {
        struct name_map_item *item = *(struct name_map_item **)map->root;
        (void)tdelete(item, &map->root, name_map_compare);
        mem_free(item);
    }
}

size_t name_map_add(struct name_map *map, const char *name, size_t value)
{
    struct name_map_item *item = mem_alloc(sizeof(*item));
    item->name = name;
    item->value = value;
    struct name_map_item **node = tsearch(item, &map->root, name_map_compare);
    if (node == NULL) {
        /* Memory is gone: end the way every small allocation does. */
        (void)mem_realloc_array(item, SIZE_MAX, sizeof(*item));
        return value;
    }
    size_t found = (*node)->value;
    if (*node != item)
        mem_free(item);
    return found;
}

bool name_map_find(const struct name_map *map, const char *name, size_t *value_r)
{
    struct name_map_item key = {name, 0};
    struct name_map_item **node = tfind(&key, &map->root, name_map_compare);
    if (node == NULL)
        return false;
    *value_r = (*node)->value;
    return true;
}
