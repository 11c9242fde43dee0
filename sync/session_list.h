/* SPDX-License-Identifier: MIT */
#ifndef SYNC_SESSION_LIST_H
#define SYNC_SESSION_LIST_H

#include "sync/session.h"

/* Sends ID, NAMESPACE and LIST in one flight; what comes back goes into session->folders, the two
   answers into session->answer and lsub_answer. A listing that can't be understood sets
   is_list_bad. */
void session_list_send(struct session *session);
/* Asks for the STATUS of folders that is wanted and was not told with the listing, some in flight
   at a time. True once all is answered. */
bool session_list_more_status(struct session *session);

#endif
