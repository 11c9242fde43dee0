/* SPDX-License-Identifier: MIT */
#include "sync/folders/removable.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/folders/exchange.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name.h"
#include "sync/folders/roles.h"

/* -- names that mean the same -- */

/* Without prefix, "\1" between the levels, small ASCII letters: owned by the caller. */
static char *neutral_name(const char *name, const struct name_style *style, char separator)
{
    char *neutral = mem_strdup(name + name_prefix_size(style, name));
    for (char *at = neutral; *at != '\0'; at++)
        *at = separator != '\0' && *at == separator ? '\1' : str_lower(*at);
    return neutral;
}

struct known_names {
    struct str_list names; /* neutral */
    struct name_map by_name;
};

static void known_names_init(struct known_names *known, const struct folder_list *source,
                             const struct name_style *source_style, const struct folder_plan *all,
                             const struct name_style *destination_style)
{
    memset(known, 0, sizeof(*known));
    for (size_t i = 0; i < source->count; i++) {
        const struct folder *folder = &source->items[i];
        char *name = neutral_name(folder->name, source_style, name_separator(source_style, folder));
        str_list_add(&known->names, name);
        mem_free(name);
    }
    for (size_t i = 0; i < all->count; i++) {
        char *name = neutral_name(all->entries[i].destination, destination_style,
                                  destination_style->separator);
        str_list_add(&known->names, name);
        mem_free(name);
    }
    name_map_init(&known->by_name);
    for (size_t i = 0; i < known->names.count; i++)
        (void)name_map_add(&known->by_name, known->names.items[i], i);
}

static void known_names_deinit(struct known_names *known)
{
    name_map_deinit(&known->by_name);
    str_list_deinit(&known->names);
}

static bool known_names_hold(const struct known_names *known, const char *name,
                             const struct name_style *style, char separator)
{
    size_t ignored;
    char *neutral = neutral_name(name, style, separator);
    bool is_known = name_map_find(&known->by_name, neutral, &ignored);
    mem_free(neutral);
    return is_known;
}

/* -- order -- */

/* The separator sorts before everything else, so that a tree stands together. `context` of the sort
   is in each item, since qsort() has none. */
struct tree_item {
    struct removable_folder folder;
    char separator;
};

static int compare_in_tree(const void *a, const void *b)
{
    const struct tree_item *left = a;
    const struct tree_item *right = b;
    const char *x = left->folder.name;
    const char *y = right->folder.name;
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    int first = *x == '\0' ? 0 : *x == left->separator ? 1 : 2 + (unsigned char)*x;
    int second = *y == '\0' ? 0 : *y == left->separator ? 1 : 2 + (unsigned char)*y;
    return first - second;
}

static void sort_tree(struct removable *removable)
{
    struct tree_item *items = mem_alloc_array(removable->count, sizeof(*items));
    for (size_t i = 0; i < removable->count; i++)
        items[i] = (struct tree_item){removable->items[i], removable->separator};
    qsort(items, removable->count, sizeof(*items), compare_in_tree);
    for (size_t i = 0; i < removable->count; i++)
        removable->items[i] = items[i].folder;
    mem_free(items);
}

/* All that is below a folder follows it at once, so the next one that stays tells. */
void removable_keep_parents(struct removable *removable)
{
    const char *next_kept = NULL;
    for (size_t i = removable->count; i-- > 0;) {
        struct removable_folder *item = &removable->items[i];
        if (next_kept != NULL && name_below(next_kept, item->name, removable->separator) != NULL)
            item->is_kept = true;
        if (item->is_kept)
            next_kept = item->name;
    }
}

/* -- the choice -- */

static bool stays(const struct folder *folder, const struct folder_list *destination,
                  const struct name_style *style, const struct folder_plan *all,
                  const struct known_names *known)
{
    char separator = name_separator(style, folder);
    const char *below = all->root2 == NULL ? NULL : name_below(folder->name, all->root2, separator);
    if (name_is_inbox(folder->name) || (folder->attributes & FOLDER_NOSELECT) != 0 ||
        strlen(folder->name) > FOLDER_NAME_MAX_BYTES ||
        name_is_foreign(destination, style, folder->name))
        return true;
    if (all->root2 != NULL && (below == NULL || *below == '\0'))
        return true;
    return known_names_hold(known, folder->name, style, separator);
}

