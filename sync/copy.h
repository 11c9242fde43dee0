/* SPDX-License-Identifier: MIT
 * The copy of one folder's wanted messages: FETCH from the source and APPEND to the destination at
 * the same time, through two bounded buffers (see docs/ARCHITECTURE.md, "One pair"). */
#ifndef SYNC_COPY_H
#define SYNC_COPY_H

#include "sync/notes.h"
#include "sync/pair_private.h"

struct copy_job {
    struct pair *pair;
    struct listing *listing;              /* messages in state WANTED are copied */
    struct notes *notes;                  /* gets what could not be copied */
    const char *source_name;              /* decoded, for logs */
    const char *destination_name;         /* decoded */
    const char *destination_mailbox;      /* as the server knows it */
    const struct imap_mailbox *permanent; /* the destination's PERMANENTFLAGS */
    uint64_t copied_bytes;                /* result */
    uint64_t dropped_keywords;            /* result */
    struct fault folder_fault;            /* result: what ended the folder, not the pair */
};

/* Runs until every wanted message is in a final state, the folder can't go on (folder_fault) or the
   pair has ended (pair_is_ended()). Messages that were not reached stay WANTED. Afterwards no
   command is in flight on a client that is still alive. */
void copy_run(struct copy_job *job);

#endif
