/* SPDX-License-Identifier: MIT */
#include "sync/imap/client_private.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define CLIENT_OUT_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define CLIENT_IN_MAX_BYTES  (IMAP_FRAME_MAX_BYTES + (size_t)512 * 1024)

static const char *const state_names[] = {
    "connecting",    "TLS handshake", "greeting", "not authenticated",
    "authenticated", "selected",      "closed"};

/* The only way to change the state. What is closed stays so: a caller may tell of an answer that
   came just before the end. */
void client_set_state(struct imap_client *client, enum imap_client_state state)
{
    if (client->state == state || client->state == IMAP_STATE_CLOSED)
        return;
    if (client->options.trace != NULL)
        log_line(client->options.trace, "host%d state %s -> %s", client->options.side,
                 state_names[client->state], state_names[state]);
    client->state = state;
}

void client_trace(struct imap_client *client, const char *direction, const char *text, size_t size)
{
    if (client->options.trace == NULL)
        return;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    bool is_cut = size > CLIENT_TRACE_MAX;
    log_line(client->options.trace, "host%d %s %.*s%s", client->options.side, direction,
             (int)(is_cut ? CLIENT_TRACE_MAX : size), text, is_cut ? " ..." : "");
}

struct imap_client *imap_client_init(struct connection *connection,
                                     const struct imap_client_options *options)
{
    struct imap_client *client = mem_alloc(sizeof(*client));
    client->options = *options;
    client->connection = connection;
    client->state = IMAP_STATE_CONNECTING;
    client->state_after_tls = IMAP_STATE_GREETING;
    client->unasked_max_bytes = UINT64_MAX;
    client->append_limit = UINT64_MAX;
    /* Passwords pass through the output buffer; bodies need no wiping, but share it. */
    buffer_init(&client->out, CLIENT_OUT_MAX_BYTES);
    buffer_init(&client->in, CLIENT_IN_MAX_BYTES);
    buffer_init(&client->trace_line, CLIENT_TRACE_MAX);
    buffer_init(&client->early_text, IMAP_FRAME_MAX_BYTES);
    client->active_nsecs = clock_mono_nsecs();
    return client;
}

void client_mailbox_reset(struct imap_mailbox *mailbox)
{
    mem_free(mailbox->permanentflags);
    memset(mailbox, 0, sizeof(*mailbox));
}

void imap_client_deinit(struct imap_client **client_p)
{
    struct imap_client *client = *client_p;
    if (client == NULL)
        return;
    *client_p = NULL;
    connection_close(&client->connection);
    while (client->first != NULL) {
        struct imap_command *command = client->first;
        client->first = command->next;
        mem_free(command);
    }
    mem_free(client->building);
    client_mailbox_reset(&client->mailbox);
    mem_free(client->sync_points);
    mem_wipe(client->out.base, client->out.alloc);
    buffer_deinit(&client->out);
    buffer_deinit(&client->in);
    buffer_deinit(&client->trace_line);
    buffer_deinit(&client->early_text);
    imap_parser_deinit(&client->parser);
    mem_free(client);
}

void imap_client_set_events(struct imap_client *client, const struct imap_events *events)
{
    memset(&client->events, 0, sizeof(client->events));
    if (events != NULL)
        client->events = *events;
}

void imap_client_fail(struct imap_client *client, const struct fault *fault)
{
    static const struct imap_reply lost = {IMAP_STATUS_NONE, "", 0, "", 0};
    if (client->state == IMAP_STATE_CLOSED)
        return;
    client->fault = *fault;
    if (client->has_bye && fault->server[0] == '\0')
        fault_set_server(&client->fault, client->greeting, strlen(client->greeting));
    client_set_state(client, IMAP_STATE_CLOSED);
    connection_close(&client->connection);
    while (client->first != NULL) {
        struct imap_command *command = client->first;
        client->first = command->next;
        client->pending--;
        if (command->callback != NULL)
            command->callback(command->context, command->number, &lost);
        mem_free(command);
    }
    client->last = NULL;
}

