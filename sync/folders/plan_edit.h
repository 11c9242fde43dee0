/* SPDX-License-Identifier: MIT
 * --regextrans2: the user's expressions on destination names. Pure; one thread. */
#ifndef SYNC_FOLDERS_PLAN_EDIT_H
#define SYNC_FOLDERS_PLAN_EDIT_H

#include "base/fault.h"
#include "base/str.h"

/* No server takes a longer one. */
#define PLAN_EDIT_MAX_BYTES 1000

struct plan_edits;

/* NULL with a usage fault for a bad expression. `texts` must outlive it. */
struct plan_edits *plan_edits_init(const struct str_list *texts, struct fault *fault_r);
void plan_edits_deinit(struct plan_edits **edits);

/* Told the name behind each expression that changed it. */
typedef void plan_edit_told(void *context, const char *expression, const char *name);

/* Takes `*name`, a raw name with the destination's prefix and separator, through all expressions,
   one after the other. When one of them changes it, *is_edited_r is true, and the result is made a
   name that a server can take (name_append_tidy()). An expression with an "&" (but "$&") is given
   the raw name, any other the decoded one. False with a usage fault when nothing is left of a name,
   when it becomes too long, or an expression takes too long. */
bool plan_edits_apply(struct plan_edits *edits, char **name, char separator, plan_edit_told *told,
                      void *context, bool *is_edited_r, struct fault *fault_r);

#endif
