/* SPDX-License-Identifier: MIT */
#include "sync/imap/client.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/imap/connection.h"

#define CLIENT_READ_BYTES     ((size_t)32 * 1024)
#define CLIENT_TURN_BYTES     ((size_t)256 * 1024) /* read at most so much before dispatching */
#define CLIENT_OUT_MAX_BYTES  ((size_t)16 * 1024 * 1024)
#define CLIENT_LITERAL_MINUS  4096 /* RFC 7888 section 5 */
#define CLIENT_TRACE_MAX      1024
#define CLIENT_KEEP_OUT_BYTES ((size_t)512 * 1024)

struct imap_command {
    struct imap_command *next;
    char tag[16];
    uint64_t start; /* stream positions of its bytes: [start, end) */
    uint64_t end;
    imap_command_callback *callback;
    void *context;
    uint32_t number;
};

struct imap_client {
    struct imap_client_options options;
    struct connection *connection;
    enum imap_client_state state;
    struct fault fault; /* why CLOSED */
    struct imap_events events;
    unsigned int capabilities;
    bool has_capabilities;
    bool has_login_capabilities; /* heard since the last secret command was begun */
    struct imap_mailbox mailbox;
    char greeting[256]; /* then the BYE */
    bool has_bye;

    /* output */
    struct buffer out;
    uint64_t out_position; /* stream position of out.data[0] */
    uint64_t *sync_points; /* positions that wait for "+", ascending */
    size_t sync_count;
    size_t sync_alloc;
    struct imap_command *first; /* unanswered, in the order they were begun */
    struct imap_command *last;
    size_t pending;
    struct imap_command *building; /* open, not in the list yet */
    bool is_building_secret;
    bool is_refused; /* its literal was not invited: bytes that still come for it are dropped */
    enum imap_status early_status; /* the answer to the building command, if it came already */
    struct buffer early_text;
    struct buffer trace_line;
    uint32_t tag_counter;

    /* input */
    struct buffer in;
    struct imap_framer framer;
    struct imap_parser parser;
    uint64_t literal_left; /* of a streamed literal */
    bool is_streaming;
    bool is_passing_over; /* nobody wants that literal */
    bool is_blocked;      /* an event said "not now" */
    int64_t active_nsecs; /* when a byte moved last */
};

static const char *const state_names[] = {"greeting", "not authenticated", "authenticated",
                                          "selected", "closed"};

/* The only way to change the state. */
static void client_set_state(struct imap_client *client, enum imap_client_state state)
{
    if (client->state == state)
        return;
    if (client->options.trace != NULL)
        log_line(client->options.trace, "host%d state %s -> %s", client->options.side,
                 state_names[client->state], state_names[state]);
    client->state = state;
}

static void client_trace(struct imap_client *client, const char *direction, const char *text,
                         size_t size)
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
    /* Passwords pass through the output buffer; bodies need no wiping, but share it. */
    buffer_init(&client->out, CLIENT_OUT_MAX_BYTES);
    buffer_init(&client->in, IMAP_FRAME_MAX_BYTES + CLIENT_TURN_BYTES);
    buffer_init(&client->trace_line, CLIENT_TRACE_MAX);
    buffer_init(&client->early_text, IMAP_FRAME_MAX_BYTES);
    client->active_nsecs = clock_mono_nsecs();
    return client;
}

static void mailbox_reset(struct imap_mailbox *mailbox)
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
    mailbox_reset(&client->mailbox);
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

