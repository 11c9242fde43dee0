/* SPDX-License-Identifier: MIT
 * Deletes messages in one folder of one side, group by group: what each of them is goes into the
 * user's log first, then it is marked and, where that can be done to it alone, expunged. Nothing
 * else may be in flight on the session. Belongs to the pair's thread. */
#ifndef SYNC_DELETE_FOLDER_H
#define SYNC_DELETE_FOLDER_H

#include "sync/messages/removal.h"
#include "sync/pair_command.h"

struct delete_folder {
    struct pair *pair;
    struct session *session;
    const char *mailbox;  /* as the server knows it */
    const char *name;     /* for people */
    uint32_t uidvalidity; /* the mailbox it has to be, for anything to be deleted; 0: any */
    /* Of a source folder whose messages are to be marked: the map is made durable first, and
       forgets which flags they have, so that the mark is never carried to their copies. Else NULL.
     */
    struct folder_memory *memory;
    bool may_expunge; /* UID EXPUNGE (RFC 4315): else messages are marked alone */
    bool is_late;     /* expunges when all are marked, not group by group */
    uint64_t deleted; /* result: messages that were, in a dry run would be, deleted or marked */
};

/* The functions below return false with a fault. One of the mailbox is the caller's to end the pair
   with (pair_end()). */

/* Opens the folder for what follows (dry: with EXAMINE). */
bool delete_folder_open(struct delete_folder *folder, struct fault *fault_r);
/* Messages that are marked as \Deleted. */
bool delete_folder_find_marked(struct delete_folder *folder, struct removal_list *list_r,
                               struct fault *fault_r);
/* How many messages a search finds. */
bool delete_folder_count(struct delete_folder *folder, uint64_t *messages_r, struct fault *fault_r);
/* Deletes these. Those that are marked already (REMOVAL_MARKED) are expunged alone. A dry run logs
   them. */
bool delete_folder_remove(struct delete_folder *folder, const struct removal_list *list,
                          struct fault *fault_r);
/* Expunges all that is marked, whoever did it (RFC 9051 section 6.4.3). */
bool delete_folder_expunge(struct delete_folder *folder, struct fault *fault_r);

#endif
