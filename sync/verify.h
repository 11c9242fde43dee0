/* SPDX-License-Identifier: MIT
 * --verify: after the copy, or alone, both sides are listed whole once more and every source
 * message is accounted for, folder by folder (store/store_verify.h says by what counts). It takes
 * nothing from the copy but the map, which says where messages were brought:
 *
 * counts   how many there are
 * headers  who each message is; where the map names a copy that is somebody else, both are read
 * full     both bodies of each message (sync/verify_bodies.h)
 *
 * Mailboxes are opened with EXAMINE, bodies read with BODY.PEEK: nothing changes on either side.
 * Belongs to the pair's thread. */
#ifndef SYNC_VERIFY_H
#define SYNC_VERIFY_H

#include "store/store_verify.h"
#include "sync/settings.h"

struct pair;

/* How far the comparison of one folder came, kept through the attempts of a run: a server that
   throttles may break it off again and again. Starts as zeros. */
struct verify_resume {
    char *folder; /* the source's, for people; owned, NULL: none */
    uint32_t uidvalidity[2];
    uint32_t last_uid; /* all that was to be read up to this UID of the source was */
    uint64_t read;     /* so many, and bytes */
    uint64_t bytes_read;
    struct verify_difference *differences; /* among them */
    size_t count;
    size_t alloc;
};
struct verify_difference {
    uint32_t uid;
    bool is_unread; /* else it is different */
    char *text;     /* owned */
};
/* With more differences it begins anew. */
#define VERIFY_RESUME_MAX_DIFFERENCES 10000
void verify_resume_deinit(struct verify_resume *resume);

/* NONE: nothing is asked for. */
enum verify_level verify_level_wanted(const struct settings *settings);
/* With the plan made, and all that was to be copied recorded (dry: nothing was, and nothing is
   compared). What differs becomes problem rows;
   a folder that can't be compared counts as failed. Folders that an earlier attempt of this run
   compared are not compared again. With --verify-only the folders' results are recorded, too. */
void verify_pair(struct pair *pair);
/* Fills the fault if this run found differences in the mailbox: then it is not complete. */
bool verify_finds_fault(const struct pair *pair, struct fault *fault_r);

#endif
