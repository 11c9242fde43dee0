/* SPDX-License-Identifier: MIT
 * One command at a time on one side of a pair, where nothing else is in flight on that session:
 * what is done besides the copy. Belongs to the pair's thread. */
#ifndef SYNC_PAIR_COMMAND_H
#define SYNC_PAIR_COMMAND_H

#include "sync/pair_private.h"

/* Waits for an answer. False: the pair has ended, and nothing is in flight on the session. */
bool pair_await_answer(struct pair *pair, struct session *session, const struct imap_answer *answer,
                       struct fault *fault_r);
/* Opens a mailbox, with SELECT or EXAMINE; what the server told is imap_client_mailbox(). False
   with a fault if it can't be opened. */
bool pair_open_mailbox(struct pair *pair, struct session *session, const char *mailbox,
                       const char *name, bool is_for_writing, struct fault *fault_r);

#endif
