/* SPDX-License-Identifier: MIT
 * The messages of one folder, as listed by FETCH. A listing that did not end OK, or that disagrees
 * with EXISTS, is a fault: it is never taken for a small or empty folder. */
#ifndef SYNC_LISTING_H
#define SYNC_LISTING_H

#include "base/fault.h"
#include "sync/messages/adopt.h"
#include "sync/session.h"

/* What became of a message. Each ends in exactly one of the states from COPIED on; what is still
   in an earlier one when a run stops was not reached. */
enum message_state {
    MESSAGE_WANTED,
    MESSAGE_REQUESTED, /* a FETCH for it is in flight */
    MESSAGE_RETRY,     /* to be fetched or appended again, in a smaller group */
    MESSAGE_SENT,      /* the APPEND is not answered yet */
    MESSAGE_COPIED,
    MESSAGE_ALREADY,
    MESSAGE_EXCLUDED,
    MESSAGE_TOO_BIG,
    MESSAGE_FAILED,
    MESSAGE_UNREADABLE,
    MESSAGE_VANISHED,
    MESSAGE_STATE_COUNT,
};

struct listed_message {
    uint32_t uid;
    uint32_t size_bytes; /* RFC822.SIZE, at most UINT32_MAX; an estimate on some servers */
    uint8_t state;       /* enum message_state */
};

struct listing {
    struct listed_message *messages; /* by ascending UID, each once */
    size_t count;
    size_t alloc;
    struct adopt_message *identities; /* one per message if asked for; `index` into messages */
    size_t identity_count;
    size_t identity_alloc;
    bool with_identity;
    bool with_added_field; /* --addheader: such messages get the identity they will have */
    uint32_t first_uid;    /* what is below is not asked for; set before it is sent */
    bool with_flags;       /* asks for FLAGS too, for whoever else hears the responses */
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
/* Waits for the end, sorts, checks. `name` is for the sentence. */
bool listing_finish(struct listing *listing, const char *name, struct fault *fault_r);
/* The index of a UID, or -1. */
ptrdiff_t listing_find(const struct listing *listing, uint32_t uid);

#endif
