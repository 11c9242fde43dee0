/* SPDX-License-Identifier: MIT */
#include "sync/session.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/auth/sasl.h"
#include "sync/verdict.h"

#define PORT_IMAPS 993
#define PORT_IMAP  143

static const char *const side_names[] = {"", "source", "destination"};

enum tls_mode {
    TLS_IMPLICIT, /* from the first byte, RFC 8314 */
    TLS_STARTTLS,
    TLS_EITHER, /* implicit; STARTTLS if the server greets in clear */
    TLS_NONE,
};

/* TLS from the first byte unless something else was asked for; clear text only on an explicit
   --notls. A port that says nothing is tried both ways, since both end in TLS. */
static enum tls_mode session_tls_mode(const struct settings_side *own)
{
    if (own->ssl == CHOICE_YES)
        return TLS_IMPLICIT;
    if (own->ssl == CHOICE_AUTO && own->tls != CHOICE_YES &&
        (own->port == 0 || own->port == PORT_IMAPS))
        return TLS_IMPLICIT;
    if (own->tls == CHOICE_NO)
        return TLS_NONE;
    bool is_known = own->port == 0 || own->port == PORT_IMAP || own->tls == CHOICE_YES ||
                    own->ssl == CHOICE_NO;
    return is_known ? TLS_STARTTLS : TLS_EITHER;
}

void session_init(struct session *session, int side, const struct settings *settings,
                  struct imap_loop *loop, struct tls_contexts *tls, const struct stop *stop,
                  struct log *log)
{
    struct connection_options *options = &session->connection_options;
    memset(session, 0, sizeof(*session));
    session->side = side;
    session->settings = settings;
    session->own = &settings->side[side - 1];
    session->loop = loop;
    session->log = log;
    folder_list_init(&session->folders);
    options->host = session->own->host;
    options->port = (uint16_t)settings_port(settings, side);
    options->side = side;
    options->timeout_msecs = (int64_t)(session->own->timeout_secs * 1000);
    options->is_kept_alive = session->own->keepalive;
    options->cafile = session->own->cafile;
    options->tls = tls;
    options->stop = stop;
}

void session_deinit(struct session *session)
{
    if (session->client != NULL) {
        if (imap_client_is_alive(session->client) && imap_client_pending(session->client) == 0 &&
            !imap_client_is_building(session->client)) {
            imap_client_command(session->client, NULL, NULL, "LOGOUT");
            (void)imap_client_pump(session->client, 0);
        }
        imap_loop_remove(session->loop, session->client);
        imap_client_deinit(&session->client);
    }
    folder_list_deinit(&session->folders);
}

void session_judge(const struct session *session, int verdict_command,
                   const struct imap_answer *answer, const char *subject, struct fault *fault_r)
{
    struct verdict_question question = {session->side,  (enum verdict_command)verdict_command,
                                        answer->status, answer->code,
                                        answer->text,   subject};
    verdict_judge(&question, fault_r);
}

static bool session_refuse(const struct session *session, enum fault_code code, const char *what,
                           struct fault *fault_r)
{
    fault_set(fault_r, code, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, session->side,
              "the %s server %s %s", side_names[session->side], session->connection_options.host,
              what);
    return false;
}

/* One command and its answer; a refusal is judged. */
static bool session_do(struct session *session, int verdict_command, const char *command,
                       const char *subject, struct fault *fault_r)
{
    struct imap_answer answer = {0};
    imap_client_command(session->client, imap_answer_callback, &answer, "%s", command);
    if (!imap_loop_await(session->loop, session->client, &answer, fault_r))
        return false;
    if (answer.status == IMAP_STATUS_OK)
        return true;
    session_judge(session, verdict_command, &answer, subject, fault_r);
    return false;
}

static bool session_ask_capabilities(struct session *session, struct fault *fault_r)
{
    if (imap_client_knows_capabilities(session->client))
        return true;
    return session_do(session, VERDICT_OTHER, "CAPABILITY", "CAPABILITY", fault_r);
}

