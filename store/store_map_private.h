/* SPDX-License-Identifier: MIT
 * Shared by the files of the UID map; nobody else includes it. */
#ifndef STORE_STORE_MAP_PRIVATE_H
#define STORE_STORE_MAP_PRIVATE_H

#include "store/store_map.h"
#include "store/store_private.h"

/* store_map_flags.c: the sets of flags that are known, as read from the store. */
struct store_flags {
    bool is_loaded;
    char **by_id; /* texts, index id - 1; NULL: never given out */
    size_t id_count;
    size_t id_alloc;
    uint32_t *sorted; /* ids, by text */
    size_t count;
    size_t alloc;
    uint32_t newest; /* the answer before: messages in a row often have the same flags */
};
void store_flags_deinit(struct store_flags *flags);

struct store_map {
    struct store *store;
    char *host1, *user1, *host2, *user2;
    int64_t pair_id; /* 0: not in the store yet */
    /* By source name, then destination name; each on its own, so that it stays where it is. */
    struct store_map_folder **folders;
    size_t folder_count;
    size_t folder_alloc;
    struct store_flags flags;
};

/* Inside a write: gives the map its pair_id, by adding the pair if need be. */
bool store_map_add_pair(struct store_map *map, struct store_write *write, struct fault *fault_r);

/* Runs a statement whose one value is a folder's id. */
bool store_map_by_id(struct store_write *write, enum store_statement which, int64_t id,
                     struct fault *fault_r);

/* The lower end of an open bracket and a new one for the same folder, where the destination's
   UIDVALIDITY was `stored` and is `now`. Pure. */
uint32_t store_map_bracket_merge(uint32_t stored_validity, uint32_t stored_uid_next,
                                 uint32_t validity, uint32_t uid_next);

#endif