void client_fail_protocol(struct imap_client *client, const char *what, const char *text,
                          size_t size)
{
    struct fault fault;
    fault_set(&fault, FAULT_PROTOCOL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
              client->options.side, "the %s server %s sent something that is no IMAP: %s",
              client->options.side == 1 ? "source" : "destination",
              connection_name(client->connection), what);
    fault_set_server(&fault, text, size);
    imap_client_fail(client, &fault);
}

static bool client_is_connecting(const struct imap_client *client)
{
    return client->state == IMAP_STATE_CONNECTING || client->state == IMAP_STATE_TLS;
}

/* One more step towards a connection that IMAP can be spoken on. */
static bool client_connect(struct imap_client *client, int64_t now_nsecs)
{
    struct fault fault;
    enum connection_progress progress = client->state == IMAP_STATE_CONNECTING
                                            ? connection_connect(client->connection, &fault)
                                            : connection_start_tls(client->connection, &fault);
    if (progress == CONNECTION_WAITING)
        return false;
    client->active_nsecs = now_nsecs;
    if (progress == CONNECTION_FAILED)
        imap_client_fail(client, &fault);
    else if (client->state == IMAP_STATE_TLS)
        client_set_state(client, client->state_after_tls);
    else
        client_set_state(client,
                         client->options.has_implicit_tls ? IMAP_STATE_TLS : IMAP_STATE_GREETING);
    return true;
}

void imap_client_send_starttls(struct imap_client *client, imap_command_callback *callback,
                               void *context)
{
    imap_client_command(client, callback, context, "STARTTLS");
    client->is_tls_expected = true;
}

void imap_client_start_tls(struct imap_client *client)
{
    client->is_tls_expected = client->is_tls_due = false;
    client->state_after_tls = client->state;
    client->active_nsecs = clock_mono_nsecs();
    client_set_state(client, IMAP_STATE_TLS);
}

void imap_client_time_out(struct imap_client *client, int64_t now_nsecs)
{
    struct fault fault;
    bool is_connecting = client_is_connecting(client);
    if (client->state == IMAP_STATE_CONNECTING && connection_try_next_address(client->connection)) {
        client->active_nsecs = now_nsecs;
        return;
    }
    fault_set(&fault, FAULT_TIMEOUT, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
              client->options.side, "the %s server %s is silent: %s. %s",
              client->options.side == 1 ? "source" : "destination",
              connection_name(client->connection),
              is_connecting ? "no connection in time" : "no answer in time",
              is_connecting ? "Check host and port, and that no firewall is between"
                            : "It may be overloaded; --timeout SECONDS waits longer");
    imap_client_fail(client, &fault);
}

void imap_client_excuse(struct imap_client *client, int64_t nsecs)
{
    client->active_nsecs += nsecs;
}

bool imap_client_pump(struct imap_client *client, int64_t now_nsecs)
{
    bool has_moved = client_is_connecting(client);
    if (has_moved && !client_connect(client, now_nsecs))
        return false;
    if (client_is_connecting(client) || client->state == IMAP_STATE_CLOSED)
        return has_moved;
    has_moved |= client_write(client, now_nsecs, false);
    if (client->state == IMAP_STATE_CLOSED)
        return has_moved;
    has_moved |= client_dispatch(client);
    if (client_read(client, now_nsecs)) {
        client_dispatch(client);
        has_moved = true;
    }
    client_watch(client, now_nsecs);
    has_moved |= client_write(client, now_nsecs, false);
    return has_moved;
}

