/* SPDX-License-Identifier: MIT */
#include "sync/folders/lookup.h"

#include "base/mem.h"
#include "sync/folders/mutf7.h"

void folder_lookup_init(struct folder_lookup *lookup, const struct folder_list *list)
{
    lookup->list = list;
    lookup->displays = NULL;
    name_map_init(&lookup->by_display);
}

void folder_lookup_deinit(struct folder_lookup *lookup)
{
    name_map_deinit(&lookup->by_display);
    if (lookup->displays != NULL) {
        for (size_t i = 0; i < lookup->list->count; i++)
            mem_free(lookup->displays[i]);
    }
    mem_free(lookup->displays);
    lookup->displays = NULL;
}

/* Most runs name no folder at all, so nothing is decoded before the first need. */
static void folder_lookup_decode(struct folder_lookup *lookup)
{
    size_t count = lookup->list->count;
    if (lookup->displays != NULL)
        return;
    lookup->displays = mem_alloc_array(count, sizeof(*lookup->displays));
    for (size_t i = 0; i < count; i++) {
        lookup->displays[i] = mutf7_to_display(lookup->list->items[i].name);
        (void)name_map_add(&lookup->by_display, lookup->displays[i], i);
    }
}

const struct folder *folder_lookup_find(struct folder_lookup *lookup, const char *text)
{
    const struct folder *folder = folder_list_find(lookup->list, text);
    if (folder != NULL)
        return folder;
    folder_lookup_decode(lookup);
    size_t index;
    /* Modified UTF-7 finds its folder also on a server that lists raw UTF-8. */
    char *display = mutf7_to_display(text);
    bool is_found = name_map_find(&lookup->by_display, display, &index);
    mem_free(display);
    return is_found ? &lookup->list->items[index] : NULL;
}

const char *folder_lookup_display(struct folder_lookup *lookup, size_t index)
{
    folder_lookup_decode(lookup);
    return lookup->displays[index];
}
