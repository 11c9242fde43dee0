/* SPDX-License-Identifier: MIT
 * One folder in the store's UID map: what is known of its messages from earlier runs, and what this
 * run learns. A store that can't be written ends the pair. Belongs to the pair's thread; all
 * functions take a memory that keeps nothing (of a dry run), and do nothing then. */
#ifndef SYNC_FOLDER_MEMORY_H
#define SYNC_FOLDER_MEMORY_H

#include "store/store_map.h"
#include "sync/changes.h"
#include "sync/delta.h"
#include "sync/imap/fetch.h"
#include "sync/listing.h"

struct pair;
struct plan_entry;
struct target;

#define FOLDER_MEMORY_ROWS 256

struct folder_memory {
    struct pair *pair;
    struct store_map_folder *folder; /* NULL: nothing is kept */
    bool is_known;                   /* an earlier run was here */
    bool is_tail_ours; /* what is recognised was appended by a run that could not note it */
    uint64_t rules;
    enum delta delta;      /* what is to be done; DELTA_LIST until it is known better */
    bool is_partial;       /* --retry-problems: what is new is left for another run */
    bool may_bring_mail;   /* as far as STATUS tells */
    bool is_sound;         /* this run synced the folder to its end, or found it unchanged */
    struct store_mark now; /* the source as EXAMINE told */
    /* Of messages that are not in this run's listing: what became of them before. */
    struct message_counts known;
    struct store_map_row *rows; /* not yet in the store; NULL: none so far */
    size_t row_count;
};

/* Finds the folder among what the pair remembers, and decides by the listing's STATUS. */
void folder_memory_init(struct folder_memory *memory, struct pair *pair,
                        const struct plan_entry *entry);
void folder_memory_deinit(struct folder_memory *memory);
/* Messages may be selected by now that were not, though nothing changed in the folder. */
bool folder_memory_may_grow(const struct pair *pair, const struct store_map_folder *folder);
/* What is remembered can't be relied on: all is listed. */
void folder_memory_distrust(struct folder_memory *memory);
/* EXAMINE was answered. False with a fault when this is not the mailbox that STATUS spoke of. */
bool folder_memory_open(struct folder_memory *memory, const struct imap_mailbox *mailbox,
                        const char *name, struct fault *fault_r);

/* The number of a message's flags and, if the pair carries labels, of its labels behind them; see
   store_map_flags_id(). STORE_FLAGS_UNKNOWN if the response does not tell all of them. */
uint32_t folder_memory_flags(struct folder_memory *memory, const struct imap_fetch *fetch);
uint32_t folder_memory_no_flags(struct folder_memory *memory);
/* From one number to that of the same flags without labels. */
uint32_t folder_memory_without_labels(struct folder_memory *memory, uint32_t flags);
void folder_memory_put(struct folder_memory *memory, uint32_t src_uid, uint32_t dst_uid,
                       uint32_t flags, enum store_outcome outcome);
/* Gives the store what was put. */
void folder_memory_flush(struct folder_memory *memory);

/* A state for messages that an earlier run brought to the destination without being told where they
   are (no UIDPLUS). */
#define FOLDER_MEMORY_UNPLACED MESSAGE_RETRY
/* And, if the memory is partial, for those that failed before. */
#define FOLDER_MEMORY_FAILED_BEFORE MESSAGE_FAILED

/* Listed messages that an earlier run brought to the destination are ALREADY there, or UNPLACED if
   they may be in its tail, from UID tail_from on; true if there are such. Rows from first_uid on
   that no listed message has are dropped: those messages are gone. */
bool folder_memory_subtract(struct folder_memory *memory, struct listing *listing,
                            uint32_t first_uid, uint32_t tail_from);
/* UIDs on the destination, from first_uid on, that the map knows. */
struct uid_list {
    uint32_t *items; /* freed by the caller */
    size_t count;
    size_t alloc;
};
void folder_memory_add_known(struct folder_memory *memory, uint32_t first_uid,
                             struct uid_list *list);
/* Rows of messages that the changes, which tell of all messages, do not know: adds them to what is
   gone. */
void folder_memory_find_gone(struct folder_memory *memory, struct changes *changes);
/* Messages in these ranges are gone from the source: drops their rows and takes them out of what is
   known. False if one of them was not on the destination: then the counts don't hold, and all has
   to be listed. */
bool folder_memory_drop(struct folder_memory *memory, const struct uid_range *ranges, size_t count);

/* The folder's end: rows of what was not copied, and, if all its messages are in a final state, the
   marks and counts from which the next run goes on. `is_answered`: no APPEND's fate is unknown. */
void folder_memory_finish(struct folder_memory *memory, const struct listing *listing,
                          const struct message_counts *counts, bool is_finished, bool is_answered);

#endif
