/* SPDX-License-Identifier: MIT
 * More connections for a pair than the one to each side it starts with. The sync engine asks;
 * batch/hosts answers, within the run's ceiling of connections per host. */
#ifndef SYNC_SLOTS_H
#define SYNC_SLOTS_H

#include <stdbool.h>

struct slots {
    void *context;
    /* Asks for so many more to the source and to the destination: both or none, never one after the
       other. Never blocks; a "no" may be a "yes" later. Called by the pair's own thread only, as
       are the others. */
    bool (*try_take)(void *context, unsigned int source, unsigned int destination);
    /* After they are closed. Never more than were taken. */
    void (*give_back)(void *context, unsigned int source, unsigned int destination);
    /* Another mailbox waits for room on the host of this side (1 or 2). */
    bool (*is_wanted)(void *context, int side);
};

#endif