static void client_fail_protocol(struct imap_client *client, const char *what, const char *text,
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

/* -- capabilities and the selected mailbox -- */

static const struct {
    const char *name;
    enum imap_capability capability;
} capability_names[] = {
    {"LITERAL+", IMAP_CAP_LITERAL_PLUS},
    {"LITERAL-", IMAP_CAP_LITERAL_MINUS},
    {"SASL-IR", IMAP_CAP_SASL_IR},
    {"AUTH=PLAIN", IMAP_CAP_AUTH_PLAIN},
    {"LOGINDISABLED", IMAP_CAP_LOGINDISABLED},
    {"STARTTLS", IMAP_CAP_STARTTLS},
    {"UIDPLUS", IMAP_CAP_UIDPLUS},
    {"UNSELECT", IMAP_CAP_UNSELECT},
    {"NAMESPACE", IMAP_CAP_NAMESPACE},
    {"ID", IMAP_CAP_ID},
    {"LIST-STATUS", IMAP_CAP_LIST_STATUS},
    {"LIST-EXTENDED", IMAP_CAP_LIST_EXTENDED},
    {"SPECIAL-USE", IMAP_CAP_SPECIAL_USE},
    {"MULTIAPPEND", IMAP_CAP_MULTIAPPEND},
    {"STATUS=SIZE", IMAP_CAP_STATUS_SIZE},
    {"CONDSTORE", IMAP_CAP_CONDSTORE},
    {"QRESYNC", IMAP_CAP_QRESYNC},
};

static void client_set_capabilities(struct imap_client *client, const struct imap_token *tokens,
                                    size_t count)
{
    client->capabilities = 0;
    client->has_capabilities = true;
    client->has_login_capabilities = true;
    for (size_t i = 0; i < count; i = imap_token_next(tokens, i)) {
        for (size_t k = 0; k < sizeof(capability_names) / sizeof(capability_names[0]); k++) {
            if (imap_token_is(&tokens[i], capability_names[k].name))
                client->capabilities |= (unsigned int)capability_names[k].capability;
        }
    }
}

static void mailbox_set_permanentflags(struct imap_mailbox *mailbox,
                                       const struct imap_token *tokens, size_t count)
{
    struct buffer flags;
    buffer_init(&flags, 64 * 1024);
    buffer_append_byte(&flags, ' ');
    for (size_t i = 0; i < count; i++) {
        if (imap_token_is(&tokens[i], "\\*"))
            mailbox->may_create_keywords = true;
        buffer_append(&flags, tokens[i].data, tokens[i].size);
        buffer_append_byte(&flags, ' ');
    }
    mailbox->has_permanentflags = count > 0;
    mem_free(mailbox->permanentflags);
    mailbox->permanentflags = mem_strndup(flags.data, flags.used);
    buffer_deinit(&flags);
}

/* A response code (RFC 9051 section 7.1). Unknown ones mean nothing. */
static void client_take_code(struct imap_client *client, const struct imap_response *response)
{
    struct imap_parser parser = {NULL, 0, 0};
    uint64_t number;
    if (response->code_size == 0 ||
        !imap_parser_tokens(&parser, response->code, response->code_size) || parser.count == 0) {
        imap_parser_deinit(&parser);
        return;
    }
    const struct imap_token *name = &parser.tokens[0];
    const struct imap_token *value = parser.count > 1 ? &parser.tokens[1] : name;
    if (imap_token_is(name, "CAPABILITY"))
        client_set_capabilities(client, name + 1, parser.count - 1);
    else if (imap_token_is(name, "PERMANENTFLAGS") && value->type == IMAP_TOKEN_LIST)
        mailbox_set_permanentflags(&client->mailbox, value + 1, value->inside);
    else if (imap_token_is(name, "UIDVALIDITY") && imap_token_uint64(value, UINT32_MAX, &number))
        client->mailbox.uidvalidity = (uint32_t)number;
    else if (imap_token_is(name, "UIDNEXT") && imap_token_uint64(value, UINT32_MAX, &number))
        client->mailbox.uidnext = (uint32_t)number;
    imap_parser_deinit(&parser);
}

/* -- answers -- */

/* The server answered instead of inviting the literal: its bytes must never be sent. A
   non-synchronising literal under way is different: the server goes on reading it. */
static bool client_cut_out(struct imap_client *client, uint64_t end)
{
    if (client->sync_count == 0 || client->sync_points[0] != client->out_position ||
        client->out_position >= end)
        return false;
    buffer_consume(&client->out, (size_t)(end - client->out_position));
    client->out_position = end;
    size_t passed = 0;
    while (passed < client->sync_count && client->sync_points[passed] < end)
        passed++;
    client->sync_count -= passed;
    memmove(client->sync_points, client->sync_points + passed,
            client->sync_count * sizeof(*client->sync_points));
    return true;
}

static struct imap_command *client_take_command(struct imap_client *client,
                                                const struct imap_response *response)
{
    struct imap_command *previous = NULL;
    for (struct imap_command *command = client->first; command != NULL; command = command->next) {
        if (str_iequals_n(response->tag, response->tag_size, command->tag)) {
            if (previous == NULL)
                client->first = command->next;
            else
                previous->next = command->next;
            if (client->last == command)
                client->last = previous;
            client->pending--;
            return command;
        }
        previous = command;
    }
    return NULL;
}

/* The open command is answered before it was given completely: a refusal. Its callback hears of it
   when the command ends. */
static void client_take_early(struct imap_client *client, const struct imap_response *response)
{
    if (response->status == IMAP_STATUS_OK) {
        client_fail_protocol(client, "OK to a command that was not complete", response->text,
                             response->text_size);
        return;
    }
    client->early_status = response->status;
    buffer_clear(&client->early_text);
    buffer_append(&client->early_text, response->text, response->text_size);
    client->is_refused = client_cut_out(client, client->out_position + client->out.used);
}

static void client_take_tagged(struct imap_client *client, const struct imap_response *response)
{
    struct imap_reply reply = {response->status, response->code, response->code_size,
                               response->text, response->text_size};
    client_take_code(client, response);
    if (client->building != NULL &&
        str_iequals_n(response->tag, response->tag_size, client->building->tag)) {
        client_take_early(client, response);
        return;
    }
    struct imap_command *command = client_take_command(client, response);
    if (command == NULL) {
        client_fail_protocol(client, "an answer to a command that was not given", response->tag,
                             response->tag_size);
        return;
    }
    (void)client_cut_out(client, command->end);
    if (command->callback != NULL)
        command->callback(command->context, command->number, &reply);
    mem_free(command);
}

static void client_take_continuation(struct imap_client *client,
                                     const struct imap_response *response)
{
    if (client->sync_count > 0 && client->sync_points[0] == client->out_position) {
        client->sync_count--;
        memmove(client->sync_points, client->sync_points + 1,
                client->sync_count * sizeof(*client->sync_points));
    } else if (client->events.continuation != NULL) {
        client->events.continuation(client->events.context, response->text, response->text_size);
    }
}

static void client_take_status(struct imap_client *client, const struct imap_response *response)
{
    if (client->state == IMAP_STATE_GREETING || response->status == IMAP_STATUS_BYE) {
        size_t size = response->text_size < sizeof(client->greeting) - 1
                          ? response->text_size
                          : sizeof(client->greeting) - 1;
        memcpy(client->greeting, response->text, size);
        client->greeting[size] = '\0';
    }
    client_take_code(client, response);
    if (response->status == IMAP_STATUS_BYE)
        client->has_bye = true;
    else if (client->state == IMAP_STATE_GREETING && response->status == IMAP_STATUS_OK)
        client_set_state(client, IMAP_STATE_NOT_AUTHENTICATED);
    else if (client->state == IMAP_STATE_GREETING && response->status == IMAP_STATUS_PREAUTH)
        client_set_state(client, IMAP_STATE_AUTHENTICATED);
    else if (client->state == IMAP_STATE_GREETING)
        client_fail_protocol(client, "a greeting that is none", response->text,
                             response->text_size);
}

static enum imap_taken client_take_untagged(struct imap_client *client,
                                            const struct imap_response *response)
{
    if (response->status != IMAP_STATUS_NONE) {
        client_take_status(client, response);
    } else if (client->state == IMAP_STATE_GREETING) {
        client_fail_protocol(client, "no greeting", response->name, response->name_size);
    } else if (str_iequals_n(response->name, response->name_size, "CAPABILITY")) {
        client_set_capabilities(client, response->tokens, response->token_count);
    } else if (response->has_number &&
               str_iequals_n(response->name, response->name_size, "EXISTS")) {
        if (!client->mailbox.has_exists)
            client->mailbox.exists_at_open = response->number;
        client->mailbox.has_exists = true;
        client->mailbox.exists = response->number;
    } else if (response->has_number &&
               str_iequals_n(response->name, response->name_size, "EXPUNGE")) {
        client->mailbox.expunged++;
        if (client->mailbox.exists > 0)
            client->mailbox.exists--;
    } else if (client->events.untagged != NULL) {
        return client->events.untagged(client->events.context, response);
    }
    return IMAP_TAKEN;
}

/* -- input -- */

enum dispatch {
    DISPATCH_TAKEN,
    DISPATCH_MORE,    /* needs more bytes */
    DISPATCH_BLOCKED, /* an event said "not now" */
};

static enum dispatch client_dispatch_literal(struct imap_client *client)
{
    size_t size = client->in.used;
    if (size > client->literal_left)
        size = (size_t)client->literal_left;
    if (size == 0)
        return DISPATCH_MORE;
    size_t taken = size;
    if (!client->is_passing_over)
        taken = client->events.literal_data(client->events.context, client->in.data, size);
    buffer_consume(&client->in, taken);
    client->literal_left -= taken;
    if (client->literal_left == 0)
        imap_framer_reset_remainder(&client->framer);
    return taken == size ? DISPATCH_TAKEN : DISPATCH_BLOCKED;
}

/* The frame ends in front of a large literal. */
static enum dispatch client_dispatch_stream(struct imap_client *client)
{
    struct imap_response response;
    size_t size = client->framer.frame_bytes;
    client->is_passing_over = client->is_streaming || client->events.literal_begin == NULL ||
                              client->events.literal_data == NULL;
    if (!client->is_passing_over) {
        if (!imap_parser_response(&client->parser, (const char *)client->in.data, size, true,
                                  &response)) {
            client_fail_protocol(client, "a response that can't be read",
                                 (const char *)client->in.data, size);
            return DISPATCH_TAKEN;
        }
        client_trace(client, "<", (const char *)client->in.data, size);
        if (client->events.literal_begin(client->events.context, &response,
                                         client->framer.literal_bytes) == IMAP_NOT_NOW)
            return DISPATCH_BLOCKED;
    }
    client->is_streaming = true;
    client->literal_left = client->framer.literal_bytes;
    buffer_consume(&client->in, size);
    return DISPATCH_TAKEN;
}

static enum dispatch client_dispatch_frame(struct imap_client *client)
{
    struct imap_response response;
    const char *frame = (const char *)client->in.data;
    size_t size = client->framer.frame_bytes;
    enum imap_taken taken = IMAP_TAKEN;
    if (client->is_streaming) {
        client->is_streaming = false;
        if (!imap_parser_remainder(&client->parser, frame, size))
            client_fail_protocol(client, "a response that can't be read", frame, size);
        else if (!client->is_passing_over && client->events.literal_end != NULL)
            client->events.literal_end(client->events.context, &client->parser);
    } else if (!imap_parser_response(&client->parser, frame, size, false, &response)) {
        client_fail_protocol(client, "a response that can't be read", frame, size);
    } else {
        if (!client->is_blocked)
            client_trace(client, "<", frame, size);
        if (response.kind == IMAP_RESPONSE_CONTINUATION)
            client_take_continuation(client, &response);
        else if (response.kind == IMAP_RESPONSE_TAGGED)
            client_take_tagged(client, &response);
        else
            taken = client_take_untagged(client, &response);
    }
    if (taken == IMAP_NOT_NOW)
        return DISPATCH_BLOCKED;
    buffer_consume(&client->in, size);
    imap_framer_reset(&client->framer);
    return DISPATCH_TAKEN;
}

static enum dispatch client_dispatch_one(struct imap_client *client)
{
    if (client->literal_left > 0)
        return client_dispatch_literal(client);
    switch (imap_framer_next(&client->framer, client->in.data, client->in.used,
                             client->options.hold_max_bytes)) {
    case IMAP_FRAME_MORE:
        return DISPATCH_MORE;
    case IMAP_FRAME_STREAM:
        return client_dispatch_stream(client);
    case IMAP_FRAME_DONE:
        return client_dispatch_frame(client);
    case IMAP_FRAME_BAD:
        break;
    }
    client_fail_protocol(client, "a response without end", "", 0);
    return DISPATCH_TAKEN;
}

/* True if anything was taken. */
static bool client_dispatch(struct imap_client *client)
{
    bool has_moved = false;
    while (client->state != IMAP_STATE_CLOSED && client->in.used > 0) {
        enum dispatch dispatch = client_dispatch_one(client);
        client->is_blocked = dispatch == DISPATCH_BLOCKED;
        if (dispatch != DISPATCH_TAKEN)
            break;
        has_moved = true;
    }
    return has_moved;
}

/* Reads what is there, up to a turn's worth. */
static bool client_read(struct imap_client *client, int64_t now_nsecs)
{
    size_t total = 0;
    struct fault fault;
    while (client->state != IMAP_STATE_CLOSED && !client->is_blocked && total < CLIENT_TURN_BYTES) {
        unsigned char *to = buffer_reserve(&client->in, CLIENT_READ_BYTES);
        if (to == NULL) {
            client_fail_protocol(client, "a response without end", "", 0);
            break;
        }
        int got = connection_read(client->connection, to, CLIENT_READ_BYTES, &fault);
        if (got < 0) {
            /* What came before the end may say why. */
            client_dispatch(client);
            imap_client_fail(client, &fault);
            return true;
        }
        if (got == 0)
            break;
        buffer_commit(&client->in, (size_t)got);
        client->active_nsecs = now_nsecs;
        total += (size_t)got;
    }
    return total > 0;
}

/* -- output -- */

/* How many bytes may be sent now: all, or up to the literal that waits for its "+". */
static size_t client_sendable(const struct imap_client *client)
{
    if (client->state == IMAP_STATE_CLOSED || client->state == IMAP_STATE_GREETING)
        return 0;
    if (client->sync_count > 0)
        return (size_t)(client->sync_points[0] - client->out_position);
    return client->out.used;
}

static bool client_write(struct imap_client *client, int64_t now_nsecs)
{
    bool has_moved = false;
    struct fault fault;
    size_t size;
    while ((size = client_sendable(client)) > 0) {
        int put = connection_write(client->connection, client->out.data, size, &fault);
        if (put < 0) {
            /* The server hung up: its last words may be waiting to be read. */
            client_read(client, now_nsecs);
            client_dispatch(client);
            imap_client_fail(client, &fault);
            return true;
        }
        if (put == 0)
            break;
        if (client->out.is_secret)
            mem_wipe(client->out.data, (size_t)put);
        buffer_consume(&client->out, (size_t)put);
        client->out_position += (uint64_t)put;
        client->active_nsecs = now_nsecs;
        has_moved = true;
    }
    if (client->out.used == 0 && client->out.alloc > CLIENT_KEEP_OUT_BYTES)
        buffer_shrink(&client->out, CLIENT_KEEP_OUT_BYTES);
    return has_moved;
}

bool imap_client_pump(struct imap_client *client, int64_t now_nsecs)
{
    bool has_moved = client_write(client, now_nsecs);
    if (client->state == IMAP_STATE_CLOSED)
        return has_moved;
    has_moved |= client_dispatch(client);
    if (client_read(client, now_nsecs)) {
        client_dispatch(client);
        has_moved = true;
    }
    has_moved |= client_write(client, now_nsecs);
    return has_moved;
}

short imap_client_poll_events(const struct imap_client *client)
{
    short events = 0;
    if (client->state == IMAP_STATE_CLOSED)
        return 0;
    if (!client->is_blocked)
        events |= connection_read_events(client->connection);
    if (client_sendable(client) > 0)
        events |= connection_write_events(client->connection);
    return events;
}

int imap_client_fd(const struct imap_client *client)
{
    return client->state == IMAP_STATE_CLOSED ? -1 : connection_fd(client->connection);
}

int imap_client_side(const struct imap_client *client)
{
    return client->options.side;
}

int64_t imap_client_deadline(const struct imap_client *client)
{
    bool is_answer_due = client->pending > 0 || client->state == IMAP_STATE_GREETING;
    if (client->state == IMAP_STATE_CLOSED || client->is_blocked || !is_answer_due ||
        client->options.timeout_msecs == 0)
        return 0;
    return client->active_nsecs + client->options.timeout_msecs * CLOCK_NSECS_PER_MSEC;
}

/* -- building commands -- */

void imap_client_begin(struct imap_client *client, bool is_secret)
{
    struct imap_command *command = mem_alloc(sizeof(*command));
    (void)snprintf(command->tag, sizeof(command->tag), "A%u", ++client->tag_counter);
    command->start = client->out_position + client->out.used;
    /* The time an answer is due is counted from the first unanswered command. */
    if (client->pending == 0)
        client->active_nsecs = clock_mono_nsecs();
    client->building = command;
    client->is_building_secret = is_secret;
    if (is_secret)
        client->has_login_capabilities = false;
    client->out.is_secret = is_secret;
    client->is_refused = false;
    client->early_status = IMAP_STATUS_NONE;
    buffer_clear(&client->trace_line);
    imap_client_add(client, "%s ", command->tag);
}

void imap_client_add_bytes(struct imap_client *client, const void *data, size_t size)
{
    struct fault fault;
    if (client->is_refused || client->state == IMAP_STATE_CLOSED)
        return;
    if (buffer_append(&client->out, data, size))
        return;
    fault_set(&fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
              client->options.side, "more was to be sent at once than fits into memory");
    imap_client_fail(client, &fault);
}

void imap_client_add(struct imap_client *client, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0)
        return;
    if ((size_t)length >= sizeof(text)) {
        struct fault fault;
        fault_set(&fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER,
                  client->options.side, "a command is too long to be sent");
        imap_client_fail(client, &fault);
        return;
    }
    imap_client_add_bytes(client, text, (size_t)length);
    if (client->is_building_secret)
        mem_wipe(text, (size_t)length);
    else if (client->options.trace != NULL)
        buffer_append(&client->trace_line, text, (size_t)length);
}

