/* SPDX-License-Identifier: MIT */
#include "sync/session.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/compression.h"
#include "sync/session_list.h"
#include "sync/session_private.h"
#include "sync/ssl_args.h"
#include "sync/uidset.h"
#include "sync/verdict.h"

#define PORT_IMAPS 993
#define PORT_IMAP  143

#define SESSION_ARGS_MAX_BYTES ((size_t)64 * 1024)

static const char *const side_names[] = {"", "source", "destination"};

/* TLS from the first byte unless something else was asked for; clear text only where both kinds
   were switched off. A port that says nothing is tried both ways, since both end in TLS. */
static enum session_tls session_tls_mode(const struct settings_side *own, bool may_guess)
{
    if (own->ssl == CHOICE_YES)
        return SESSION_TLS_IMPLICIT;
    if (own->ssl == CHOICE_AUTO && own->tls != CHOICE_YES &&
        ((own->port == 0 && (may_guess || own->tls == CHOICE_NO)) || own->port == PORT_IMAPS))
        return SESSION_TLS_IMPLICIT;
    if (own->tls == CHOICE_NO)
        return own->ssl == CHOICE_NO ? SESSION_TLS_NONE : SESSION_TLS_IMPLICIT;
    bool is_known = own->port == 0 || own->port == PORT_IMAP || own->tls == CHOICE_YES ||
                    own->ssl == CHOICE_NO || !may_guess;
    return is_known ? SESSION_TLS_STARTTLS : SESSION_TLS_EITHER;
}

/* They were checked before anything began. */
static void session_read_ssl_args(struct session *session)
{
    struct buffer faults;
    buffer_init(&faults, SESSION_ARGS_MAX_BYTES);
    (void)ssl_args_read(session->settings, session->side, &session->connection_options.tls_options,
                        &faults);
    buffer_deinit(&faults);
}

void session_init(struct session *session, int side, const struct settings *settings,
                  struct imap_loop *loop, struct tls_contexts *tls, struct log *log)
{
    struct connection_options *options = &session->connection_options;
    memset(session, 0, sizeof(*session));
    session->side = side;
    session->settings = settings;
    session->own = &settings->side[side - 1];
    session->loop = loop;
    session->log = log;
    session->tls = session_tls_mode(session->own, settings->sslcheck);
    folder_list_init(&session->folders);
    buffer_init_secret(&session->initial, SESSION_INITIAL_MAX_BYTES);
    options->host = session->own->host;
    options->port = (uint16_t)settings_port(settings, side);
    options->side = side;
    options->is_kept_alive = session->own->keepalive;
    options->family = settings->inet4 ? AF_INET : settings->inet6 ? AF_INET6 : AF_UNSPEC;
    session_read_ssl_args(session);
    options->tls = tls;
}

static void session_close(struct session *session)
{
    if (session->client == NULL)
        return;
    imap_loop_remove(session->loop, session->client);
    imap_client_deinit(&session->client);
}

void session_deinit(struct session *session)
{
    struct imap_client *client = session->client;
    if (client != NULL && imap_client_state(client) >= IMAP_STATE_AUTHENTICATED &&
        imap_client_is_alive(client) && imap_client_pending(client) == 0 &&
        !imap_client_is_building(client)) {
        imap_client_command(client, NULL, NULL, "LOGOUT");
        (void)imap_client_pump(client, 0);
    }
    session_close(session);
    session_forget_secret(session);
    mem_free(session->login_name);
    folder_list_deinit(&session->folders);
}

size_t session_uidset_bytes(const struct session *session)
{
    return session->own->split == 0 ? UIDSET_MAX_BYTES : (size_t)session->own->split * 10;
}

void session_judge(const struct session *session, int verdict_command,
                   const struct imap_answer *answer, const char *subject, struct fault *fault_r)
{
    struct verdict_question question = {session->side,  (enum verdict_command)verdict_command,
                                        answer->status, answer->code,
                                        answer->text,   subject};
    verdict_judge(&question, fault_r);
}

/* -- steps -- */

void session_fail(struct session *session, const struct fault *fault)
{
    session->fault = *fault;
    session_enter(session, SESSION_FAILED);
}

void session_refuse(struct session *session, enum fault_code code, const char *what)
{
    struct fault fault;
    fault_set(&fault, code, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, session->side,
              "the %s server %s %s", side_names[session->side], session->connection_options.host,
              what);
    session_fail(session, &fault);
}

void session_refused(struct session *session, int verdict_command, const char *subject)
{
    struct fault fault;
    session_judge(session, verdict_command, &session->answer, subject, &fault);
    session_fail(session, &fault);
}

static void session_send(struct session *session, const char *command)
{
    imap_client_command(session->client, imap_answer_callback, &session->answer, "%s", command);
}

static void session_connect(struct session *session)
{
    struct imap_client_options options = {
        .side = session->side,
        .has_implicit_tls = session->tls == SESSION_TLS_IMPLICIT ||
                            session->tls == SESSION_TLS_EITHER,
        .timeout_msecs = (int64_t)(session->own->timeout_secs * 1000),
        .hold_max_bytes = SESSION_HOLD_MAX_BYTES,
        .trace = session->own->debugimap ? session->log : NULL,
    };
    session_close(session);
    session->client = imap_client_init(connection_init(&session->connection_options), &options);
    imap_loop_add(session->loop, session->client);
}

