/* SPDX-License-Identifier: MIT
 * In which order mailboxes run: the longest first, so that none of the large ones is started when
 * all others are done. How long one takes is guessed from the messages that an earlier run found in
 * it. One that nobody has seen yet counts as the average of those that are known: then the giants
 * still go first, and it does not go last although it may be large. Equal ones, and a run where
 * nothing is known, keep the manifest's order. Pure. */
#ifndef BATCH_SCHEDULE_H
#define BATCH_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_UNKNOWN UINT64_MAX

/* What a mailbox that nobody knows counts as; 0 if none is known. */
uint64_t schedule_average(const uint64_t *messages, size_t count);
/* The place of a mailbox in the queue, where lower runs earlier. */
uint64_t schedule_order(uint64_t messages, uint64_t average);

#endif
