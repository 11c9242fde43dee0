/* SPDX-License-Identifier: MIT
 * Sorts in place what lies in several arrays side by side, in n log n steps whatever the order was
 * (heapsort). Why not qsort(): the C library's may take as much memory again, or n * n steps when
 * somebody chose the order with care. Equal items end in any order. Pure; any thread. */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* What to sort, known by its places 0..count. */
struct sort {
    void *context;
    bool (*is_less)(const void *context, size_t a, size_t b);
    void (*swap)(void *context, size_t a, size_t b);
};

void sort_in_place(const struct sort *sort, size_t count);
/* Whether it is sorted already: no item is less than the one before it. */
bool sort_is_done(const struct sort *sort, size_t count);

#endif
