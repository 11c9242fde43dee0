/* SPDX-License-Identifier: MIT
 * Bytes that are too many for memory, in a file without a name: nobody else can open it, and it is
 * gone with its last user, however that ends. Belongs to one thread. */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct spool {
    int fd; /* -1: not open */
    size_t size;
    void *map; /* NULL: not mapped */
};

/* Not open, and it takes no memory. */
void spool_init(struct spool *spool);
/* Gives all back; it may be opened again. */
void spool_close(struct spool *spool);
/* An empty one in the directory; NULL: that of TMPDIR, else /tmp. FAULT_FILE on failure. */
bool spool_open(struct spool *spool, const char *directory, struct fault *fault_r);
bool spool_append(struct spool *spool, const void *data, size_t size, struct fault *fault_r);
/* All that was appended, to be read until spool_close(). Nothing more may be appended. */
bool spool_map(struct spool *spool, const unsigned char **data_r, struct fault *fault_r);

#endif
