/* SPDX-License-Identifier: MIT
 * A directory of its own for each test of the store. */
#ifndef TESTS_STORE_DIR_H
#define TESTS_STORE_DIR_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct store_dir {
    char dir[64];
    char path[96]; /* of the store in it */
};

static inline void store_dir_make(struct store_dir *dir)
{
    (void)snprintf(dir->dir, sizeof(dir->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(dir->dir));
    (void)snprintf(dir->path, sizeof(dir->path), "%s/state.db", dir->dir);
}

/* Removes the store and what may be beside it; rmdir() proves that nothing else is left. */
static inline void store_dir_remove(const struct store_dir *dir)
{
    static const char *const names[] = {"", ".new"};
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < 8; i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s%s%s", dir->path, names[i / 4], suffixes[i % 4]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(dir->dir), 0);
}

#endif
