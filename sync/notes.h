/* SPDX-License-Identifier: MIT
 * The messages of one folder that are not on the destination, and why: collected while the folder
 * is copied, completed with Message-ID and date from the source, then put into the store. */
#ifndef SYNC_NOTES_H
#define SYNC_NOTES_H

#include "store/store.h"
#include "sync/listing.h"
#include "sync/pair.h"

#define INTERNALDATE_NOTE_SIZE 32

struct note {
    uint32_t index; /* into the listing */
    enum problem_reason reason;
    char *server_text; /* owned */
    char *message_id;  /* owned, NULL until known */
    char date[INTERNALDATE_NOTE_SIZE];
    bool is_described; /* the source was asked */
};

struct notes {
    struct note *items;
    size_t count;
    size_t alloc;
};

void notes_deinit(struct notes *notes);
void notes_add(struct notes *notes, uint32_t index, enum problem_reason reason,
               const char *server_text);
/* Some note was added since the source was asked. */
bool notes_want_description(const struct notes *notes);
/* Asks the source, whose folder is selected, for Message-ID and date of every noted message that is
   still there and was not asked for yet. What can't be had stays empty: the notes themselves never
   depend on it. */
void notes_describe(struct notes *notes, const struct listing *listing);
/* One problem row each. */
bool notes_store(const struct notes *notes, const struct listing *listing,
                 const struct pair_environment *environment, const char *folder,
                 struct fault *fault_r);

#endif
