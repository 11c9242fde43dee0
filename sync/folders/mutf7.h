/* SPDX-License-Identifier: MIT
 * Modified UTF-7 of mailbox names, RFC 3501 section 5.1.3. Pure; any thread. */
#ifndef SYNC_FOLDERS_MUTF7_H
#define SYNC_FOLDERS_MUTF7_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Decodes to UTF-8 for people to read. Returns false (and appends nothing) when `name` is not
   valid: overlong shifts, bad base64, lone surrogates, 8-bit bytes that are no UTF-8. Raw UTF-8, as
   some servers send it, passes unchanged. */
bool mutf7_decode(const char *name, size_t size, struct buffer *utf8);
/* Encodes valid UTF-8; false on anything else. */
bool mutf7_encode(const char *utf8, size_t size, struct buffer *name);
/* The decoded name, or the raw one when it can't be decoded. Owned by the caller. */
char *mutf7_to_display(const char *name);

#endif