static bool session_await_greeting(struct session *session, struct fault *fault_r)
{
    while (imap_client_state(session->client) == IMAP_STATE_GREETING) {
        if (session->loop->stop != NULL && stop_is_requested(session->loop->stop))
            return session_refuse(session, FAULT_STOPPED, "was left: the run was stopped", fault_r);
        imap_loop_turn(session->loop);
    }
    if (imap_client_is_alive(session->client))
        return true;
    *fault_r = *imap_client_fault(session->client);
    return false;
}

/* RFC 9051 section 6.2.1. What was said before TLS is forgotten; bytes that came with the OK but
   before the handshake were injected by somebody. */
static bool session_start_tls(struct session *session, struct fault *fault_r)
{
    if (imap_client_state(session->client) != IMAP_STATE_NOT_AUTHENTICATED)
        return session_refuse(session, FAULT_TLS,
                              "claims to be signed in before TLS: somebody may be in between",
                              fault_r);
    if (!session_ask_capabilities(session, fault_r))
        return false;
    if (!imap_client_can(session->client, IMAP_CAP_STARTTLS))
        return session_refuse(
            session, FAULT_TLS,
            session->side == 1 ? "offers no TLS (STARTTLS) on this port. Use --ssl1 with the TLS "
                                 "port; --nossl1 --notls1 sends the password in clear"
                               : "offers no TLS (STARTTLS) on this port. Use --ssl2 with the TLS "
                                 "port; --nossl2 --notls2 sends the password in clear",
            fault_r);
    if (!session_do(session, VERDICT_OTHER, "STARTTLS", "STARTTLS", fault_r))
        return false;
    if (imap_client_has_input(session->client))
        return session_refuse(session, FAULT_TLS,
                              "sent answers ahead of TLS: somebody is in between", fault_r);
    imap_client_forget_capabilities(session->client);
    return connection_start_tls(imap_client_connection(session->client), fault_r);
}

/* Connected, with TLS if it starts with the first byte. *mode is settled where it was open. */
static struct connection *session_open_connection(struct session *session, enum tls_mode *mode,
                                                  struct fault *fault_r)
{
    struct connection *connection = connection_open(&session->connection_options, fault_r);
    if (connection == NULL || *mode == TLS_STARTTLS || *mode == TLS_NONE)
        return connection;
    if (connection_start_tls(connection, fault_r))
        return connection;
    connection_close(&connection);
    if (*mode != TLS_EITHER || fault_r->advice != FAULT_ADVICE_RETRY)
        return NULL;
    *mode = TLS_STARTTLS;
    return connection_open(&session->connection_options, fault_r);
}

static bool session_connect(struct session *session, struct fault *fault_r)
{
    enum tls_mode mode = session_tls_mode(session->own);
    struct imap_client_options options = {session->side, session->connection_options.timeout_msecs,
                                          SESSION_HOLD_MAX_BYTES,
                                          session->own->debugimap ? session->log : NULL};
    struct connection *connection = session_open_connection(session, &mode, fault_r);
    if (connection == NULL)
        return false;
    session->client = imap_client_init(connection, &options);
    imap_loop_add(session->loop, session->client);
    if (!session_await_greeting(session, fault_r))
        return false;
    log_line(session->log, "host%d %s:%u says: %s", session->side, session->own->host,
             (unsigned int)session->connection_options.port, imap_client_greeting(session->client));
    return mode != TLS_STARTTLS || session_start_tls(session, fault_r);
}

/* -- sign-in -- */

struct login {
    struct session *session;
    const char *user; /* as the server is told */
    const char *secret;
    struct buffer initial; /* PLAIN's message, sent on "+" without SASL-IR */
    struct imap_answer answer;
};

