/* SPDX-License-Identifier: MIT
 * Whoever is cut off while it appends (killed, or its connection lost) leaves a server behind that
 * may still be storing what it was sent. A run that looked at once would not see it, and send it
 * again. So where a bracket is open (store/store_map.h), the destination gets some time first. */
#ifndef SYNC_SETTLE_H
#define SYNC_SETTLE_H

#include <stdint.h>

struct pair;

/* How long is to be waited, in milliseconds, after something was last sent (0: nothing was), so
   that settle_msecs lie in between. A clock that went back costs no more than settle_msecs. Pure.
 */
int64_t settle_wait_msecs(int64_t now_msecs, int64_t last_sent_msecs, int64_t settle_msecs);
/* To be called when the pair knows its brackets, before it looks at the destination's mailboxes.
   Waits; a stop ends it. */
void settle_pair(struct pair *pair);

#endif
