/* SPDX-License-Identifier: MIT
 * Messages that an attempt of this run has found can't be brought: unreadable, refused, too big. A
 * server that throttles makes a mailbox take many attempts; if each asked for them again, they
 * would use up what the server allows, and nothing new would ever come. The next run tries them
 * again. Kept through all attempts of a run; belongs to whoever runs the mailbox. */
#ifndef SYNC_GIVEN_UP_H
#define SYNC_GIVEN_UP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/messages/listed.h"

/* So many are remembered; more are tried again by each attempt. */
#define GIVEN_UP_MAX 10000

struct given_up_message {
    const char *folder;    /* the source's, for people */
    const char *text;      /* why, for the problem list */
    const char *diagnosis; /* its id, "" if none; one of the table's, which stay */
    uint32_t uidvalidity;
    uint32_t uid;
    enum message_state state; /* MESSAGE_RETRY: did not come once, and is to be tried last */
    bool was_refused;         /* RETRY: it came, and is to be repaired */
};

/* Starts as zeros. */
struct given_up {
    struct given_up_message *items;
    size_t count;
    size_t alloc;
};

void given_up_deinit(struct given_up *given_up);
/* A NULL one keeps nothing. The texts are copied. */
void given_up_add(struct given_up *given_up, const struct given_up_message *message);
/* The next, from *position on (0 at first), of a folder with that UIDVALIDITY; NULL: no more. NULL
   is fine. */
const struct given_up_message *given_up_next(const struct given_up *given_up, size_t *position,
                                             const char *folder, uint32_t uidvalidity);

#endif
