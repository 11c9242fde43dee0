/* SPDX-License-Identifier: MIT
 * Signing in: AUTHENTICATE or LOGIN (RFC 9051 sections 6.2.2, 6.2.3), and PROXYAUTH behind it. */
#include "sync/session_private.h"

#include <stdio.h>
#include <string.h>

#include "base/diagnoses.h"
#include "base/mem.h"
#include "sync/auth/sasl.h"
#include "sync/auth/tokens.h"
#include "sync/verdict.h"

#define QUOTED_MAX_BYTES ((size_t)256 * 1024)

void session_forget_secret(struct session *session)
{
    mem_free_secret(&session->secret);
    buffer_deinit(&session->initial);
    scram_deinit(&session->scram);
}

static void words_hide(char *words, const char *secret)
{
    size_t size = strlen(secret);
    while (size > 0 && (words = strstr(words, secret)) != NULL) {
        memset(words, '*', size);
        words += size;
    }
}

/* It may come back as it was or in quotes. */
void session_hide_secret(struct session *session, char *words)
{
    struct buffer quoted;
    if (session->secret == NULL)
        return;
    buffer_init_secret(&quoted, QUOTED_MAX_BYTES);
    for (const char *p = session->secret; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buffer_append_byte(&quoted, '\\');
        buffer_append_byte(&quoted, (unsigned char)*p);
    }
    words_hide(words, session->secret);
    words_hide(words, buffer_str(&quoted));
    words_hide(words, buffer_str(&session->initial));
    buffer_deinit(&quoted);
}

/* -- who, and how -- */

static bool is_by_proxyauth(const struct session *session)
{
    return session->own->proxyauth;
}

/* With a token the server is told the mailbox alone. */
static bool is_by_admin(const struct session *session)
{
    return session->own->authuser != NULL && !credential_is_oauth(&session->credential);
}

/* Whose password it is. */
static const char *sign_in_name(const struct session *session)
{
    return is_by_admin(session) ? session->own->authuser : session->login_name;
}

/* For whom, where SASL is told: with PROXYAUTH the server hears that later. */
static const char *sign_in_for(const struct session *session)
{
    return session->own->authuser != NULL && !is_by_proxyauth(session) ? session->login_name : "";
}

static bool is_for_another(const struct session *session)
{
    return session->own->authuser != NULL && !is_by_proxyauth(session);
}

static const struct {
    enum auth_mechanism mechanism;
    enum imap_capability capability;
    const char *obstacle; /* where it is not offered */
} offers[] = {
    {AUTH_MECHANISM_PLAIN, IMAP_CAP_AUTH_PLAIN, "does not offer AUTH=PLAIN"},
    {AUTH_MECHANISM_CRAM_MD5, IMAP_CAP_AUTH_CRAM_MD5, "does not offer AUTH=CRAM-MD5"},
    {AUTH_MECHANISM_SCRAM_SHA_1, IMAP_CAP_AUTH_SCRAM_SHA_1, "does not offer AUTH=SCRAM-SHA-1"},
    {AUTH_MECHANISM_SCRAM_SHA_256, IMAP_CAP_AUTH_SCRAM_SHA_256,
     "does not offer AUTH=SCRAM-SHA-256"},
    {AUTH_MECHANISM_EXTERNAL, IMAP_CAP_AUTH_EXTERNAL,
     "does not offer AUTH=EXTERNAL: it does not take the certificate for a sign-in"},
};
#define OFFERS (sizeof(offers) / sizeof(offers[0]))

static enum auth_mechanism password_mechanism(const struct session *session)
{
    unsigned int offered = 0;
    for (size_t i = 0; i < OFFERS; i++) {
        if (imap_client_can(session->client, offers[i].capability))
            offered |= 1u << offers[i].mechanism;
    }
    return auth_mechanism_strongest(offered, is_for_another(session));
}

