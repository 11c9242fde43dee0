/* SPDX-License-Identifier: MIT
 * Further connections to one side of a pair, beside the one it began with. Each is counted by the
 * run's ceiling per host (sync/slots.h) from before it is opened until it is closed. A session
 * stays where it is in memory. Belongs to the pair's thread. */
#ifndef SYNC_SESSION_SET_H
#define SYNC_SESSION_SET_H

#include "sync/session.h"

/* Connections to one side, the first included. */
#define LANES_MAX 16

struct pair;

struct session_set {
    struct pair *pair;
    int side;
    struct session items[LANES_MAX - 1]; /* IDLE: closed, may be opened */
    size_t count;                        /* of those that are not closed */
};

/* What both sides need is taken from the slots as one request; false if there is no room now. */
bool session_set_take(const struct pair *pair, unsigned int source, unsigned int destination);

void session_set_init(struct session_set *set, struct pair *pair, int side);
/* Closes all. A set that was never initialised but zeroed is fine. */
void session_set_deinit(struct session_set *set);
/* Begins to sign in. The slot is taken, and not all are in use. */
void session_set_open(struct session_set *set);
/* Says LOGOUT if nothing is under way, closes, gives the slot back. */
void session_set_close(struct session_set *set, size_t i);
/* Those that are not signed in yet. */
size_t session_set_opening(const struct session_set *set);

#endif
