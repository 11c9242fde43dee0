/* SPDX-License-Identifier: MIT
 * A lock between processes, kept by the kernel on an open file: when its holder ends, however that
 * happens, the lock is free. What the file says is only for the sentence about the holder. Any
 * thread may call these; a lock belongs to one thread at a time. Two threads of one process exclude
 * each other like two processes. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <stdint.h>

#include "base/fault.h"

enum lock_outcome {
    LOCK_TAKEN,
    LOCK_BUSY,
    LOCK_FAULT,
};

#define LOCK_HOLDER_SIZE 256

/* Takes the lock on the file `name` (relative to dir_fd; or a path, with AT_FDCWD), which is
   created (mode 0600) if missing and never followed if it is a link, without waiting. The file then
   names this process, the time, and `note` (one line: where the holder works). LOCK_BUSY: holder_r
   says who has it, as in "process 4711 since 2026-11-22T21:51:46Z in /srv/move"; it may hold any
   bytes. LOCK_FAULT: *fault_r is filled (FAULT_FILE, scope run). *fd_r keeps a lock that was taken;
   else it is -1. */
enum lock_outcome lock_take(int dir_fd, const char *name, const char *note, int64_t now_msecs,
                            int *fd_r, char holder_r[LOCK_HOLDER_SIZE], struct fault *fault_r);
/* Gives the lock back and sets *fd to -1; the file stays. -1 is fine. */
void lock_release(int *fd);
/* The same, and the file goes. */
void lock_remove(int dir_fd, const char *name, int *fd);

#endif