static void login_continuation(void *context, const char *text, size_t size)
{
    struct login *login = context;
    (void)text;
    (void)size;
    imap_client_send_line(login->session->client, buffer_str(&login->initial));
}

static void login_send_plain(struct login *login)
{
    struct imap_client *client = login->session->client;
    struct imap_events events = {login, NULL, NULL, NULL, NULL, login_continuation};
    imap_client_begin(client, true);
    imap_client_add(client, "AUTHENTICATE PLAIN");
    if (imap_client_can(client, IMAP_CAP_SASL_IR)) {
        imap_client_add_bytes(client, " ", 1);
        imap_client_add_bytes(client, login->initial.data, login->initial.used);
    } else {
        imap_client_set_events(client, &events);
    }
    imap_client_end(client, imap_answer_callback, &login->answer, 0);
}

static void login_send_login(struct login *login)
{
    struct imap_client *client = login->session->client;
    imap_client_begin(client, true);
    imap_client_add(client, "LOGIN ");
    imap_client_add_string(client, login->user);
    imap_client_add_bytes(client, " ", 1);
    imap_client_add_string(client, login->secret);
    imap_client_end(client, imap_answer_callback, &login->answer, 0);
}

/* A server may repeat what it was sent; the secret must not travel on in its words. */
static void login_hide_secret(struct login *login)
{
    const char *forms[] = {login->secret, buffer_str(&login->initial)};
    for (int i = 0; i < 2; i++) {
        size_t size = strlen(forms[i]);
        char *at = login->answer.text;
        while (size > 0 && (at = strstr(at, forms[i])) != NULL) {
            memset(at, '*', size);
            at += size;
        }
    }
}

static bool login_send(struct login *login, struct fault *fault_r)
{
    const struct session *session = login->session;
    const char *authuser = session->own->authuser;
    bool can_plain = imap_client_can(session->client, IMAP_CAP_AUTH_PLAIN);
    if (authuser != NULL && !can_plain)
        return session_refuse(session, FAULT_AUTH,
                              "does not offer AUTH=PLAIN, which authuser needs", fault_r);
    if (!can_plain && imap_client_can(session->client, IMAP_CAP_LOGINDISABLED))
        return session_refuse(
            session, FAULT_AUTH,
            "takes no passwords (LOGINDISABLED, and no AUTH=PLAIN). Microsoft 365 "
            "and Google want OAuth2",
            fault_r);
    if (!sasl_plain(authuser == NULL ? "" : login->user, authuser == NULL ? login->user : authuser,
                    login->secret, &login->initial))
        return session_refuse(session, FAULT_AUTH, "can't be told so long a password", fault_r);
    if (can_plain)
        login_send_plain(login);
    else
        login_send_login(login);
    return true;
}

static bool session_login(struct session *session, struct fault *fault_r)
{
    struct login login = {.session = session};
    char *user = settings_login_name(session->settings, session->side);
    char *secret = NULL;
    bool is_signed_in = false;
    if (imap_client_state(session->client) == IMAP_STATE_AUTHENTICATED) {
        mem_free(user);
        return true; /* PREAUTH */
    }
    buffer_init_secret(&login.initial, 256 * 1024);
    if (settings_resolve_secret(session->settings, session->side, &secret, fault_r)) {
        login.user = user;
        login.secret = secret;
        if (login_send(&login, fault_r) &&
            imap_loop_await(session->loop, session->client, &login.answer, fault_r)) {
            is_signed_in = login.answer.status == IMAP_STATUS_OK;
            login_hide_secret(&login);
            if (!is_signed_in)
                session_judge(session, VERDICT_LOGIN, &login.answer, user, fault_r);
        }
    }
    imap_client_set_events(session->client, NULL);
    buffer_deinit(&login.initial);
    mem_free_secret(&secret);
    mem_free(user);
    return is_signed_in;
}

