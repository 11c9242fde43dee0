/* SPDX-License-Identifier: MIT
 * The names of a destination without upper and lower case. Pure; one thread. */
#ifndef SYNC_FOLDERS_PLAN_CASE_H
#define SYNC_FOLDERS_PLAN_CASE_H

#include "sync/folders/folders.h"

struct plan_case;

/* The list must outlive it and stay unchanged. Names differ by the case of ASCII letters, but on
   Exchange by that of Latin, Greek and Cyrillic ones, too. */
struct plan_case *plan_case_init(const struct folder_list *list, char separator);
void plan_case_deinit(struct plan_case **cases);
/* Something goes to `name`: from now on it is there, and so are the levels above it, unless they
   are under another case. */
void plan_case_take(struct plan_case *cases, const char *name);
/* How the first of the names is written that differs from `name` by case at most; NULL if there is
   none. Good until deinit. */
const char *plan_case_find(const struct plan_case *cases, const char *name);
/* Whether something goes to that one. */
bool plan_case_is_taken(const struct plan_case *cases, const char *name);
/* `name` as it is written there: if it is not there, but is there (or a level above it is) under
   another case, that one's name takes the place of these levels. Owned by the caller. */
char *plan_case_adapt(const struct plan_case *cases, const char *name);

#endif
