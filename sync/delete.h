/* SPDX-License-Identifier: MIT
 * Deleting messages, when it was asked for: after everything was copied and is on record, folder by
 * folder, from a comparison of both sides that is made for this alone (sync/delete_compare.h). What
 * could not be synced or listed whole is left alone. Belongs to the pair's thread. */
#ifndef SYNC_DELETE_H
#define SYNC_DELETE_H

#include "sync/pair_private.h"

/* Something is to be deleted or expunged, so a run looks at both sides though nothing changed. */
bool delete_is_wanted(const struct settings *settings);
/* That needs the destination's folders opened, those without new mail too. */
bool delete_needs_targets(const struct settings *settings);
/* Appends a sentence for each combination that is refused. */
bool delete_check_settings(const struct settings *settings, struct buffer *faults);

/* --expunge1, before the copy: the folders of the plan. Those in which something went are listed
   anew. */
void delete_expunge_source(struct pair *pair);
/* After the copy: --delete1, --delete2, --delete2duplicates,
   --expunge1, --expunge2. Faults of a folder count as the pair's; those of the mailbox end it. */
void delete_messages(struct pair *pair);

/* Notes in the store what was deleted. */
void delete_count(struct pair *pair, int side, uint64_t messages);

#endif
