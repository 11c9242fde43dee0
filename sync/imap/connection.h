/* SPDX-License-Identifier: MIT
 * A TCP connection, with or without TLS and compression, as a non-blocking stream of bytes. Belongs
 * to one thread. */
#ifndef SYNC_IMAP_CONNECTION_H
#define SYNC_IMAP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "sync/imap/tls.h"

struct connection;
struct connection_options {
    const char *host;
    uint16_t port;
    int side;           /* 1 or 2, for faults */
    bool is_kept_alive; /* SO_KEEPALIVE */
    int family;         /* AF_INET or AF_INET6; AF_UNSPEC (0): either */
    struct tls_options tls_options;
    struct tls_contexts *tls;
};

/* How far a step that may take several round trips has come. */
enum connection_progress {
    CONNECTION_WAITING, /* call again when poll() reports connection_step_events() */
    CONNECTION_DONE,
    CONNECTION_FAILED, /* fault filled */
};

/* Nothing is resolved or connected yet. The options must outlive the connection. */
struct connection *connection_init(const struct connection_options *options);
void connection_close(struct connection **connection);
/* Resolves (this blocks, as long as the resolver takes) and connects, address by address. */
enum connection_progress connection_connect(struct connection *connection, struct fault *fault_r);
/* Gives the address that does not answer up for the next one; false: there is none. */
bool connection_try_next_address(struct connection *connection);
/* The TLS handshake, with verification. The fault's advice is RETRY when the other side does not
   speak TLS at all, so that STARTTLS may be tried on a new connection. */
enum connection_progress connection_start_tls(struct connection *connection, struct fault *fault_r);
/* What the last step that was WAITING waits for. */
short connection_step_events(const struct connection *connection);
/* How long the server took to accept the connection: one round trip. 0: not connected. */
int64_t connection_rtt_usecs(const struct connection *connection);

/* Bytes read into `data` (> 0), 0: would block, -1: closed or broken (fault filled). */
int connection_read(struct connection *connection, void *data, size_t size, struct fault *fault_r);
/* The same for writing. */
int connection_write(struct connection *connection, const void *data, size_t size,
                     struct fault *fault_r);
/* What was written may be held, compressed or encrypted, to go in larger pieces: to be called when
   there is nothing more to write, and again when poll() says so while connection_has_unsent().
   Bytes that moved, 0: none, -1 as above. */
int connection_flush(struct connection *connection, struct fault *fault_r);
bool connection_has_unsent(const struct connection *connection);
/* From now on both directions are deflated (RFC 4978). `data`: bytes that were read already and
   came after the OK. */
bool connection_start_deflate(struct connection *connection, const void *data, size_t size,
                              struct fault *fault_r);

/* For poll(): the socket, and what the last read or write that would block waits for. */
int connection_fd(const struct connection *connection);
short connection_read_events(const struct connection *connection);
short connection_write_events(const struct connection *connection);
/* poll() is to report bytes once there are so many, or the end of the connection (SO_RCVLOWAT); 1
   at the start. It says nothing of bytes that were read from the socket already. False: it can't be
   set. */
bool connection_set_least(struct connection *connection, size_t bytes);
/* "host:port", for sentences. */
const char *connection_name(const struct connection *connection);

#endif
