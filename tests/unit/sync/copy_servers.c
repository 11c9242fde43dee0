/* SPDX-License-Identifier: MIT */
#include "tests/unit/sync/copy_servers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"

static int server_byte(struct copy_server *server)
{
    if (server->in_at == server->in_used) {
        ssize_t got = recv(server->fd, server->in, sizeof(server->in), 0);
        if (got <= 0)
            return -1;
        server->in_used = (size_t)got;
        server->in_at = 0;
    }
    return (unsigned char)server->in[server->in_at++];
}

/* A line without its end; false when the client is gone. */
static bool server_line(struct copy_server *server, char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        int byte = server_byte(server);
        if (byte < 0)
            return false;
        if (byte == '\n')
            break;
        if (byte != '\r' && length + 1 < size)
            line[length++] = (char)byte;
    }
    line[length] = '\0';
    return true;
}

static void server_send(struct copy_server *server, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t put = send(server->fd, at, size, MSG_NOSIGNAL);
        if (put <= 0)
            return;
        at += put;
        size -= (size_t)put;
    }
}

__attribute__((format(printf, 2, 3))) static void server_say(struct copy_server *server,
                                                             const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    server_send(server, text, (size_t)length);
}

static bool server_accept(struct copy_server *server)
{
    int on = 1;
    server->fd = accept(server->listener, NULL, NULL);
    return server->fd >= 0 &&
           setsockopt(server->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
}

/* "<uid> fine" and, if it is to be large, a filling that depends on the UID. */
static void body_make(const struct source_message *message, struct buffer *body)
{
    buffer_clear(body);
    buffer_printf(body, "%u %s\r\n", message->uid, message->is_poison ? "poison" : "fine");
    while (body->used < message->body_bytes)
        buffer_printf(body, "%u and %zu\r\n", message->uid * 7, body->used);
}

static bool set_holds(const char *set, uint32_t uid)
{
    while (*set >= '0' && *set <= '9') {
        char *end;
        unsigned long first = strtoul(set, &end, 10);
        unsigned long last = *end == ':' ? strtoul(end + 1, &end, 10) : first;
        if (uid >= first && uid <= last)
            return true;
        set = *end == ',' ? end + 1 : end;
    }
    return false;
}

/* False once the connection is broken. */
static bool source_send_body(struct copy_server *server, const struct source_message *message,
                             struct buffer *body)
{
    static const char items[] = "FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\"";
    uint32_t uid = message->habit == UID_OF_ANOTHER ? message->uid + 1 : message->uid;
    bool is_uid_behind = message->habit == UID_BEHIND_BODY || message->habit == UID_OF_ANOTHER;
    body_make(message, body);
    if (message->habit == BODY_IS_NIL) {
        server_say(server, "* 1 FETCH (UID %u %s BODY[] NIL)\r\n", uid, items);
        return true;
    }
    if (message->habit == BODY_IS_EMPTY) {
        server_say(server, "* 1 FETCH (UID %u %s BODY[] {0}\r\n)\r\n", uid, items);
        return true;
    }
    if (is_uid_behind)
        server_say(server, "* 1 FETCH (%s BODY[] {%zu}\r\n", items, body->used);
    else
        server_say(server, "* 1 FETCH (UID %u %s BODY[] {%zu}\r\n", uid, items, body->used);
    if (message->habit == DIES_IN_BODY) {
        server_send(server, body->data, body->used / 2);
        (void)shutdown(server->fd, SHUT_RDWR);
        return false;
    }
    if (++server->given == server->dies_in_body) {
        server_send(server, body->data, body->used / 2);
        (void)shutdown(server->fd, SHUT_RDWR);
        return false;
    }
    server_send(server, body->data, body->used);
    if (is_uid_behind)
        server_say(server, " UID %u)\r\n", uid);
    else
        server_say(server, ")\r\n");
    return true;
}

/* From the last to the first, so that nothing can be concluded from the order. */
static bool source_fetch(struct copy_server *server, const char *set, const char *items,
                         struct buffer *body)
{
    bool is_alone = strcspn(set, ",:") > strcspn(set, " ");
    for (size_t i = server->message_count; i-- > 0;) {
        const struct source_message *message = &server->messages[i];
        if (!set_holds(set, message->uid) || message->habit == VANISHED)
            continue;
        if (strstr(items, "RFC822.SIZE") != NULL) {
            server_say(server,
                       "* 1 FETCH (RFC822.SIZE 9 FLAGS ($x) INTERNALDATE "
                       "\"18-Jul-1996 02:44:25 -0700\" UID %u)\r\n",
                       message->uid);
            continue;
        }
        if (message->habit == OK_WITHOUT_DATA || (message->habit == ONLY_ALONE && !is_alone))
            continue;
        if (!source_send_body(server, message, body) ||
            (message->habit == DELIVERED_TWICE && !source_send_body(server, message, body)))
            return false;
    }
    return true;
}

static void source_await_other(struct copy_server *server)
{
    atomic_fetch_add(&server->fetches, 1);
    for (int i = 0; server->awaited != NULL && i < 5000; i++) {
        if (atomic_load(&server->awaited->fetches) > 0)
            return;
        (void)poll(NULL, 0, 1);
    }
}

static void source_examine(struct copy_server *server)
{
    if (server->uidvalidity != 0)
        server_say(server, "* OK [UIDVALIDITY %u] fine\r\n", server->uidvalidity);
}

void *copy_source_main(void *context)
{
    struct copy_server *server = context;
    static const char command[] = " UID FETCH ";
    static const char examine[] = " EXAMINE ";
    char line[9000];
    struct buffer body;
    bool is_up = server_accept(server);
    buffer_init(&body, COPY_BODY_MAX);
    server_say(server, "* PREAUTH [CAPABILITY IMAP4rev1%s] source\r\n", server->capabilities);
    while (is_up && server_line(server, line, sizeof(line))) {
        char *tag_end = strchr(line, ' ');
        if (tag_end != NULL && strncmp(tag_end, command, strlen(command)) == 0) {
            const char *set = tag_end + strlen(command);
            source_await_other(server);
            is_up = source_fetch(server, set, set + strcspn(set, " "), &body);
        }
        bool is_examine = tag_end != NULL && strncmp(tag_end, examine, strlen(examine)) == 0;
        if (is_examine)
            source_examine(server);
        server_say(server, "%.*s %s done\r\n", (int)strcspn(line, " "), line,
                   is_examine && server->refuses_examine ? "NO" : "OK");
    }
    buffer_deinit(&body);
    (void)close(server->fd);
    return NULL;
}

/* The message is what the source has under the UID it names, byte by byte. */
static void destination_check(struct copy_server *server, const struct buffer *body, uint32_t uid)
{
    struct buffer expected;
    buffer_init(&expected, COPY_BODY_MAX);
    for (size_t i = 0; i < server->message_count; i++) {
        if (server->messages[i].uid == uid)
            body_make(&server->messages[i], &expected);
    }
    if (server->cut_bytes > 0 && expected.used > server->cut_bytes)
        expected.used = server->cut_bytes;
    if (expected.used != body->used || memcmp(expected.data, body->data, body->used) != 0)
        server->wrong_bytes++;
    buffer_deinit(&expected);
}

static bool destination_read_literal(struct copy_server *server, size_t size, struct buffer *body)
{
    buffer_clear(body);
    for (size_t i = 0; i < size; i++) {
        int byte = server_byte(server);
        if (byte < 0)
            return false;
        buffer_append_byte(body, (unsigned char)byte);
    }
    return true;
}

/* An APPEND from its first line on. False when the client is gone: then nothing of it is stored. */
static bool destination_append(struct copy_server *server, char *line, size_t line_size,
                               struct buffer *body, bool *is_refused_r)
{
    uint32_t uids[COPY_STORED_MAX];
    size_t count = 0;
    char *brace;
    while (count < COPY_STORED_MAX && (brace = strrchr(line, '{')) != NULL) {
        size_t size = strtoul(brace + 1, NULL, 10);
        server->empty_literals += size == 0;
        if (strchr(brace, '+') == NULL)
            server_say(server, "+ go on\r\n");
        if (!destination_read_literal(server, size, body))
            return false;
        uids[count] = (uint32_t)strtoul(buffer_str(body), NULL, 10);
        if (strstr(buffer_str(body), "poison") != NULL)
            *is_refused_r = true;
        destination_check(server, body, uids[count++]);
        if (!server_line(server, line, line_size))
            return false;
    }
    server->commands++;
    if (count > server->largest_batch)
        server->largest_batch = count;
    for (size_t i = 0; !*is_refused_r && i < count && server->stored_count < COPY_STORED_MAX; i++)
        server->stored[server->stored_count++] = uids[i];
    return true;
}

void *copy_destination_main(void *context)
{
    struct copy_server *server = context;
    char line[9000];
    char tag[32];
    struct buffer body;
    bool is_up = server_accept(server);
    buffer_init(&body, COPY_BODY_MAX);
    server_say(server, "* PREAUTH [CAPABILITY IMAP4rev1%s] destination\r\n", server->capabilities);
    while (is_up && server_line(server, line, sizeof(line))) {
        bool is_refused = false;
        (void)snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(line, " "), line);
        is_up = destination_append(server, line, sizeof(line), &body, &is_refused);
        if (is_up)
            server_say(server, "%s %s\r\n", tag, is_refused ? server->refusal : "OK done");
    }
    buffer_deinit(&body);
    (void)close(server->fd);
    return NULL;
}