/* Exchange's own folders without mail stay, though nothing goes to them. */
static void keep_own_folders(struct removable *removable, const struct folder_list *source,
                             const struct name_style *source_style,
                             const struct folder_list *destination, const struct name_style *style)
{
    struct exchange_folders source_own, own;
    if (!destination->is_exchange)
        return;
    if (source->is_exchange)
        exchange_folders_init(&source_own, source, source_style);
    exchange_folders_init_target(&own, destination, style, source, source_style,
                                 source->is_exchange ? &source_own : NULL);
    for (size_t i = 0; i < destination->count; i++) {
        const struct folder *folder = &destination->items[i];
        char separator = name_separator(style, folder);
        if (exchange_folders_kind(&own, folder->name, separator) != EXCHANGE_MAIL)
            removable->items[i].is_kept = true;
    }
}

void removable_init(struct removable *removable, const struct folder_list *source,
                    const struct folder_list *destination, const struct folder_plan *all,
                    const struct settings *settings)
{
    struct name_style source_style, style;
    struct known_names known;
    name_style_init(&source_style, source, &settings->side[0]);
    name_style_init(&style, destination, &settings->side[1]);
    known_names_init(&known, source, &source_style, all, &style);
    removable->separator = style.separator;
    removable->count = destination->count + all->count;
    removable->items = mem_alloc_array(removable->count, sizeof(*removable->items));
    for (size_t i = 0; i < destination->count; i++) {
        const struct folder *folder = &destination->items[i];
        bool is_kept = stays(folder, destination, &style, all, &known);
        removable->items[i] = (struct removable_folder){folder->name, folder, is_kept};
    }
    keep_own_folders(removable, source, &source_style, destination, &style);
    for (size_t i = 0; i < all->count; i++)
        removable->items[destination->count + i] = (struct removable_folder){
            all->entries[i].destination, NULL, true};
    known_names_deinit(&known);
    name_style_deinit(&source_style);
    name_style_deinit(&style);
    sort_tree(removable);
    removable_keep_parents(removable);
}

void removable_init_source(struct removable *removable, const struct folder_list *source,
                           const struct folder_plan *plan, const struct settings *settings)
{
    struct name_style style;
    bool *is_planned = mem_alloc_array(source->count, sizeof(*is_planned));
    for (size_t i = 0; i < plan->count; i++)
        is_planned[plan->entries[i].source - source->items] = true;
    name_style_init(&style, source, &settings->side[0]);
    removable->separator = style.separator;
    removable->count = source->count;
    removable->items = mem_alloc_array(source->count, sizeof(*removable->items));
    for (size_t i = 0; i < source->count; i++) {
        const struct folder *folder = &source->items[i];
        bool is_kept = !is_planned[i] || name_is_inbox(folder->name) ||
                       name_is_foreign(source, &style, folder->name);
        removable->items[i] = (struct removable_folder){folder->name, folder, is_kept};
    }
    mem_free(is_planned);
    name_style_deinit(&style);
    sort_tree(removable);
}

void removable_deinit(struct removable *removable)
{
    mem_free(removable->items);
    memset(removable, 0, sizeof(*removable));
}

bool removable_is_special(const struct folder_list *destination, const struct settings *settings,
                          const struct folder *folder)
{
    struct name_style style;
    if ((folder->attributes & FOLDER_ROLES) != 0)
        return true;
    name_style_init(&style, destination, &settings->side[1]);
    char *display = mutf7_to_display(folder->name + name_prefix_size(&style, folder->name));
    bool is_special = role_by_name(display, NULL) != 0;
    mem_free(display);
    name_style_deinit(&style);
    return is_special;
}
