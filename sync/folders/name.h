/* SPDX-License-Identifier: MIT
 * The name of one folder, translated from one server's style to another's. Pure; any thread. */
#ifndef SYNC_FOLDERS_NAME_H
#define SYNC_FOLDERS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "sync/folders/folders.h"
#include "sync/settings.h"

/* How a server writes the names of a user's own folders. */
struct name_style {
    char separator;   /* 0: no hierarchy */
    bool is_forced;   /* by --sep: what LIST says about single folders does not count */
    bool is_raw;      /* nothing but separators is changed: somebody edits the name first */
    bool keeps_slash; /* --nofixslash2: a "/" may stand inside a name */
    char *prefix;     /* owned, never NULL; "" or e.g. "INBOX." */
};

/* The separator of personal folders by NAMESPACE (RFC 2342), else the most frequent one. */
char name_default_separator(const struct folder_list *list);
/* By --sep and --prefix, else NAMESPACE (RFC 2342), else guessed from the listing. */
void name_style_init(struct name_style *style, const struct folder_list *list,
                     const struct settings_side *side);
void name_style_deinit(struct name_style *style);

/* The separator in this folder's name; 0: it is one component. */
char name_separator(const struct name_style *style, const struct folder *folder);
/* How many bytes the prefix of personal folders takes at the start of `name`; 0: it has none. */
size_t name_prefix_size(const struct name_style *style, const char *name);
/* Where the part of `name` that lies below `parent` starts; `name` + its length when both are the
   same folder; NULL when it lies elsewhere. Whole components are compared, not bytes. */
const char *name_below(const char *name, const char *parent, char separator);
/* Whether `name` lies in another user's or a shared namespace that has a prefix of its own. */
bool name_is_foreign(const struct folder_list *list, const struct name_style *style,
                     const char *name);
/* What a user typed, as a raw name: a name the server lists, or valid modified UTF-7, stays as it
   is; anything else is taken for UTF-8 and encoded. Owned by the caller. */
char *name_from_user(const struct folder_list *list, const char *text);

/* Appends `path`, a source name (or its tail) without prefix, in the destination's style, without
   prefix. Returns true when it differs by more than the separator: a character had to give way. */
bool name_append_path(struct buffer *name, const char *path, char source_separator,
                      const struct name_style *destination);
/* As name_append_path(), but the whole name: INBOX (or no path at all) is INBOX, anything else
   comes behind the destination's prefix. So a true child of INBOX, "INBOX/Sub", becomes
   "INBOX.INBOX.Sub" on a server that keeps all folders below INBOX: "INBOX.Sub" there is what other
   servers call "Sub". imapsync does the same, and the way back restores both. */
bool name_append_rooted(struct buffer *name, const char *path, char source_separator,
                        const struct name_style *destination);
/* Appends `name`, which somebody edited, as a server can take it: empty levels are left out,
   control characters become "_", and what is no modified UTF-7 is encoded. */
void name_append_tidy(struct buffer *tidy, const char *name, char separator);

#endif
