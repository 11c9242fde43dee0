/* SPDX-License-Identifier: MIT
 * Signing in by SCRAM: some messages each way, the last of which is the server's proof. */
#include "sync/session_private.h"

static const char *scram_name(const struct session *session)
{
    return session->mechanism == AUTH_MECHANISM_SCRAM_SHA_1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
}

/* "*" gives up (RFC 9051 section 6.2.2); the server then answers BAD. */
static void scram_continued(void *context, const char *text, size_t size)
{
    struct session *session = context;
    if (!session->has_sent_initial) {
        session->has_sent_initial = true;
        imap_client_send_line(session->client, buffer_str(&session->initial));
        return;
    }
    buffer_clear(&session->initial);
    bool is_going_on = scram_step(session->scram, text, size, &session->initial);
    imap_client_send_line(session->client, is_going_on ? buffer_str(&session->initial) : "*");
}

void session_scram_send(struct session *session, const char *authzid, const char *authcid)
{
    struct imap_client *client = session->client;
    struct imap_events events = {session, NULL, NULL, NULL, NULL, scram_continued};
    scram_deinit(&session->scram);
    session->scram = scram_init(scram_name(session), authzid, authcid, session->secret);
    if (session->scram == NULL || !scram_step(session->scram, "", 0, &session->initial)) {
        session_refuse(session, FAULT_AUTH, "can't be signed in to by SCRAM with this password");
        return;
    }
    imap_client_set_events(client, &events);
    imap_client_begin(client, true);
    imap_client_add(client, "AUTHENTICATE %s", scram_name(session));
    session->has_sent_initial = imap_client_can(client, IMAP_CAP_SASL_IR);
    if (session->has_sent_initial) {
        imap_client_add_bytes(client, " ", 1);
        imap_client_add_bytes(client, session->initial.data, session->initial.used);
    }
    imap_client_end(client, imap_answer_callback, &session->answer, 0);
}

bool session_scram_is_proved(const struct session *session)
{
    return session->scram == NULL || scram_is_proved(session->scram);
}
