/* SPDX-License-Identifier: MIT */
#include "batch/pair_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "batch/mailbox_key.h"

#define PAIR_KEY_MAX_BYTES ((size_t)1024 * 1024)
#define PAIR_HASH_BYTES    16

struct pair_locks {
    char *dir;
    char *workdir;
    int dir_fd;
};

static bool locks_fault(struct fault *fault_r, const char *dir, const char *what)
{
    fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't keep locks of mailbox pairs in %s: %s; name another directory with --lockdir",
              dir, what);
    return false;
}

/* Anybody may have made it before us, where everybody may write. */
static bool dir_is_trusted(int fd, const char *dir, struct fault *fault_r)
{
    struct stat info;
    char words[STR_ERROR_SIZE];
    if (fstat(fd, &info) != 0)
        return locks_fault(fault_r, dir, str_error(errno, words));
    if (info.st_uid != geteuid())
        return locks_fault(fault_r, dir, "it belongs to another user");
    if ((info.st_mode & 077) != 0)
        return locks_fault(fault_r, dir, "other users may enter it (it wants mode 700)");
    return true;
}

static bool locks_open_dir(const char *dir, int *fd_r, struct fault *fault_r)
{
    char words[STR_ERROR_SIZE];
    if (!file_make_dirs(dir, fault_r))
        return false;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return locks_fault(fault_r, dir,
                           errno == ELOOP || errno == ENOTDIR ? "it is not a directory itself"
                                                              : str_error(errno, words));
    if (!dir_is_trusted(fd, dir, fault_r)) {
        (void)close(fd);
        return false;
    }
    /* Programs that clean /tmp of old files pass over directories that are locked. */
    (void)flock(fd, LOCK_SH | LOCK_NB);
    *fd_r = fd;
    return true;
}

bool pair_locks_open(const char *dir, const char *workdir, struct pair_locks **locks_r,
                     struct fault *fault_r)
{
    int fd = -1;
    char *path = dir != NULL ? mem_strdup(dir)
                             : mem_printf("/tmp/mailconvoy-%lu", (unsigned long)geteuid());
    if (!locks_open_dir(path, &fd, fault_r)) {
        mem_free(path);
        return false;
    }
    struct pair_locks *locks = mem_alloc(sizeof(*locks));
    locks->dir = path;
    locks->workdir = mem_strdup(workdir);
    locks->dir_fd = fd;
    *locks_r = locks;
    return true;
}

void pair_locks_close(struct pair_locks **locks_p)
{
    struct pair_locks *locks = *locks_p;
    if (locks == NULL)
        return;
    *locks_p = NULL;
    (void)close(locks->dir_fd);
    mem_free(locks->dir);
    mem_free(locks->workdir);
    mem_free(locks);
}

static bool pair_lock_name(const struct settings *settings, struct pair_lock *lock_r)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    struct buffer key;
    buffer_init(&key, PAIR_KEY_MAX_BYTES);
    mailbox_key_append(&key, settings, 1);
    buffer_append_byte(&key, '\n');
    mailbox_key_append(&key, settings, 2);
    bool is_ok = !key.has_failed &&
                 EVP_Digest(key.data, key.used, hash, NULL, EVP_sha256(), NULL) == 1;
    buffer_deinit(&key);
    for (size_t i = 0; i < PAIR_HASH_BYTES && is_ok; i++)
        (void)snprintf(lock_r->name + 2 * i, 3, "%02x", hash[i]);
    memcpy(lock_r->name + 2 * PAIR_HASH_BYTES, ".lock", sizeof(".lock"));
    return is_ok;
}

bool pair_lock_take(const struct pair_locks *locks, const struct settings *settings,
                    int64_t now_msecs, struct pair_lock *lock_r, struct fault *fault_r)
{
    char holder[LOCK_HOLDER_SIZE];
    lock_r->fd = -1;
    if (!pair_lock_name(settings, lock_r)) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't name the lock of this pair of mailboxes");
        return false;
    }
    switch (lock_take(locks->dir_fd, lock_r->name, locks->workdir, now_msecs, &lock_r->fd, holder,
                      fault_r)) {
    case LOCK_TAKEN:
        return true;
    case LOCK_BUSY:
        fault_set(fault_r, FAULT_BUSY, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
                  "another run is copying this pair of mailboxes: %s; run this again when it has "
                  "ended",
                  holder);
        return false;
    default:
        fault_r->scope = FAULT_SCOPE_MAILBOX;
        return false;
    }
}

void pair_lock_give_back(const struct pair_locks *locks, struct pair_lock *lock)
{
    lock_remove(locks->dir_fd, lock->name, &lock->fd);
}
