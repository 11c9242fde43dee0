/* SPDX-License-Identifier: MIT
 * A file system for SQLite on which the power can be cut. What is written is kept in memory until
 * xSync; only then does it reach the real file. After the cut every call fails, and the real files
 * are what a machine would find that starts again. A file without a sync since it was made is gone;
 * a delete that was not synced did not happen. For one thread. */
#ifndef TESTS_FORGETFUL_VFS_H
#define TESTS_FORGETFUL_VFS_H

#include <stdbool.h>

#define FORGETFUL_VFS "forgetful"

/* Registers it; once per process. */
bool forgetful_vfs_init(void);

/* Switches the power on and forgets everything. The power goes at the cut_at-th step (write, sync,
   truncation or delete; from 1; 0: never), which is not done. A seed other than 0 lets each sector
   that was not synced reach the disk or not, as chance wants it: the disk may write in any order.
 */
void forgetful_vfs_start(unsigned long cut_at, unsigned int seed);
/* From the n-th write on (from 1; 0: never) the disk is full. */
void forgetful_vfs_fill_disk(unsigned long full_at);
/* Cuts the power now. */
void forgetful_vfs_cut(void);
bool forgetful_vfs_is_cut(void);
unsigned long forgetful_vfs_steps(void);
unsigned long forgetful_vfs_syncs(void);

#endif
