/* SPDX-License-Identifier: MIT */
#include "sync/imap/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/imap/deflate.h"
#include "sync/imap/tls.h"

#define DEFLATE_RECEIVE_BYTES ((size_t)16 * 1024)

struct connection {
    const struct connection_options *options;
    char *name;
    int fd;
    struct addrinfo *addresses;     /* all the host has; NULL: not resolved */
    const struct addrinfo *address; /* the one being tried; NULL: before the first */
    bool is_connected;
    int64_t began_nsecs;
    int64_t rtt_nsecs;
    SSL *ssl;                /* NULL: clear text */
    struct deflate *deflate; /* NULL: not compressed */
    short step_events;
    short read_events;
    short write_events;
};

static const char *side_name(int side)
{
    return side == 1 ? "source" : "destination";
}

static void connection_fault(const struct connection *connection, enum fault_code code,
                             const char *what, struct fault *fault_r)
{
    int side = connection->options->side;
    fault_set(fault_r, code, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT, side,
              "the %s server %s %s", side_name(side), connection->name, what);
}

struct connection *connection_init(const struct connection_options *options)
{
    struct connection *connection = mem_alloc(sizeof(*connection));
    connection->options = options;
    connection->fd = -1;
    connection->name = mem_printf("%s:%u", options->host, (unsigned int)options->port);
    connection->step_events = POLLOUT;
    connection->read_events = POLLIN;
    connection->write_events = POLLOUT;
    return connection;
}

void connection_close(struct connection **connection_p)
{
    struct connection *connection = *connection_p;
    if (connection == NULL)
        return;
    *connection_p = NULL;
    deflate_deinit(&connection->deflate);
    SSL_free(connection->ssl);
    if (connection->fd >= 0)
        (void)close(connection->fd);
    if (connection->addresses != NULL)
        freeaddrinfo(connection->addresses);
    mem_free(connection->name);
    mem_free(connection);
}

/* -- connecting -- */

