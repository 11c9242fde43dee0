/* SPDX-License-Identifier: MIT
 * Shared by copy.c (the loop, answers to APPEND), copy_source.c (the connections to the source),
 * copy_request.c (what to FETCH next), copy_alone.c (what is fetched on its own), copy_body.c (what
 * comes back), copy_change.c (what is done to it) and copy_repair.c (what was refused, and once
 * more). */
#ifndef SYNC_COPY_PRIVATE_H
#define SYNC_COPY_PRIVATE_H

#include "base/buffer.h"
#include "base/spool.h"
#include "sync/copy.h"
#include "sync/imap/fetch.h"
#include "sync/messages/internaldate.h"
#include "sync/messages/transform.h"

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
    bool is_invented;       /* what came is no message of the mailbox */
    bool needs_added_field; /* --addheader */
    struct buffer flags;
    struct append_item item; /* what it has on the source */
    char date[INTERNALDATE_SIZE + 1];
    bool is_dated;            /* --idatefromheader gave the date */
    uint64_t requested_bytes; /* what it adds to the sum of the copy */
};

/* The literal that is passing through. */
enum copy_stream_state {
    STREAM_NONE,
    STREAM_PASSED_OVER, /* read and dropped */
    STREAM_COPIED,      /* goes into an open APPEND */
    STREAM_GATHERED,    /* is kept until it is whole, then changed, then appended */
    STREAM_WRONG_SIZE,  /* of another size than was said, and that counts */
    STREAM_DECLINED,    /* was not to be appended as it is; the change says why */
};

struct copy_stream {
    enum copy_stream_state state;
    uint32_t uid; /* 0 until the response tells */
    uint64_t bytes;
    const unsigned char *whole; /* of a gathered one, once it is */
};

/* What is done to the body under way: made once, however often the body is offered. */
struct copy_change {
    bool is_made;
    uint32_t index;
    struct transform_result result;
    struct transform_scratch scratch;
    struct spool spool; /* a large body as it came */
};

/* A body as it is appended. */
struct copy_text {
    const unsigned char *data;
    size_t size;
    uint32_t changes; /* of 1 << enum change_kind */
};

/* The body that goes into the open APPEND, piece by piece as the budget grants it. */
struct copy_feed {
    bool is_active;     /* a held body is under way: its response waits in the input buffer */
    size_t offset;      /* how much of the held body was given */
    size_t asked_bytes; /* what the gate was asked for and has not granted yet */
};

/* One FETCH command for the messages [first, end) of the listing that are REQUESTED. No two in
   flight have a REQUESTED message in common. */
struct copy_request {
    struct copy_source *source;
    struct copy_request *next;
    size_t first;
    size_t end;
};

/* A connection to the source that gives messages of this folder. */
struct copy_source {
    struct copy *copy;
    struct imap_client *client;     /* NULL: not used for this folder */
    size_t requests;                /* FETCH commands in flight */
    uint64_t requested_bytes;       /* of messages requested here and not delivered */
    struct copy_request *in_flight; /* those of them that are about several messages */
    struct lane *feeding;           /* where the body under way goes */
    struct copy_alone alone;
    struct copy_stream stream;
    struct copy_feed feed;
    struct copy_change change; /* of no use unless the pair has a transform */
};

/* A message that the destination refused, and that is tried once more, repaired. */
struct copy_refusal {
    uint32_t index;
    struct fault fault;
};

struct copy {
    struct copy_job *job;
    struct pair *pair;
    struct listing *listing;
    struct lane_set *lanes;
    struct copy_source sources[LANES_MAX]; /* the first, then as in pair->sources */
    uint32_t uidvalidity;                  /* of the folder, on the first; 0: not told */
    size_t appending;                      /* messages given to a lane and not answered */
    const struct copy_next *next_folder;   /* NULL: none, or it can't be opened yet */
    bool is_followed;         /* the next folder is being opened: nothing more can be asked for */
    size_t next;              /* everything below was requested, or has its place in another list */
    size_t requests;          /* FETCH commands in flight, over all sources; so the next two */
    uint64_t requested_bytes; /* of messages requested and not delivered */
    size_t requested_messages;
    uint32_t asked;    /* the message that was asked for last */
    uint32_t *retries; /* to be fetched alone */
    size_t retry_count;
    size_t retry_alloc;
    struct copy_group *groups; /* to be appended again, in smaller groups */
    struct copy_refusal **refusals;
    size_t refusal_count;
    size_t refusal_alloc;
    bool is_group_running;
    bool is_paced;              /* the gate said "wait": fetch only a little ahead */
    struct copy_source *asking; /* who was told to wait and must ask the same again */
    struct buffer flags;        /* scratch */
    struct buffer flags_here;   /* scratch: as they are on the source */
    struct buffer line;         /* scratch: of a message, for the log */
};

/* copy.c */
/* Nothing new is sent any more. */
bool copy_is_dropping(const struct copy *copy);
void copy_set_state(struct copy *copy, uint32_t index, enum message_state state);
/* The other attempts of this run need not find out again. */
void copy_remember_bad(struct copy *copy, uint32_t index, enum message_state state,
                       const char *text, const char *diagnosis);
