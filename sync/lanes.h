/* SPDX-License-Identifier: MIT
 * How many connections to the destination and to the source pay. Pure. */
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
    bool is_settled;     /* more lanes brought nothing, or one was refused */
    int64_t rtt_usecs;
    uint64_t messages_left;
};

/* How many lanes there should be, those opening included; never less than there are. Auto goes from
   one to four and then doubles, and only where every APPEND waits for a distant server: elsewhere
   one connection already keeps the server busy. */
size_t lanes_wanted(const struct lanes_question *question);
struct source_lanes_question {
    size_t fixed;           /* --lanes N; 0: auto */
    size_t max;             /* --maxconnections1, and what the program can hold */
    size_t open;            /* connections that work now */
    size_t opening;         /* connections that are signing in */
    bool is_waited_for;     /* the destination could take more than the source gives */
    bool is_paced;          /* a budget sets the rate */
    bool is_settled;        /* the last one brought nothing, was refused or lost */
    double rate;            /* messages per second now */
    uint64_t messages_left; /* of this folder, not asked for yet */
};

/* How many connections to the source there should be, those opening included; never less than there
   are. Auto opens one more only where the source is what is waited for, and a folder that has more
   than a second of work and 200 messages for each. */
size_t source_lanes_wanted(const struct source_lanes_question *question);
/* Of this span of time, so much was spent waiting for the source alone: nearly all of it? */
bool source_lanes_are_waited_for(int64_t waited_nsecs, int64_t lasted_nsecs);

/* Did the last lanes pay? The rate rose by at least a tenth. */
bool lanes_paid(double rate_before, double rate_now);

#endif
