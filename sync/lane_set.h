/* SPDX-License-Identifier: MIT
 * The connections to the destination for one mailbox, each with its APPENDs in flight, moved by the
 * same loop. They stay open from folder to folder, and so do the answers that are due: a folder may
 * be read while the one before it is still being stored. Belongs to the pair's thread. */
#ifndef SYNC_LANE_SET_H
#define SYNC_LANE_SET_H

#include "sync/appender.h"
#include "sync/session_set.h"

struct pair;

/* Stays where it is in memory. */
struct lane {
    struct imap_client *client;
    struct appender *appender; /* NULL: it is not open, or not yet */
    bool is_leaving;           /* takes no more messages, and is closed when it owes nothing */
};

/* Whether more lanes pay: the rate before and after the last ones were opened. */
struct lane_probe {
    int64_t since_nsecs; /* 0: not begun */
    uint64_t copied_then;
    double rate_before; /* messages per second with fewer lanes; 0: unknown */
    bool is_settled;    /* the last brought nothing, or one was refused: no more are opened */
};

/* A server that refuses an APPEND because it is asked for too much should not get the body first:
   it counts what it is sent. */
enum lane_care {
    LANE_CARE_NONE,
    LANE_CARE_LARGE, /* the server throttles: bodies above 256 KiB are sent when it asks for them */
    LANE_CARE_ALL,   /* it did so last time: all are, until one is stored */
};

struct lane_set {
    struct pair *pair;
    appender_result_callback *callback;
    struct lane items[LANES_MAX]; /* the first is the destination's own session */
    size_t count;                 /* of those that are open */
    struct session_set sessions;  /* of the others, in the same order */
    struct lane_probe probe;
    enum lane_care care;
    uint64_t copied_messages; /* see lane_set_count_copied() */
};

/* The destination must be signed in. `callback` hears every answer. */
void lane_set_init(struct lane_set *set, struct pair *pair, appender_result_callback *callback);
/* Closes the further connections; unanswered APPENDs are forgotten. */
void lane_set_deinit(struct lane_set *set);

/* An APPEND was answered with OK. */
void lane_set_count_copied(struct lane_set *set, size_t messages);
/* How careful one has to be with a server that greets so, and with one that asked for patience
   before. Pure. */
enum lane_care lane_care_for(const char *greeting, bool was_throttled);

/* The lane that can take a message soonest, or NULL if none is ready. One in the middle of a
   message belongs to who feeds it. */
struct lane *lane_set_pick(struct lane_set *set);
/* Nothing waits to be sent, and a message could be taken at once. */
bool lane_set_is_idle(struct lane_set *set);
/* Takes those in that have signed in, and closes those that were to leave. */
void lane_set_tend(struct lane_set *set);
/* How many more should be opened now. */
size_t lane_set_missing(struct lane_set *set, uint64_t messages_left, bool is_paced,
                        int64_t now_nsecs);
/* Opens one more; its slot is taken. */
void lane_set_open(struct lane_set *set);
/* One that was opened besides the first is to leave as soon as it owes nothing, unless one is
   leaving already. */
void lane_set_shrink(struct lane_set *set);
/* Ends every command that waits for more messages; true if there was one. */
bool lane_set_flush(struct lane_set *set);
/* When the oldest command that waits for more messages was begun; 0: none does. */
int64_t lane_set_open_since_nsecs(const struct lane_set *set);
/* No lane has both lived and left APPENDs unanswered, but for one whose message was broken off:
   nothing more is to be waited for. To be called when no source feeds any more. */
bool lane_set_is_answered(const struct lane_set *set);
/* A lane that is lost while it owes answers ends the pair, and so does the first one; another is
   only a lane less. */
void lane_set_look(struct lane_set *set);
/* Of the lane that had the most: imap_client_refusals(). */
unsigned int lane_set_refusals(const struct lane_set *set);
/* The pair has ended: turns the loop until the answers to what is under way are there, though not
   for ever (pair_is_overdue()); connections that still owe one are closed then. */
void lane_set_linger(struct lane_set *set);

#endif
