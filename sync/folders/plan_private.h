/* SPDX-License-Identifier: MIT
 * A plan while it is being built, as its own files (plan*.c) see it. Belongs to one thread. */
#ifndef SYNC_FOLDERS_PLAN_PRIVATE_H
#define SYNC_FOLDERS_PLAN_PRIVATE_H

#include "sync/folders/automap.h"
#include "sync/folders/exchange.h"
#include "sync/folders/lookup.h"
#include "sync/folders/name.h"
#include "sync/folders/plan.h"
#include "sync/folders/plan_case.h"
#include "sync/folders/plan_edit.h"
#include "sync/folders/plan_fit.h"

struct plan_builder {
    const struct folder_list *source;
    const struct folder_list *destination;
    const struct settings *settings;
    struct folder_lookup lookup; /* of the source */
    struct name_style source_style;
    struct name_style destination_style;
    struct name_style edit_style; /* the same, as expressions see names; shares its strings */
    char *subfolder1;             /* raw, with prefix; NULL when not given */
    char *subfolder2;             /* raw, without prefix; NULL when not given */
    char **f1f2;                  /* for each source folder: the destination by --f1f2, or NULL */
    struct automap automap;       /* empty when off */
    struct plan_edits *edits;     /* --regextrans2 */
    struct exchange_folders source_own; /* of a source that is an Exchange */
    bool is_fitting;         /* the destination is an Exchange: names are made fit for it */
    struct plan_fit fit;     /* if so */
    struct plan_case *cases; /* the destination's names without case */
    struct folder_plan *plan;
};

/* plan_name.c: makes ready what the settings say of names. False: --subfolder1 is not there, or an
   expression is bad. */
bool plan_names_init(struct plan_builder *builder, struct fault *fault_r);
void plan_names_deinit(struct plan_builder *builder);
/* Owned by the caller; only with --subfolder2. */
char *plan_root2(const struct plan_builder *builder);
/* Fills destination, rules, is_renamed and exists of an entry that has its source. *skip_r: static
   text when the folder is left out after all, else NULL. False: an expression left a name that no
   server takes. */
bool plan_name_entry(const struct plan_builder *builder, struct plan_entry *entry,
                     const char **skip_r, struct fault *fault_r);

/* plan_create.c: what has to be created and subscribed. */
bool plan_list_creates(const struct plan_builder *builder, struct fault *fault_r);
void plan_list_subscribes(const struct plan_builder *builder);

/* A line of --debugfolders about one folder. */
void plan_trace(const struct plan_builder *builder, const struct folder *folder, const char *rule,
                const char *name);

#endif
