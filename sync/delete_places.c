/* SPDX-License-Identifier: MIT */
#include "sync/delete_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static void add_planned(struct delete_places *places, struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    size_t at = 0;
    for (size_t i = 0; i < plan->count; i++) {
        while (strcmp(pair->targets.items[at].mailbox, plan->entries[i].destination) != 0)
            at++;
        places->items[places->count++] = (struct delete_origin){
            .entry = &plan->entries[i],
            .memory = &pair->memories[i],
            .target = &pair->targets.items[at],
        };
    }
}

/* One that is planned may have been given another place there. */
static void add_others(struct delete_places *places, const struct pair *pair,
                       const struct folder_plan *all)
{
    const struct folder_list *folders = &pair->source.folders;
    const struct plan_entry **planned = mem_alloc_array(folders->count, sizeof(*planned));
    for (size_t i = 0; i < pair->plan->count; i++)
        planned[pair->plan->entries[i].source - folders->items] = &pair->plan->entries[i];
    for (size_t i = 0; i < all->count; i++) {
        const struct plan_entry *entry = &all->entries[i];
        const struct plan_entry *same = planned[entry->source - folders->items];
        if (same == NULL || strcmp(same->destination, entry->destination) != 0)
            places->items[places->count++] = (struct delete_origin){.entry = entry};
    }
    mem_free(planned);
}

/* -- what is one place -- */

static void place_by_name(struct delete_places *places)
{
    struct str_list names = {0};
    struct name_map by_name;
    for (size_t i = 0; i < places->count; i++) {
        char *name = mem_strdup(places->items[i].entry->destination);
        for (char *at = name; *at != '\0'; at++)
            *at = str_lower(*at);
        str_list_add(&names, name);
        mem_free(name);
    }
    name_map_init(&by_name);
    for (size_t i = 0; i < places->count; i++)
        places->items[i].place = name_map_add(&by_name, names.items[i], i);
    name_map_deinit(&by_name);
    str_list_deinit(&names);
}

/* What a server would tell of one mailbox under two names. */
struct look {
    const struct imap_mailbox *mailbox;
    size_t place;
};

static int compare_looks(const void *a, const void *b)
{
    const struct look *left = a;
    const struct look *right = b;
    if (left->mailbox->uidvalidity != right->mailbox->uidvalidity)
        return left->mailbox->uidvalidity < right->mailbox->uidvalidity ? -1 : 1;
    if (left->mailbox->uidnext != right->mailbox->uidnext)
        return left->mailbox->uidnext < right->mailbox->uidnext ? -1 : 1;
    if (left->mailbox->exists_at_open != right->mailbox->exists_at_open)
        return left->mailbox->exists_at_open < right->mailbox->exists_at_open ? -1 : 1;
    return 0;
}

/* The first of the places that were found to be one; `first` is a forest. */
static size_t find_first(size_t *first, size_t place)
{
    while (first[place] != place) {
        first[place] = first[first[place]];
        place = first[place];
    }
    return place;
}

static void join_alike(struct delete_places *places)
{
    struct look *looks = mem_alloc_array(places->count, sizeof(*looks));
    size_t *first = mem_alloc_array(places->count, sizeof(*first));
    size_t count = 0;
    for (size_t i = 0; i < places->count; i++) {
        const struct target *target = places->items[i].target;
        first[i] = i;
        if (target != NULL && target->is_there && target->opened.exists_at_open > 0)
            looks[count++] = (struct look){&target->opened, places->items[i].place};
    }
    qsort(looks, count, sizeof(*looks), compare_looks);
    for (size_t i = 1; i < count; i++) {
        if (compare_looks(&looks[i - 1], &looks[i]) == 0)
            first[find_first(first, looks[i].place)] = find_first(first, looks[i - 1].place);
    }
    for (size_t i = 0; i < places->count; i++)
        places->items[i].place = find_first(first, places->items[i].place);
    mem_free(looks);
    mem_free(first);
}

/* -- the whole -- */

struct ordered {
    struct delete_origin origin;
    size_t position;
};

static int compare_ordered(const void *a, const void *b)
{
    const struct ordered *left = a;
    const struct ordered *right = b;
    if (left->origin.place != right->origin.place)
        return left->origin.place < right->origin.place ? -1 : 1;
    return left->position < right->position ? -1 : left->position > right->position;
}

static void sort_by_place(struct delete_places *places)
{
    struct ordered *items = mem_alloc_array(places->count, sizeof(*items));
    for (size_t i = 0; i < places->count; i++)
        items[i] = (struct ordered){places->items[i], i};
    qsort(items, places->count, sizeof(*items), compare_ordered);
    for (size_t i = 0; i < places->count; i++)
        places->items[i] = items[i].origin;
    mem_free(items);
}

void delete_places_init(struct delete_places *places, struct pair *pair,
                        const struct folder_plan *all)
{
    places->count = 0;
    places->items = mem_alloc_array(pair->plan->count + all->count, sizeof(*places->items));
    add_planned(places, pair);
    add_others(places, pair, all);
    place_by_name(places);
    join_alike(places);
    sort_by_place(places);
}

void delete_places_deinit(struct delete_places *places)
{
    mem_free(places->items);
    memset(places, 0, sizeof(*places));
}

size_t delete_places_end(const struct delete_places *places, size_t first)
{
    size_t end = first + 1;
    while (end < places->count && places->items[end].place == places->items[first].place)
        end++;
    return end;
}
