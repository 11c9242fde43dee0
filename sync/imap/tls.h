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
#include "base/str.h"

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
    bool is_unverified;    /* whoever answers is believed, unless there are pins */
    const struct str_list *pins; /* the server's key is one of these, see tls_pin_read(); NULL or
                                    empty: any */
};

#define TLS_PIN_BYTES 32

/* Reads a pin, the SHA-256 of a certificate's public key (its SubjectPublicKeyInfo): 64 digits in
   hexadecimal, with or without colons, or 44 characters of base64; "sha256//" or "sha256:" may
   stand before it. False if it is none. Pure. */
bool tls_pin_read(const char *text, unsigned char pin_r[TLS_PIN_BYTES]);

struct tls_contexts *tls_contexts_init(void);
void tls_contexts_deinit(struct tls_contexts **contexts);
/* A new TLS session for `fd`, ready for SSL_connect(); it demands a certificate for `host` (a name
   or an address). NULL and a FAULT_TLS for `side` on failure. The caller frees it with SSL_free().
 */
SSL *tls_session_new(struct tls_contexts *contexts, const struct tls_options *options,
                     const char *host, int fd, int side, struct fault *fault_r);
/* After the handshake: whether the server's key is one of the pins, if there are any. If not,
 *pin_r says what its pin is. */
#define TLS_PIN_TEXT_SIZE 64
bool tls_pins_allow(SSL *ssl, const struct tls_options *options, char pin_r[TLS_PIN_TEXT_SIZE]);
/* Whether nobody has to prove who he is. Pure. */
bool tls_options_believe_all(const struct tls_options *options);
/* Did the last failed handshake end at bytes that are no TLS at all? Looks at this thread's OpenSSL
   error queue without clearing it. */
bool tls_met_clear_text(void);
/* Whether it failed for the server's certificate. */
bool tls_is_unproven(const SSL *ssl);
/* Why the handshake failed, in words, and what to do (for the options of `side`). Reads and clears
   this thread's OpenSSL error queue. */
void tls_explain(const SSL *ssl, int side, char *text_r, size_t size);

#endif
