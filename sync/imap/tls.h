/* SPDX-License-Identifier: MIT
 * TLS contexts, one per trusted CA file, shared by all pairs: reading the system's certificates
 * costs milliseconds, so it is done once. Certificates and host names are always verified;
 * TLS 1.2 is the oldest version spoken. Any thread may call these; a mutex inside guards the list.
 */
#ifndef SYNC_IMAP_TLS_H
#define SYNC_IMAP_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/fault.h"

struct tls_contexts;

struct tls_contexts *tls_contexts_init(void);
void tls_contexts_deinit(struct tls_contexts **contexts);
/* A new TLS session for `fd`, ready for SSL_connect(): trusts the system's CAs, or only those in
   cafile if it is not NULL, and demands a certificate for `host` (a name or an address). NULL and a
   FAULT_TLS for `side` on failure. The caller frees it with SSL_free(). */
SSL *tls_session_new(struct tls_contexts *contexts, const char *cafile, const char *host, int fd,
                     int side, struct fault *fault_r);
/* Did the last failed handshake end at bytes that are no TLS at all? Looks at this thread's OpenSSL
   error queue without clearing it. */
bool tls_met_clear_text(void);
/* Why the handshake failed, in words. Reads and clears this thread's OpenSSL error queue. */
void tls_explain(const SSL *ssl, char *text_r, size_t size);

#endif