static enum auth_mechanism sign_in_mechanism(const struct session *session)
{
    enum auth_mechanism mechanism;
    const char *reason;
    if (credential_is_oauth(&session->credential))
        return session_oauth_mechanism(session);
    if (session->own->authmd5)
        return AUTH_MECHANISM_CRAM_MD5;
    (void)auth_mechanism_find(session->own->authmech, &mechanism, &reason);
    if (mechanism != AUTH_MECHANISM_ANY)
        return mechanism;
    /* A certificate alone was checked to be there. */
    return session->credential.kind == CREDENTIAL_NONE ? AUTH_MECHANISM_EXTERNAL
                                                       : password_mechanism(session);
}

/* Why these settings can't sign in at this server; NULL if they can. */
static const char *sign_in_obstacle(const struct session *session)
{
    const struct imap_client *client = session->client;
    if (auth_mechanism_is_oauth(session->mechanism))
        return session_oauth_obstacle(session);
    for (size_t i = 0; i < OFFERS; i++) {
        if (offers[i].mechanism == session->mechanism)
            return imap_client_can(client, offers[i].capability) ? NULL : offers[i].obstacle;
    }
    if (is_for_another(session))
        return "does not offer AUTH=PLAIN, which authuser needs";
    if (imap_client_can(client, IMAP_CAP_LOGINDISABLED))
        return "takes no passwords (LOGINDISABLED, and no AUTH=PLAIN). Microsoft 365 and Google "
               "want OAuth2";
    return NULL;
}

/* -- what is sent -- */

static void initial_continued(void *context, const char *text, size_t size)
{
    struct session *session = context;
    (void)text;
    (void)size;
    imap_client_send_line(session->client, buffer_str(&session->initial));
}

/* A mechanism of one message. With SASL-IR it goes along, without it waits for the server's "+". */
static void send_initial(struct session *session, const char *name)
{
    struct imap_client *client = session->client;
    struct imap_events events = {session, NULL, NULL, NULL, NULL, initial_continued};
    imap_client_begin(client, true);
    imap_client_add(client, "AUTHENTICATE %s", name);
    if (imap_client_can(client, IMAP_CAP_SASL_IR)) {
        imap_client_add_bytes(client, " ", 1);
        imap_client_add_bytes(client, session->initial.data, session->initial.used);
    } else {
        imap_client_set_events(client, &events);
    }
    imap_client_end(client, imap_answer_callback, &session->answer, 0);
}

static void send_plain(struct session *session)
{
    if (sasl_plain(sign_in_for(session), sign_in_name(session), session->secret, &session->initial))
        send_initial(session, "PLAIN");
    else
        session_refuse(session, FAULT_AUTH, "can't be told so long a password");
}

static void send_external(struct session *session)
{
    const char *authzid = is_by_proxyauth(session) ? "" : session->login_name;
    if (sasl_external(authzid, &session->initial))
        send_initial(session, "EXTERNAL");
    else
        session_refuse(session, FAULT_AUTH, "can't be told so long a user's name");
}

/* "*" gives up (RFC 9051 section 6.2.2); the server then answers BAD. */
static void cram_md5_continued(void *context, const char *text, size_t size)
{
    struct session *session = context;
    buffer_clear(&session->initial);
    bool is_done = sasl_cram_md5(sign_in_name(session), session->secret, text, size,
                                 &session->initial);
    imap_client_send_line(session->client, is_done ? buffer_str(&session->initial) : "*");
}

static void send_cram_md5(struct session *session)
{
    struct imap_client *client = session->client;
    struct imap_events events = {session, NULL, NULL, NULL, NULL, cram_md5_continued};
    imap_client_set_events(client, &events);
    imap_client_begin(client, true);
    imap_client_add(client, "AUTHENTICATE CRAM-MD5");
    imap_client_end(client, imap_answer_callback, &session->answer, 0);
}

static void send_login(struct session *session)
{
    struct imap_client *client = session->client;
    imap_client_begin(client, true);
    imap_client_add(client, "LOGIN ");
    imap_client_add_string(client, sign_in_name(session));
    imap_client_add_bytes(client, " ", 1);
    imap_client_add_string(client, session->secret);
    imap_client_end(client, imap_answer_callback, &session->answer, 0);
}