bool session_open(struct session *session, struct fault *fault_r)
{
    if (!session_connect(session, fault_r))
        return false;
    if (!session_ask_capabilities(session, fault_r))
        return false;
    /* Capabilities may grow with the sign-in; if the OK does not bring them they are asked for. */
    if (!session_login(session, fault_r))
        return false;
    if (imap_client_state(session->client) != IMAP_STATE_AUTHENTICATED)
        imap_client_set_authenticated(session->client);
    if (!imap_client_heard_capabilities_since_login(session->client)) {
        imap_client_forget_capabilities(session->client);
        if (!session_ask_capabilities(session, fault_r))
            return false;
    }
    log_line(session->log, "host%d signed in as %s%s%s%s%s", session->side, session->own->user,
             session->own->shared == NULL ? "" : "\\",
             session->own->shared == NULL ? "" : session->own->shared,
             session->own->authuser == NULL ? "" : " by the admin ",
             session->own->authuser == NULL ? "" : session->own->authuser);
    return true;
}

/* -- folders -- */

static void take_attributes(const struct imap_token *list, unsigned int *attributes)
{
    if (list->type != IMAP_TOKEN_LIST)
        return;
    for (size_t i = 1; i <= list->inside; i++)
        *attributes |= folder_attribute_parse(list[i].data, list[i].size);
}

/* "LIST (attributes) separator name", RFC 9051 section 7.3.1; LSUB alike. */
static bool take_list(struct folder_list *folders, const struct imap_response *response,
                      bool is_lsub)
{
    const struct imap_token *tokens = response->tokens;
    unsigned int attributes = 0;
    char separator = '\0';
    if (response->token_count < 3 || tokens[0].type != IMAP_TOKEN_LIST)
        return false;
    take_attributes(&tokens[0], &attributes);
    size_t i = imap_token_next(tokens, 0);
    if (i + 1 >= response->token_count || !imap_token_is_string(&tokens[i + 1]))
        return false;
    if (tokens[i].type != IMAP_TOKEN_NIL) {
        char *text = imap_token_strdup(&tokens[i]);
        separator = text[0];
        mem_free(text);
    }
    char *name = imap_token_strdup(&tokens[i + 1]);
    bool is_added = true;
    if (is_lsub) {
        /* LSUB also names folders that are gone: it adds to known ones only. */
        struct folder *folder = folder_list_find(folders, name);
        if (folder != NULL && (attributes & FOLDER_NOSELECT) == 0)
            folder->attributes |= FOLDER_SUBSCRIBED;
    } else {
        is_added = folder_list_add(folders, name, strlen(name), separator, attributes) != NULL;
    }
    mem_free(name);
    return is_added;
}

/* "STATUS name (MESSAGES 3 ...)" */
static void take_status(struct folder_list *folders, const struct imap_response *response)
{
    const struct imap_token *tokens = response->tokens;
    if (response->token_count < 2 || !imap_token_is_string(&tokens[0]) ||
        tokens[1].type != IMAP_TOKEN_LIST)
        return;
    char *name = imap_token_strdup(&tokens[0]);
    struct folder *folder = folder_list_find(folders, name);
    mem_free(name);
    if (folder == NULL)
        return;
    for (size_t i = 2; i + 1 < response->token_count; i += 2) {
        uint64_t number;
        if (imap_token_is(&tokens[i], "MESSAGES") &&
            imap_token_uint64(&tokens[i + 1], UINT64_MAX, &number)) {
            folder->messages = number;
            folder->has_status = true;
        }
    }
}

