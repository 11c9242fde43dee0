/* SPDX-License-Identifier: MIT
 * A message of a folder's listing, as small as it can be: there may be millions. */
#ifndef SYNC_MESSAGES_LISTED_H
#define SYNC_MESSAGES_LISTED_H

#include <assert.h>
#include <stdint.h>

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
    MESSAGE_NOT_SELECTED, /* see sync/selection.h */
    MESSAGE_STATE_COUNT,
};

struct listed_message {
    uint32_t uid;
    uint32_t size_bytes; /* RFC822.SIZE, at most UINT32_MAX; an estimate on some servers */
    uint8_t state;       /* enum message_state */
    uint32_t place : 24; /* see sync/messages/adopt.h; it costs nothing here */
};
static_assert(sizeof(struct listed_message) == 12, "the listing's memory is counted");

#endif
