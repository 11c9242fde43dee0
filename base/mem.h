/* SPDX-License-Identifier: MIT
 * Small allocations. They never return NULL: when memory is gone the process writes one line and
 * ends with code 70, which is safe because every confirmed step is already in the store. Whatever
 * outside input can size (literals, lines, listings) goes through struct buffer or an explicit
 * ceiling instead, and fails softly. Any thread may call these. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <assert.h>
#include <stddef.h>

/* Zeroed memory, owned by the caller, freed with mem_free(). */
void *mem_alloc(size_t size);
void *mem_alloc_array(size_t count, size_t size);
/* Like realloc(); the product is checked for overflow. Added bytes are not zeroed. */
void *mem_realloc_array(void *ptr, size_t count, size_t size);
char *mem_strdup(const char *text);
/* Copies at most `size` bytes of `data`, which need not end in NUL; the copy does. */
char *mem_strndup(const void *data, size_t size);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *ptr);
/* Overwrites a secret; the compiler can't drop it. */
void mem_wipe(void *ptr, size_t size);
/* Wipes and frees a secret string, and nulls the caller's pointer. */
void mem_free_secret(char **secret);

/* Makes room for one more item in a plain array: ptr[count] is usable afterwards. */
#define MEM_GROW(ptr, count, alloc)                                    \
    do {                                                               \
        if ((count) == (alloc)) {                                      \
            (alloc) = (alloc) == 0 ? 8 : (alloc)*2;                    \
            (ptr) = mem_realloc_array((ptr), (alloc), sizeof(*(ptr))); \
        }                                                              \
        assert((ptr) != NULL);                                         \
    } while (0)

#endif
