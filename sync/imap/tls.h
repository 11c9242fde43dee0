/* SPDX-License-Identifier: MIT
 * TLS contexts, one per set of options, shared by all pairs: reading the system's certificates
 * costs milliseconds, so it is done once. Certificates and host names are verified and TLS 1.2 is
 * the oldest version spoken, unless the options say otherwise. Any thread may call these; a mutex
 * inside guards the list. */
#ifndef SYNC_IMAP_TLS_H
#define SYNC_IMAP_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/fault.h"

struct tls_contexts;

/* What zeros and NULLs leave open is as it should be. */
struct tls_options {
    const char *cafile;    /* trust these authorities instead of the system's, */
    const char *capath;    /* or those in this directory, or both */
    const char *cert_file; /* a certificate of our own, in PEM */
    const char *key_file;  /* its key; NULL: it is in cert_file */
    const char *ciphers;   /* OpenSSL's words */
    const char *host;      /* the name that is asked for and verified, instead of the server's */
    int only_version;      /* such as TLS1_2_VERSION; 0: TLS 1.2 and what is newer */
    bool is_unverified;    /* whoever answers is believed */
};

struct tls_contexts *tls_contexts_init(void);
void tls_contexts_deinit(struct tls_contexts **contexts);
/* A new TLS session for `fd`, ready for SSL_connect(); it demands a certificate for `host` (a name
   or an address). NULL and a FAULT_TLS for `side` on failure. The caller frees it with SSL_free().
 */
SSL *tls_session_new(struct tls_contexts *contexts, const struct tls_options *options,
                     const char *host, int fd, int side, struct fault *fault_r);
/* Did the last failed handshake end at bytes that are no TLS at all? Looks at this thread's OpenSSL
   error queue without clearing it. */
bool tls_met_clear_text(void);
/* Why the handshake failed, in words. Reads and clears this thread's OpenSSL error queue. */
void tls_explain(const SSL *ssl, char *text_r, size_t size);

#endif
