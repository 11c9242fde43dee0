/* SPDX-License-Identifier: MIT
 * --resyncflags: messages that are on both sides get exactly the source's flags, as far as the
 * destination can keep them, whatever its user did to them. --syncflagsaftercopy: the same for the
 * copies of this run alone, where a server does not keep what APPEND brings. What the map says of
 * the source's flags is compared with one FETCH of the destination's, and what differs is stored,
 * alike messages together. Belongs to the pair's thread. */
#ifndef SYNC_RESYNC_H
#define SYNC_RESYNC_H

#include "sync/pair_private.h"

/* After the copy, when its rows are on record. What is refused counts as a fault of its folder;
   what ends the mailbox ends the pair. */
void resync_flags(struct pair *pair);

#endif
