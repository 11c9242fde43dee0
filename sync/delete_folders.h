/* SPDX-License-Identifier: MIT
 * Deleting folders, when it was asked for. Belongs to the pair's thread. */
#ifndef SYNC_DELETE_FOLDERS_H
#define SYNC_DELETE_FOLDERS_H

#include "sync/pair_private.h"

/* --delete2folders, or one of the two that stand for it. */
bool delete_folders_is_wanted(const struct settings *settings);
/* Compiles their expressions. Appends sentences. */
bool delete_folders_check_settings(const struct settings *settings, struct buffer *faults);
/* The pair's plan as it would be if no folder were left out by choice: where all mail of the source
   belongs. To be freed with folder_plan_deinit(), before the source's listing changes. */
bool delete_folders_plan_all(const struct pair *pair, struct folder_plan **plan_r,
                             struct fault *fault_r);
/* --delete2folders, before the copy, with both sides listed. */
void delete_destination_folders(struct pair *pair);
/* --delete1emptyfolders, among the folders of the plan. Before the copy those that went are taken
   out of the source's listing; true if there were any: the plan, which points there, is gone then.
 */
bool delete_empty_source_folders(struct pair *pair, bool is_before);

#endif