/* A port that says nothing of TLS was tried with TLS first, and the server greeted in clear. */
static bool session_may_try_starttls(const struct session *session)
{
    return session->step == SESSION_CONNECTING && session->tls == SESSION_TLS_EITHER &&
           imap_client_fault(session->client)->advice == FAULT_ADVICE_RETRY;
}

bool session_explain_loss(struct session *session, const struct fault *lost, struct fault *fault_r)
{
    char refusal[sizeof(lost->server)];
    if (session->client == NULL)
        return false;
    (void)snprintf(refusal, sizeof(refusal), "%s", imap_client_refusal(session->client));
    session_hide_secret(session, refusal);
    return verdict_of_refusal_before(lost, refusal, fault_r);
}

static void session_lost(struct session *session)
{
    if (session_may_try_starttls(session)) {
        session->tls = SESSION_TLS_STARTTLS;
        session_enter(session, SESSION_CONNECTING);
        return;
    }
    struct fault fault = *imap_client_fault(session->client);
    session_hide_secret(session, fault.server);
    (void)session_explain_loss(session, &fault, &fault);
    session_fail(session, &fault);
}

static void step_connecting(struct session *session)
{
    if (imap_client_state(session->client) <= IMAP_STATE_GREETING)
        return;
    log_line(session->log, "host%d %s:%u says: %s", session->side, session->own->host,
             (unsigned int)session->connection_options.port, imap_client_greeting(session->client));
    if (tls_options_believe_all(&session->connection_options.tls_options) &&
        session->tls != SESSION_TLS_NONE)
        log_line(session->log,
                 "host%d its certificate is not checked (SSL_verify_mode=0): whoever is in between "
                 "can read the password and the mail",
                 session->side);
    bool is_signed_in = imap_client_state(session->client) == IMAP_STATE_AUTHENTICATED;
    if (is_signed_in && session->tls == SESSION_TLS_STARTTLS)
        session_refuse(session, FAULT_TLS,
                       "claims to be signed in before TLS: somebody may be in between");
    else
        session_enter(session, SESSION_CAPABILITIES);
}

/* Where they were asked for: all of the answer, since its OK would be taken for that of the
 * sign-in. */
static bool session_heard_capabilities(const struct session *session)
{
    return session->answer.is_done || (imap_client_pending(session->client) == 0 &&
                                       imap_client_knows_capabilities(session->client));
}

static void step_capabilities(struct session *session)
{
    if (!session_heard_capabilities(session))
        return;
    if (session->answer.is_done && session->answer.status != IMAP_STATUS_OK)
        session_refused(session, VERDICT_OTHER, "CAPABILITY");
    else if (session->tls == SESSION_TLS_STARTTLS && !session->has_started_tls)
        session_enter(session, SESSION_STARTTLS);
    else
        session_enter(session, session->settings->justconnect ? SESSION_READY : SESSION_SIGNING_IN);
}

/* RFC 9051 section 6.2.1. What was said before TLS is forgotten; bytes that came with the OK but
   before the handshake were injected by somebody. */
static void step_starttls(struct session *session)
{
    if (!session->answer.is_done)
        return;
    if (session->answer.status != IMAP_STATUS_OK) {
        session_refused(session, VERDICT_OTHER, "STARTTLS");
    } else if (imap_client_has_input(session->client)) {
        session_refuse(session, FAULT_TLS, "sent answers ahead of TLS: somebody is in between");
    } else {
        imap_client_forget_capabilities(session->client);
        imap_client_start_tls(session->client);
        session->has_started_tls = true;
        session_enter(session, SESSION_HANDSHAKE);
    }
}

static void step_handshake(struct session *session)
{
    if (imap_client_state(session->client) != IMAP_STATE_TLS)
        session_enter(session, SESSION_CAPABILITIES);
}

static void enter_starttls(struct session *session)
{
    if (imap_client_can(session->client, IMAP_CAP_STARTTLS))
        imap_client_send_starttls(session->client, imap_answer_callback, &session->answer);
    else
        session_refuse(session, FAULT_TLS,
                       session->side == 1
                           ? "offers no TLS (STARTTLS) on this port. Use --ssl1 with the TLS port; "
                             "--nossl1 --notls1 sends the password in clear"
                           : "offers no TLS (STARTTLS) on this port. Use --ssl2 with the TLS port; "
                             "--nossl2 --notls2 sends the password in clear");
}

/* -- after sign-in -- */

/* Capabilities may grow with the sign-in; if its OK did not bring them they are asked for. */
static void enter_capabilities_again(struct session *session)
{
    if (imap_client_heard_capabilities_since_login(session->client))
        return;
    imap_client_forget_capabilities(session->client);
    session_send(session, "CAPABILITY");
}

