/* SPDX-License-Identifier: MIT */
#include "store/store_map_private.h"

/* Copies problems between a run and what is kept of a folder. */
static bool store_map_problems_copy(struct store_write *write, enum store_statement which,
                                    const struct store_map_folder *folder, const char *run_id,
                                    int64_t row, struct fault *fault_r)
{
    if (!store_write_use(write, which, fault_r))
        return false;
    store_bind_int64(&write->binder, folder->id);
    store_bind_text(&write->binder, run_id);
    store_bind_int64(&write->binder, row);
    store_bind_text(&write->binder, folder->source_name);
    return store_write_step(write, false, fault_r);
}

bool store_map_problems_keep(struct store_map *map, const struct store_map_folder *folder,
                             const char *run_id, int64_t row, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, map->store, STORE_WRITE_GROUPED,
                           "keep the problems of a folder in the store", fault_r))
        return false;
    bool is_ok = store_map_by_id(&write, STORE_SQL_MAP_PROBLEMS_FORGET, folder->id, fault_r) &&
                 store_map_problems_copy(&write, STORE_SQL_MAP_PROBLEMS_KEEP, folder, run_id, row,
                                         fault_r);
    return store_write_end(&write, is_ok, fault_r);
}

bool store_map_problems_repeat(struct store_map *map, const struct store_map_folder *folder,
                               const char *run_id, int64_t row, struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, map->store, STORE_WRITE_GROUPED,
                           "repeat the problems of a folder in the store", fault_r))
        return false;
    bool is_ok = store_write_drop_old(&write, run_id, row, fault_r) &&
                 store_map_problems_copy(&write, STORE_SQL_MAP_PROBLEMS_REPEAT, folder, run_id, row,
                                         fault_r);
    return store_write_end(&write, is_ok, fault_r);
}
