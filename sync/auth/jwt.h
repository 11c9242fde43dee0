/* SPDX-License-Identifier: MIT
 * JSON Web Tokens (RFC 7519): signed with an RSA key, and those of others looked into. Pure; any
 * thread. */
#ifndef SYNC_AUTH_JWT_H
#define SYNC_AUTH_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/evp.h>

#include "base/buffer.h"

enum jwt_algorithm {
    JWT_RS256, /* RFC 7518 section 3.3 */
    JWT_PS256, /* section 3.5 */
};

/* Base64 without padding, "-" and "_" for "+" and "/" (RFC 4648 section 5). */
void jwt_append_base64url(struct buffer *text, const void *data, size_t size);
/* Appends what was encoded; false if it is no base64url. */
bool jwt_decode_base64url(const char *text, size_t size, struct buffer *data);

/* Appends header.claims.signature; both are JSON. False if the key can't sign so. */
bool jwt_sign(const char *header, const char *claims, enum jwt_algorithm algorithm, EVP_PKEY *key,
              struct buffer *jwt);
/* Appends the claims' JSON of somebody's token, unverified. False if it is no JWT: many tokens are
   not. */
bool jwt_append_claims(const char *jwt, struct buffer *json);

#endif
