/* SPDX-License-Identifier: MIT
 * How long a move will take: from what is to be moved, and what limits it. Pure. */
#ifndef BATCH_FORECAST_H
#define BATCH_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a mailbox is taken to bear where no limit is known: of Exchange what it grants each mailbox,
   of others what a server not far away does easily. */
#define FORECAST_EXCHANGE_RATE 4.0
#define FORECAST_OTHER_RATE    50.0

struct forecast_mailbox {
    uint64_t messages;
    uint64_t bytes;
    double messages_per_sec; /* what it may or is known to bear; 0: nothing is known */
    double bytes_per_sec;    /* 0: no limit */
    uint64_t daily_bytes;    /* 0: no limit */
    bool is_exchange;
    double secs; /* filled: alone, from its begin to its end */
};

struct forecast_limits {
    size_t workers;
    double budget_messages; /* a second, as the next; 0: no limit */
    double budget_bytes;
};

enum forecast_decider {
    FORECAST_NOTHING, /* there is nothing to move */
    FORECAST_MAILBOX, /* `mailbox`, which takes longest */
    FORECAST_WORKERS,
    FORECAST_BUDGET_MESSAGES,
    FORECAST_BUDGET_BYTES,
};

struct forecast {
    double secs;
    enum forecast_decider decider;
    size_t mailbox;   /* the index of the one that takes longest */
    bool has_assumed; /* the rate of some mailbox is a guess */
};

/* Fills the secs of each. Workers take the longest first, as runs do. */
void forecast_make(struct forecast_mailbox *mailboxes, size_t count,
                   const struct forecast_limits *limits, struct forecast *forecast_r);

#endif
