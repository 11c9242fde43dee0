/* SPDX-License-Identifier: MIT */
#include "sync/pair_command.h"

#include "sync/verdict.h"

bool pair_await_answer(struct pair *pair, struct session *session, const struct imap_answer *answer,
                       struct fault *fault_r)
{
    struct imap_client *client = session->client;
    if (imap_loop_await(&pair->loop, client, answer, fault_r))
        return true;
    /* What is unanswered points into its caller's frame. */
    (void)pair_sees_stop(pair);
    pair_end(pair, fault_r);
    if (imap_client_is_alive(client))
        imap_client_fail(client, fault_r);
    imap_client_set_events(client, NULL);
    return false;
}

bool pair_open_mailbox(struct pair *pair, struct session *session, const char *mailbox,
                       const char *name, bool is_for_writing, struct fault *fault_r)
{
    struct imap_client *client = session->client;
    struct imap_answer answer = {0};
    imap_client_set_events(client, NULL);
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "%s ", is_for_writing ? "SELECT" : "EXAMINE");
    imap_client_add_string(client, mailbox);
    imap_client_end(client, imap_answer_callback, &answer, 0);
    if (!pair_await_answer(pair, session, &answer, fault_r))
        return false;
    imap_client_set_selected(client, answer.status == IMAP_STATUS_OK);
    if (answer.status == IMAP_STATUS_OK)
        return true;
    session_judge(session, VERDICT_SELECT, &answer, name, fault_r);
    return false;
}
