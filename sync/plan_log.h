/* SPDX-License-Identifier: MIT
 * Folders and where they go, in the user's log. Belongs to the pair's thread. */
#ifndef SYNC_PLAN_LOG_H
#define SYNC_PLAN_LOG_H

struct pair;

/* The plan: every folder with its new name and why it has it, and those that are left out. */
void plan_log(const struct pair *pair);
/* --justfolderlists: the folders of both sides. */
void plan_log_lists(const struct pair *pair);
/* --justautomap: what --automap does, or would do. */
void plan_log_automap(const struct pair *pair);

#endif