/* The final bad end of one message: noted, counted, logged. */
void copy_give_up(struct copy *copy, uint32_t index, enum message_state state,
                  const struct fault *fault);

/* copy_source.c */
struct copy_source *copy_first(struct copy *copy);
/* All start anew with the folder that is selected on the first. */
void copy_sources_begin(struct copy *copy);
/* Nobody hears of this copy any more. */
void copy_sources_end(struct copy *copy);
/* Takes in those that have the folder open, before the next FETCH is given; lets go those that are
   to leave. */
void copy_sources_tend(struct copy *copy);
/* Opens the folder on those that are free, if the others left something to be asked for. */
void copy_sources_open(struct copy *copy);
/* The loss of the first ends the pair, and so does that of one in the middle of a body. */
void copy_sources_look(struct copy *copy);
/* Tells each what is still to come from it. To be called before the loop is waited for. */
void copy_sources_expect(struct copy *copy);
/* Opens and closes connections on both sides, as one request. */
void copy_tend_lanes(struct copy *copy, int64_t now_nsecs);
/* Which can take the next FETCH soonest; NULL: none now. `is_alone`: for a message on its own. */
struct copy_source *copy_source_pick(struct copy *copy, bool is_alone);
/* Those that are there and those on their way; what one of them may have under way. */
size_t copy_source_count(const struct copy *copy);
uint64_t copy_source_share_bytes(const struct copy *copy);
/* A body of which the destination has a part. */
bool copy_source_is_inside_body(const struct copy_source *source);

/* copy_request.c */
#define COPY_AHEAD_MAX_BYTES ((uint64_t)3 * 1024 * 1024)
#define COPY_SLICE_MAX_BYTES ((uint64_t)512 * 1024)
void copy_request_more(struct copy *copy);
/* To be called first when a FETCH is answered. */
void copy_request_answered(struct copy_source *source);
/* A message that is REQUESTED is awaited from this source. */
bool copy_is_requested_here(const struct copy_source *source, size_t index);
void copy_mark_requested(struct copy_source *source, size_t index);
/* It has left the state REQUESTED. */
void copy_unmark_requested(struct copy_source *source, uint64_t bytes);
/* Nobody asks for it any more: it is asked for once more. */
void copy_want_again(struct copy *copy, uint32_t index);
/* A refusal about the whole mailbox ends the pair. */
void copy_judge_fetch(struct copy *copy, const struct imap_reply *reply, struct fault *fault_r);
/* Puts a message aside to be fetched alone. */
void copy_retry_alone(struct copy *copy, uint32_t index);
/* The same for one that the server lists, and did not give although it said OK: another attempt of
   this run is to begin with the others. */
void copy_retry_missed(struct copy *copy, uint32_t index);
void copy_add_group(struct copy *copy, const struct append_item *items, size_t count);
bool copy_has_more_to_request(const struct copy *copy);

/* copy_alone.c */
void copy_request_alone(struct copy_source *source, uint32_t index, bool is_last_try);

/* copy_change.c */
void copy_change_init(struct copy_source *source);
void copy_change_deinit(struct copy_source *source);
/* Does what the settings ask for to a whole body, once; without such settings nothing. False: it is
   not to be appended. May run commands, so it may block. */
bool copy_change(struct copy_source *source, uint32_t index, const void *data, size_t size);
/* Whether that may be anything. */
bool copy_change_is_wanted(const struct copy_source *source, uint32_t index);
/* What comes of the same body; good until copy_change_forget(). */
struct copy_text copy_text(const struct copy_source *source, uint32_t index, const void *data,
                           size_t size);
/* The state of a message that is not to be appended, and its end: noted unless it stays WANTED. */
enum message_state copy_change_state(const struct copy_source *source);
void copy_change_give_up(struct copy_source *source, uint32_t index);
/* The next body may come. */
void copy_change_forget(struct copy_source *source);
/* A body larger than what is held: begin, add, and end, which gives all of it. False: the pair has
   ended. */
bool copy_gather_begin(struct copy_source *source);
bool copy_gather_add(struct copy_source *source, const void *data, size_t size);
bool copy_gather_end(struct copy_source *source, const unsigned char **data_r);

/* copy_repair.c */
/* More that are refused in one folder are given up at once. */
#define COPY_REFUSALS_MAX 1000
/* --repair auto: a message that the destination refused for itself is fetched once more, alone, and
   repaired. False: not this one, or not again. */
bool copy_repair_retry(struct copy *copy, uint32_t index, const struct fault *refusal);
/* What earlier attempts of the run found refused, and came to no end: it needs no second refusal.
 */
void copy_repair_recall(struct copy *copy);
/* Why it is tried once more; NULL: it is not. */
const struct fault *copy_repair_refusal(const struct copy *copy, uint32_t index);
/* Keeps what was repaired, if that is asked for. False: it can't be kept, and the pair has ended.
 */
bool copy_repair_keep(struct copy *copy, uint32_t index, const void *data, size_t size);
/* It is there now: noted in the store, if it was repaired. */
void copy_repair_note(struct copy *copy, uint32_t index, uint32_t changes);
void copy_repair_deinit(struct copy *copy);

/* copy_body.c */
void copy_set_source_events(struct copy_source *source);

#endif
