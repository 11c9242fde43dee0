/* SPDX-License-Identifier: MIT */
#include "sync/imap/tls.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "base/str.h"

#define TLS_BUFFER_BYTES (64 * 1024) /* on either side of a session */

struct tls_entry {
    char *key; /* tls_options_key() */
    SSL_CTX *ctx;
    struct tls_entry *next;
};

struct tls_contexts {
    pthread_mutex_t mutex; /* guards entries */
    struct tls_entry *entries;
};

struct tls_contexts *tls_contexts_init(void)
{
    struct tls_contexts *contexts = mem_alloc(sizeof(*contexts));
    if (pthread_mutex_init(&contexts->mutex, NULL) != 0) {
        mem_free(contexts);
        return NULL;
    }
    return contexts;
}

void tls_contexts_deinit(struct tls_contexts **contexts_p)
{
    struct tls_contexts *contexts = *contexts_p;
    if (contexts == NULL)
        return;
    *contexts_p = NULL;
    while (contexts->entries != NULL) {
        struct tls_entry *entry = contexts->entries;
        contexts->entries = entry->next;
        SSL_CTX_free(entry->ctx);
        mem_free(entry->key);
        mem_free(entry);
    }
    (void)pthread_mutex_destroy(&contexts->mutex);
    mem_free(contexts);
}

static void tls_fault(struct fault *fault_r, int side, const char *what)
{
    char reason[256];
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    ERR_clear_error();
    fault_set(fault_r, FAULT_TLS, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, side, "%s (%s)", what,
              reason);
}

static bool tls_ctx_trust(SSL_CTX *ctx, const struct tls_options *options)
{
    if (options->cafile == NULL && options->capath == NULL)
        return SSL_CTX_set_default_verify_paths(ctx) == 1;
    return SSL_CTX_load_verify_locations(ctx, options->cafile, options->capath) == 1;
}

