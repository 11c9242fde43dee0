/* SPDX-License-Identifier: MIT
 * Exchange ends a session after about ten refused commands ("BYE Connection closed. 14"), with
 * whatever is under way. So no more is under way there than may still be refused, and a session
 * that has used that up is opened again by us, when everything is answered. */
#ifndef SYNC_REFUSALS_H
#define SYNC_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>

struct pair;

/* One less than ten. */
#define REFUSALS_MAX 9

/* How many commands may be under way on a session that had `refusals`. At least one: what was
   refused before the copy must not keep it from its messages. Pure. */
size_t refusals_room(unsigned int refusals);
/* The same for messages on their way to the destination; SIZE_MAX: it does not count. */
size_t refusals_room_for_messages(const struct pair *pair);
/* Whether a session is to be opened again. Never in an attempt that gave up no message: the next
   one would come no further. */
bool refusals_are_used_up(const struct pair *pair);
/* Ends the pair for that. */
void refusals_renew(struct pair *pair);

#endif
