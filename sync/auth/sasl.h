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
/* CRAM-MD5's answer (RFC 2195): the base64 of user, blank, and the challenge's digest in hex. The
   challenge is what came behind "+ ". False if it is no base64, or MD5 can't be had. Append to a
   secret buffer. */
bool sasl_cram_md5(const char *user, const char *password, const char *challenge, size_t size,
                   struct buffer *base64);

#endif
