/* SPDX-License-Identifier: MIT
 * Who messages are taken to be as --useheader, --skipheader, --messageidnodomain and --noskipsize
 * ask for. With --useheader the fields count that imapsync would take, normalised as there: each
 * line as "NAME: VALUE" in capitals, blanks drawn together, bytes above 0x7f as X, all lines
 * sorted. Without it the identity is that of identity.h, less what is skipped; with --repair it is
 * that of the repaired header, which copies have that were repaired and, made so, those that were
 * not.
 *
 * A maker may be NULL everywhere: then it is identity.h's alone. Pure; belongs to one thread. */
#ifndef SYNC_MESSAGES_IDENTITY_MAKER_H
#define SYNC_MESSAGES_IDENTITY_MAKER_H

#include "base/buffer.h"
#include "sync/messages/identity.h"
#include "sync/settings.h"

struct identity_maker;

/* NULL, and sentences in `faults`, if the settings can't be followed. */
struct identity_maker *identity_maker_init(const struct settings *settings, struct buffer *faults);
void identity_maker_deinit(struct identity_maker **maker);
/* The item of FETCH that brings what identities are made of; with_added_field: and what
   identity_needs_added_field() looks at. Owned by the maker. */
const char *identity_maker_item(const struct identity_maker *maker, bool with_added_field);
/* Whether the whole header is to be asked for where that brought nothing. */
bool identity_maker_wants_whole(const struct identity_maker *maker);

struct identity_message {
    const void *header;
    size_t size;
    uint64_t size_bytes; /* RFC822.SIZE */
    uint32_t added_uid;  /* it is taken to have got the field that --addheader adds; 0: it is not */
};
enum identity_strength identity_make(struct identity_maker *maker,
                                     const struct identity_message *message,
                                     struct identity *identity_r);

#endif
