/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "store/store_map_private.h"

void store_flags_deinit(struct store_flags *flags)
{
    for (size_t i = 0; i < flags->id_count; i++)
        mem_free(flags->by_id[i]);
    mem_free(flags->by_id);
    mem_free(flags->sorted);
}

static const char *store_flags_at(const struct store_flags *flags, size_t index)
{
    return flags->by_id[flags->sorted[index] - 1];
}

/* Where the text is in `sorted`, or where it belongs. */
static size_t store_flags_find(const struct store_flags *flags, const char *text, bool *found_r)
{
    size_t low = 0;
    size_t high = flags->count;
    *found_r = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(store_flags_at(flags, middle), text);
        if (order == 0) {
            *found_r = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Notes a set that the store has. Ids out of our range can only come from a damaged file. */
static void store_flags_note(struct store_flags *flags, uint32_t id, const char *text)
{
    bool is_known;
    size_t at = store_flags_find(flags, text, &is_known);
    if (is_known || id == 0 || id > STORE_FLAGS_MAX_SETS)
        return;
    while (flags->id_count < id) {
        MEM_GROW(flags->by_id, flags->id_count, flags->id_alloc);
        flags->by_id[flags->id_count++] = NULL;
    }
    if (flags->by_id[id - 1] != NULL)
        return;
    flags->by_id[id - 1] = mem_strdup(text);
    MEM_GROW(flags->sorted, flags->count, flags->alloc);
    memmove(flags->sorted + at + 1, flags->sorted + at,
            (flags->count - at) * sizeof(flags->sorted[0]));
    flags->sorted[at] = id;
    flags->count++;
}

static bool store_flags_load(struct store_map *map, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    if (map->flags.is_loaded || map->pair_id == 0)
        return true;
    if (!store_query_begin(&query, map->store, STORE_SQL_FLAGS_ALL, fault_r))
        return false;
    store_bind_int64(&query.binder, map->pair_id);
    while (store_query_next(&query, &columns)) {
        uint32_t id = store_take_uint32(&columns);
        store_flags_note(&map->flags, id, store_take_text(&columns));
    }
    map->flags.is_loaded = store_query_end(&query, fault_r);
    return map->flags.is_loaded;
}

/* The number that the set just added got: others may have added to the same pair. */
static bool store_flags_newest(struct store_map *map, struct store_write *write, uint32_t *id_r,
                               struct fault *fault_r)
{
    bool is_found;
    if (!store_write_use(write, STORE_SQL_FLAGS_NEWEST, fault_r))
        return false;
    store_bind_int64(&write->binder, map->pair_id);
    if (!store_write_get(write, &is_found, fault_r))
        return false;
    if (is_found) {
        struct store_columns columns = {write->binder.statement, 0};
        *id_r = store_take_uint32(&columns);
        store_statement_end(write->binder.statement);
    }
    return true;
}

static bool store_flags_add(struct store_map *map, const char *text, uint32_t *id_r,
                            struct fault *fault_r)
{
    struct store_write write;
    *id_r = STORE_FLAGS_UNKNOWN;
    if (!store_write_begin(&write, map->store, STORE_WRITE_GROUPED, "note the flags in the store",
                           fault_r))
        return false;
    bool is_ok = store_map_add_pair(map, &write, fault_r) &&
                 store_write_use(&write, STORE_SQL_FLAGS_ADD, fault_r);
    if (is_ok) {
        store_bind_int64(&write.binder, map->pair_id);
        store_bind_text(&write.binder, text);
        is_ok = store_write_step(&write, true, fault_r) &&
                store_flags_newest(map, &write, id_r, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_map_flags_id(struct store_map *map, const char *text, uint32_t *id_r,
                        struct fault *fault_r)
{
    struct store_flags *flags = &map->flags;
    bool is_known;
    *id_r = STORE_FLAGS_UNKNOWN;
    if (strnlen(text, STORE_FLAGS_MAX_BYTES + 1) > STORE_FLAGS_MAX_BYTES)
        return true;
    if (!store_flags_load(map, fault_r))
        return false;
    if (flags->newest != 0 && strcmp(flags->by_id[flags->newest - 1], text) == 0) {
        *id_r = flags->newest;
        return true;
    }
    size_t at = store_flags_find(flags, text, &is_known);
    if (is_known)
        *id_r = flags->sorted[at];
    else if (flags->id_count >= STORE_FLAGS_MAX_SETS)
        return true;
    else if (!store_flags_add(map, text, id_r, fault_r))
        return false;
    else
        store_flags_note(flags, *id_r, text);
    if (*id_r > flags->id_count)
        *id_r = STORE_FLAGS_UNKNOWN; /* others filled the pair's numbers meanwhile */
    flags->newest = *id_r;
    return true;
}

bool store_map_flags_text(struct store_map *map, uint32_t id, const char **text_r,
                          struct fault *fault_r)
{
    *text_r = NULL;
    if (!store_flags_load(map, fault_r))
        return false;
    if (id != 0 && id <= map->flags.id_count)
        *text_r = map->flags.by_id[id - 1];
    return true;
}
