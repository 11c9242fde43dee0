/* SPDX-License-Identifier: MIT */
#include "sync/folders/automap.h"

#include <string.h>

#include "base/mem.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/roles.h"

static const unsigned int automap_roles[AUTOMAP_ROLES] = {
    FOLDER_ALL,  FOLDER_ARCHIVE, FOLDER_DRAFTS, FOLDER_FLAGGED,
    FOLDER_JUNK, FOLDER_SENT,    FOLDER_TRASH,
};

/* Who holds which role on one server. */
struct automap_side {
    const struct folder_list *list;
    const struct name_style *style;
    const struct folder *by_attribute[AUTOMAP_ROLES];
    const struct folder *by_name[AUTOMAP_ROLES];
    size_t rank[AUTOMAP_ROLES]; /* of by_name */
};

/* Where the folder's name without prefix starts. */
static const char *automap_path(const struct automap_side *side, const struct folder *folder)
{
    return folder->name + name_prefix_size(side->style, folder->name);
}

static unsigned int automap_role_by_name(const struct automap_side *side,
                                         const struct folder *folder, size_t *rank_r)
{
    const char *path = automap_path(side, folder);
    char separator = name_separator(side->style, folder);
    if (separator != '\0' && strchr(path, separator) != NULL)
        return 0;
    char *display = mutf7_to_display(path);
    unsigned int role = role_by_name(display, rank_r);
    mem_free(display);
    return role;
}

static void automap_side_take_name(struct automap_side *side, const struct folder *folder)
{
    size_t rank = 0;
    unsigned int role = automap_role_by_name(side, folder, &rank);
    for (size_t i = 0; i < AUTOMAP_ROLES; i++) {
        if (automap_roles[i] != role)
            continue;
        if (side->by_name[i] == NULL || rank < side->rank[i]) {
            side->by_name[i] = folder;
            side->rank[i] = rank;
        }
    }
}

static void automap_side_init(struct automap_side *side, const struct folder_list *list,
                              const struct name_style *style)
{
    memset(side, 0, sizeof(*side));
    side->list = list;
    side->style = style;
    for (size_t i = 0; i < list->count; i++) {
        const struct folder *folder = &list->items[i];
        if (name_is_inbox(folder->name) || (folder->attributes & FOLDER_NOSELECT) != 0 ||
            name_is_foreign(list, style, folder->name))
            continue;
        for (size_t role = 0; role < AUTOMAP_ROLES; role++) {
            if ((folder->attributes & automap_roles[role]) != 0 && side->by_attribute[role] == NULL)
                side->by_attribute[role] = folder;
        }
        /* What has an attribute is not that by which its name would pass for something else. */
        if ((folder->attributes & FOLDER_ROLES) == 0)
            automap_side_take_name(side, folder);
    }
}

/* The destination may know several usual names and no attribute; then a folder that would keep its
   name keeps it, instead of being moved to a more usual one. */
static const struct folder *automap_same_name(const struct automap_side *source,
                                              const struct folder *folder,
                                              const struct automap_side *destination,
                                              unsigned int role)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    (void)name_append_rooted(&name, automap_path(source, folder),
                             name_separator(source->style, folder), destination->style);
    const struct folder *same = folder_list_find(destination->list, buffer_str(&name));
    buffer_deinit(&name);
    if (same == NULL || (same->attributes & (FOLDER_ROLES | FOLDER_NOSELECT)) != 0)
        return NULL;
    return automap_role_by_name(destination, same, NULL) == role ? same : NULL;
}

static const struct folder *automap_destination(const struct automap_side *source,
                                                const struct folder *folder,
                                                const struct automap_side *destination, size_t role)
{
    if (destination->by_attribute[role] != NULL)
        return destination->by_attribute[role];
    const struct folder *same = automap_same_name(source, folder, destination, automap_roles[role]);
    return same != NULL ? same : destination->by_name[role];
}

static bool automap_has_source(const struct automap *map, const struct folder *folder)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->pairs[i].source == folder)
            return true;
    }
    return false;
}

void automap_init(struct automap *map, const struct folder_list *source,
                  const struct name_style *source_style, const struct folder_list *destination,
                  const struct name_style *destination_style)
{
    struct automap_side from;
    struct automap_side to;
    automap_side_init(&from, source, source_style);
    automap_side_init(&to, destination, destination_style);
    map->count = 0;
    for (size_t role = 0; role < AUTOMAP_ROLES; role++) {
        const struct folder *folder = from.by_attribute[role];
        if (folder == NULL)
            folder = from.by_name[role];
        if (folder == NULL || automap_has_source(map, folder))
            continue;
        const struct folder *target = automap_destination(&from, folder, &to, role);
        if (target != NULL)
            map->pairs[map->count++] = (struct automap_pair){folder, target};
    }
}

const struct automap_pair *automap_find(const struct automap *map, const char *name, char separator,
                                        const char **below_r)
{
    const struct automap_pair *closest = NULL;
    for (size_t i = 0; i < map->count; i++) {
        const char *below = name_below(name, map->pairs[i].source->name, separator);
        if (below == NULL || (closest != NULL && below < *below_r))
            continue;
        closest = &map->pairs[i];
        *below_r = below;
    }
    return closest;
}
