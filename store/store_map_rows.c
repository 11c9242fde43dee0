/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "store/store_map_private.h"

enum store_map_change {
    STORE_MAP_CHANGE_PUT,
    STORE_MAP_CHANGE_FLAGS,
    STORE_MAP_CHANGE_REMOVE,
};

static const struct {
    enum store_statement statement;
    const char *what;
} store_map_changes[] = {
    [STORE_MAP_CHANGE_PUT] = {STORE_SQL_MAP_PUT, "note the messages in the store"},
    [STORE_MAP_CHANGE_FLAGS] = {STORE_SQL_MAP_SET_FLAGS, "note the flags in the store"},
    [STORE_MAP_CHANGE_REMOVE] = {STORE_SQL_MAP_REMOVE, "forget messages in the store"},
};

static void store_map_bind_row(struct store_binder *binder, enum store_map_change change,
                               int64_t folder_id, const struct store_map_row *row)
{
    store_bind_int64(binder, folder_id);
    store_bind_int64(binder, row->src_uid);
    if (change == STORE_MAP_CHANGE_PUT)
        store_bind_int64(binder, row->dst_uid);
    if (change != STORE_MAP_CHANGE_REMOVE)
        store_bind_int64(binder, row->flags);
    if (change == STORE_MAP_CHANGE_PUT)
        store_bind_int64(binder, row->outcome);
}

/* There is no foreign key that would look for each row again. */
static bool store_map_find_folder(struct store_write *write, int64_t folder_id,
                                  struct fault *fault_r)
{
    bool is_found;
    if (!store_write_use(write, STORE_SQL_MAP_FOLDER_FIND, fault_r))
        return false;
    store_bind_int64(&write->binder, folder_id);
    if (!store_write_get(write, &is_found, fault_r))
        return false;
    if (is_found)
        store_statement_end(write->binder.statement);
    else
        store_write_missed(write, fault_r);
    return is_found;
}

/* `count` rows by one statement: 1, or STORE_MAP_MANY that are put. */
static bool store_map_change_some(struct store_write *write, enum store_map_change change,
                                  int64_t folder_id, const struct store_map_row *rows,
                                  unsigned int count, struct fault *fault_r)
{
    enum store_statement statement = count > 1 ? STORE_SQL_MAP_PUT_MANY
                                               : store_map_changes[change].statement;
    write->row_count = count;
    if (!store_write_use(write, statement, fault_r))
        return false;
    for (unsigned int i = 0; i < count; i++)
        store_map_bind_row(&write->binder, change, folder_id, &rows[i]);
    return store_write_step(write, false, fault_r);
}

/* One lock for all rows; commits in between when it is time. `rows` or `uids`. */
static bool store_map_change_rows(struct store_map *map, const struct store_map_folder *folder,
                                  enum store_map_change change, const struct store_map_row *rows,
                                  const uint32_t *uids, size_t count, struct fault *fault_r)
{
    struct store *store = map->store;
    struct store_write write;
    if (count == 0)
        return true;
    assert(rows != NULL || uids != NULL);
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, store_map_changes[change].what,
                           fault_r))
        return false;
    bool is_ok = store_map_find_folder(&write, folder->id, fault_r);
    unsigned int some = 0;
    for (size_t i = 0; i < count && is_ok; i += some) {
        struct store_map_row removed = {.src_uid = uids != NULL ? uids[i] : 0};
        /* The last rows are noted by the end of the write. */
        is_ok = i == 0 || (store_transaction_note(store, some, fault_r) &&
                           store_transaction_begin(store, fault_r));
        bool is_many = uids == NULL && change == STORE_MAP_CHANGE_PUT &&
                       count - i >= STORE_MAP_MANY;
        some = is_many ? STORE_MAP_MANY : 1;
        is_ok = is_ok && store_map_change_some(&write, change, folder->id,
                                               uids != NULL ? &removed : rows + i, some, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_map_put(struct store_map *map, const struct store_map_folder *folder,
                   const struct store_map_row *rows, size_t count, struct fault *fault_r)
{
    return store_map_change_rows(map, folder, STORE_MAP_CHANGE_PUT, rows, NULL, count, fault_r);
}

bool store_map_set_flags(struct store_map *map, const struct store_map_folder *folder,
                         const struct store_map_row *rows, size_t count, struct fault *fault_r)
{
    return store_map_change_rows(map, folder, STORE_MAP_CHANGE_FLAGS, rows, NULL, count, fault_r);
}

bool store_map_remove(struct store_map *map, const struct store_map_folder *folder,
                      const uint32_t *src_uids, size_t count, struct fault *fault_r)
{
    return store_map_change_rows(map, folder, STORE_MAP_CHANGE_REMOVE, NULL, src_uids, count,
                                 fault_r);
}

/* A number this program does not know comes from a damaged file or a newer program: not copied, as
   far as we can tell. */
static enum store_outcome store_take_outcome(struct store_columns *columns)
{
    uint32_t value = store_take_uint32(columns);
    return value > STORE_OUTCOME_VANISHED ? STORE_OUTCOME_FAILED : (enum store_outcome)value;
}

bool store_map_read(struct store_map *map, const struct store_map_folder *folder,
                    uint32_t first_uid, uint32_t last_uid, struct store_map_row *rows,
                    size_t capacity, size_t *count_r, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    *count_r = 0;
    if (folder->id == 0 || capacity == 0)
        return true;
    if (!store_query_begin(&query, map->store, STORE_SQL_MAP_READ, fault_r))
        return false;
    store_bind_int64(&query.binder, folder->id);
    store_bind_int64(&query.binder, first_uid);
    store_bind_int64(&query.binder, last_uid);
    store_bind_uint64(&query.binder, capacity);
    while (*count_r < capacity && store_query_next(&query, &columns)) {
        struct store_map_row *row = &rows[(*count_r)++];
        row->src_uid = store_take_uint32(&columns);
        row->dst_uid = store_take_uint32(&columns);
        row->flags = store_take_uint32(&columns);
        row->outcome = store_take_outcome(&columns);
    }
    return store_query_end(&query, fault_r);
}

bool store_map_read_on(struct store_map *map, const struct store_map_folder *folder,
                       uint64_t *next_uid, uint32_t last_uid, struct store_map_row *rows,
                       size_t capacity, size_t *count_r, struct fault *fault_r)
{
    *count_r = 0;
    if (*next_uid > last_uid)
        return true;
    if (!store_map_read(map, folder, (uint32_t)*next_uid, last_uid, rows, capacity, count_r,
                        fault_r))
        return false;
    *next_uid = *count_r < capacity ? (uint64_t)UINT32_MAX + 1
                                    : (uint64_t)rows[*count_r - 1].src_uid + 1;
    return true;
}
