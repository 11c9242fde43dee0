/* SPDX-License-Identifier: MIT
 * One mailbox pair is copied by one process of this user on this machine at a time, whatever their
 * work directories: two at once would both find the same messages missing. A lock file per pair,
 * named by a hash of hosts and users, lives in one directory and only while the pair runs. The
 * default is /tmp/mailconvoy-UID: neither TMPDIR nor XDG_RUNTIME_DIR, since cron and a login shell
 * differ in them. The directory must be this user's, for nobody else, and no link. The kernel keeps
 * the locks (base/lock.h), so a dead process holds none. */
#ifndef BATCH_PAIR_LOCK_H
#define BATCH_PAIR_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "sync/settings.h"

struct pair_locks;

struct pair_lock {
    int fd; /* -1: not held */
    char name[40];
};

/* Makes the directory if it is missing (NULL: the default). `workdir` is told to others who find a
   pair locked. FAULT_FILE when the directory can't be made or trusted. */
bool pair_locks_open(const char *dir, const char *workdir, struct pair_locks **locks_r,
                     struct fault *fault_r);
/* Nulls the caller's pointer; NULL is fine. */
void pair_locks_close(struct pair_locks **locks);

/* Takes the lock of a pair without waiting; any thread may call it. FAULT_BUSY with a sentence that
   says who holds it, else FAULT_FILE; both scope mailbox. */
bool pair_lock_take(const struct pair_locks *locks, const struct settings *settings,
                    int64_t now_msecs, struct pair_lock *lock_r, struct fault *fault_r);
void pair_lock_give_back(const struct pair_locks *locks, struct pair_lock *lock);

#endif
