/* SPDX-License-Identifier: MIT */
#include "sync/renewal.h"

#include "base/clock.h"
#include "sync/pair_private.h"

static bool is_due(const struct session *session, int64_t now_nsecs)
{
    return session->step == SESSION_READY && session->renew_at_nsecs != 0 &&
           now_nsecs >= session->renew_at_nsecs;
}

static bool is_due_in_set(const struct session_set *set, int64_t now_nsecs)
{
    for (size_t i = 0; set->count > 0 && i < LANES_MAX - 1; i++) {
        if (is_due(&set->items[i], now_nsecs))
            return true;
    }
    return false;
}

/* 1, 2, or 0: none. Other lanes than the first never sign in before it, so they are looked at only
   where it has a token that runs out. */
static int side_to_renew(const struct pair *pair)
{
    if ((pair->sent_bytes == 0 && pair->compared == 0) || pair_is_ended(pair) ||
        (pair->source.renew_at_nsecs == 0 && pair->destination.renew_at_nsecs == 0))
        return 0;
    int64_t now_nsecs = clock_mono_nsecs();
    if (is_due(&pair->source, now_nsecs) || is_due_in_set(&pair->sources.sessions, now_nsecs))
        return 1;
    return is_due(&pair->destination, now_nsecs) || is_due_in_set(&pair->lanes.sessions, now_nsecs)
               ? 2
               : 0;
}

bool renewal_is_due(const struct pair *pair)
{
    return side_to_renew(pair) != 0;
}

void renewal_end(struct pair *pair)
{
    struct fault fault;
    int side = side_to_renew(pair);
    fault_set(&fault, FAULT_CLOSED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT, side,
              "the session with the %s is opened again, since its token runs out soon",
              side == 1 ? "source" : "destination");
    pair->is_renewed = true;
    pair_end(pair, &fault);
}