static void send_sign_in(struct session *session)
{
    if (session->mechanism == AUTH_MECHANISM_CRAM_MD5)
        send_cram_md5(session);
    else if (session->mechanism == AUTH_MECHANISM_LOGIN)
        send_login(session);
    else if (auth_mechanism_is_oauth(session->mechanism))
        session_oauth_send(session);
    else if (auth_mechanism_is_scram(session->mechanism))
        session_scram_send(session, sign_in_for(session), sign_in_name(session));
    else if (session->mechanism == AUTH_MECHANISM_EXTERNAL)
        send_external(session);
    else
        send_plain(session);
}

/* Of a profile: a token, which others may be using too. */
static bool session_get_secret(struct session *session, struct fault *fault_r)
{
    if (session->mechanism == AUTH_MECHANISM_EXTERNAL)
        return true;
    if (session->credential.kind != CREDENTIAL_PROFILE)
        return settings_resolve_secret(session->settings, session->side, &session->secret, fault_r);
    if (session->tokens != NULL &&
        tokens_get(session->tokens, session->credential.value, session->login_name,
                   &session->secret, &session->renew_at_nsecs, fault_r))
        return true;
    fault_r->side = session->side;
    return false;
}

void session_sign_in(struct session *session)
{
    struct fault fault;
    if (imap_client_state(session->client) == IMAP_STATE_AUTHENTICATED) {
        session_enter(session, SESSION_CAPABILITIES_AGAIN); /* PREAUTH */
        return;
    }
    settings_credential(session->settings, session->side, &session->credential);
    session->mechanism = sign_in_mechanism(session);
    const char *obstacle = sign_in_obstacle(session);
    if (obstacle != NULL) {
        session_refuse(session, FAULT_AUTH, obstacle);
        if (!auth_mechanism_is_oauth(session->mechanism) &&
            imap_client_can(session->client, IMAP_CAP_LOGINDISABLED))
            session->fault.diagnosis = diagnosis_by_id("password-off");
        return;
    }
    mem_free(session->login_name);
    session->login_name = settings_login_name(session->settings, session->side);
    if (session_get_secret(session, &fault))
        send_sign_in(session);
    else
        session_fail(session, &fault);
}

/* -- what is answered -- */

/* --trylogin, where the answer is about the password and LOGIN may say it. */
static bool sign_in_tries_login(struct session *session)
{
    struct fault fault;
    session_judge(session, VERDICT_LOGIN, &session->answer, session->login_name, &fault);
    if (!session->settings->trylogin || session->mechanism == AUTH_MECHANISM_LOGIN ||
        auth_mechanism_is_oauth(session->mechanism) || fault.code != FAULT_AUTH ||
        sign_in_for(session)[0] != '\0' || imap_client_can(session->client, IMAP_CAP_LOGINDISABLED))
        return false;
    log_line(session->log, "host%d refused the password; once more by LOGIN (--trylogin)",
             session->side);
    session->mechanism = AUTH_MECHANISM_LOGIN;
    memset(&session->answer, 0, sizeof(session->answer));
    send_login(session);
    return true;
}

/* A server may offer ways that need passwords in a form in which it keeps only some of them, or
   none. PLAIN takes any form, and tells whoever proved by a certificate to be the server. */
