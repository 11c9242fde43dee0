/* SPDX-License-Identifier: MIT
 * The paces (batch/pace.h) of all accounts that a run uses, and of their servers. An account has
 * one for each side it is used on, because servers count what goes down and what comes up apart.
 * Its server's begins to count when several of its accounts were throttled within a minute: then
 * the limit is not the mailbox's alone. What was found for an account is kept in the store for the
 * runs to come.
 *
 * Any thread may call these for its own member; one mutex guards the paces that members share. Time
 * is a parameter. */
#ifndef BATCH_PACES_H
#define BATCH_PACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/store.h"

/* So many accounts of one server, and half of those that run. */
#define PACES_CROWD 3

/* A rate that was found so long ago says nothing. */
#define PACES_FORGOTTEN_MSECS (30 * INT64_C(86400000))

struct paces;
struct paces_member;

/* False (FAULT_INTERNAL) when no mutex can be had. */
bool paces_init(struct store *store, struct paces **paces_r, struct fault *fault_r);
/* All members must have left. Nulls the caller's pointer; NULL is fine. */
void paces_deinit(struct paces **paces);

/* A pair joins with its accounts, source and destination, as mailbox_key_append() has them:
   "host login". NULL if the store can't be read (FAULT_STORE) or the mutex not be locked. */
struct paces_member *paces_member_init(struct paces *paces, const char *const accounts[2],
                                       int64_t now_msecs, struct fault *fault_r);
/* Leaves; what was found goes to the store. False (FAULT_STORE) if it can't. Nulls; NULL is fine.
 */
bool paces_member_deinit(struct paces_member **member, int64_t now_msecs, struct fault *fault_r);

/* 0: a message may be sent now. Else not before that time. */
int64_t paces_ask(struct paces_member *member, int64_t now_nsecs);
/* It was sent. */
void paces_note(struct paces_member *member, int64_t now_nsecs);
/* The server of this side (1 or 2) has asked to be left alone for so long. Returns the messages a
   second that it is given from then on. */
double paces_throttled(struct paces_member *member, int side, int64_t now_nsecs,
                       int64_t wait_msecs);

#endif
