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

#endif
