/* SPDX-License-Identifier: MIT
 * Messages at which connections were lost. A server, or something between, may break down at one
 * message each time: such a message is found by moving one at a time, given up, and the rest goes
 * on. Kept through all attempts of a run; belongs to whoever runs the mailbox. */
#ifndef SYNC_SUSPECTS_H
#define SYNC_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many connections may be lost at one message before it is given up. */
#define SUSPECTS_STRIKES_MAX 2
/* So many messages are remembered. */
#define SUSPECTS_MAX 100

struct suspect {
    char *folder;
    uint32_t uid;
    unsigned int strikes;
};

/* Starts as zeros. */
struct suspects {
    struct suspect *items;
    size_t count;
    size_t alloc;
};

void suspects_deinit(struct suspects *suspects);
/* A connection was lost while nothing but this message was on its way. */
void suspects_strike(struct suspects *suspects, const char *folder, uint32_t uid);
bool suspects_is_given_up(const struct suspects *suspects, const char *folder, uint32_t uid);

#endif
