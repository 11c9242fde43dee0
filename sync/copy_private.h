/* SPDX-License-Identifier: MIT
 * Shared by copy.c (the loop, answers to APPEND), copy_request.c (what to FETCH next) and
 * copy_body.c (what comes back). */
#ifndef SYNC_COPY_PRIVATE_H
#define SYNC_COPY_PRIVATE_H

#include "base/buffer.h"
#include "sync/appender.h"
#include "sync/copy.h"
#include "sync/imap/fetch.h"
#include "sync/messages/internaldate.h"

/* Messages to be fetched and appended together once more: a MULTIAPPEND that was refused is halved
   until the guilty message stands alone. */
struct copy_group {
    struct copy_group *next;
    size_t count;
    uint32_t indexes[];
};

/* A message fetched on its own: too large to be held, or not delivered with the others. Its flags
   and date come first, then its body. */
enum copy_alone_step {
    ALONE_NONE,
    ALONE_METADATA,
    ALONE_BODY,
};

struct copy_alone {
    enum copy_alone_step step;
    uint32_t index;
    bool is_last_try;
    bool has_metadata;
    bool has_body;
    bool needs_added_field; /* --addheader */
    struct buffer flags;
    char date[INTERNALDATE_SIZE + 1];
    uint64_t requested_bytes; /* what it adds to the sum of the copy */
};

/* The literal that is passing through. */
enum copy_stream_state {
    STREAM_NONE,
    STREAM_PASSED_OVER, /* read and dropped */
    STREAM_COPIED,      /* goes into an open APPEND */
};

struct copy_stream {
    enum copy_stream_state state;
    uint32_t uid; /* 0 until the response tells */
    uint64_t bytes;
};

/* The body that goes into the open APPEND, piece by piece as the budget grants it. */
struct copy_feed {
    bool is_active;     /* a held body is under way: its response waits in the input buffer */
    size_t offset;      /* how much of the held body was given */
    size_t asked_bytes; /* what the gate was asked for and has not granted yet */
};

/* One connection to the destination with its APPENDs. */
struct copy_lane {
    struct imap_client *client;
    struct appender *appender;
};

/* Whether more lanes pay: the rate before and after the last ones were opened. */
struct copy_probe {
    int64_t since_nsecs; /* 0: not begun */
    uint64_t copied_then;
    double rate_before; /* messages per second with fewer lanes; 0: unknown */
    bool is_settled;    /* the last lanes brought nothing: no more are opened */
};

struct copy {
    struct copy_job *job;
    struct pair *pair;
    struct listing *listing;
    struct imap_client *source;
    struct copy_lane lanes[PAIR_LANES_MAX]; /* the first is the destination's own session */
    size_t lane_count;
    struct copy_lane *feeding; /* where the body under way goes */
    struct copy_probe probe;
    uint64_t copied_messages;
    size_t next;              /* everything below was requested once */
    size_t requests;          /* FETCH commands in flight */
    uint64_t requested_bytes; /* of messages requested and not delivered */
    size_t requested_messages;
    uint32_t *retries; /* to be fetched alone */
    size_t retry_count;
    size_t retry_alloc;
    struct copy_group *groups; /* to be appended again, in smaller groups */
    bool is_group_running;
    struct copy_alone alone;
    struct copy_stream stream;
    struct copy_feed feed;
    bool is_paced;                /* the gate said "wait": fetch only a little ahead */
    int64_t dropping_since_nsecs; /* nothing new is sent any more; 0: going on */
    struct buffer flags;          /* scratch */
};

/* copy.c */
void copy_append_answered(void *context, const uint32_t *indexes, size_t count,
                          const struct imap_reply *reply);
bool copy_is_dropping(const struct copy *copy);
void copy_set_state(struct copy *copy, uint32_t index, enum message_state state);
/* The final bad end of one message: noted, counted, logged. */
void copy_give_up(struct copy *copy, uint32_t index, enum message_state state,
                  const struct fault *fault);

/* copy_request.c */
void copy_request_more(struct copy *copy);
/* Puts a message aside to be fetched alone. */
void copy_retry_alone(struct copy *copy, uint32_t index);
void copy_add_group(struct copy *copy, const uint32_t *indexes, size_t count);
bool copy_has_more_to_request(const struct copy *copy);

/* copy_lane.c */
void copy_add_lane(struct copy *copy, struct imap_client *client);
/* The lane that can take a message soonest, or NULL if none is ready. */
struct copy_lane *copy_pick_lane(struct copy *copy);
/* Opens lanes while that pays, takes those in that have signed in. */
void copy_tend_lanes(struct copy *copy, int64_t now_nsecs);
size_t copy_unanswered(const struct copy *copy);
bool copy_flush_lanes(struct copy *copy);
/* When the oldest command that waits for more messages was begun; 0: none does. */
int64_t copy_open_since_nsecs(const struct copy *copy);
/* No lane has both lived and left APPENDs unanswered: nothing more is to be waited for. */
bool copy_lanes_are_answered(const struct copy *copy);

/* copy_body.c */
void copy_set_source_events(struct copy *copy);

#endif
