/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "store/store_map_private.h"

static void store_map_folder_free(struct store_map_folder *folder)
{
    mem_free((char *)(uintptr_t)folder->source_name);
    mem_free((char *)(uintptr_t)folder->destination_name);
    mem_free(folder);
}

static int store_map_compare(const struct store_map_folder *folder, const char *source_name,
                             const char *destination_name)
{
    int order = strcmp(folder->source_name, source_name);
    return order != 0 ? order : strcmp(folder->destination_name, destination_name);
}

/* Where the folder is, or where it belongs. */
static size_t store_map_find(const struct store_map *map, const char *source_name,
                             const char *destination_name, bool *found_r)
{
    size_t low = 0;
    size_t high = map->folder_count;
    *found_r = false;
    while (low < high && !*found_r) {
        size_t middle = low + (high - low) / 2;
        int order = store_map_compare(map->folders[middle], source_name, destination_name);
        *found_r = order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *found_r ? high : low;
}

struct store_map_folder *store_map_folder(struct store_map *map, const char *source_name,
                                          const char *destination_name)
{
    bool is_known;
    size_t at = store_map_find(map, source_name, destination_name, &is_known);
    if (is_known)
        return map->folders[at];
    MEM_GROW(map->folders, map->folder_count, map->folder_alloc);
    memmove(map->folders + at + 1, map->folders + at,
            (map->folder_count - at) * sizeof(map->folders[0]));
    map->folder_count++;
    struct store_map_folder *folder = mem_alloc(sizeof(*folder));
    folder->source_name = mem_strdup(source_name);
    folder->destination_name = mem_strdup(destination_name);
    map->folders[at] = folder;
    return folder;
}

bool store_map_folder_has_failures(const struct store_map_folder *folder)
{
    return folder->counts.failed + folder->counts.unreadable > 0;
}

size_t store_map_folder_count(const struct store_map *map)
{
    return map->folder_count;
}

struct store_map_folder *store_map_folder_at(struct store_map *map, size_t index)
{
    return map->folders[index];
}

static void store_take_mark(struct store_columns *columns, struct store_mark *mark_r)
{
    mark_r->uid_validity = store_take_uint32(columns);
    mark_r->uid_next = store_take_uint32(columns);
    mark_r->messages = store_take_uint32(columns);
    mark_r->mod_seq = store_take_uint64(columns);
}

static void store_map_take_folder(struct store_map *map, struct store_columns *columns)
{
    int64_t id = store_take_int64(columns);
    if (id == 0)
        return; /* a pair without folders */
    const char *source_name = store_take_text(columns);
    const char *destination_name = store_take_text(columns);
    struct store_map_folder *folder = store_map_folder(map, source_name, destination_name);
    folder->id = id;
    store_take_mark(columns, &folder->source);
    store_take_mark(columns, &folder->destination);
    folder->rules = (uint64_t)store_take_int64(columns);
    store_take_counts(columns, &folder->counts);
    folder->bracket_uid_next = store_take_uint32(columns);
}

static void store_map_bind_pair(const struct store_map *map, struct store_binder *binder)
{
    store_bind_text(binder, map->host1);
    store_bind_text(binder, map->user1);
    store_bind_text(binder, map->host2);
    store_bind_text(binder, map->user2);
}

bool store_map_open(struct store *store, const struct store_pair *pair, struct store_map **map_r,
                    struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    *map_r = NULL;
    if (!store_query_begin(&query, store, STORE_SQL_MAP_FOLDERS, fault_r))
        return false;
    struct store_map *map = mem_alloc(sizeof(*map));
    map->store = store;
    map->host1 = mem_strdup(pair->host1);
    map->user1 = mem_strdup(pair->user1);
    map->host2 = mem_strdup(pair->host2);
    map->user2 = mem_strdup(pair->user2);
    store_map_bind_pair(map, &query.binder);
    while (store_query_next(&query, &columns)) {
        map->pair_id = store_take_int64(&columns);
        store_map_take_folder(map, &columns);
    }
    if (!store_query_end(&query, fault_r)) {
        store_map_close(&map);
        return false;
    }
    *map_r = map;
    return true;
}

void store_map_close(struct store_map **map_p)
{
    struct store_map *map = *map_p;
    if (map == NULL)
        return;
    *map_p = NULL;
    for (size_t i = 0; i < map->folder_count; i++)
        store_map_folder_free(map->folders[i]);
    mem_free(map->folders);
    store_flags_deinit(&map->flags);
    mem_free(map->host1);
    mem_free(map->user1);
    mem_free(map->host2);
    mem_free(map->user2);
    mem_free(map);
}

bool store_map_add_pair(struct store_map *map, struct store_write *write, struct fault *fault_r)
{
    bool is_found;
    if (map->pair_id != 0)
        return true;
    if (!store_write_use(write, STORE_SQL_PAIR_ADD, fault_r))
        return false;
    store_map_bind_pair(map, &write->binder);
    if (!store_write_step(write, false, fault_r) ||
        !store_write_use(write, STORE_SQL_PAIR_ID, fault_r))
        return false;
    store_map_bind_pair(map, &write->binder);
    if (!store_write_get(write, &is_found, fault_r))
        return false;
    if (is_found) {
        map->pair_id = sqlite3_column_int64(write->binder.statement, 0);
        store_statement_end(write->binder.statement);
    }
    return true;
}

/* What the store has of a folder, as far as a write must look at it. */
struct store_map_stored {
    int64_t id; /* 0: nothing */
    uint32_t source_validity;
    uint32_t destination_validity;
    uint32_t bracket_uid_next;
};

static bool store_map_get_stored(const struct store_map *map, struct store_write *write,
                                 const struct store_map_folder *folder,
                                 struct store_map_stored *stored_r, struct fault *fault_r)
{
    bool is_found;
    memset(stored_r, 0, sizeof(*stored_r));
    if (!store_write_use(write, STORE_SQL_MAP_FOLDER_STORED, fault_r))
        return false;
    store_bind_int64(&write->binder, map->pair_id);
    store_bind_text(&write->binder, folder->source_name);
    store_bind_text(&write->binder, folder->destination_name);
    if (!store_write_get(write, &is_found, fault_r))
        return false;
    if (is_found) {
        struct store_columns columns = {write->binder.statement, 0};
        stored_r->id = store_take_int64(&columns);
        stored_r->source_validity = store_take_uint32(&columns);
        stored_r->destination_validity = store_take_uint32(&columns);
        stored_r->bracket_uid_next = store_take_uint32(&columns);
        store_statement_end(write->binder.statement);
    }
    return true;
}

static bool store_map_add_folder(const struct store_map *map, struct store_write *write,
                                 const struct store_map_folder *folder, int64_t *id_r,
                                 struct fault *fault_r)
{
    if (!store_write_use(write, STORE_SQL_MAP_FOLDER_ADD, fault_r))
        return false;
    store_bind_int64(&write->binder, map->pair_id);
    store_bind_text(&write->binder, folder->source_name);
    store_bind_text(&write->binder, folder->destination_name);
    if (!store_write_step(write, true, fault_r))
        return false;
    *id_r = sqlite3_last_insert_rowid(write->store->db);
    return true;
}

bool store_map_by_id(struct store_write *write, enum store_statement which, int64_t id,
                     struct fault *fault_r)
{
    if (!store_write_use(write, which, fault_r))
        return false;
    store_bind_int64(&write->binder, id);
    return store_write_step(write, false, fault_r);
}

/* What was known by the source's UIDs. */
static bool store_map_forget_source(struct store_write *write, int64_t id, struct fault *fault_r)
{
    return store_map_by_id(write, STORE_SQL_MAP_SOURCE_FORGET, id, fault_r) &&
           store_map_by_id(write, STORE_SQL_MAP_PROBLEMS_FORGET, id, fault_r) &&
           store_map_by_id(write, STORE_SQL_MAP_ROWS_FORGET, id, fault_r);
}

static bool store_map_forget_destination(struct store_write *write, int64_t id,
                                         struct fault *fault_r)
{
    return store_map_by_id(write, STORE_SQL_MAP_DESTINATION_FORGET, id, fault_r) &&
           store_map_by_id(write, STORE_SQL_MAP_ROWS_FORGET_DESTINATION, id, fault_r);
}

/* Whether UIDs that were noted under one UIDVALIDITY are void under another. Where none was known,
   they were noted in the run that now says it. */
static bool store_map_is_void(uint32_t stored_validity, uint32_t validity)
{
    return stored_validity != 0 && stored_validity != validity;
}

/* Before a folder is written: adds it if need be, drops what another UIDVALIDITY made void. */
static bool store_map_prepare(const struct store_map *map, struct store_write *write,
                              const struct store_map_folder *folder,
                              struct store_map_stored *stored_r, struct fault *fault_r)
{
    if (!store_map_get_stored(map, write, folder, stored_r, fault_r))
        return false;
    if (stored_r->id == 0)
        return store_map_add_folder(map, write, folder, &stored_r->id, fault_r);
    if (store_map_is_void(stored_r->source_validity, folder->source.uid_validity) &&
        !store_map_forget_source(write, stored_r->id, fault_r))
        return false;
    return !store_map_is_void(stored_r->destination_validity, folder->destination.uid_validity) ||
           store_map_forget_destination(write, stored_r->id, fault_r);
}

uint32_t store_map_bracket_merge(uint32_t stored_validity, uint32_t stored_uid_next,
                                 uint32_t validity, uint32_t uid_next)
{
    bool is_same = stored_validity == validity || stored_validity == 0;
    bool is_lower = stored_uid_next != 0 && stored_uid_next < uid_next;
    return is_same && is_lower ? stored_uid_next : uid_next;
}

static bool store_map_bracket_open(const struct store_map *map, struct store_write *write,
                                   struct store_map_folder *folder, struct fault *fault_r)
{
    struct store_map_stored stored;
    if (!store_map_prepare(map, write, folder, &stored, fault_r) ||
        !store_write_use(write, STORE_SQL_MAP_BRACKET, fault_r))
        return false;
    folder->id = stored.id;
    folder->bracket_uid_next = store_map_bracket_merge(
        stored.destination_validity, stored.bracket_uid_next, folder->destination.uid_validity,
        folder->bracket_uid_next);
    store_bind_int64(&write->binder, folder->id);
    store_bind_int64(&write->binder, folder->source.uid_validity);
    store_bind_int64(&write->binder, folder->destination.uid_validity);
    store_bind_int64(&write->binder, folder->bracket_uid_next);
    return store_write_step(write, true, fault_r);
}

bool store_map_brackets_open(struct store_map *map, struct store_map_folder *const *folders,
                             size_t count, struct fault *fault_r)
{
    struct store_write write;
    if (count == 0)
        return true;
    if (!store_write_begin(&write, map->store, STORE_WRITE_DURABLE,
                           "note the brackets of the folders in the store", fault_r))
        return false;
    bool is_ok = store_map_add_pair(map, &write, fault_r);
    for (size_t i = 0; i < count && is_ok; i++)
        is_ok = store_map_bracket_open(map, &write, folders[i], fault_r);
    return store_write_end(&write, is_ok, fault_r);
}

static void store_bind_mark(struct store_binder *binder, const struct store_mark *mark)
{
    store_bind_int64(binder, mark->uid_validity);
    store_bind_int64(binder, mark->uid_next);
    store_bind_int64(binder, mark->messages);
    store_bind_uint64(binder, mark->mod_seq);
}

static bool store_map_update(struct store_write *write, const struct store_map_folder *folder,
                             struct fault *fault_r)
{
    const struct message_counts *counts = &folder->counts;
    struct store_binder *binder = &write->binder;
    if (!store_write_use(write, STORE_SQL_MAP_FOLDER_SAVE, fault_r))
        return false;
    store_bind_int64(binder, folder->id);
    store_bind_mark(binder, &folder->source);
    store_bind_mark(binder, &folder->destination);
    store_bind_int64(binder, (int64_t)folder->rules);
    store_bind_uint64(binder, counts->source);
    store_bind_uint64(binder, counts->already);
    store_bind_uint64(binder, counts->excluded);
    store_bind_uint64(binder, counts->too_big);
    store_bind_uint64(binder, counts->failed);
    store_bind_uint64(binder, counts->unreadable);
    store_bind_uint64(binder, counts->vanished);
    store_bind_int64(binder, folder->bracket_uid_next);
    store_bind_uint64(binder, counts->not_selected);
    return store_write_step(write, true, fault_r);
}

bool store_map_folder_save(struct store_map *map, struct store_map_folder *folder,
                           struct fault *fault_r)
{
    struct store_write write;
    struct store_map_stored stored;
    folder->counts.already += folder->counts.copied;
    folder->counts.copied = 0;
    folder->counts.bytes_copied = 0;
    if (!store_write_begin(&write, map->store, STORE_WRITE_GROUPED, "note the folder in the store",
                           fault_r))
        return false;
    bool is_ok = store_map_add_pair(map, &write, fault_r) &&
                 store_map_prepare(map, &write, folder, &stored, fault_r);
    if (is_ok) {
        folder->id = stored.id;
        is_ok = store_map_update(&write, folder, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_map_forget(struct store_map *map, struct store_map_folder *folder, struct fault *fault_r)
{
    struct store_write write;
    memset(&folder->source, 0, sizeof(folder->source));
    memset(&folder->counts, 0, sizeof(folder->counts));
    folder->rules = 0;
    if (folder->id == 0)
        return true;
    if (!store_write_begin(&write, map->store, STORE_WRITE_GROUPED,
                           "forget the messages of a folder in the store", fault_r))
        return false;
    bool is_ok = store_map_forget_source(&write, folder->id, fault_r);
    return store_write_end(&write, is_ok, fault_r);
}
