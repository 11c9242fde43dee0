/* SPDX-License-Identifier: MIT
 * Shared by copy.c (the loop, answers to APPEND), copy_request.c (what to FETCH next) and
 * copy_body.c (what comes back). */
#ifndef SYNC_COPY_PRIVATE_H
#define SYNC_COPY_PRIVATE_H

#include "base/buffer.h"
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
    uint32_t flags_id; /* of the flags it has on the source */
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

struct copy {
    struct copy_job *job;
    struct pair *pair;
    struct listing *listing;
    struct imap_client *source;
    struct lane_set *lanes;
    struct lane *feeding;                /* where the body under way goes */
    size_t appending;                    /* messages given to a lane and not answered */
    const struct copy_next *next_folder; /* NULL: none, or it can't be opened yet */
    bool is_followed;         /* the next folder is being opened: nothing more can be asked for */
    size_t next;              /* everything below was requested once */
    size_t requests;          /* FETCH commands in flight */
    uint64_t requested_bytes; /* of messages requested and not delivered */
    size_t requested_messages;
    uint32_t asked;    /* the message that was asked for last */
    uint32_t *retries; /* to be fetched alone */
    size_t retry_count;
    size_t retry_alloc;
    struct copy_group *groups; /* to be appended again, in smaller groups */
    bool is_group_running;
    struct copy_alone alone;
    struct copy_stream stream;
    struct copy_feed feed;
    bool is_paced;       /* the gate said "wait": fetch only a little ahead */
    struct buffer flags; /* scratch */
};

/* copy.c */
/* Nothing new is sent any more. */
bool copy_is_dropping(const struct copy *copy);
void copy_set_state(struct copy *copy, uint32_t index, enum message_state state);
/* The final bad end of one message: noted, counted, logged. */
void copy_give_up(struct copy *copy, uint32_t index, enum message_state state,
                  const struct fault *fault);

/* copy_request.c */
void copy_request_more(struct copy *copy);
/* Puts a message aside to be fetched alone. */
void copy_retry_alone(struct copy *copy, uint32_t index);
void copy_add_group(struct copy *copy, const struct append_item *items, size_t count);
bool copy_has_more_to_request(const struct copy *copy);

/* copy_body.c */
void copy_set_source_events(struct copy *copy);

#endif
