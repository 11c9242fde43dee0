/* SPDX-License-Identifier: MIT
 * Files and directories, each step either done as a whole or not at all. Every function that
 * returns false has filled *fault_r (FAULT_FILE, scope run, advice never, unless said otherwise).
 * Any thread may call these; an object belongs to one thread at a time. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/fault.h"

/* Makes a directory (mode 0700) and the missing ones above it. One that exists is fine. */
bool file_make_dirs(const char *path, struct fault *fault_r);

/* Appends the whole file to `content`. A file above max_bytes, or above what the buffer takes, is a
   fault; the buffer then holds a part of it. Pipes are fine. Never puts content into a fault. */
bool file_read_limited(const char *path, size_t max_bytes, struct buffer *content,
                       struct fault *fault_r);

/* A file in the making: it is written beside its path (mode 0600) and takes that name, replacing
   what was there, only when it is complete and on disk. */
struct file_draft;
bool file_draft_open(const char *path, struct file_draft **draft_r, struct fault *fault_r);
/* Where its content goes. Good until publish or discard, which close it. */
FILE *file_draft_stream(struct file_draft *draft);
/* Syncs, renames, syncs the directory. Frees the draft, also on failure; then the path is as it
   was before. */
bool file_draft_publish(struct file_draft **draft, struct fault *fault_r);
/* The same for several in one directory (or for none): each file appears whole or not at all, and
   the directory is synced once, for all. Frees all drafts and nulls them; entries that are NULL are
   passed over. False with the first fault; the others are still published. */
bool file_drafts_publish(struct file_draft **drafts, size_t count, struct fault *fault_r);
/* Drops what was written. NULL is fine. */
void file_draft_discard(struct file_draft **draft);

/* A whole file at once, as a draft would. */
bool file_write_atomic(const char *path, const void *data, size_t size, struct fault *fault_r);

/* The same for what changes all the time and is of no use after a crash of the system: nothing
   waits for the disk, so after a power cut the file may be empty. `mode`: such as 0600. */
bool file_replace(const char *path, unsigned int mode, const void *data, size_t size,
                  struct fault *fault_r);

/* Makes `link_path` a symbolic link to `target` (taken literally); an older link is replaced in one
   step, a directory in that place is a fault. */
bool file_replace_symlink(const char *target, const char *link_path, struct fault *fault_r);

#define FILE_SAFE_NAME_MAX_BYTES 120

/* Appends a name for a file, made from a user name: A-Z a-z 0-9 @ . _ + - = stay, every other byte
   becomes '_', so does a leading dot; never empty, at most FILE_SAFE_NAME_MAX_BYTES. Pure. */
bool file_safe_name(const char *user, struct buffer *name);

/* Safe names given out once each; upper and lower case count as the same, since some file systems
   do. "Ann", "ann" and "a/b", "a b" become "Ann", "ann~2" and "a_b", "a_b~2". */
struct file_names;
struct file_names *file_names_init(void);
/* NULL is fine. */
void file_names_deinit(struct file_names **names);
/* The unique safe name for the next user; owned by `names`. */
const char *file_names_add(struct file_names *names, const char *user);

#endif
