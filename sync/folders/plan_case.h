/* SPDX-License-Identifier: MIT
 * The names of a listing without upper and lower case. Pure; one thread. */
#ifndef SYNC_FOLDERS_PLAN_CASE_H
#define SYNC_FOLDERS_PLAN_CASE_H

#include "sync/folders/folders.h"

struct plan_case;

/* The list must outlive it and stay unchanged. */
struct plan_case *plan_case_init(const struct folder_list *list);
void plan_case_deinit(struct plan_case **cases);
/* The first folder of the list whose name differs from `name` by the case of ASCII letters at most
   (those inside a shift of modified UTF-7 are no letters); NULL if there is none. */
const struct folder *plan_case_find(const struct plan_case *cases, const char *name);
/* `name` as the list writes it: if it is not there, but is there (or a level above it is) under
   another case, that one's name takes the place of these levels. Owned by the caller. */
char *plan_case_adapt(const struct plan_case *cases, const char *name, char separator);

#endif
