/* SPDX-License-Identifier: MIT
 * The messages of one folder that are not on the destination, and why: collected while the folder
 * is copied, completed with Message-ID and date from the source, then put into the store. There may
 * be as many as messages (a dry run), so each takes 8 bytes until it is in the store, and their
 * texts, which are few, are kept once. */
#ifndef SYNC_NOTES_H
#define SYNC_NOTES_H

#include "store/store.h"
#include "sync/listing.h"
#include "sync/pair.h"

struct note {
    uint32_t index;      /* into the listing */
    uint32_t text : 24;  /* into the texts */
    uint32_t reason : 8; /* enum problem_reason */
};

/* What the server said, and what it means. */
struct note_text {
    char *words;           /* owned */
    const char *diagnosis; /* its id, "" if none */
};

struct notes {
    struct note *items;
    size_t count;
    size_t alloc;
    struct note_text *texts;
    size_t text_count;
    size_t text_alloc;
};

void notes_deinit(struct notes *notes);
/* `diagnosis` is one of the table's ids, or "". */
void notes_add(struct notes *notes, uint32_t index, enum problem_reason reason,
               const char *server_text, const char *diagnosis);
/* What the server said about items[i]. */
const struct note_text *notes_text(const struct notes *notes, size_t i);
/* The source can still be asked about some of them. */
bool notes_want_description(const struct notes *notes);
/* Asks the source, whose folder is selected, for Message-ID and date of every noted message that is
   still there, puts them into the store, one problem row each, and forgets them. What can't be had
   stays empty: the notes themselves never depend on it. Where nothing can be asked now, all stay
   as they are. False: the store can't be written. */
bool notes_describe(struct notes *notes, const struct listing *listing,
                    const struct pair_environment *environment, const char *folder,
                    struct fault *fault_r);
/* The same for what is left, without asking. */
bool notes_store(struct notes *notes, const struct listing *listing,
                 const struct pair_environment *environment, const char *folder,
                 struct fault *fault_r);

#endif
