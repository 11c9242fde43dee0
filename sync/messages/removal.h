/* SPDX-License-Identifier: MIT
 * Which messages may be removed: decisions from two complete listings and what is known of where
 * each message went. Whatever is in doubt stays. Pure; any thread.
 *
 * Both sides are matched as a multiset (sync/messages/adopt.h): first by what the map knows, then
 * by identity. What is matched has its partner, and is kept on the destination. */
#ifndef SYNC_MESSAGES_REMOVAL_H
#define SYNC_MESSAGES_REMOVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/messages/adopt.h"

/* On the destination a tenth of a folder, or so many messages, may go without being allowed to. */
#define REMOVAL_FREE_MESSAGES 50

enum removal_reason {
    REMOVAL_CONFIRMED, /* of a source message: its copy was found on the destination */
    REMOVAL_ABSENT,    /* no source message is its original */
    REMOVAL_DUPLICATE, /* another copy of it stays */
    REMOVAL_MARKED,    /* somebody marked it as \Deleted before */
};

struct removal {
    uint32_t uid;
    enum removal_reason reason;
};

struct removal_list {
    struct removal *items; /* by ascending UID, each once */
    size_t count;
    size_t alloc;
};
void removal_list_deinit(struct removal_list *list);
void removal_list_add(struct removal_list *list, uint32_t uid, enum removal_reason reason);
/* Sorts, and drops what is there twice. */
void removal_list_sort(struct removal_list *list);
/* Whether a sorted list holds this UID. */
bool removal_list_holds(const struct removal_list *list, uint32_t uid);
/* Takes out of a sorted list what is in the other sorted one. */
void removal_list_subtract(struct removal_list *list, const struct removal_list *other);

/* The map: this source message (index) was brought to that UID. */
struct removal_known {
    uint32_t dst_uid;
    uint32_t index;
};

/* Before adopt_match(): a message that the map knows, and whose copy is still there, becomes
   ALREADY, and that copy's record matched. Of several that claim one copy, one gets it. Sorts
   `known`. */
void removal_match_known(const struct adopt_source *source,
                         const struct adopt_destination *destination, struct removal_known *known,
                         size_t count);
/* After adopt_match(): a message without identity may have got one from --addheader in an earlier
   run. All copies with that one become matched, so that they stay. */
void removal_keep_doubtful(const struct adopt_source *source,
                           const struct adopt_destination *destination,
                           const struct adopt_secret *secret);

struct removal_rules {
    const struct adopt_secret *secret;
    bool absent;            /* --delete2 */
    bool duplicates;        /* --delete2duplicates */
    bool one_is_enough;     /* --nosyncduplicates: a copy may go though it has its partner */
    uint32_t first_new_uid; /* from this UID on all came during this run and stays; 0: nothing may
                               go */
};

/* Of the destination. A message without any identity is never among them. */
void removal_choose_surplus(const struct adopt_destination *destination,
                            const struct removal_rules *rules, struct removal_list *list);
/* Of the source: messages that are ALREADY there; with one_is_enough also WANTED ones of which an
   equal is. All others stay, in whatever state they are. */
void removal_choose_confirmed(const struct adopt_source *source,
                              const struct adopt_destination *destination, bool one_is_enough,
                              struct removal_list *list);

/* --maxdelete, "all" or a number; NULL: the default. How many of so many messages may go. False if
   it is neither. */
bool removal_limit(const char *maxdelete, uint64_t messages, uint64_t *limit_r);

#endif