/* One class of namespaces, e.g. (("INBOX." ".")), RFC 2342 section 6. */
static void take_namespace_class(struct folder_list *folders, const struct imap_token *list,
                                 bool is_personal)
{
    if (list->type != IMAP_TOKEN_LIST)
        return;
    for (size_t i = 1; i <= list->inside; i = imap_token_next(list, i)) {
        if (list[i].type != IMAP_TOKEN_LIST || list[i].inside < 2)
            continue;
        char *prefix = imap_token_strdup(&list[i + 1]);
        char *separator = imap_token_strdup(&list[i + 2]);
        if (!is_personal) {
            folder_list_add_foreign_prefix(folders, prefix, strlen(prefix));
        } else if (!folders->has_namespace) {
            folders->has_namespace = true;
            folders->prefix = mem_strdup(prefix);
            folders->separator = separator[0];
        }
        mem_free(prefix);
        mem_free(separator);
    }
}

static void take_namespace(struct folder_list *folders, const struct imap_response *response)
{
    size_t i = 0;
    for (int class = 0; class < 3 && i < response->token_count; class ++) {
        take_namespace_class(folders, &response->tokens[i], class == 0);
        i = imap_token_next(response->tokens, i);
    }
}

static enum imap_taken session_untagged(void *context, const struct imap_response *response)
{
    struct session *session = context;
    const char *name = response->name;
    size_t size = response->name_size;
    bool is_good = true;
    if (str_iequals_n(name, size, "LIST"))
        is_good = take_list(&session->folders, response, false);
    else if (str_iequals_n(name, size, "LSUB"))
        is_good = take_list(&session->folders, response, true);
    else if (str_iequals_n(name, size, "STATUS"))
        take_status(&session->folders, response);
    else if (str_iequals_n(name, size, "NAMESPACE"))
        take_namespace(&session->folders, response);
    if (!is_good)
        session->is_list_bad = true;
    return IMAP_TAKEN;
}

/* With LIST-EXTENDED one command tells all; else LSUB knows the subscriptions. */
static void session_send_list(struct session *session, bool with_status, struct imap_answer *list,
                              struct imap_answer *lsub)
{
    struct imap_client *client = session->client;
    if (!imap_client_can(client, IMAP_CAP_LIST_EXTENDED)) {
        imap_client_command(client, imap_answer_callback, list, "LIST \"\" \"*\"");
        imap_client_command(client, imap_answer_callback, lsub, "LSUB \"\" \"*\"");
        return;
    }
    imap_client_command(
        client, imap_answer_callback, list, "LIST \"\" \"*\" RETURN (SUBSCRIBED%s%s)",
        imap_client_can(client, IMAP_CAP_SPECIAL_USE) ? " SPECIAL-USE" : "",
        with_status && imap_client_can(client, IMAP_CAP_LIST_STATUS) ? " STATUS (MESSAGES)" : "");
    lsub->is_done = true;
    lsub->status = IMAP_STATUS_OK;
}

bool session_list(struct session *session, bool with_status, struct fault *fault_r)
{
    struct imap_client *client = session->client;
    struct imap_events events = {session, session_untagged, NULL, NULL, NULL, NULL};
    struct imap_answer list = {0};
    struct imap_answer lsub = {0};
    imap_client_set_events(client, &events);
    if (imap_client_can(client, IMAP_CAP_ID))
        imap_client_command(client, NULL, NULL, "ID (\"name\" \"mailconvoy\")");
    if (imap_client_can(client, IMAP_CAP_NAMESPACE))
        imap_client_command(client, NULL, NULL, "NAMESPACE");
    session_send_list(session, with_status, &list, &lsub);
    bool is_heard = imap_loop_await(session->loop, client, &list, fault_r) &&
                    imap_loop_await(session->loop, client, &lsub, fault_r);
    if (imap_client_is_alive(client))
        imap_client_set_events(client, NULL);
    if (!is_heard)
        return false;
    const struct imap_answer *bad = list.status != IMAP_STATUS_OK ? &list : &lsub;
    if (bad->status != IMAP_STATUS_OK) {
        session_judge(session, VERDICT_LIST, bad, "", fault_r);
        return false;
    }
    if (session->is_list_bad)
        return session_refuse(session, FAULT_LISTING,
                              "listed a folder in a way that can't be understood", fault_r);
    return true;
}