static void step_capabilities_again(struct session *session)
{
    if (!session_heard_capabilities(session))
        return;
    if (session->answer.is_done && session->answer.status != IMAP_STATUS_OK)
        session_refused(session, VERDICT_OTHER, "CAPABILITY");
    else
        session_enter(session, session->with_list ? SESSION_LISTING : SESSION_READY);
}

static void step_listing(struct session *session)
{
    if (!session->answer.is_done || !session->lsub_answer.is_done)
        return;
    if (session->answer.status == IMAP_STATUS_OK && session->settings->subscribed)
        session->answer = session->lsub_answer;
    else if (session->lsub_answer.status != IMAP_STATUS_OK)
        log_line(session->log, "host%d subscriptions are not known [server said: %s]",
                 session->side, session->lsub_answer.text);
    if (session->answer.status != IMAP_STATUS_OK)
        session_refused(session, VERDICT_LIST, "");
    else if (session->is_list_bad)
        session_refuse(session, FAULT_LISTING, "listed a folder in a way that can't be understood");
    else
        session_enter(session, SESSION_STATUS);
}

static void step_status(struct session *session)
{
    if (!session_list_more_status(session))
        return;
    imap_client_set_events(session->client, NULL);
    session_enter(session, SESSION_READY);
}

void session_enter(struct session *session, enum session_step step)
{
    session->step = step;
    session->step_began_nsecs = clock_mono_nsecs();
    memset(&session->answer, 0, sizeof(session->answer));
    if (step == SESSION_CONNECTING)
        session_connect(session);
    else if (step == SESSION_CAPABILITIES && !imap_client_knows_capabilities(session->client))
        session_send(session, "CAPABILITY");
    else if (step == SESSION_STARTTLS)
        enter_starttls(session);
    else if (step == SESSION_SIGNING_IN)
        session_sign_in(session);
    else if (step == SESSION_CAPABILITIES_AGAIN)
        enter_capabilities_again(session);
    else if (step == SESSION_LISTING)
        session_list_send(session);
    else if (step == SESSION_STATUS)
        session->status_next = 0;
    else if (step == SESSION_READY && !session->settings->justconnect)
        session_begin_compression(session);
}

static void session_step(struct session *session)
{
    switch (session->step) {
    case SESSION_CONNECTING:
        step_connecting(session);
        break;
    case SESSION_CAPABILITIES:
        step_capabilities(session);
        break;
    case SESSION_STARTTLS:
        step_starttls(session);
        break;
    case SESSION_HANDSHAKE:
        step_handshake(session);
        break;
    case SESSION_SIGNING_IN:
        session_look_at_sign_in(session);
        break;
    case SESSION_PROXYAUTH:
        session_look_at_proxyauth(session);
        break;
    case SESSION_CAPABILITIES_AGAIN:
        step_capabilities_again(session);
        break;
    case SESSION_LISTING:
        step_listing(session);
        break;
    case SESSION_STATUS:
        step_status(session);
        break;
    case SESSION_IDLE:
    case SESSION_READY:
    case SESSION_FAILED:
        break;
    }
}

void session_begin(struct session *session, bool with_list, enum session_status status)
{
    session->with_list = with_list;
    session->status = status;
    session_enter(session, SESSION_CONNECTING);
}

static void session_measure(struct session *session)
{
    if (!session->answer.is_done)
        return;
    int64_t usecs = (clock_mono_nsecs() - session->step_began_nsecs) / 1000;
    if (session->rtt_usecs == 0 || usecs < session->rtt_usecs)
        session->rtt_usecs = usecs;
}

bool session_advance(struct session *session)
{
    while (session->step != SESSION_READY && session->step != SESSION_FAILED) {
        enum session_step before = session->step;
        struct imap_client *client = session->client;
        session_measure(session);
        if (!imap_client_is_alive(client))
            session_lost(session);
        else
            session_step(session);
        if (session->step == before && session->client == client)
            return false;
    }
    return true;
}

/* Once one has failed, the others are given this long to fail too: of several the first is told. */
#define SESSION_FAILURE_NSECS (2 * CLOCK_NSECS_PER_SEC)

bool session_await(struct session *const *sessions, size_t count, struct fault *fault_r)
{
    struct imap_loop *loop = sessions[0]->loop;
    int64_t until_nsecs = 0;
    for (;;) {
        size_t finished = 0;
        size_t failed = 0;
        for (size_t i = 0; i < count; i++) {
            finished += session_advance(sessions[i]);
            failed += sessions[i]->step == SESSION_FAILED;
        }
        if (failed > 0 && until_nsecs == 0)
            until_nsecs = clock_mono_nsecs() + SESSION_FAILURE_NSECS;
        if (finished == count || (failed > 0 && clock_mono_nsecs() >= until_nsecs))
            break;
        if (loop->stop != NULL && stop_is_requested(loop->stop)) {
            fault_set(fault_r, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
                      "the run was stopped; run the same command again to go on");
            return false;
        }
        if (!imap_loop_pump(loop)) {
            loop->wake_at_nsecs = until_nsecs;
            imap_loop_wait(loop);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (sessions[i]->step == SESSION_FAILED) {
            *fault_r = sessions[i]->fault;
            return false;
        }
    }
    return true;
}
