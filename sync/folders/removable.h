/* SPDX-License-Identifier: MIT
 * --delete2folders: the destination folders that no source folder goes to. Pure; one thread.
 *
 * What stays: INBOX; on Exchange its own folders without mail; folders of other users and shared
 * ones; what any source folder goes to, left out by this run or not, or is called the same as; with
 * --subfolder2 all that is not below it; and every folder above one that stays. Names that differ
 * by case alone are the same. */
#ifndef SYNC_FOLDERS_REMOVABLE_H
#define SYNC_FOLDERS_REMOVABLE_H

#include "sync/folders/folders.h"
#include "sync/folders/plan.h"
#include "sync/settings.h"

struct removable_folder {
    const char *name;            /* raw, on the destination */
    const struct folder *folder; /* NULL: it is to be created, and stays */
    bool is_kept;
};

struct removable {
    struct removable_folder *items; /* each folder right before those below it */
    size_t count;
    char separator;
};

/* `all`: the plan with nothing left out by choice. The listings and the plan must outlive it. */
void removable_init(struct removable *removable, const struct folder_list *source,
                    const struct folder_list *destination, const struct folder_plan *all,
                    const struct settings *settings);
/* --delete1emptyfolders: the folders of the source, of which those stay that are not in the plan.
 */
void removable_init_source(struct removable *removable, const struct folder_list *source,
                           const struct folder_plan *plan, const struct settings *settings);
void removable_deinit(struct removable *removable);
/* After more of them were kept: keeps what is above them. */
void removable_keep_parents(struct removable *removable);
/* Sent, Drafts, Trash and so on, by attribute or by name. */
bool removable_is_special(const struct folder_list *destination, const struct settings *settings,
                          const struct folder *folder);

#endif
