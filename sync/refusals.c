/* SPDX-License-Identifier: MIT */
#include "sync/refusals.h"

#include "sync/pair_private.h"

size_t refusals_room(unsigned int refusals)
{
    return refusals < REFUSALS_MAX ? REFUSALS_MAX - refusals : 1;
}

size_t refusals_room_for_messages(const struct pair *pair)
{
    return pair->counts_refusals[1] ? refusals_room(lane_set_refusals(&pair->lanes)) : SIZE_MAX;
}

/* 1, 2, or 0: none. */
static int side_to_renew(const struct pair *pair)
{
    if (!pair->has_given_up)
        return 0;
    if (pair->counts_refusals[1] && lane_set_refusals(&pair->lanes) >= REFUSALS_MAX)
        return 2;
    return pair->counts_refusals[0] && imap_client_refusals(pair->source.client) >= REFUSALS_MAX
               ? 1
               : 0;
}

bool refusals_are_used_up(const struct pair *pair)
{
    return side_to_renew(pair) != 0;
}

void refusals_renew(struct pair *pair)
{
    struct fault fault;
    int side = side_to_renew(pair);
    fault_set(
        &fault, FAULT_CLOSED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT, side,
        "the session with the %s is opened again: Exchange ends it after ten refused commands",
        side == 1 ? "source" : "destination");
    pair->is_renewed = true;
    pair_end(pair, &fault);
}
