/* SPDX-License-Identifier: MIT
 * --skipcrossduplicates: who is in the folders that a run has been through, as keys of identities
 * (sync/messages/adopt.h). A hash table: 8 bytes a place, of which half to four fifths are taken;
 * 4 more where it is to be known which folder it was. Belongs to the pair's thread. */
#ifndef SYNC_CROSS_H
#define SYNC_CROSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cross;

struct cross *cross_init(bool with_folders);
void cross_deinit(struct cross **cross);
/* The first folder of a key stays. `folder`: any number that means something to the caller. */
void cross_add(struct cross *cross, uint64_t key, uint32_t folder);
/* *folder_r: 0 without folders. */
bool cross_find(const struct cross *cross, uint64_t key, uint32_t *folder_r);
size_t cross_count(const struct cross *cross);
size_t cross_memory_bytes(const struct cross *cross);

#endif