static bool sign_in_tries_plain(struct session *session)
{
    struct fault fault;
    enum auth_mechanism mechanism = session->mechanism;
    bool was_asked_for = session->own->authmech != NULL && session->own->authmech[0] != '\0';
    bool is_other = auth_mechanism_is_scram(mechanism) || mechanism == AUTH_MECHANISM_CRAM_MD5;
    session_judge(session, VERDICT_LOGIN, &session->answer, session->login_name, &fault);
    if (was_asked_for || session->own->authmd5 || !is_other || fault.code != FAULT_AUTH ||
        session->tls == SESSION_TLS_NONE ||
        tls_options_believe_all(&session->connection_options.tls_options) ||
        !imap_client_can(session->client, IMAP_CAP_AUTH_PLAIN))
        return false;
    log_line(
        session->log,
        "host%d refused the password by %s; once more by PLAIN, which --authmech%d PLAIN takes "
        "at once",
        session->side, auth_mechanism_name(mechanism), session->side);
    session->mechanism = AUTH_MECHANISM_PLAIN;
    scram_deinit(&session->scram);
    buffer_deinit(&session->initial);
    buffer_init_secret(&session->initial, SESSION_INITIAL_MAX_BYTES);
    session->has_sent_initial = false;
    memset(&session->answer, 0, sizeof(session->answer));
    send_plain(session);
    return true;
}

/* A token that worked for others may have been revoked meanwhile: then there is another. */
static bool sign_in_tries_another_token(struct session *session)
{
    struct fault fault;
    if (session->credential.kind != CREDENTIAL_PROFILE || session->has_tried_another ||
        !tokens_discard(session->tokens, session->credential.value, session->login_name,
                        session->secret))
        return false;
    session->has_tried_another = true;
    session_forget_secret(session);
    if (!session_get_secret(session, &fault)) {
        session_fail(session, &fault);
        return true;
    }
    buffer_init_secret(&session->initial, SESSION_INITIAL_MAX_BYTES);
    memset(&session->answer, 0, sizeof(session->answer));
    session_oauth_send(session);
    return true;
}

/* The answer's words alone, or with what can be said of the token. */
static void sign_in_refused(struct session *session)
{
    struct buffer words;
    buffer_init(&words, sizeof(session->fault.text));
    session_oauth_explain_refusal(session, &words);
    session_forget_secret(session);
    session_refused(session, VERDICT_LOGIN, sign_in_name(session));
    size_t used = strlen(session->fault.text);
    if (words.used > 0)
        (void)snprintf(session->fault.text + used, sizeof(session->fault.text) - used, "; %s",
                       buffer_str(&words));
    buffer_deinit(&words);
}

void session_look_at_sign_in(struct session *session)
{
    if (!session->answer.is_done)
        return;
    imap_client_set_events(session->client, NULL);
    session_hide_secret(session, session->answer.text);
    session_hide_secret(session, session->answer.code);
    if (session->answer.status == IMAP_STATUS_NO && sign_in_tries_plain(session))
        return;
    if (session->answer.status != IMAP_STATUS_OK && sign_in_tries_login(session))
        return;
    if (session->answer.status != IMAP_STATUS_OK && sign_in_tries_another_token(session))
        return;
    if (session->answer.status != IMAP_STATUS_OK) {
        sign_in_refused(session);
        return;
    }
    bool is_proved = session_scram_is_proved(session);
    session_forget_secret(session);
    if (!is_proved) {
        session_refuse(session, FAULT_AUTH,
                       "did not prove that it knows the password: somebody may be in between");
        return;
    }
    imap_client_set_authenticated(session->client);
    log_line(session->log, "host%d signed in as %s%s%s", session->side, session->login_name,
             is_by_admin(session) ? " by the admin " : "",
             is_by_admin(session) ? session->own->authuser : "");
    session_enter(session,
                  is_by_proxyauth(session) ? SESSION_PROXYAUTH : SESSION_CAPABILITIES_AGAIN);
    if (session->step != SESSION_PROXYAUTH)
        return;
    imap_client_begin(session->client, false);
    imap_client_add(session->client, "PROXYAUTH ");
    imap_client_add_string(session->client, session->login_name);
    imap_client_end(session->client, imap_answer_callback, &session->answer, 0);
}

void session_look_at_proxyauth(struct session *session)
{
    if (!session->answer.is_done)
        return;
    if (session->answer.status != IMAP_STATUS_OK)
        session_refused(session, VERDICT_LOGIN, session->login_name);
    else
        session_enter(session, SESSION_CAPABILITIES_AGAIN);
}
