/* SPDX-License-Identifier: MIT
 * The copy of one folder's wanted messages: FETCH from the source and APPEND to the destination at
 * the same time, through two bounded buffers (see docs/ARCHITECTURE.md, "One pair"). */
#ifndef SYNC_COPY_H
#define SYNC_COPY_H

#include "sync/carry.h"
#include "sync/notes.h"
#include "sync/pair_private.h"

struct copy_job {
    struct pair *pair;
    struct listing *listing;              /* messages in state WANTED are copied */
    struct notes *notes;                  /* gets what could not be copied */
    const char *source_name;              /* decoded, for logs */
    const char *source_mailbox;           /* as the server knows it */
    const char *destination_name;         /* decoded */
    const char *destination_mailbox;      /* as the server knows it */
    const struct imap_mailbox *permanent; /* the destination's PERMANENTFLAGS and UIDVALIDITY */
    struct folder_memory *memory;         /* gets what was copied */
    struct carry_list later;              /* result: what must be set on copies */
    uint64_t never;                       /* result: copies on which that can't be set */
    uint64_t copied_bytes;                /* result */
    uint64_t dropped_keywords;            /* result */
    uint64_t changed[CHANGE_KIND_COUNT];  /* result: copied messages with that change */
    struct fault folder_fault;            /* result: what ended the folder, not the pair */
};

/* The folder that follows on the source, so that neither side waits at the seam between two. */
struct copy_next {
    void *context;
    /* Everything this folder needs was asked for: may give the commands that open the next one.
       False if it must not be opened yet. */
    bool (*open)(void *context);
    /* Everything asked for was delivered: the source's responses are the next folder's from now. */
    void (*listen)(void *context);
};

struct copy;

/* The job must outlive the copy. */
struct copy *copy_init(struct copy_job *job);
/* No APPEND of it may be unanswered on a client that is still alive. */
void copy_deinit(struct copy **copy);

/* With the folder selected on the source's first connection: opens it on the further ones where
   that is of use, fetches what is wanted and gives it to the lanes. Returns when all messages are
   in a final state, the folder can't go on (folder_fault), the pair has ended (pair_is_ended()), or
   the next folder was opened and nothing more can be fetched from this one. `next` may be NULL.
   True if it was opened: then APPENDs may be unanswered, and something may be left over. Afterwards
   no FETCH of it is in flight. Messages that were not reached stay WANTED. */
bool copy_run(struct copy *copy, const struct copy_next *next);
/* The message (index) that was asked for last and has come to no end; UINT32_MAX: none. */
uint32_t copy_message_under_way(const struct copy *copy);
/* All its APPENDs are answered. */
bool copy_is_answered(const struct copy *copy);
/* Something has to be fetched again: its folder must be selected once more for copy_run(). */
bool copy_has_leftover(const struct copy *copy);

/* Hears the answers to the APPENDs; the context is the copy (see lane_set_init()). */
void copy_append_answered(void *context, const struct append_item *items, size_t count,
                          const struct imap_reply *reply);

#endif