/* What is older than TLS 1.2 needs what OpenSSL calls level 0. */
static bool tls_ctx_set_versions(SSL_CTX *ctx, int only_version)
{
    if (only_version != 0 && only_version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(ctx, 0);
    return SSL_CTX_set_min_proto_version(ctx, only_version != 0 ? only_version : TLS1_2_VERSION) ==
               1 &&
           SSL_CTX_set_max_proto_version(ctx, only_version) == 1;
}

static bool tls_ctx_sign(SSL_CTX *ctx, const struct tls_options *options)
{
    const char *key_file = options->key_file != NULL ? options->key_file : options->cert_file;
    return options->cert_file == NULL ||
           (SSL_CTX_use_certificate_chain_file(ctx, options->cert_file) == 1 &&
            SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1);
}

/* NULL if all can be done; else what can't. */
static const char *tls_ctx_prepare(SSL_CTX *ctx, const struct tls_options *options,
                                   const char **subject_r)
{
    *subject_r = "";
    if (!tls_ctx_trust(ctx, options)) {
        *subject_r = options->cafile != NULL   ? options->cafile
                     : options->capath != NULL ? options->capath
                                               : "the system's store";
        return "can't read the CA certificates in";
    }
    *subject_r = options->cert_file;
    if (!tls_ctx_sign(ctx, options))
        return "can't use the certificate and key in";
    *subject_r = options->ciphers;
    if (options->ciphers != NULL && SSL_CTX_set_cipher_list(ctx, options->ciphers) != 1)
        return "there is no cipher in the list";
    *subject_r = "";
    return tls_ctx_set_versions(ctx, options->only_version) ? NULL
                                                            : "this version of TLS is not built in";
}

static SSL_CTX *tls_ctx_new(const struct tls_options *options, int side, struct fault *fault_r)
{
    const char *subject;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL) {
        tls_fault(fault_r, side, "TLS can't be set up");
        return NULL;
    }
    const char *obstacle = tls_ctx_prepare(ctx, options, &subject);
    if (obstacle != NULL) {
        char what[320];
        (void)snprintf(what, sizeof(what), "%s %.200s", obstacle, subject);
        tls_fault(fault_r, side, what);
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_verify(ctx, options->is_unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ctx;
}

/* Two with the same key can share a context. Owned by the caller. */
static char *tls_options_key(const struct tls_options *options)
{
#define TEXT(text) ((text) == NULL ? "" : (text))
    return mem_printf("%s\n%s\n%s\n%s\n%s\n%d %d", TEXT(options->cafile), TEXT(options->capath),
                      TEXT(options->cert_file), TEXT(options->key_file), TEXT(options->ciphers),
                      options->only_version, (int)options->is_unverified);
#undef TEXT
}

/* Mutex held. Owned by the list; takes over `key`. */
static SSL_CTX *tls_contexts_add(struct tls_contexts *contexts, const struct tls_options *options,
                                 char *key, int side, struct fault *fault_r)
{
    SSL_CTX *ctx = tls_ctx_new(options, side, fault_r);
    if (ctx == NULL) {
        mem_free(key);
        return NULL;
    }
    struct tls_entry *entry = mem_alloc(sizeof(*entry));
    entry->key = key;
    entry->ctx = ctx;
    entry->next = contexts->entries;
    contexts->entries = entry;
    return ctx;
}

/* Takes a reference for the caller. */
static SSL_CTX *tls_contexts_get(struct tls_contexts *contexts, const struct tls_options *options,
                                 int side, struct fault *fault_r)
{
    SSL_CTX *ctx = NULL;
    if (pthread_mutex_lock(&contexts->mutex) != 0) {
        tls_fault(fault_r, side, "the TLS contexts can't be locked");
        return NULL;
    }
    char *key = tls_options_key(options);
    for (struct tls_entry *entry = contexts->entries; entry != NULL; entry = entry->next) {
        if (strcmp(entry->key, key) == 0)
            ctx = entry->ctx;
    }
    if (ctx != NULL)
        mem_free(key);
    else
        ctx = tls_contexts_add(contexts, options, key, side, fault_r);
    if (ctx != NULL && SSL_CTX_up_ref(ctx) != 1) {
        tls_fault(fault_r, side, "a TLS context can't be shared");
        ctx = NULL;
    }
    (void)pthread_mutex_unlock(&contexts->mutex);
    return ctx;
}

static bool tls_session_set_host(SSL *ssl, const char *host)
{
    unsigned char address[16];
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, host) == 1;
}

static BIO *tls_buffer_new(void)
{
    BIO *buffer = BIO_new(BIO_f_buffer());
    if (buffer != NULL && BIO_set_buffer_size(buffer, TLS_BUFFER_BYTES) == 1)
        return buffer;
    (void)BIO_free(buffer);
    return NULL;
}

/* One system call moves several TLS records through a buffer between OpenSSL and the socket. For
   reading, OpenSSL's own read-ahead moves what is left to the front for each record: with records
   of 4 KiB, as Dovecot makes them, every byte seven times. For writing it has none: each record
   would be a segment of its own, and wake the server. */
static bool tls_session_set_socket(SSL *ssl, int fd)
{
    BIO *reader = tls_buffer_new();
    BIO *writer = tls_buffer_new();
    BIO *socket = BIO_new_socket(fd, BIO_NOCLOSE);
    if (reader == NULL || writer == NULL || socket == NULL || BIO_up_ref(socket) != 1) {
        (void)BIO_free(reader);
        (void)BIO_free(writer);
        (void)BIO_free(socket);
        return false;
    }
    SSL_set0_rbio(ssl, BIO_push(reader, socket));
    SSL_set0_wbio(ssl, BIO_push(writer, socket));
    return true;
}

SSL *tls_session_new(struct tls_contexts *contexts, const struct tls_options *options,
                     const char *host, int fd, int side, struct fault *fault_r)
{
    SSL_CTX *ctx = tls_contexts_get(contexts, options, side, fault_r);
    if (ctx == NULL)
        return NULL;
    if (options->host != NULL)
        host = options->host;
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (ssl == NULL || !tls_session_set_host(ssl, host) || !tls_session_set_socket(ssl, fd)) {
        tls_fault(fault_r, side, "a TLS session can't be set up");
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

bool tls_met_clear_text(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER;
}

/* What is wrong with the certificate, and what to do; {side} is its side. */
static const struct {
    long verdict;
    const char *sentence;
} verdicts[] = {
    {X509_V_ERR_HOSTNAME_MISMATCH,
     "its certificate is for another name. Give the name that stands in it as --host{side}"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH,
     "its certificate is for another address. Give the name that stands in it as --host{side}"},
    {X509_V_ERR_CERT_HAS_EXPIRED,
     "its certificate has expired. Whoever runs it has to renew it; --tlspin{side} with "
     "--sslargs{side} SSL_verify_mode=0 trusts its key alone"},
    {X509_V_ERR_CERT_NOT_YET_VALID,
     "its certificate is not valid yet. Check the clocks of both machines"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "its certificate is signed by itself alone. Trust it "
                                             "with --cafile{side} FILE, which holds it"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
     "its certificate comes from an authority that is not known here. A private CA is trusted with "
     "--cafile{side} FILE"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "its certificate comes from an authority that is not known here. A private CA is trusted with "
     "--cafile{side} FILE"},
};

static void explain_verdict(const char *sentence, int side, char *text_r, size_t size)
{
    size_t used = 0;
    while (*sentence != '\0' && used + 1 < size) {
        bool is_side = strncmp(sentence, "{side}", 6) == 0;
        text_r[used++] = is_side ? (char)('0' + side) : *sentence;
        sentence += is_side ? 6 : 1;
    }
    text_r[used] = '\0';
}

static long verdict_of(const SSL *ssl)
{
    return SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ? X509_V_OK : SSL_get_verify_result(ssl);
}

bool tls_is_unproven(const SSL *ssl)
{
    return verdict_of(ssl) != X509_V_OK;
}

void tls_explain(const SSL *ssl, int side, char *text_r, size_t size)
{
    long verdict = verdict_of(ssl);
    unsigned long error = ERR_peek_last_error();
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);
    ERR_clear_error();
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (verdicts[i].verdict == verdict) {
            explain_verdict(verdicts[i].sentence, side, text_r, size);
            return;
        }
    }
    if (verdict != X509_V_OK)
        (void)snprintf(text_r, size, "its certificate is not accepted: %s. Check host and port",
                       X509_verify_cert_error_string(verdict));
    else if (ERR_GET_REASON(error) == SSL_R_UNSUPPORTED_PROTOCOL ||
             ERR_GET_REASON(error) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
        (void)snprintf(
            text_r, size,
            "it speaks only versions of TLS older than 1.2, which are not safe; --sslargs%d "
            "SSL_version=TLSv1 allows them",
            side);
    else
        (void)snprintf(text_r, size, "%s. Check host and port",
                       reason == NULL ? "the connection was closed" : reason);
}

/* -- pins -- */

static bool pin_read_hex(const char *text, unsigned char pin_r[TLS_PIN_BYTES])
{
    size_t digits = 0;
    for (; *text != '\0'; text++) {
        int value = *text >= '0' && *text <= '9'   ? *text - '0'
                    : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10
                    : *text >= 'A' && *text <= 'F' ? *text - 'A' + 10
                                                   : -1;
        if (*text == ':' && digits % 2 == 0)
            continue;
        if (value < 0 || digits >= (size_t)2 * TLS_PIN_BYTES)
            return false;
        pin_r[digits / 2] = (unsigned char)(digits % 2 == 0 ? value << 4
                                                            : pin_r[digits / 2] | value);
        digits++;
    }
    return digits == (size_t)2 * TLS_PIN_BYTES;
}

/* 32 bytes are 43 characters and one "=". */
static bool pin_read_base64(const char *text, unsigned char pin_r[TLS_PIN_BYTES])
{
    unsigned char bytes[TLS_PIN_BYTES + 1];
    if (strlen(text) != 44 || text[43] != '=' || text[42] == '=' ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text, 44) != TLS_PIN_BYTES + 1)
        return false;
    memcpy(pin_r, bytes, TLS_PIN_BYTES);
    return true;
}

bool tls_pin_read(const char *text, unsigned char pin_r[TLS_PIN_BYTES])
{
    if (str_iequals_n(text, strlen(text) < 8 ? strlen(text) : 8, "sha256//"))
        text += 8;
    else if (str_iequals_n(text, strlen(text) < 7 ? strlen(text) : 7, "sha256:"))
        text += 7;
    return pin_read_hex(text, pin_r) || pin_read_base64(text, pin_r);
}

static bool pin_of_server(SSL *ssl, unsigned char pin_r[TLS_PIN_BYTES])
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    unsigned char *key = NULL;
    if (certificate == NULL)
        return false;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    bool is_done = size > 0 && EVP_Digest(key, (size_t)size, pin_r, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(key);
    X509_free(certificate);
    return is_done;
}

bool tls_pins_allow(SSL *ssl, const struct tls_options *options, char pin_r[TLS_PIN_TEXT_SIZE])
{
    unsigned char own[TLS_PIN_BYTES];
    unsigned char pin[TLS_PIN_BYTES];
    unsigned char base64[48];
    (void)snprintf(pin_r, TLS_PIN_TEXT_SIZE, "not known");
    if (options->pins == NULL || options->pins->count == 0)
        return true;
    if (!pin_of_server(ssl, own))
        return false;
    for (size_t i = 0; i < options->pins->count; i++) {
        if (tls_pin_read(options->pins->items[i], pin) && memcmp(pin, own, sizeof(pin)) == 0)
            return true;
    }
    (void)EVP_EncodeBlock(base64, own, TLS_PIN_BYTES);
    (void)snprintf(pin_r, TLS_PIN_TEXT_SIZE, "sha256//%s", (const char *)base64);
    return false;
}

bool tls_options_believe_all(const struct tls_options *options)
{
    return options->is_unverified && (options->pins == NULL || options->pins->count == 0);
}
