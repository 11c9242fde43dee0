/* SPDX-License-Identifier: MIT
 * Signing in with a token: XOAUTH2, or OAUTHBEARER (RFC 7628). Each is one message from us; what
 * the server says against it comes as a challenge, and wants an empty answer before the NO. */
#include "sync/session_private.h"

#include <string.h>

#include "base/clock.h"
#include "sync/auth/profiles.h"
#include "sync/auth/sasl.h"
#include "sync/auth/token_check.h"

#define CHALLENGE_TEXT_MAX_BYTES 1024

enum auth_mechanism session_oauth_mechanism(const struct session *session)
{
    enum auth_mechanism mechanism;
    const char *reason;
    (void)auth_mechanism_find(session->own->authmech, &mechanism, &reason);
    if (mechanism != AUTH_MECHANISM_ANY)
        return mechanism;
    return !imap_client_can(session->client, IMAP_CAP_AUTH_XOAUTH2) &&
                   imap_client_can(session->client, IMAP_CAP_AUTH_OAUTHBEARER)
               ? AUTH_MECHANISM_OAUTHBEARER
               : AUTH_MECHANISM_XOAUTH2;
}

const char *session_oauth_obstacle(const struct session *session)
{
    bool is_xoauth2 = session->mechanism == AUTH_MECHANISM_XOAUTH2;
    if (imap_client_can(session->client,
                        is_xoauth2 ? IMAP_CAP_AUTH_XOAUTH2 : IMAP_CAP_AUTH_OAUTHBEARER))
        return NULL;
    return is_xoauth2 ? "takes no tokens: it does not offer AUTH=XOAUTH2"
                      : "takes no tokens: it does not offer AUTH=OAUTHBEARER";
}

/* What is wrong with the token; some servers say it nowhere else. */
static void log_challenge(struct session *session, const char *text, size_t size)
{
    struct buffer words;
    buffer_init(&words, CHALLENGE_TEXT_MAX_BYTES);
    sasl_append_challenge(text, size, &words);
    if (words.used > 0 && !words.has_failed) {
        (void)buffer_str(&words);
        session_hide_secret(session, (char *)words.data);
        log_line(session->log, "host%d says of the token: %s", session->side, buffer_str(&words));
    }
    buffer_deinit(&words);
}

static void oauth_continued(void *context, const char *text, size_t size)
{
    struct session *session = context;
    if (!session->has_sent_initial) {
        session->has_sent_initial = true;
        imap_client_send_line(session->client, buffer_str(&session->initial));
        return;
    }
    log_challenge(session, text, size);
    /* RFC 7628 section 3.2.3: a single ^A. */
    imap_client_send_line(session->client,
                          session->mechanism == AUTH_MECHANISM_OAUTHBEARER ? "AQ==" : "");
}

static bool write_initial(struct session *session)
{
    const struct connection_options *to = &session->connection_options;
    if (session->credential.kind == CREDENTIAL_MESSAGE)
        return buffer_append_str(&session->initial, session->secret);
    if (session->mechanism == AUTH_MECHANISM_OAUTHBEARER)
        return sasl_oauthbearer(session->login_name, to->host, to->port, session->secret,
                                &session->initial);
    return sasl_xoauth2(session->login_name, session->secret, &session->initial);
}

/* The profile's, if the token is one's. */
static const char *tenant_of(const struct session *session)
{
    const struct profile *profile = session->credential.kind == CREDENTIAL_PROFILE
                                        ? profiles_find(session->settings->profiles,
                                                        session->credential.value)
                                        : NULL;
    return profile != NULL ? profile->tenant : NULL;
}

/* Microsoft's servers say "AUTHENTICATE failed" whatever is wrong; the token itself tells more. */
void session_oauth_explain_refusal(struct session *session, struct buffer *words)
{
    struct buffer found;
    if (!credential_is_oauth(&session->credential) ||
        session->credential.kind == CREDENTIAL_MESSAGE ||
        strstr(imap_client_greeting(session->client), "Microsoft Exchange") == NULL)
        return;
    buffer_init(&found, CHALLENGE_TEXT_MAX_BYTES);
    enum token_verdict verdict = token_check(session->secret, tenant_of(session),
                                             clock_wall_msecs() / 1000, &found);
    if (verdict != TOKEN_UNREADABLE)
        buffer_printf(words, "%s%s",
                      verdict == TOKEN_BAD
                          ? "the token is wrong: "
                          : "the token is as it should be, so look at the mailbox's "
                            "rights: ",
                      buffer_str(&found));
    buffer_deinit(&found);
}

void session_oauth_send(struct session *session)
{
    struct imap_client *client = session->client;
    struct imap_events events = {session, NULL, NULL, NULL, NULL, oauth_continued};
    if (!write_initial(session)) {
        session_refuse(session, FAULT_AUTH, "can't be told so long a token");
        return;
    }
    imap_client_set_events(client, &events);
    imap_client_begin(client, true);
    imap_client_add(client, session->mechanism == AUTH_MECHANISM_OAUTHBEARER
                                ? "AUTHENTICATE OAUTHBEARER"
                                : "AUTHENTICATE XOAUTH2");
    session->has_sent_initial = imap_client_can(client, IMAP_CAP_SASL_IR);
    if (session->has_sent_initial) {
        imap_client_add_bytes(client, " ", 1);
        imap_client_add_bytes(client, session->initial.data, session->initial.used);
    }
    imap_client_end(client, imap_answer_callback, &session->answer, 0);
}