short imap_client_poll_events(const struct imap_client *client)
{
    short events = 0;
    if (client->state == IMAP_STATE_CLOSED)
        return 0;
    if (client_is_connecting(client))
        return connection_step_events(client->connection);
    if (!client->is_blocked)
        events |= connection_read_events(client->connection);
    /* What waits for the rest of its record waits for no room, unless it was refused some. */
    bool is_all_due = client->is_full || !client->is_polled;
    if (client_sendable_now(client, is_all_due) > 0 || connection_has_unsent(client->connection))
        events |= connection_write_events(client->connection);
    return events;
}

bool imap_client_push(struct imap_client *client, int64_t now_nsecs)
{
    return client->building != NULL && client->state > IMAP_STATE_GREETING &&
           client->state != IMAP_STATE_CLOSED && client_write(client, now_nsecs, true);
}

void imap_client_set_ready(struct imap_client *client)
{
    client->is_polled = true;
    client->is_dry = false;
    client->is_full = false;
}

int imap_client_fd(const struct imap_client *client)
{
    return client->state == IMAP_STATE_CLOSED ? -1 : connection_fd(client->connection);
}

unsigned int imap_client_refusals(const struct imap_client *client)
{
    return client->refusals;
}

int imap_client_side(const struct imap_client *client)
{
    return client->options.side;
}

int64_t imap_client_deadline(const struct imap_client *client)
{
    /* Of a command that is still being given, the server has to take what is there. */
    bool is_answer_due = client->pending > 0 || client->state <= IMAP_STATE_GREETING ||
                         client->out.used > 0 || client_has_unsent(client);
    if (client->state == IMAP_STATE_CLOSED || client->is_blocked || !is_answer_due ||
        client->options.timeout_msecs == 0)
        return 0;
    return client->active_nsecs + client->options.timeout_msecs * CLOCK_NSECS_PER_MSEC;
}

/* -- what it knows -- */

enum imap_client_state imap_client_state(const struct imap_client *client)
{
    return client->state;
}

bool imap_client_is_alive(const struct imap_client *client)
{
    return client->state != IMAP_STATE_CLOSED;
}

const struct fault *imap_client_fault(const struct imap_client *client)
{
    return &client->fault;
}

const char *imap_client_refusal(const struct imap_client *client)
{
    return client->refusal;
}

const char *imap_client_greeting(const struct imap_client *client)
{
    return client->greeting;
}

bool imap_client_can(const struct imap_client *client, enum imap_capability capability)
{
    return (client->capabilities & (unsigned int)capability) != 0;
}

uint64_t imap_client_append_limit(const struct imap_client *client)
{
    return client->append_limit;
}

bool imap_client_knows_capabilities(const struct imap_client *client)
{
    return client->has_capabilities;
}

void imap_client_forget_capabilities(struct imap_client *client)
{
    client->has_capabilities = false;
    client->capabilities = 0;
    client->append_limit = UINT64_MAX;
}

const struct imap_mailbox *imap_client_mailbox(const struct imap_client *client)
{
    return &client->mailbox;
}

void imap_client_mailbox_begin(struct imap_client *client)
{
    if (client->pending == 0)
        client_mailbox_reset(&client->mailbox);
    client->is_next_opening = true;
}

void imap_client_set_authenticated(struct imap_client *client)
{
    client_set_state(client, IMAP_STATE_AUTHENTICATED);
}

void imap_client_set_selected(struct imap_client *client, bool is_selected)
{
    client_set_state(client, is_selected ? IMAP_STATE_SELECTED : IMAP_STATE_AUTHENTICATED);
}

bool imap_client_heard_capabilities_since_login(const struct imap_client *client)
{
    return client->has_login_capabilities;
}

bool imap_client_has_input(const struct imap_client *client)
{
    return client->in.used > 0;
}

struct connection *imap_client_connection(struct imap_client *client)
{
    return client->connection;
}

bool imap_client_is_building(const struct imap_client *client)
{
    return client->building != NULL;
}

size_t imap_client_unsent_bytes(const struct imap_client *client)
{
    return client->out.used;
}

size_t imap_client_pending(const struct imap_client *client)
{
    return client->pending;
}
