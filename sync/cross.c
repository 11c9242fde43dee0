/* SPDX-License-Identifier: MIT */
#include "sync/cross.h"

#include "base/mem.h"

#define CROSS_FIRST_PLACES ((size_t)1024) /* a power of two, as it stays */
#define CROSS_EMPTY        UINT64_C(0)

struct cross {
    uint64_t *keys;    /* CROSS_EMPTY, or the key that belongs here or before */
    uint32_t *folders; /* NULL: not wanted */
    size_t places;
    size_t count;
    bool with_folders;
};

static void cross_alloc(struct cross *cross, size_t places)
{
    cross->places = places;
    cross->count = 0;
    cross->keys = mem_alloc_array(places, sizeof(*cross->keys));
    cross->folders = cross->with_folders ? mem_alloc_array(places, sizeof(*cross->folders)) : NULL;
}

struct cross *cross_init(bool with_folders)
{
    struct cross *cross = mem_alloc(sizeof(*cross));
    cross->with_folders = with_folders;
    cross_alloc(cross, CROSS_FIRST_PLACES);
    return cross;
}

void cross_deinit(struct cross **cross_p)
{
    struct cross *cross = *cross_p;
    if (cross == NULL)
        return;
    *cross_p = NULL;
    mem_free(cross->keys);
    mem_free(cross->folders);
    mem_free(cross);
}

/* Keys are random enough to be their own hash (adopt_key()). One of them is as good as empty. */
static uint64_t cross_key(uint64_t key)
{
    return key == CROSS_EMPTY ? 1 : key;
}

/* Where the key is, or would be put. */
static size_t cross_seek(const struct cross *cross, uint64_t key)
{
    size_t place = (size_t)key & (cross->places - 1);
    while (cross->keys[place] != CROSS_EMPTY && cross->keys[place] != key)
        place = (place + 1) & (cross->places - 1);
    return place;
}

static void cross_put(struct cross *cross, uint64_t key, uint32_t folder)
{
    size_t place = cross_seek(cross, key);
    if (cross->keys[place] != CROSS_EMPTY)
        return;
    cross->keys[place] = key;
    if (cross->with_folders)
        cross->folders[place] = folder;
    cross->count++;
}

static void cross_grow(struct cross *cross)
{
    struct cross old = *cross;
    cross_alloc(cross, old.places * 2);
    for (size_t i = 0; i < old.places; i++) {
        if (old.keys[i] != CROSS_EMPTY)
            cross_put(cross, old.keys[i], old.with_folders ? old.folders[i] : 0);
    }
    mem_free(old.keys);
    mem_free(old.folders);
}

void cross_add(struct cross *cross, uint64_t key, uint32_t folder)
{
    if (cross->count >= cross->places / 5 * 4)
        cross_grow(cross);
    cross_put(cross, cross_key(key), folder);
}

bool cross_find(const struct cross *cross, uint64_t key, uint32_t *folder_r)
{
    size_t place = cross_seek(cross, cross_key(key));
    bool is_there = cross->keys[place] != CROSS_EMPTY;
    *folder_r = is_there && cross->with_folders ? cross->folders[place] : 0;
    return is_there;
}

size_t cross_count(const struct cross *cross)
{
    return cross->count;
}

size_t cross_memory_bytes(const struct cross *cross)
{
    return cross->places *
           (sizeof(*cross->keys) + (cross->with_folders ? sizeof(*cross->folders) : 0));
}
