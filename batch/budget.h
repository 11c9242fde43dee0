/* SPDX-License-Identifier: MIT
 * What a run may send: messages and bytes a second, for all its running pairs together and for
 * each mailbox inside that. A pair joins as a member and asks through its gate (sync/gate.h); the
 * budget never sleeps and never reads a clock, it says when to ask again.
 *
 * A member waits for its own limits first, then for the run's turn. Both limits of the run are
 * paid at the same moment, so they hold jointly. Turns are given by start-time fair queueing: a
 * member that was granted a request moves back by what the request costs (the dearer of messages
 * and bytes), and the one that has gone least far is next. So waiting members with equal messages
 * are served one after the other, a pair with large messages gets the same bytes as one with small
 * ones, and who was away or joins late starts level with the rest: nothing is saved up. A turn
 * brings a small lease of bytes, which the member's next messages use up first. A request is
 * granted whole; callers cut large messages into chunks (messages 0, bytes the chunk), else the
 * rate holds only on average over the time one message takes.
 *
 * Any thread may call these; one mutex inside guards everything and is held for a walk over the
 * members at most. */
#ifndef BATCH_BUDGET_H
#define BATCH_BUDGET_H

#include <stdbool.h>

#include "base/fault.h"
#include "sync/gate.h"

struct budget;
struct budget_member;

/* Rates a second; 0: no limit. False (FAULT_INTERNAL) when no mutex can be had. */
bool budget_init(double messages_per_sec, double bytes_per_sec, struct budget **budget_r,
                 struct fault *fault_r);
/* All members must have left. Nulls the caller's pointer; NULL is fine. */
void budget_deinit(struct budget **budget);

/* Joins, with the mailbox's own rates (0: none). The member belongs to one thread, the budget
   outlives it. NULL only if the mutex can't be locked. */
struct budget_member *budget_member_init(struct budget *budget, double messages_per_sec,
                                         double bytes_per_sec);
/* The next so many bytes do not count against the member's own byte rate (--maxbytesafter). */
void budget_member_spare(struct budget_member *member, uint64_t bytes);
/* Leaves; what it waited for is dropped, others move up. Nulls; NULL is fine. */
void budget_member_deinit(struct budget_member **member);
/* Good as long as the member. */
const struct gate *budget_member_gate(const struct budget_member *member);

#endif
