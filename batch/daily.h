/* SPDX-License-Identifier: MIT
 * Bytes of an account in one UTC day, over all runs of a work directory: providers cut accounts off
 * that go over such a limit (Gmail: 2500 MB down, 500 MB up). Message bytes are counted as they are
 * sent on to the destination, for both of a pair's accounts; what the protocol adds, and what is
 * fetched ahead when the limit is met, is not.
 *
 * Counts are kept in the store. There they lag behind by less than DAILY_LAG_BYTES an account,
 * which is what a killed process makes them forget; a power cut also takes what the system had not
 * yet written to the disk.
 *
 * Any thread may call these for its own member; one mutex guards the accounts that running pairs
 * share. Time is a parameter. */
#ifndef BATCH_DAILY_H
#define BATCH_DAILY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/store.h"

#define DAILY_LAG_BYTES ((uint64_t)1024 * 1024)

struct daily;
struct daily_member;

/* One side of a pair. */
struct daily_limit {
    const char *account; /* as mailbox_key_append() has it */
    uint64_t max_bytes;  /* 0: no limit, and nothing is counted */
};

/* False (FAULT_INTERNAL) when no mutex can be had. */
bool daily_init(struct store *store, struct daily **daily_r, struct fault *fault_r);
/* All members must have left. Nulls the caller's pointer; NULL is fine. */
void daily_deinit(struct daily **daily);

/* A pair joins with its accounts (side 1, side 2). NULL if the store can't be read (FAULT_STORE).
 */
struct daily_member *daily_member_init(struct daily *daily, const struct daily_limit limits[2],
                                       int64_t now_msecs, struct fault *fault_r);
/* Leaves; what was counted goes to the store. False (FAULT_STORE) if it can't. Nulls; NULL is
   fine. */
bool daily_member_deinit(struct daily_member **member, struct fault *fault_r);

/* May a message of so many bytes be sent now? No when the day's limit is reached, or would be
   passed by it; only a message larger than the whole limit may go, as the first of a day.
   FAULT_TRANSFER_LIMIT names side and limit, FAULT_STORE a count that could not be kept. */
bool daily_may_send(struct daily_member *member, int64_t now_msecs, uint64_t bytes,
                    struct fault *fault_r);
/* They were sent. */
void daily_note(struct daily_member *member, int64_t now_msecs, uint64_t bytes);

/* The rule. Pure. */
bool daily_is_spent(uint64_t spent_bytes, uint64_t bytes, uint64_t max_bytes);
/* Days since 1970 in UTC. Pure. */
int64_t daily_day(int64_t wall_msecs);

#endif
