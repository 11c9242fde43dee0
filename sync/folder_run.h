/* SPDX-License-Identifier: MIT
 * One source folder on its way: opened, listed, decided, copied, accounted. Its messages may still
 * be on their way to the destination while the source is at the next folder. Belongs to the pair's
 * thread. */
#ifndef SYNC_FOLDER_RUN_H
#define SYNC_FOLDER_RUN_H

#include "sync/copy.h"
#include "sync/pair_private.h"

struct folder_run {
    struct folder_run *next; /* for whoever keeps several */
    struct pair *pair;
    const struct plan_entry *entry;
    struct target *target;
    const char *name; /* for people */
    struct imap_answer answer;
    uint32_t uidvalidity;
    struct folder_memory *memory; /* the pair's, of this entry */
    struct listing listing;
    struct selection selection; /* the listing's, if there is one */
    struct changes changes;     /* flags, and what is gone */
    struct imap_answer changes_answer;
    bool is_listed;
    /* With what the destination holds: all that is there is known to be, and changed flags were
       carried. */
    bool is_matched;
    bool has_unplaced; /* some are known to be on the destination, but not where */
    struct notes notes;
    struct copy_job job;
    struct copy *copy; /* NULL: nothing to be copied */
    bool is_read_again;
    uint64_t unlisted_messages; /* what is known of a folder that could not be listed */
    struct message_counts counts;
    struct fault fault; /* what ended the folder */
};

struct folder_run *folder_run_init(struct pair *pair, const struct plan_entry *entry,
                                   struct target *target);
/* Nothing of it may be in flight on a client that is alive. */
void folder_run_deinit(struct folder_run **run);

/* Sends EXAMINE and the listing in one flight. Their responses are heard after listen: at once, or
   when the folder before it has been read (see struct copy_next). */
void folder_run_open(struct folder_run *run);
void folder_run_listen(struct folder_run *run);
/* Waits for the listing, decides what becomes of each message, and reads what is to be copied.
   APPENDs may still be in flight afterwards. `next` is opened behind the last FETCH; NULL: none. */
void folder_run_read(struct folder_run *run, const struct copy_next *next);
/* Hears no more of the source, which may be closed for that. Opened and not read, or before its
   listing was complete. */
void folder_run_leave(struct folder_run *run);
/* All APPENDs are answered. */
bool folder_run_is_answered(const struct folder_run *run);
/* After that: what the folder's end means for messages that were not copied. */
void folder_run_settle(struct folder_run *run);
/* The folder must be read once more: a MULTIAPPEND was refused and is to be taken apart, or it is
   not known which messages the problems are about. */
bool folder_run_wants_source(const struct folder_run *run);
/* The source is at no other folder: opens it again and reads what is wanted. */
void folder_run_read_again(struct folder_run *run);
/* When all is answered: sets what the APPENDs could not bring. May wait for the destination. */
void folder_run_complete(struct folder_run *run);
/* When all is answered, or the pair has ended: writes what became of the folder into the store. */
void folder_run_record(struct folder_run *run);

#endif
