/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define LOCK_TRIES 100

static enum lock_outcome lock_fault(struct fault *fault_r, const char *what, const char *name)
{
    int error = errno;
    char words[STR_ERROR_SIZE];
    fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't %s the lock %s: %s", what, name, str_error(error, words));
    return LOCK_FAULT;
}

/* "4711 2026-11-22T21:51:46Z /srv/move", a line. It is empty for a moment after the lock was taken.
 */
static void lock_describe_holder(int fd, char holder_r[LOCK_HOLDER_SIZE])
{
    char text[LOCK_HOLDER_SIZE - 32] = "";
    ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    size_t digits = strspn(text, "0123456789");
    char *since = text + digits;
    size_t since_size = *since == ' ' ? strcspn(since + 1, " ") : 0;
    if (digits == 0 || since_size == 0 || since[1 + since_size] != ' ') {
        (void)snprintf(holder_r, LOCK_HOLDER_SIZE, "another process");
        return;
    }
    since[0] = '\0';
    since[1 + since_size] = '\0';
    (void)snprintf(holder_r, LOCK_HOLDER_SIZE, "process %s since %s in %s", text, since + 1,
                   since + since_size + 2);
}

/* Whether the name still stands for the open file: its last holder may have removed it. */
static bool lock_is_current(int dir_fd, const char *name, int fd)
{
    struct stat mine;
    struct stat named;
    return fstat(fd, &mine) == 0 && fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

static int lock_flock(int fd)
{
    int rc;
    do {
        rc = flock(fd, LOCK_EX | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    return rc;
}

/* The lock holds without these words, so nothing depends on them. */
static void lock_sign(int fd, const char *note, int64_t now_msecs)
{
    char since[CLOCK_ISO8601_SIZE];
    clock_format(now_msecs, since);
    if (ftruncate(fd, 0) == 0)
        (void)dprintf(fd, "%ld %s %s\n", (long)getpid(), since, note);
}

enum lock_outcome lock_take(int dir_fd, const char *name, const char *note, int64_t now_msecs,
                            int *fd_r, char holder_r[LOCK_HOLDER_SIZE], struct fault *fault_r)
{
    *fd_r = -1;
    for (int i = 0; i < LOCK_TRIES; i++) {
        int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return lock_fault(fault_r, "open", name);
        if (lock_flock(fd) != 0) {
            bool is_busy = errno == EWOULDBLOCK;
            enum lock_outcome outcome = is_busy ? LOCK_BUSY : lock_fault(fault_r, "take", name);
            if (is_busy)
                lock_describe_holder(fd, holder_r);
            (void)close(fd);
            return outcome;
        }
        if (lock_is_current(dir_fd, name, fd)) {
            lock_sign(fd, note, now_msecs);
            *fd_r = fd;
            return LOCK_TAKEN;
        }
        (void)close(fd);
    }
    errno = EAGAIN;
    return lock_fault(fault_r, "take", name);
}

void lock_release(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void lock_remove(int dir_fd, const char *name, int *fd)
{
    /* While it is held: whoever waits for this file then finds that it is no longer the one. */
    if (*fd >= 0)
        (void)unlinkat(dir_fd, name, 0);
    lock_release(fd);
}
