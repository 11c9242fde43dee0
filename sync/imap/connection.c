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
#include "sync/imap/tls.h"

struct connection {
    const struct connection_options *options;
    char *name;
    int fd;
    SSL *ssl; /* NULL: clear text */
    short read_events;
    short write_events;
};

static const char *side_name(int side)
{
    return side == 1 ? "source" : "destination";
}

static bool connection_fault(const struct connection *connection, enum fault_code code,
                             const char *what, struct fault *fault_r)
{
    int side = connection->options->side;
    fault_set(fault_r, code, FAULT_SCOPE_MAILBOX,
              code == FAULT_STOPPED ? FAULT_ADVICE_NEVER : FAULT_ADVICE_RECONNECT, side,
              "the %s server %s %s", side_name(side), connection->name, what);
    return false;
}

/* -- waiting -- */

static int msecs_until(int64_t deadline_nsecs)
{
    if (deadline_nsecs == 0)
        return -1;
    int64_t left = deadline_nsecs - clock_mono_nsecs();
    if (left <= 0)
        return 0;
    int64_t msecs = left / CLOCK_NSECS_PER_MSEC + 1;
    return msecs > INT_MAX ? INT_MAX : (int)msecs;
}

static int64_t deadline_from_now(int64_t timeout_msecs)
{
    return timeout_msecs == 0 ? 0 : clock_mono_nsecs() + timeout_msecs * CLOCK_NSECS_PER_MSEC;
}

/* Until the socket is ready. False with a fault on time-out, stop or a broken poll. */
static bool connection_wait(struct connection *connection, short events, int64_t deadline_nsecs,
                            const char *doing, struct fault *fault_r)
{
    const struct stop *stop = connection->options->stop;
    char what[128];
    for (;;) {
        struct pollfd fds[2] = {{connection->fd, events, 0},
                                {stop == NULL ? -1 : stop->fd, POLLIN, 0}};
        int ready = poll(fds, 2, msecs_until(deadline_nsecs));
        if (ready < 0 && errno == EINTR)
            continue;
        if (fds[1].revents != 0)
            return connection_fault(connection, FAULT_STOPPED, "was left: the run was stopped",
                                    fault_r);
        if (ready > 0)
            return true;
        (void)snprintf(what, sizeof(what), "did not answer in time while %s", doing);
        return connection_fault(connection, FAULT_TIMEOUT, what, fault_r);
    }
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

static bool connection_refused(struct connection *connection, int error, struct fault *fault_r)
{
    char what[STR_ERROR_SIZE + 64];
    char words[STR_ERROR_SIZE];
    (void)snprintf(what, sizeof(what), "can't be reached: %s. Check host and port",
                   str_error(error, words));
    return connection_fault(connection, FAULT_CONNECT, what, fault_r);
}

static bool connection_try_address(struct connection *connection, const struct addrinfo *address,
                                   int64_t deadline_nsecs, struct fault *fault_r)
{
    int error = 0;
    socklen_t size = sizeof(error);
    connection->fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (connection->fd < 0)
        return connection_refused(connection, errno, fault_r);
    if (!socket_prepare(connection->fd, connection->options->is_kept_alive))
        return connection_refused(connection, errno, fault_r);
    if (connect(connection->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return connection_refused(connection, errno, fault_r);
    if (!connection_wait(connection, POLLOUT, deadline_nsecs, "connecting", fault_r))
        return false;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 || connection_refused(connection, error, fault_r);
}

static bool connection_connect(struct connection *connection, struct fault *fault_r)
{
    struct addrinfo hints;
    struct addrinfo *addresses = NULL;
    char port[8];
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    (void)snprintf(port, sizeof(port), "%u", (unsigned int)connection->options->port);
    int error = getaddrinfo(connection->options->host, port, &hints, &addresses);
    if (error != 0) {
        char what[160];
        (void)snprintf(what, sizeof(what), "is not known: %s. Check the host name",
                       gai_strerror(error));
        return connection_fault(connection, FAULT_RESOLVE, what, fault_r);
    }
    bool is_connected = false;
    for (const struct addrinfo *address = addresses; address != NULL && !is_connected;
         address = address->ai_next) {
        if (connection->fd >= 0)
            (void)close(connection->fd);
        is_connected = connection_try_address(
            connection, address, deadline_from_now(connection->options->timeout_msecs), fault_r);
        if (!is_connected && fault_r->code == FAULT_STOPPED)
            break;
    }
    freeaddrinfo(addresses);
    return is_connected;
}

struct connection *connection_open(const struct connection_options *options, struct fault *fault_r)
{
    struct connection *connection = mem_alloc(sizeof(*connection));
    connection->options = options;
    connection->fd = -1;
    connection->name = mem_printf("%s:%u", options->host, (unsigned int)options->port);
    connection->read_events = POLLIN;
    connection->write_events = POLLOUT;
    if (!connection_connect(connection, fault_r))
        connection_close(&connection);
    return connection;
}

void connection_close(struct connection **connection_p)
{
    struct connection *connection = *connection_p;
    if (connection == NULL)
        return;
    *connection_p = NULL;
    SSL_free(connection->ssl);
    if (connection->fd >= 0)
        (void)close(connection->fd);
    mem_free(connection->name);
    mem_free(connection);
}

/* -- TLS -- */

static short events_for(int ssl_error)
{
    return ssl_error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
}

bool connection_start_tls(struct connection *connection, struct fault *fault_r)
{
    const struct connection_options *options = connection->options;
    int64_t deadline = deadline_from_now(options->timeout_msecs);
    connection->ssl = tls_session_new(options->tls, options->cafile, options->host, connection->fd,
                                      options->side, fault_r);
    if (connection->ssl == NULL)
        return false;
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(connection->ssl);
        if (result == 1)
            return true;
        int error = SSL_get_error(connection->ssl, result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            break;
        if (!connection_wait(connection, events_for(error), deadline, "setting up TLS", fault_r))
            return false;
    }
    char reason[160];
    char what[320];
    bool met_clear_text = tls_met_clear_text();
    tls_explain(connection->ssl, reason, sizeof(reason));
    (void)snprintf(what, sizeof(what),
                   "could not prove who it is, or speaks no TLS here: %s. Check host and port; a "
                   "private CA is trusted with --cafile%d FILE",
                   reason, options->side);
    connection_fault(connection, FAULT_TLS, what, fault_r);
    fault_r->advice = met_clear_text ? FAULT_ADVICE_RETRY : FAULT_ADVICE_NEVER;
    return false;
}

bool connection_has_tls(const struct connection *connection)
{
    return connection->ssl != NULL;
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

int connection_read(struct connection *connection, void *data, size_t size, struct fault *fault_r)
{
    if (size > INT_MAX)
        size = INT_MAX;
    if (connection->ssl != NULL) {
        ERR_clear_error();
        errno = 0;
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

int connection_write(struct connection *connection, const void *data, size_t size,
                     struct fault *fault_r)
{
    if (size > INT_MAX)
        size = INT_MAX;
    if (connection->ssl != NULL) {
        ERR_clear_error();
        errno = 0;
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

const char *connection_name(const struct connection *connection)
{
    return connection->name;
}
