/* SPDX-License-Identifier: MIT
 * The messages of one folder, as listed by FETCH. A listing that did not end OK, or that disagrees
 * with EXISTS, is a fault: it is never taken for a small or empty folder.
 *
 * What it holds in memory for each message:
 * - 12 bytes for UID, size and state;
 * - to be searched for what is there (the destination): 32 bytes while it is read, then the 20 of a
 *   record;
 * - to be looked up there (the source): 16 bytes, and 8 more for keys.
 * listing_forget_identities() leaves 12 again. So a folder that was copied before, and of which
 * nothing is remembered, takes 36 bytes for each of its messages, both sides together, and one that
 * is copied for the first time 12. Room is made for what the server says there is, in case it
 * comes. */
#ifndef SYNC_LISTING_H
#define SYNC_LISTING_H

#include "base/fault.h"
#include "sync/messages/adopt.h"
#include "sync/messages/listed.h"
#include "sync/selection.h"
#include "sync/session.h"

/* What a listing with identities is for. */
struct listing_role {
    const struct adopt_secret *secret; /* the same on both sides; must outlive the listing */
    bool is_searched;                  /* it becomes records to be searched */
    const struct listing *among; /* else: messages are looked up in this one, which is finished;
                                    NULL for not yet, see adopt_place() */
    bool with_keys;              /* for adopt_place() and adopt_exclude_duplicates() */
};

struct listing {
    struct listed_message *messages; /* by ascending UID, each once; NULL in one to be searched */
    union adopt_trait *traits;       /* one per message; NULL unless looked up */
    uint64_t *keys;                  /* one per message; NULL unless asked for */
    struct adopt_record *records;    /* one to be searched: by adopt_sort() */
    size_t count;
    size_t alloc;
    struct listing_role role; /* set before it is sent with identities */
    bool with_identity;
    bool with_added_field;       /* --addheader: such messages get the identity they will have */
    uint32_t first_uid;          /* what is below is not asked for; set before it is sent */
    const char *also;            /* asks for these items too, for whoever else hears; NULL: none */
    struct selection *selection; /* is asked for with it; NULL: none. One to be searched forgets
                                    what is not selected */
    uint32_t *bare;              /* UIDs whose header came empty, while it is read */
    size_t bare_count;
    size_t bare_alloc;
    const struct imap_answer *opened; /* of SELECT or EXAMINE, if it may still be in flight */
    bool is_sent;
    struct imap_answer answer;
    struct session *session;
};

void listing_init(struct listing *listing, struct session *session);
void listing_deinit(struct listing *listing);
/* Sends the FETCH for the mailbox that is being selected (SELECT or EXAMINE may still be in
   flight). The listing must stay where it is until listing_finish(). */
void listing_send(struct listing *listing, bool with_identity, bool with_added_field);
/* From now on the session's responses are this listing's: at once, or, when it was sent behind
   FETCHes of another folder, once those are answered. */
void listing_listen(struct listing *listing);
/* Takes one untagged response, for whoever listens in its place. */
void listing_take(struct listing *listing, const struct imap_response *response);
/* Waits for the end of a listing that is of no use, and forgets it; it may be sent again. */
bool listing_drop(struct listing *listing, struct fault *fault_r);
/* Waits for the end, sorts, checks; its selection too. `name` is for the sentence. */
bool listing_finish(struct listing *listing, const char *name, struct fault *fault_r);
/* Gives back what only recognising took. */
void listing_forget_identities(struct listing *listing);
/* The index of a UID, or -1. */
ptrdiff_t listing_find(const struct listing *listing, uint32_t uid);
/* What it holds for its messages now. */
size_t listing_memory_bytes(const struct listing *listing);

/* Views for sync/messages/adopt.h. */
struct adopt_source listing_as_source(const struct listing *listing);
struct adopt_destination listing_as_destination(const struct listing *listing);

#endif