static bool socket_prepare(int fd, bool is_kept_alive)
{
    int on = 1;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    /* Whole commands are written at once: waiting for more only costs time. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (is_kept_alive)
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    return true;
}

static bool connection_resolve(struct connection *connection, struct fault *fault_r)
{
    struct addrinfo hints;
    char port[8];
    char what[160];
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = connection->options->family;
    hints.ai_socktype = SOCK_STREAM;
    (void)snprintf(port, sizeof(port), "%u", (unsigned int)connection->options->port);
    int error = getaddrinfo(connection->options->host, port, &hints, &connection->addresses);
    if (error == 0)
        return true;
    connection->addresses = NULL;
    (void)snprintf(what, sizeof(what), "is not known: %s. Check the host name",
                   gai_strerror(error));
    connection_fault(connection, FAULT_RESOLVE, what, fault_r);
    return false;
}

static void connection_refused(struct connection *connection, int error, struct fault *fault_r)
{
    char what[STR_ERROR_SIZE + 64];
    char words[STR_ERROR_SIZE];
    (void)snprintf(what, sizeof(what), "can't be reached: %s. Check host and port",
                   str_error(error, words));
    connection_fault(connection, FAULT_CONNECT, what, fault_r);
}

/* Opens a socket to the present address; 0 or an errno (EINPROGRESS: under way). */
static int connection_begin_address(struct connection *connection)
{
    const struct addrinfo *address = connection->address;
    connection->fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (connection->fd < 0 || !socket_prepare(connection->fd, connection->options->is_kept_alive))
        return errno;
    connection->began_nsecs = clock_mono_nsecs();
    return connect(connection->fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
}

/* How the attempt under way ended: 0, EINPROGRESS or another errno. */
static int connection_look(struct connection *connection)
{
    struct pollfd fd = {connection->fd, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof(error);
    if (poll(&fd, 1, 0) == 0)
        return EINPROGRESS;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

bool connection_try_next_address(struct connection *connection)
{
    if (connection->is_connected || connection->address == NULL ||
        connection->address->ai_next == NULL)
        return false;
    if (connection->fd >= 0)
        (void)close(connection->fd);
    connection->fd = -1;
    connection->address = connection->address->ai_next;
    return true;
}

enum connection_progress connection_connect(struct connection *connection, struct fault *fault_r)
{
    if (connection->addresses == NULL) {
        if (!connection_resolve(connection, fault_r))
            return CONNECTION_FAILED;
        connection->address = connection->addresses;
    }
    for (;;) {
        int error = connection->fd < 0 ? connection_begin_address(connection)
                                       : connection_look(connection);
        if (error == EINPROGRESS)
            return CONNECTION_WAITING;
        if (error == 0)
            break;
        if (!connection_try_next_address(connection)) {
            connection_refused(connection, error, fault_r);
            return CONNECTION_FAILED;
        }
    }
    connection->is_connected = true;
    connection->rtt_nsecs = clock_mono_nsecs() - connection->began_nsecs;
    return CONNECTION_DONE;
}

int64_t connection_rtt_usecs(const struct connection *connection)
{
    return connection->rtt_nsecs / 1000;
}

short connection_step_events(const struct connection *connection)
{
    return connection->step_events;
}

/* -- TLS -- */

static short events_for(int ssl_error)
{
    return ssl_error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
}

static void connection_tls_failed(struct connection *connection, struct fault *fault_r)
{
    char reason[256];
    char what[320];
    bool met_clear_text = tls_met_clear_text();
    bool is_certificate = tls_is_unproven(connection->ssl);
    tls_explain(connection->ssl, connection->options->side, reason, sizeof(reason));
    (void)snprintf(what, sizeof(what), "%s: %s",
                   is_certificate ? "could not prove who it is" : "speaks no TLS here", reason);
    connection_fault(connection, FAULT_TLS, what, fault_r);
    fault_r->advice = met_clear_text ? FAULT_ADVICE_RETRY : FAULT_ADVICE_NEVER;
}

/* Nothing was sent yet. */
static enum connection_progress connection_check_pins(struct connection *connection,
                                                      struct fault *fault_r)
{
    char pin[TLS_PIN_TEXT_SIZE];
    char what[320];
    if (tls_pins_allow(connection->ssl, &connection->options->tls_options, pin))
        return CONNECTION_DONE;
    (void)snprintf(what, sizeof(what),
                   "shows another key than --tlspin%d asks for; its pin is %s. Somebody may be in "
                   "between, or the server has a new key: ask whoever runs it",
                   connection->options->side, pin);
    connection_fault(connection, FAULT_TLS, what, fault_r);
    fault_r->advice = FAULT_ADVICE_NEVER;
    return CONNECTION_FAILED;
}

enum connection_progress connection_start_tls(struct connection *connection, struct fault *fault_r)
{
    const struct connection_options *options = connection->options;
    if (connection->ssl == NULL) {
        connection->ssl = tls_session_new(options->tls, &options->tls_options, options->host,
                                          connection->fd, options->side, fault_r);
        if (connection->ssl == NULL)
            return CONNECTION_FAILED;
    }
    ERR_clear_error();
    int result = SSL_connect(connection->ssl);
    if (result == 1)
        return connection_check_pins(connection, fault_r);
    int error = SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        connection->step_events = events_for(error);
        return CONNECTION_WAITING;
    }
    connection_tls_failed(connection, fault_r);
    return CONNECTION_FAILED;
}

/* -- bytes -- */

static int connection_broken(const struct connection *connection, int error, struct fault *fault_r)
{
    char what[STR_ERROR_SIZE + 64];
    char words[STR_ERROR_SIZE];
    if (error == 0)
        (void)snprintf(what, sizeof(what), "closed the connection");
    else
        (void)snprintf(what, sizeof(what), "is gone: %s", str_error(error, words));
    connection_fault(connection, FAULT_CLOSED, what, fault_r);
    return -1;
}

/* What a failed SSL_read() or SSL_write() means. */
static int connection_ssl_result(struct connection *connection, int result, short *events,
                                 struct fault *fault_r)
{
    int saved_errno = errno;
    int error = SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *events = events_for(error);
        return 0;
    }
    ERR_clear_error();
    return connection_broken(connection, error == SSL_ERROR_SYSCALL ? saved_errno : 0, fault_r);
}

/* SSL_get_error() looks at what is there. Each clearing goes through the whole queue. */
static void connection_clear_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
    errno = 0;
}

static int connection_receive(struct connection *connection, void *data, size_t size,
                              struct fault *fault_r)
{
    if (size > INT_MAX)
        size = INT_MAX;
    if (connection->ssl != NULL) {
        connection_clear_errors();
        int result = SSL_read(connection->ssl, data, (int)size);
        return result > 0
                   ? result
                   : connection_ssl_result(connection, result, &connection->read_events, fault_r);
    }
    ssize_t got = recv(connection->fd, data, size, 0);
    if (got > 0)
        return (int)got;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    return connection_broken(connection, got == 0 ? 0 : errno, fault_r);
}

static int connection_send(struct connection *connection, const void *data, size_t size,
                           struct fault *fault_r)
{
    if (size > INT_MAX)
        size = INT_MAX;
    if (connection->ssl != NULL) {
        connection_clear_errors();
        int result = SSL_write(connection->ssl, data, (int)size);
        return result > 0
                   ? result
                   : connection_ssl_result(connection, result, &connection->write_events, fault_r);
    }
    ssize_t put = send(connection->fd, data, size, MSG_NOSIGNAL);
    if (put >= 0)
        return (int)put;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return 0;
    return connection_broken(connection, errno, fault_r);
}

/* Hands records that OpenSSL made to the socket, as many as it takes: how many bytes that were. */
static int connection_flush_records(struct connection *connection, struct fault *fault_r)
{
    BIO *writer = SSL_get_wbio(connection->ssl);
    int before = BIO_wpending(writer);
    if (before <= 0)
        return 0;
    errno = 0;
    if (BIO_flush(writer) <= 0) {
        if (!BIO_should_retry(writer))
            return connection_broken(connection, errno, fault_r);
        connection->write_events = POLLOUT;
    }
    return before - BIO_wpending(writer);
}

/* -- compression -- */

static int connection_deflate_failed(const struct connection *connection,
                                     enum deflate_progress progress, struct fault *fault_r)
{
    char what[160];
    if (progress == DEFLATE_ENDED)
        return connection_broken(connection, 0, fault_r);
    (void)snprintf(what, sizeof(what),
                   "and we don't understand each other's compression. --nocompress%d does without",
                   connection->options->side);
    connection_fault(connection, FAULT_PROTOCOL, what, fault_r);
    return -1;
}

bool connection_start_deflate(struct connection *connection, const void *data, size_t size,
                              struct fault *fault_r)
{
    connection->deflate = deflate_init();
    if (connection->deflate != NULL &&
        buffer_append(deflate_received(connection->deflate), data, size))
        return true;
    (void)connection_deflate_failed(connection, DEFLATE_BROKEN, fault_r);
    return false;
}

/* 0 only when the socket has nothing either: whoever polls misses no inflated byte. */
static int connection_read_deflated(struct connection *connection, void *data, size_t size,
                                    struct fault *fault_r)
{
    for (;;) {
        size_t inflated;
        enum deflate_progress progress = deflate_read(connection->deflate, data, size, &inflated);
        if (inflated > 0)
            return (int)inflated;
        if (progress != DEFLATE_OK)
            return connection_deflate_failed(connection, progress, fault_r);
        struct buffer *received = deflate_received(connection->deflate);
        unsigned char *to = buffer_reserve(received, DEFLATE_RECEIVE_BYTES);
        if (to == NULL)
            return connection_deflate_failed(connection, DEFLATE_BROKEN, fault_r);
        int got = connection_receive(connection, to, DEFLATE_RECEIVE_BYTES, fault_r);
        if (got <= 0)
            return got;
        buffer_commit(received, (size_t)got);
    }
}

/* Hands compressed bytes to the socket, as many as it takes. */
static int connection_send_deflated(struct connection *connection, struct fault *fault_r)
{
    struct buffer *unsent = deflate_unsent(connection->deflate);
    int total = 0;
    while (unsent->used > 0) {
        int put = connection_send(connection, unsent->data, unsent->used, fault_r);
        if (put < 0)
            return -1;
        if (put == 0)
            break;
        buffer_consume(unsent, (size_t)put);
        total += put;
    }
    return total;
}

static int connection_write_deflated(struct connection *connection, const void *data, size_t size,
                                     struct fault *fault_r)
{
    size_t taken;
    if (connection_send_deflated(connection, fault_r) < 0)
        return -1;
    enum deflate_progress progress = deflate_write(connection->deflate, data, size, &taken);
    if (progress != DEFLATE_OK)
        return connection_deflate_failed(connection, progress, fault_r);
    return (int)taken;
}

static int connection_flush_deflated(struct connection *connection, struct fault *fault_r)
{
    int moved = connection_send_deflated(connection, fault_r);
    /* While the socket takes no more, a flush would only cut what comes next into small blocks. */
    if (moved < 0 || deflate_unsent(connection->deflate)->used > 0)
        return moved;
    enum deflate_progress progress = deflate_flush(connection->deflate);
    if (progress != DEFLATE_OK)
        return connection_deflate_failed(connection, progress, fault_r);
    int more = connection_send_deflated(connection, fault_r);
    return more < 0 ? -1 : moved + more;
}

/* -- what the others see -- */

int connection_read(struct connection *connection, void *data, size_t size, struct fault *fault_r)
{
    if (size > INT_MAX)
        size = INT_MAX;
    return connection->deflate == NULL ? connection_receive(connection, data, size, fault_r)
                                       : connection_read_deflated(connection, data, size, fault_r);
}

int connection_write(struct connection *connection, const void *data, size_t size,
                     struct fault *fault_r)
{
    return connection->deflate == NULL ? connection_send(connection, data, size, fault_r)
                                       : connection_write_deflated(connection, data, size, fault_r);
}

int connection_flush(struct connection *connection, struct fault *fault_r)
{
    int moved = connection->deflate == NULL ? 0 : connection_flush_deflated(connection, fault_r);
    if (moved < 0 || connection->ssl == NULL)
        return moved;
    int more = connection_flush_records(connection, fault_r);
    return more < 0 ? -1 : moved + more;
}

bool connection_has_unsent(const struct connection *connection)
{
    return (connection->deflate != NULL && deflate_has_unsent(connection->deflate)) ||
           (connection->ssl != NULL && BIO_wpending(SSL_get_wbio(connection->ssl)) > 0);
}

int connection_fd(const struct connection *connection)
{
    return connection->fd;
}

short connection_read_events(const struct connection *connection)
{
    return connection->read_events;
}

short connection_write_events(const struct connection *connection)
{
    return connection->write_events;
}

bool connection_set_least(struct connection *connection, size_t bytes)
{
    int least = bytes < INT_MAX ? (int)bytes : INT_MAX;
    return setsockopt(connection->fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least)) == 0;
}

const char *connection_name(const struct connection *connection)
{
    return connection->name;
}
