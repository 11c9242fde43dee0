/* SPDX-License-Identifier: MIT */
#include "batch/key_set.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define KEY_SET_FIRST_SLOTS 1024 /* a power of two */

struct key_set_entry {
    char *key; /* owned; NULL: a free slot */
    size_t size;
    uint64_t hash;
    size_t number;
};

struct key_set {
    struct key_set_entry *slots;
    size_t slot_count;
    size_t used;
};

/* FNV-1a. */
static uint64_t hash_key(const unsigned char *key, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

struct key_set *key_set_init(void)
{
    struct key_set *set = mem_alloc(sizeof(*set));
    set->slot_count = KEY_SET_FIRST_SLOTS;
    set->slots = mem_alloc_array(set->slot_count, sizeof(*set->slots));
    return set;
}

void key_set_deinit(struct key_set **set)
{
    struct key_set *old = *set;
    *set = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->slot_count; i++)
        mem_free(old->slots[i].key);
    mem_free(old->slots);
    mem_free(old);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct key_set_entry *find_slot(const struct key_set *set, const void *key, size_t size,
                                       uint64_t hash)
{
    size_t mask = set->slot_count - 1;
    size_t i = (size_t)hash & mask;
    for (;; i = (i + 1) & mask) {
        struct key_set_entry *slot = &set->slots[i];
        if (slot->key == NULL)
            return slot;
        if (slot->hash == hash && slot->size == size && memcmp(slot->key, key, size) == 0)
            return slot;
    }
}

static void grow(struct key_set *set)
{
    struct key_set_entry *old = set->slots;
    size_t old_count = set->slot_count;
    set->slot_count *= 2;
    set->slots = mem_alloc_array(set->slot_count, sizeof(*set->slots));
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].key != NULL)
            *find_slot(set, old[i].key, old[i].size, old[i].hash) = old[i];
    }
    mem_free(old);
}

bool key_set_add(struct key_set *set, const void *key, size_t size, size_t number, size_t *first_r)
{
    uint64_t hash = hash_key(key, size);
    struct key_set_entry *slot = find_slot(set, key, size, hash);
    if (slot->key != NULL) {
        *first_r = slot->number;
        return false;
    }
    slot->key = mem_alloc(size == 0 ? 1 : size);
    memcpy(slot->key, key, size);
    slot->size = size;
    slot->hash = hash;
    slot->number = number;
    if (++set->used > set->slot_count / 2)
        grow(set);
    return true;
}

bool key_set_find(const struct key_set *set, const void *key, size_t size, size_t *first_r)
{
    const struct key_set_entry *slot = find_slot(set, key, size, hash_key(key, size));
    if (slot->key == NULL)
        return false;
    *first_r = slot->number;
    return true;
}
