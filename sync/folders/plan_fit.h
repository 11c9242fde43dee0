/* SPDX-License-Identifier: MIT
 * Names that Exchange refuses, or keeps for folders of its own, as it can take them. Pure. */
#ifndef SYNC_FOLDERS_PLAN_FIT_H
#define SYNC_FOLDERS_PLAN_FIT_H

#include "sync/folders/exchange.h"
#include "sync/folders/folders.h"
#include "sync/folders/name.h"

struct plan_fit {
    const struct folder_list *destination;
    const struct name_style *style;
    struct exchange_folders own;
    struct str_list tops; /* what the top folders will be called that keep their names */
    struct name_map by_top;
};

/* `source_own` is NULL unless the source is an Exchange, too. All must outlive it. */
void plan_fit_init(struct plan_fit *fit, const struct folder_list *destination,
                   const struct name_style *style, const struct folder_list *source,
                   const struct name_style *source_style,
                   const struct exchange_folders *source_own);
void plan_fit_deinit(struct plan_fit *fit);

/* The name, raw and with prefix, as the destination can have it; owned by the caller.
 *
 * Blanks at the ends of a level, "*", "%" and "\" are written as "=20", "=2A", "=25" and "=5C",
 * and "=" before one of these codes as "=3D": no two names become one, and the way back is known. A
 * level that the destination lists, and that has none of these codes in
 * it, stays as it is. A top folder that is called like one of Exchange's own gets "_mail" behind
 * its name, "Files" what imapsync calls it; with `keeps_top` nothing is done to the top level.
 *
 * *is_escaped_r and *is_reserved_r tell which of both it was. */
char *plan_fit_name(const struct plan_fit *fit, const char *name, bool keeps_top,
                    bool *is_escaped_r, bool *is_reserved_r);

#endif
