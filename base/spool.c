/* SPDX-License-Identifier: MIT */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define NAMES_MAX 1000

static bool spool_fail(struct fault *fault, const char *what, const char *where, int error)
{
    char words[STR_ERROR_SIZE];
    fault_set(fault, FAULT_FILE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RETRY, 0,
              "can't %s a temporary file%s%s: %s", what, where[0] == '\0' ? "" : " in ", where,
              str_error(error, words));
    return false;
}

void spool_init(struct spool *spool)
{
    *spool = (struct spool){-1, 0, NULL};
}

void spool_close(struct spool *spool)
{
    if (spool->map != NULL)
        (void)munmap(spool->map, spool->size);
    if (spool->fd >= 0)
        (void)close(spool->fd);
    spool_init(spool);
}

/* No name is used twice, not even by threads, and the descriptor is close-on-exec from the start.
 */
static int spool_create(const char *place)
{
    static atomic_uint counter;
    int fd = -1;
    for (int tries = 0; fd < 0 && tries < NAMES_MAX; tries++) {
        char *path = mem_printf("%s/mailconvoy-%ld-%u", place, (long)getpid(),
                                atomic_fetch_add(&counter, 1));
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int error = errno;
        if (fd >= 0 && unlink(path) != 0) {
            error = errno;
            (void)close(fd);
            fd = -1;
        }
        mem_free(path);
        errno = error;
        if (fd < 0 && error != EEXIST)
            break;
    }
    return fd;
}

bool spool_open(struct spool *spool, const char *directory, struct fault *fault_r)
{
    const char *place = directory != NULL ? directory : getenv("TMPDIR");
    if (place == NULL || place[0] == '\0')
        place = "/tmp";
    spool_init(spool);
    spool->fd = spool_create(place);
    return spool->fd >= 0 || spool_fail(fault_r, "make", place, errno);
}

bool spool_append(struct spool *spool, const void *data, size_t size, struct fault *fault_r)
{
    const unsigned char *at = data;
    while (size > 0) {
        ssize_t put = write(spool->fd, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return spool_fail(fault_r, "write", "", errno);
        at += put;
        size -= (size_t)put;
        spool->size += (size_t)put;
    }
    return true;
}

bool spool_map(struct spool *spool, const unsigned char **data_r, struct fault *fault_r)
{
    static const unsigned char nothing[1];
    *data_r = nothing;
    if (spool->size == 0)
        return true;
    void *map = mmap(NULL, spool->size, PROT_READ, MAP_PRIVATE, spool->fd, 0);
    if (map == MAP_FAILED)
        return spool_fail(fault_r, "read", "", errno);
    spool->map = map;
    *data_r = map;
    return true;
}
