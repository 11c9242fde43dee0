/* SPDX-License-Identifier: MIT
 * A connection over TLS with the server's end in the same thread: what is written goes in large
 * pieces when it is flushed, and a socket that takes no more loses nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "sync/imap/tls.h"
#include "tests/unit/sync/peer.h"

#define MESSAGE_BYTES ((size_t)24 * 1024 * 1024) /* more than two sockets hold */
#define RECORD_BYTES  ((size_t)16 * 1024)

struct ends {
    struct connection_options options;
    struct connection *connection;
    struct tls_contexts *tls;
    SSL_CTX *ctx;
    SSL *server;
    int fd; /* the server's end */
};

/* Signed by itself, for an hour. */
static void certify(SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_int_not_equal(X509_sign(certificate, key, EVP_sha256()), 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void connect_ends(struct ends *ends, int listener)
{
    struct fault fault;
    while (connection_connect(ends->connection, &fault) == CONNECTION_WAITING)
        ;
    ends->fd = accept(listener, NULL, NULL);
    assert_true(ends->fd >= 0);
    assert_int_equal(fcntl(ends->fd, F_SETFL, O_NONBLOCK), 0);
    ends->server = SSL_new(ends->ctx);
    assert_int_equal(SSL_set_fd(ends->server, ends->fd), 1);
    for (;;) {
        enum connection_progress progress = connection_start_tls(ends->connection, &fault);
        if (progress == CONNECTION_FAILED)
            fail_msg("%s", fault.text);
        if (SSL_accept(ends->server) == 1 && progress == CONNECTION_DONE)
            return;
    }
}

static int setup(void **state)
{
    struct ends *ends = calloc(1, sizeof(*ends));
    int listener = peer_listen(&ends->options.port);
    ends->tls = tls_contexts_init();
    ends->options.host = "127.0.0.1";
    ends->options.side = 2;
    ends->options.tls = ends->tls;
    ends->options.tls_options.is_unverified = true;
    ends->connection = connection_init(&ends->options);
    ends->ctx = SSL_CTX_new(TLS_server_method());
    certify(ends->ctx);
    connect_ends(ends, listener);
    (void)close(listener);
    *state = ends;
    return 0;
}

static int teardown(void **state)
{
    struct ends *ends = *state;
    connection_close(&ends->connection);
    SSL_free(ends->server);
    SSL_CTX_free(ends->ctx);
    if (ends->fd >= 0)
        (void)close(ends->fd);
    tls_contexts_deinit(&ends->tls);
    free(ends);
    return 0;
}

static unsigned char byte_at(size_t position)
{
    return (unsigned char)(position * 31 >> 8 ^ position);
}

/* What waits at the server's end; checks that it is what comes next. */
static size_t receive(const struct ends *ends, size_t position)
{
    static unsigned char data[RECORD_BYTES];
    size_t received = 0;
    int got;
    while ((got = SSL_read(ends->server, data, sizeof(data))) > 0) {
        for (size_t i = 0; i < (size_t)got; i++)
            assert_int_equal(data[i], byte_at(position + received + i));
        received += (size_t)got;
    }
    return received;
}

static size_t write_from(const struct ends *ends, size_t position, size_t size)
{
    static unsigned char data[4 * RECORD_BYTES];
    struct fault fault;
    if (size > sizeof(data))
        size = sizeof(data);
    for (size_t i = 0; i < size; i++)
        data[i] = byte_at(position + i);
    int put = connection_write(ends->connection, data, size, &fault);
    assert_true(put >= 0);
    return (size_t)put;
}

static void test_it_is_held_until_it_is_flushed(void **state)
{
    struct ends *ends = *state;
    struct fault fault;
    size_t written = 0;
    assert_false(connection_has_unsent(ends->connection));
    for (int i = 0; i < 3; i++)
        written += write_from(ends, written, RECORD_BYTES);
    assert_int_equal(written, 3 * RECORD_BYTES);
    assert_true(connection_has_unsent(ends->connection));
    assert_int_equal(receive(ends, 0), 0);
    assert_true(connection_flush(ends->connection, &fault) > (int)written);
    assert_false(connection_has_unsent(ends->connection));
    assert_int_equal(receive(ends, 0), written);
    assert_int_equal(connection_flush(ends->connection, &fault), 0);
}

/* The server reads only when the socket takes no more. */
static void test_a_full_socket_loses_nothing(void **state)
{
    struct ends *ends = *state;
    struct fault fault;
    size_t written = 0;
    size_t received = 0;
    unsigned int times_full = 0;
    while (written < MESSAGE_BYTES || connection_has_unsent(ends->connection)) {
        size_t put = written < MESSAGE_BYTES ? write_from(ends, written, MESSAGE_BYTES - written)
                                             : 0;
        int flushed = connection_flush(ends->connection, &fault);
        assert_true(flushed >= 0);
        written += put;
        if (put == 0 && flushed == 0) {
            assert_true(connection_has_unsent(ends->connection));
            assert_int_equal(connection_write_events(ends->connection), POLLOUT);
            times_full++;
            received += receive(ends, received);
        }
    }
    received += receive(ends, received);
    assert_int_equal(received, written);
    assert_true(times_full > 0);
}

static void test_a_server_that_is_gone(void **state)
{
    struct ends *ends = *state;
    struct fault fault;
    int flushed = 0;
    (void)close(ends->fd);
    ends->fd = -1;
    for (int i = 0; i < 100 && flushed >= 0; i++) {
        (void)write_from(ends, 0, 100);
        flushed = connection_flush(ends->connection, &fault);
    }
    assert_int_equal(flushed, -1);
    assert_int_equal(fault.code, FAULT_CLOSED);
}

#define TLS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(test_it_is_held_until_it_is_flushed),
        TLS_TEST(test_a_full_socket_loses_nothing),
        TLS_TEST(test_a_server_that_is_gone),
    };
    /* As the program does. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 70;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
