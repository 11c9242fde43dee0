/* SPDX-License-Identifier: MIT
 * The folder plan: which source folder goes to which destination folder. A pure function of two
 * listings and the settings, in imapsync's order of rules (each rule is described at its function
 * in plan.c). */
#ifndef SYNC_FOLDERS_PLAN_H
#define SYNC_FOLDERS_PLAN_H

#include "base/fault.h"
#include "sync/folders/folders.h"
#include "sync/settings.h"

/* What gave a folder another name than prefix and separator alone. */
enum plan_rule {
    PLAN_RULE_F1F2 = 1 << 0,
    PLAN_RULE_ROLE = 1 << 1, /* --automap */
    PLAN_RULE_SUBFOLDER = 1 << 2,
    PLAN_RULE_EXPRESSION = 1 << 3, /* --regextrans2 */
    PLAN_RULE_CASE = 1 << 4,       /* --mixfolders */
    PLAN_RULE_CHARACTERS = 1 << 5, /* the server can't have a character of it */
    PLAN_RULE_RESERVED = 1 << 6,   /* Exchange has a folder of its own of that name */
};
#define PLAN_RULE_END (1u << 7)

struct plan_entry {
    const struct folder *source; /* points into the source listing */
    char *source_label;          /* the source's name for people; no other entry has the same */
    char *destination;           /* raw name on the destination */
    bool exists;                 /* the destination lists it already */
    bool is_renamed;             /* by more than separator and prefix */
    unsigned int rules;          /* of enum plan_rule: why */
    bool is_merged;              /* another entry has the same destination */
};

/* A source folder that was wanted or listed but is not synced. */
struct plan_skip {
    const char *name;   /* points into the source listing or the settings */
    const char *reason; /* static text, e.g. "not selectable" */
};

struct folder_plan {
    struct plan_entry *entries; /* in sync order; merged ones stand next to each other */
    size_t count;
    struct plan_skip *skips;
    size_t skip_count;
    char **creates; /* destination folders to create, parents before children */
    size_t create_count;
    char **subscribes; /* destination names to subscribe */
    size_t subscribe_count;
    char *root2; /* --subfolder2, raw: what all entries lie below, unless --f1f2 or --regextrans2
                    took them elsewhere; else NULL */
    struct str_list trace; /* --debugfolders: which rule gave which name, a line each */
};

/* False with a fault (usage: a bad expression; no_subfolder1: the subfolder is not there) and
 *plan_r NULL. Both listings must outlive the plan and stay unchanged. */
bool folder_plan_build(const struct folder_list *source, const struct folder_list *destination,
                       const struct settings *settings, struct folder_plan **plan_r,
                       struct fault *fault_r);
void folder_plan_deinit(struct folder_plan **plan);
/* As the listing shows it: "[Sent] -> [INBOX.Sent] (to be created, renamed by automap, merged with
   [Gesendet] and 2 more)". */
void folder_plan_append_entry(const struct folder_plan *plan, size_t index, struct buffer *text);
/* The option behind one rule. */
const char *plan_rule_name(unsigned int rule);
/* Compiles include, exclude, regextrans2 and checks f1f2, so that a bad one ends the run before it
   connects. Appends sentences. */
bool folder_plan_check_settings(const struct settings *settings, struct buffer *faults);

#endif
