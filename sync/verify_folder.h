/* SPDX-License-Identifier: MIT
 * What a comparison of both sides says of the messages of its source folders: each is accounted
 * for, and where the level asks for it read on both sides. Belongs to the pair's thread. */
#ifndef SYNC_VERIFY_FOLDER_H
#define SYNC_VERIFY_FOLDER_H

#include "sync/compare.h"
#include "sync/verify.h"

/* An earlier attempt of this run has compared it. A store that can't be read ends the pair. */
bool verify_folder_is_done(struct pair *pair, const struct plan_entry *entry);
/* After compare_run(), for those that are not done. Records a result for each source folder, and a
   problem for each difference. Faults of a folder count as the pair's; those of the mailbox end it.
 */
void verify_folders(struct compare *compare, enum verify_level level);

#endif
