/* SPDX-License-Identifier: MIT */
#include "base/sort.h"

/* Lets the item at `from` sink to its place in the heap of `count` items, whose largest is first.
 */
static void sort_sink(const struct sort *sort, size_t from, size_t count)
{
    size_t child = 2 * from + 1;
    while (child < count) {
        if (child + 1 < count && sort->is_less(sort->context, child, child + 1))
            child++;
        if (!sort->is_less(sort->context, from, child))
            return;
        sort->swap(sort->context, from, child);
        from = child;
        child = 2 * from + 1;
    }
}

void sort_in_place(const struct sort *sort, size_t count)
{
    for (size_t i = count / 2; i > 0; i--)
        sort_sink(sort, i - 1, count);
    for (size_t left = count; left > 1; left--) {
        sort->swap(sort->context, 0, left - 1);
        sort_sink(sort, 0, left - 1);
    }
}

bool sort_is_done(const struct sort *sort, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (sort->is_less(sort->context, i, i - 1))
            return false;
    }
    return true;
}
