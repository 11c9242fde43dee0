/* SPDX-License-Identifier: MIT
 * The further connections to the source for one mailbox, and whether they pay. Each opens the
 * folder whose messages are copied (sync/copy_source.c) and stays for the next. Belongs to the
 * pair's thread. */
#ifndef SYNC_SOURCE_SET_H
#define SYNC_SOURCE_SET_H

#include "sync/session_set.h"

struct source_lane {
    uint64_t folder;           /* the number of the one it was told to open; 0: none yet */
    struct imap_answer answer; /* to that EXAMINE */
    bool is_leaving;           /* is asked for nothing more, and closed when that is given */
};

/* How fast the source gives, and how long it alone was waited for. */
struct source_probe {
    int64_t since_nsecs; /* 0: not begun */
    int64_t waited_nsecs;
    uint64_t messages;
    uint64_t cost;
    double rate_before;  /* cost per second when it was measured last */
    bool is_of_new_lane; /* since then there is one more */
    bool is_settled;     /* one brought nothing, was refused or lost: no more are opened */
};

struct source_set {
    struct session_set sessions;
    struct source_lane lanes[LANES_MAX - 1]; /* in the same order */
    uint64_t folder;                         /* counts the folders, the present one included */
    struct source_probe probe;
};

void source_set_init(struct source_set *set, struct pair *pair);
void source_set_deinit(struct source_set *set);

/* The source gave a message. */
void source_set_count(struct source_set *set, uint64_t bytes);
/* For so long nothing could be done but wait for the source. */
void source_set_count_wait(struct source_set *set, int64_t nsecs);
/* Another folder is copied: what the lanes have open is of no use any more. */
void source_set_begin_folder(struct source_set *set);

/* Advances those that sign in. */
void source_set_tend(struct source_set *set);
/* How many more should be opened now. */
size_t source_set_missing(struct source_set *set, uint64_t messages_left, bool is_paced,
                          int64_t now_nsecs);
/* Opens one more; its slot is taken. */
void source_set_open(struct source_set *set);
/* Closes lane i, which has nothing in flight that somebody waits for. `is_last`: none is opened any
   more. */
void source_set_close(struct source_set *set, size_t i, bool is_last);
/* The last one is to leave, unless one is leaving already. */
void source_set_shrink(struct source_set *set);

#endif