/* Quoted strings can't hold these (RFC 9051 section 4.3), and not every server takes 8-bit ones. */
static bool text_is_quotable(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '\r' || *p == '\n' || *p >= 0x80)
            return false;
    }
    return strlen(text) < 1000;
}

void imap_client_add_string(struct imap_client *client, const char *text)
{
    if (!text_is_quotable(text)) {
        imap_client_add_literal(client, strlen(text));
        imap_client_add_bytes(client, text, strlen(text));
        return;
    }
    char quoted[2 * 1000 + 3];
    size_t length = 0;
    quoted[length++] = '"';
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            quoted[length++] = '\\';
        quoted[length++] = *p;
    }
    quoted[length++] = '"';
    quoted[length] = '\0';
    imap_client_add(client, "%s", quoted);
    mem_wipe(quoted, sizeof(quoted));
}

static bool literal_needs_invitation(const struct imap_client *client, uint64_t size)
{
    if (imap_client_can(client, IMAP_CAP_LITERAL_PLUS))
        return false;
    return !imap_client_can(client, IMAP_CAP_LITERAL_MINUS) || size > CLIENT_LITERAL_MINUS;
}

void imap_client_add_literal(struct imap_client *client, uint64_t size)
{
    bool is_synchronising = literal_needs_invitation(client, size);
    imap_client_add(client, is_synchronising ? "{%llu}\r\n" : "{%llu+}\r\n",
                    (unsigned long long)size);
    if (is_synchronising && !client->is_refused) {
        MEM_GROW(client->sync_points, client->sync_count, client->sync_alloc);
        client->sync_points[client->sync_count++] = client->out_position + client->out.used;
    }
}

