/* SPDX-License-Identifier: MIT
 * A TCP connection, with or without TLS, as a non-blocking stream of bytes. Belongs to one thread.
 */
#ifndef SYNC_IMAP_CONNECTION_H
#define SYNC_IMAP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/stop.h"

struct connection;
struct tls_contexts;

struct connection_options {
    const char *host;
    uint16_t port;
    int side;              /* 1 or 2, for faults */
    int64_t timeout_msecs; /* for connecting and for the TLS handshake; 0: none */
    bool is_kept_alive;    /* SO_KEEPALIVE */
    const char *cafile;    /* NULL: the system's CAs */
    struct tls_contexts *tls;
    const struct stop *stop; /* ends a wait with FAULT_STOPPED; may be NULL */
};

/* Resolves and connects, address by address. Blocks (poll) until done. NULL and a fault on failure.
   The options must outlive the connection. */
struct connection *connection_open(const struct connection_options *options, struct fault *fault_r);
void connection_close(struct connection **connection);
/* The TLS handshake, with verification; blocks (poll). The fault's advice is RETRY when the other
   side does not speak TLS at all, so that STARTTLS may be tried on a new connection. */
bool connection_start_tls(struct connection *connection, struct fault *fault_r);
bool connection_has_tls(const struct connection *connection);

/* Bytes read into `data` (> 0), 0: would block, -1: closed or broken (fault filled). */
int connection_read(struct connection *connection, void *data, size_t size, struct fault *fault_r);
/* The same for writing. */
int connection_write(struct connection *connection, const void *data, size_t size,
                     struct fault *fault_r);

/* For poll(): the socket, and what the last read or write that would block waits for. */
int connection_fd(const struct connection *connection);
short connection_read_events(const struct connection *connection);
short connection_write_events(const struct connection *connection);
/* "host:port", for sentences. */
const char *connection_name(const struct connection *connection);

#endif
