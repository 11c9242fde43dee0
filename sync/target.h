/* SPDX-License-Identifier: MIT
 * The destination folders of a plan: created, looked at, and listed where they hold mail already.
 * All are created and opened once in one flight before the first message, which tells what is
 * needed of each; only one that holds mail is opened again, when its turn comes. Belongs to the
 * pair's thread. */
#ifndef SYNC_TARGET_H
#define SYNC_TARGET_H

#include "sync/folders/plan.h"
#include "sync/listing.h"

struct pair;

/* One destination folder, shared by all source folders that are merged into it. */
struct target {
    struct pair *pair;
    const char *mailbox; /* as the server knows it; the plan's */
    char *name;          /* for people */
    struct imap_answer answer;
    struct imap_mailbox opened; /* what SELECT told */
    bool is_there;              /* it could be opened, so APPENDs may go there */
    uint32_t tail_from;         /* what it holds from this UID on must be recognised; 0: nothing */
    bool is_listed;             /* that is in `listing` */
    bool is_tail_ours;          /* some of that was appended by a run that could not note it */
    struct listing listing;
    struct selection selection; /* --search2 */
    uint64_t append_limit;      /* UINT64_MAX: STATUS did not tell one */
    struct fault fault;         /* why nothing can be copied there */
};

struct target_list {
    struct pair *pair;
    struct target *items; /* in the order of the plan */
    size_t count;
    char **create_refusals; /* parallel to the plan's creates; the server's words, NULL: created */
};

/* Sends all CREATEs and SUBSCRIBEs of the pair's plan and, unless the folders are all that is
   wanted (--justfolders), SELECTs; may turn the loop so that not too many are in flight. Dry:
   creates nothing and opens with EXAMINE what is there. */
void target_list_send(struct target_list *list, struct pair *pair);
/* Waits for the answers. Ends the pair if the destination is lost; what is wrong with one folder
   stays with that one. */
void target_list_await(struct target_list *list);
void target_list_deinit(struct target_list *list);
/* How many folders could not be created. */
uint64_t target_list_refused(const struct target_list *list);

/* Mail from this UID on must be recognised; the lowest of several stands. 0: none. */
void target_recognise_from(struct target *target, uint32_t uid);
/* Whether there is mail to be recognised that is not listed yet. */
bool target_holds_mail(const struct target *target);
/* Lists what the folder holds; fills target->fault if that can't be had, and ends the pair if
   the fault is the mailbox's. */
void target_list_mail(struct target *target);
/* Selects the folder, ahead of many APPENDs: a server may open a folder that is not selected anew
   for each of them, which takes the longer the more it holds. Nothing is waited for. */
void target_enter(struct target *target);
/* The largest message that may be appended there (RFC 7889); UINT64_MAX: any. */
uint64_t target_append_limit(const struct target *target);
/* Nothing more has to be recognised. */
void target_forget_mail(struct target *target);

#endif
