/* SPDX-License-Identifier: MIT
 * The first half of the folder plan: which source folders are wanted, in which order. Pure. */
#ifndef SYNC_FOLDERS_PLAN_SELECT_H
#define SYNC_FOLDERS_PLAN_SELECT_H

#include "base/fault.h"
#include "sync/folders/exchange.h"
#include "sync/folders/lookup.h"
#include "sync/folders/name.h"
#include "sync/folders/plan.h"
#include "sync/settings.h"

struct plan_selection {
    const struct folder **folders; /* in sync order, owned by the caller */
    size_t count;
};

/* `subfolder1` is the raw name of a folder that all wanted ones lie below, or NULL; `own`, for an
   Exchange, its folders that hold no mail: they are left out unless they are named. What is left
   out is added to plan->skips, which has room for every folder and every name in the settings.
   False with a usage fault for an expression that is bad or too hard. */
bool plan_select(struct folder_lookup *source, const struct name_style *style,
                 const char *subfolder1, const struct exchange_folders *own,
                 const struct settings *settings, struct folder_plan *plan,
                 struct plan_selection *selection_r, struct fault *fault_r);

/* Compiles one expression of --include or --exclude; NULL and a sentence in `fault` if it is bad.
 */
struct pattern;
struct pattern *plan_compile(const char *option, const char *expression, struct buffer *fault);

#endif
