/* SPDX-License-Identifier: MIT
 * SASL messages. Pure; any thread. */
#ifndef SYNC_AUTH_SASL_H
#define SYNC_AUTH_SASL_H

#include <stdbool.h>

#include "base/buffer.h"

/* The base64 of PLAIN's only message (RFC 4616 section 2): authzid NUL authcid NUL password.
   authzid is "" unless authcid signs in for somebody else. Append to a secret buffer. */
bool sasl_plain(const char *authzid, const char *authcid, const char *password,
                struct buffer *base64);
/* The base64 of EXTERNAL's only message (RFC 4422 appendix A): who is signed in to; "=" where the
   certificate tells. */
bool sasl_external(const char *authzid, struct buffer *base64);
/* The base64 of XOAUTH2's only message: user=... and the token. */
bool sasl_xoauth2(const char *user, const char *token, struct buffer *base64);
/* The base64 of OAUTHBEARER's first message (RFC 7628 section 3.1). */
bool sasl_oauthbearer(const char *user, const char *host, unsigned int port, const char *token,
                      struct buffer *base64);
/* What stands in a server's challenge, as harmless text; nothing if it is no base64. */
void sasl_append_challenge(const char *challenge, size_t size, struct buffer *text);
/* CRAM-MD5's answer (RFC 2195): the base64 of user, blank, and the challenge's digest in hex. The
   challenge is what came behind "+ ". False if it is no base64, or MD5 can't be had. Append to a
   secret buffer. */
bool sasl_cram_md5(const char *user, const char *password, const char *challenge, size_t size,
                   struct buffer *base64);

#endif
