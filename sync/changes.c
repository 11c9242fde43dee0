/* SPDX-License-Identifier: MIT */
#include "sync/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/uidset.h"

void changes_deinit(struct changes *changes)
{
    mem_free(changes->items);
    mem_free(changes->gone);
    memset(changes, 0, sizeof(*changes));
}

void changes_add(struct changes *changes, uint32_t uid, uint32_t flags)
{
    if (changes->count >= CHANGES_MAX) {
        changes->is_overflown = true;
        return;
    }
    MEM_GROW(changes->items, changes->count, changes->alloc);
    changes->items[changes->count++] = (struct change){uid, flags};
}

static void changes_add_range(struct changes *changes, const struct uid_range *range)
{
    if (changes->gone_count >= CHANGES_RANGES_MAX) {
        changes->is_overflown = true;
        return;
    }
    MEM_GROW(changes->gone, changes->gone_count, changes->gone_alloc);
    changes->gone[changes->gone_count++] = *range;
}

void changes_add_gone(struct changes *changes, const char *set, size_t size)
{
    struct uidset_reader reader;
    struct uid_range range;
    uidset_reader_init(&reader, set, size);
    while (uidset_reader_next(&reader, &range.first, &range.last))
        changes_add_range(changes, &range);
}

void changes_add_gone_one(struct changes *changes, uint32_t uid)
{
    struct uid_range range = {uid, uid};
    changes_add_range(changes, &range);
}

static int compare_uids(const void *a, const void *b)
{
    const struct change *left = a;
    const struct change *right = b;
    return left->uid < right->uid ? -1 : left->uid > right->uid;
}

static bool changes_are_sorted(const struct changes *changes)
{
    for (size_t i = 1; i < changes->count; i++) {
        if (changes->items[i - 1].uid >= changes->items[i].uid)
            return false;
    }
    return true;
}

/* Stable, since of two the later one counts. */
static void merge_sort(struct change *items, struct change *scratch, size_t count)
{
    size_t half = count / 2;
    if (count < 2)
        return;
    merge_sort(items, scratch, half);
    merge_sort(items + half, scratch, count - half);
    memcpy(scratch, items, half * sizeof(*items));
    size_t left = 0;
    size_t right = half;
    for (size_t i = 0; i < count && left < half; i++) {
        bool takes_right = right < count && compare_uids(&items[right], &scratch[left]) < 0;
        items[i] = takes_right ? items[right++] : scratch[left++];
    }
}

void changes_sort(struct changes *changes)
{
    size_t kept = 0;
    if (changes_are_sorted(changes))
        return;
    struct change *scratch = mem_alloc_array(changes->count, sizeof(*scratch));
    merge_sort(changes->items, scratch, changes->count);
    mem_free(scratch);
    for (size_t i = 0; i < changes->count; i++) {
        if (kept > 0 && changes->items[kept - 1].uid == changes->items[i].uid)
            kept--;
        changes->items[kept++] = changes->items[i];
    }
    changes->count = kept;
}

const struct change *changes_find(const struct changes *changes, uint32_t uid)
{
    struct change key = {uid, 0};
    if (changes->count == 0)
        return NULL;
    return bsearch(&key, changes->items, changes->count, sizeof(key), compare_uids);
}
