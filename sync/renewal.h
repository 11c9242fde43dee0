/* SPDX-License-Identifier: MIT
 * A session ends with its token ("BYE Session invalidated - AccessTokenExpired"), with whatever is
 * under way. So it is opened again by us before that, between two messages, with another token. */
#ifndef SYNC_RENEWAL_H
#define SYNC_RENEWAL_H

#include <stdbool.h>

struct pair;

/* Whether a token of one of the pair's sessions runs out soon, and the pair has done something with
   them. Another attempt with the same token would come no further. */
bool renewal_is_due(const struct pair *pair);
/* Ends the pair for that; the next attempt begins at once. */
void renewal_end(struct pair *pair);

#endif
