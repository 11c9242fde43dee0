/* SPDX-License-Identifier: MIT
 * A client and, in the same thread, the other end of its connection: the test says what the server
 * says, byte by byte, and looks at what the client sent. */
#ifndef TESTS_UNIT_SYNC_PEER_H
#define TESTS_UNIT_SYNC_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "sync/imap/client.h"
#include "sync/imap/connection.h"

#define PEER_HOLD_BYTES 100
#define PEER_PATIENCE   200 /* idle looks of 10 ms each before a test gives up */

struct peer {
    struct connection_options connection_options;
    struct imap_client *client;
    int fd;            /* the server's end */
    struct buffer got; /* what the client sent and no peer_expect() took */
    struct log *trace;
    char trace_path[64];
};

static inline int peer_listen(uint16_t *port_r)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port_r = ntohs(address.sin_port);
    return fd;
}

static inline bool peer_receive(struct peer *peer)
{
    bool has_moved = false;
    while (peer->fd >= 0) {
        unsigned char *to = buffer_reserve(&peer->got, 65536);
        assert_non_null(to);
        ssize_t got = recv(peer->fd, to, 65536, MSG_DONTWAIT);
        if (got <= 0)
            break;
        buffer_commit(&peer->got, (size_t)got);
        has_moved = true;
    }
    return has_moved;
}

/* Lets both ends do all they can. */
static inline void peer_settle(struct peer *peer)
{
    for (int idle = 0; idle < 3;) {
        struct pollfd fd = {imap_client_fd(peer->client), POLLIN, 0};
        bool has_moved = imap_client_is_alive(peer->client) &&
                         (imap_client_pump(peer->client, clock_mono_nsecs()) ||
                          imap_client_push(peer->client, clock_mono_nsecs()));
        has_moved |= peer_receive(peer);
        if (!has_moved)
            (void)poll(&fd, 1, 1);
        idle = has_moved ? 0 : idle + 1;
    }
}

/* Connected; nothing is said yet. */
static inline void peer_connect(struct peer *peer, bool has_implicit_tls, bool with_trace)
{
    struct imap_client_options options = {.side = 1, .timeout_msecs = 60000};
    struct fault fault;
    int on = 1;
    memset(peer, 0, sizeof(*peer));
    options.has_implicit_tls = has_implicit_tls;
    options.hold_max_bytes = PEER_HOLD_BYTES;
    if (with_trace) {
        (void)snprintf(peer->trace_path, sizeof(peer->trace_path), "/tmp/mailconvoy-trace-%ld",
                       (long)getpid());
        (void)unlink(peer->trace_path);
        peer->trace = log_open(peer->trace_path, &fault);
        assert_non_null(peer->trace);
        options.trace = peer->trace;
    }
    int listener = peer_listen(&peer->connection_options.port);
    peer->fd = -1;
    peer->connection_options.host = "127.0.0.1";
    peer->connection_options.side = 1;
    buffer_init(&peer->got, (size_t)64 * 1024 * 1024);
    peer->client = imap_client_init(connection_init(&peer->connection_options), &options);
    (void)imap_client_pump(peer->client, clock_mono_nsecs());
    peer->fd = accept(listener, NULL, NULL);
    assert_true(peer->fd >= 0);
    /* What is said arrives at once, so that settling needs no long patience. */
    assert_int_equal(setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    assert_int_equal(close(listener), 0);
}

static inline void peer_say_bytes(struct peer *peer, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t put = send(peer->fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put > 0) {
            at += put;
            size -= (size_t)put;
        }
        peer_settle(peer);
    }
}

static inline void peer_say(struct peer *peer, const char *text)
{
    peer_say_bytes(peer, text, strlen(text));
}

/* Signed in, with these capabilities. */
static inline void peer_start(struct peer *peer, const char *capabilities)
{
    char greeting[300];
    peer_connect(peer, false, false);
    (void)snprintf(greeting, sizeof(greeting), "* PREAUTH [CAPABILITY IMAP4rev1%s] hello\r\n",
                   capabilities);
    peer_say(peer, greeting);
    assert_int_equal(imap_client_state(peer->client), IMAP_STATE_AUTHENTICATED);
}

static inline void peer_hang_up(struct peer *peer)
{
    assert_int_equal(close(peer->fd), 0);
    peer->fd = -1;
    peer_settle(peer);
}

static inline void peer_stop(struct peer *peer)
{
    imap_client_deinit(&peer->client);
    if (peer->fd >= 0)
        (void)close(peer->fd);
    buffer_deinit(&peer->got);
    log_close(&peer->trace);
    if (peer->trace_path[0] != '\0')
        (void)unlink(peer->trace_path);
}

/* Everything the client has sent by now is exactly this. */
static inline void peer_expect(struct peer *peer, const char *text)
{
    size_t size = strlen(text);
    for (int i = 0; i < PEER_PATIENCE && peer->got.used < size; i++)
        peer_settle(peer);
    peer_settle(peer);
    assert_string_equal(buffer_str(&peer->got), text);
    buffer_clear(&peer->got);
}

/* -- answers -- */

#define PEER_ANSWERS_MAX 16

struct peer_answers {
    size_t count;
    struct {
        uint32_t number;
        enum imap_status status;
        char code[64];
        char text[64];
    } items[PEER_ANSWERS_MAX];
};

static inline void peer_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct peer_answers *answers = context;
    assert_true(answers->count < PEER_ANSWERS_MAX);
    answers->items[answers->count].number = number;
    answers->items[answers->count].status = reply->status;
    (void)snprintf(answers->items[answers->count].code, 64, "%.*s", (int)reply->code_size,
                   reply->code);
    (void)snprintf(answers->items[answers->count].text, 64, "%.*s", (int)reply->text_size,
                   reply->text);
    answers->count++;
}

static inline void peer_answer_is(const struct peer_answers *answers, size_t i, uint32_t number,
                                  enum imap_status status, const char *text)
{
    assert_true(i < answers->count);
    assert_int_equal(answers->items[i].number, number);
    assert_int_equal(answers->items[i].status, status);
    assert_string_equal(answers->items[i].text, text);
}

/* A numbered command without literals. */
static inline void peer_give(struct peer *peer, struct peer_answers *answers, uint32_t number,
                             const char *text)
{
    imap_client_begin(peer->client, false);
    imap_client_add(peer->client, "%s", text);
    imap_client_end(peer->client, peer_answered, answers, number);
}

static inline void peer_is_closed_with(const struct peer *peer, enum fault_code code)
{
    assert_false(imap_client_is_alive(peer->client));
    const struct fault *fault = imap_client_fault(peer->client);
    if (fault->code != code)
        fail_msg("closed with %s: %s", fault_code_name(fault->code), fault->text);
    assert_int_equal(fault->side, 1);
    assert_int_equal(fault->scope, FAULT_SCOPE_MAILBOX);
    assert_int_equal(imap_client_poll_events(peer->client), 0);
    assert_int_equal(imap_client_fd(peer->client), -1);
    assert_int_equal(imap_client_pending(peer->client), 0);
}

#endif
