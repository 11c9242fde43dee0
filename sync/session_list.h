/* SPDX-License-Identifier: MIT */
#ifndef SYNC_SESSION_LIST_H
#define SYNC_SESSION_LIST_H

#include "sync/session.h"

/* Sends ID, NAMESPACE and LIST in one flight; what comes back goes into session->folders, the two
   answers into session->answer and lsub_answer. A listing that can't be understood sets
   is_list_bad. */
void session_list_send(struct session *session);

#endif
