/* SPDX-License-Identifier: MIT */
#include "sync/imap/client_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"

#define CLIENT_LITERAL_MINUS  4096                /* RFC 7888 section 5 */
#define CLIENT_RECORD_BYTES   ((size_t)16 * 1024) /* the most a TLS record holds */
#define CLIENT_KEEP_OUT_BYTES ((size_t)1024 * 1024)

/* -- the stream -- */

size_t client_sendable(const struct imap_client *client)
{
    if (client->state == IMAP_STATE_CLOSED || client->state <= IMAP_STATE_GREETING)
        return 0;
    uint64_t end = client->out_position + client->out.used;
    if (client->sync_count > 0)
        end = client->sync_points[0];
    return (size_t)(client_compress_limit(client, end) - client->out_position);
}

size_t client_sendable_now(const struct imap_client *client, bool all)
{
    size_t size = client_sendable(client);
    if (all || client->building == NULL || client->sync_count > 0)
        return size;
    return size - size % CLIENT_RECORD_BYTES;
}

bool client_has_unsent(const struct imap_client *client)
{
    return client->state != IMAP_STATE_CLOSED && connection_has_unsent(client->connection);
}

/* The server hung up: its last words may be waiting to be read. */
static void client_write_failed(struct imap_client *client, int64_t now_nsecs,
                                const struct fault *fault)
{
    client_read(client, now_nsecs);
    client_dispatch(client);
    imap_client_fail(client, fault);
}

bool client_write(struct imap_client *client, int64_t now_nsecs, bool all)
{
    bool has_moved = false;
    struct fault fault;
    size_t size;
    int put = 0;
    while (!client->is_full && (size = client_sendable_now(client, all)) > 0) {
        crash_point(CRASH_NET_WRITE);
        put = connection_write(client->connection, client->out.data, size, &fault);
        if (put <= 0) {
            client->is_full = put == 0 && client->is_polled;
            break;
        }
        if (client->out.is_secret)
            mem_wipe(client->out.data, (size_t)put);
        buffer_consume(&client->out, (size_t)put);
        client->out_position += (uint64_t)put;
        client->watched_bytes += (uint64_t)put;
        client->active_nsecs = now_nsecs;
        has_moved = true;
    }
    if (put >= 0 && !client->is_full && client->state != IMAP_STATE_CLOSED) {
        put = connection_flush(client->connection, &fault);
        client->is_full = client->is_polled && put == 0 && client_has_unsent(client);
    }
    if (put < 0) {
        client_write_failed(client, now_nsecs, &fault);
        return true;
    }
    if (put > 0) {
        client->active_nsecs = now_nsecs;
        has_moved = true;
    }
    if (client->out.used == 0 && client->out.alloc > CLIENT_KEEP_OUT_BYTES)
        buffer_shrink(&client->out, CLIENT_KEEP_OUT_BYTES);
    return has_moved;
}

bool client_cut_out(struct imap_client *client, uint64_t end)
{
    if (client->sync_count == 0 || client->sync_points[0] != client->out_position ||
        client->out_position > end)
        return false;
    buffer_consume(&client->out, (size_t)(end - client->out_position));
    client->out_position = end;
    size_t passed = 0;
    while (passed < client->sync_count && client->sync_points[passed] <= end)
        passed++;
    client->sync_count -= passed;
    memmove(client->sync_points, client->sync_points + passed,
            client->sync_count * sizeof(*client->sync_points));
    return true;
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
    command->is_secret = is_secret;
    command->is_opening = client->is_next_opening;
    client->is_next_opening = false;
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
    /* What is given now may have been long in coming: the server's time to take it begins here. */
    if (client->out.used == 0)
        client->active_nsecs = clock_mono_nsecs();
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
    if (size > client->unasked_max_bytes)
        return true;
    if (imap_client_can(client, IMAP_CAP_LITERAL_PLUS))
        return false;
    return !imap_client_can(client, IMAP_CAP_LITERAL_MINUS) || size > CLIENT_LITERAL_MINUS;
}

void imap_client_set_unasked_max(struct imap_client *client, uint64_t max_bytes)
{
    client->unasked_max_bytes = max_bytes;
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
        struct imap_reply reply = {client->early_status, client->early_code,
                                   strlen(client->early_code), text, strlen(text)};
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
    if (client->is_compress_wanted)
        imap_client_compress(client);
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
