/* SPDX-License-Identifier: MIT
 * Shared by folder_run.c (its life, the copy, the account), folder_list.c (opening and listing),
 * folder_decide.c (which messages) and folder_cross.c (those that other folders have). */
#ifndef SYNC_FOLDER_RUN_PRIVATE_H
#define SYNC_FOLDER_RUN_PRIVATE_H

#include "sync/folder_run.h"

/* folder_list.c */
/* Only what changed since the last run is listed. */
bool folder_run_is_delta(const struct folder_run *run);
/* Gives the listing its selection, if there is one. */
void folder_run_select(struct folder_run *run);
void folder_run_send_examine(struct folder_run *run);
/* Wait for the answer to EXAMINE, and for the listing. False: run->fault says why, or the pair has
   ended. */
bool folder_run_finish_open(struct folder_run *run);
bool folder_run_finish_listing(struct folder_run *run);
/* Nothing of what changed is in flight any more. */
bool folder_run_await_changes(struct folder_run *run, struct fault *fault_r);

/* folder_decide.c */
/* A final state, and the note that says why. */
void folder_run_settle_message(struct folder_run *run, uint32_t index, enum message_state state,
                               enum problem_reason reason, const char *text);
void folder_run_change_states(struct folder_run *run, enum message_state from,
                              enum message_state to);
/* What the selection leaves out is NOT_SELECTED. */
void folder_run_set_aside_unselected(struct folder_run *run);
/* What is on the destination is ALREADY there, by identity. */
void folder_run_adopt(struct folder_run *run);
void folder_run_exclude_duplicates(struct folder_run *run);
void folder_run_exclude_by_rules(struct folder_run *run);
void folder_run_exclude_dry(struct folder_run *run);
/* --debuglist */
void folder_run_log_wanted(const struct folder_run *run);
/* What earlier attempts of this run found out. */
void folder_run_give_up_again(struct folder_run *run);
/* Messages at which connections were lost again and again. */
void folder_run_give_up_suspects(struct folder_run *run);

/* folder_cross.c: --skipcrossduplicates */
/* What an earlier folder has too is EXCLUDED. The listing has its keys. */
void folder_cross_exclude(struct folder_run *run);
/* The folder is at its end: what is on the destination counts for those that follow. */
void folder_cross_note(struct folder_run *run);

#endif
