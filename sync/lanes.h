/* SPDX-License-Identifier: MIT
 * How many connections to the destination pay. Pure. */
#ifndef SYNC_LANES_H
#define SYNC_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lanes_question {
    size_t fixed;        /* --lanes N; 0: auto */
    size_t max;          /* --maxconnections2, and what the program can hold */
    size_t open;         /* lanes that work now */
    size_t opening;      /* lanes that are signing in */
    bool waits_for_each; /* every APPEND costs a round trip: literals must be invited */
    bool is_paced;       /* a budget, not the distance, sets the rate */
    bool is_settled;     /* more lanes brought nothing */
    int64_t rtt_usecs;
    uint64_t messages_left;
};

/* How many lanes there should be, those opening included; never less than there are. Auto goes from
   one to four and then doubles, and only where every APPEND waits for a distant server: elsewhere
   one connection already keeps the server busy. */
size_t lanes_wanted(const struct lanes_question *question);
/* Did the last lanes pay? The rate rose by at least a tenth. */
bool lanes_paid(double rate_before, double rate_now);

#endif
