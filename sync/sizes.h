/* SPDX-License-Identifier: MIT
 * How large the folders of a plan are on both sides, as a block in the log whose labels are
 * imapsync's. Each folder is read (EXAMINE and FETCH RFC822.SIZE), so it costs a while. Belongs to
 * the pair's thread. */
#ifndef SYNC_SIZES_H
#define SYNC_SIZES_H

struct pair;

enum sizes_when {
    SIZES_BEFORE, /* nothing was created yet; a mailbox's fault ends the pair */
    SIZES_AFTER,  /* everything is recorded; a fault is only logged */
};

/* Nothing else may be under way on the pair's connections. */
void sizes_log(struct pair *pair, enum sizes_when when);

#endif
