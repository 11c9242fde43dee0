/* SPDX-License-Identifier: MIT
 * The folders of an Exchange mailbox that hold no mail: its IMAP lists Calendar, Contacts, Tasks
 * and so on like any other, in the language of the mailbox and without an attribute. Pure; one
 * thread. */
#ifndef SYNC_FOLDERS_EXCHANGE_H
#define SYNC_FOLDERS_EXCHANGE_H

#include <stdbool.h>

#include "sync/folders/folders.h"
#include "sync/folders/name.h"

enum exchange_kind {
    EXCHANGE_MAIL,
    EXCHANGE_CALENDAR,
    EXCHANGE_CONTACTS,
    EXCHANGE_TASKS,
    EXCHANGE_NOTES,
    EXCHANGE_JOURNAL,
    EXCHANGE_OUTBOX,
    EXCHANGE_SYNC_ISSUES,
    EXCHANGE_SETTINGS,
    EXCHANGE_FILES,
};
#define EXCHANGE_KINDS 10

/* Which languages a mailbox's own folders may have; a bit for each row of the table. */
struct exchange_folders {
    const struct folder_list *list;
    const struct name_style *style;
    unsigned long long languages;
};

/* The language of a mailbox is the one that most of its top folders have names of, Calendar or
   Contacts among them: so "Notes" of a German mailbox is somebody's mail. None is found where the
   server lists none. Both arguments must outlive it. */
void exchange_folders_init(struct exchange_folders *own, const struct folder_list *list,
                           const struct name_style *style);
/* As exchange_folders_init(), for a destination that mail of `source` is copied to: a top folder
   that is called as one of the source may be a copy of it, and tells nothing, unless it is an
   Exchange's own there (`source_own`, NULL: the source is no Exchange). If no language is found,
   every language is possible. So the answer is the same before and after a copy. */
void exchange_folders_init_target(struct exchange_folders *own, const struct folder_list *list,
                                  const struct name_style *style, const struct folder_list *source,
                                  const struct name_style *source_style,
                                  const struct exchange_folders *source_own);
/* What the top folder that `name` (raw, with prefix) is or lies in is for. */
enum exchange_kind exchange_folders_kind(const struct exchange_folders *own, const char *name,
                                         char separator);

#endif
