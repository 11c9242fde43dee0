/* SPDX-License-Identifier: MIT */
#include "sync/uid_ranges.h"

#include <string.h>

#include "base/mem.h"
#include "base/sort.h"

void uid_ranges_deinit(struct uid_ranges *ranges)
{
    mem_free(ranges->items);
    memset(ranges, 0, sizeof(*ranges));
}

void uid_ranges_add(struct uid_ranges *ranges, uint32_t first, uint32_t last)
{
    struct uid_range *before = ranges->count == 0 ? NULL : &ranges->items[ranges->count - 1];
    ranges->uids += (uint64_t)last - first + 1;
    if (before != NULL && first > before->last && first - before->last == 1) {
        before->last = last;
        return;
    }
    if (ranges->count == UID_RANGES_MAX) {
        ranges->is_overflown = true;
        return;
    }
    MEM_GROW(ranges->items, ranges->count, ranges->alloc);
    ranges->items[ranges->count++] = (struct uid_range){first, last};
}

static bool range_is_less(const void *context, size_t a, size_t b)
{
    const struct uid_ranges *ranges = context;
    return ranges->items[a].first < ranges->items[b].first;
}

static void range_swap(void *context, size_t a, size_t b)
{
    struct uid_ranges *ranges = context;
    struct uid_range kept = ranges->items[a];
    ranges->items[a] = ranges->items[b];
    ranges->items[b] = kept;
}

void uid_ranges_sort(struct uid_ranges *ranges)
{
    const struct sort sort = {ranges, range_is_less, range_swap};
    size_t kept = 0;
    if (!sort_is_done(&sort, ranges->count))
        sort_in_place(&sort, ranges->count);
    /* Those that overlap become one, or what lies in the first alone would not be found. */
    for (size_t i = 0; i < ranges->count; i++) {
        const struct uid_range range = ranges->items[i];
        if (kept > 0 && range.first <= ranges->items[kept - 1].last) {
            if (range.last > ranges->items[kept - 1].last)
                ranges->items[kept - 1].last = range.last;
        } else {
            ranges->items[kept++] = range;
        }
    }
    ranges->count = kept;
}

bool uid_ranges_hold(const struct uid_ranges *ranges, uint32_t uid)
{
    size_t low = 0;
    size_t high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->items[middle].last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ranges->count && ranges->items[low].first <= uid;
}