static void client_trace_command(struct imap_client *client)
{
    const char *line = buffer_str(&client->trace_line);
    if (client->is_building_secret)
        client_trace(client, ">", "(a command with a secret)", 25);
    else
        client_trace(client, ">", line, strlen(line));
}

void imap_client_end(struct imap_client *client, imap_command_callback *callback, void *context,
                     uint32_t number)
{
    struct imap_command *command = client->building;
    imap_client_add_bytes(client, "\r\n", 2);
    client_trace_command(client);
    buffer_clear(&client->trace_line);
    client->building = NULL;
    if (client->early_status != IMAP_STATUS_NONE || client->state == IMAP_STATE_CLOSED) {
        const char *text = buffer_str(&client->early_text);
        struct imap_reply reply = {client->early_status, "", 0, text, strlen(text)};
        client->early_status = IMAP_STATUS_NONE;
        client->is_refused = false;
        if (callback != NULL)
            callback(context, number, &reply);
        mem_free(command);
        return;
    }
    command->end = client->out_position + client->out.used;
    command->callback = callback;
    command->context = context;
    command->number = number;
    if (client->last == NULL)
        client->first = command;
    else
        client->last->next = command;
    client->last = command;
    client->pending++;
}

void imap_client_command(struct imap_client *client, imap_command_callback *callback, void *context,
                         const char *format, ...)
{
    char text[9000];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    imap_client_begin(client, false);
    if (length > 0 && (size_t)length < sizeof(text)) {
        imap_client_add_bytes(client, text, (size_t)length);
        buffer_append(&client->trace_line, text,
                      (size_t)length < CLIENT_TRACE_MAX / 2 ? (size_t)length
                                                            : CLIENT_TRACE_MAX / 2);
    }
    imap_client_end(client, callback, context, 0);
}

void imap_client_send_line(struct imap_client *client, const char *line)
{
    client->out.is_secret = true;
    imap_client_add_bytes(client, line, strlen(line));
    imap_client_add_bytes(client, "\r\n", 2);
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

const char *imap_client_greeting(const struct imap_client *client)
{
    return client->greeting;
}

bool imap_client_can(const struct imap_client *client, enum imap_capability capability)
{
    return (client->capabilities & (unsigned int)capability) != 0;
}

bool imap_client_knows_capabilities(const struct imap_client *client)
{
    return client->has_capabilities;
}

void imap_client_forget_capabilities(struct imap_client *client)
{
    client->has_capabilities = false;
    client->capabilities = 0;
}

const struct imap_mailbox *imap_client_mailbox(const struct imap_client *client)
{
    return &client->mailbox;
}

void imap_client_mailbox_begin(struct imap_client *client)
{
    mailbox_reset(&client->mailbox);
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
