/* SPDX-License-Identifier: MIT
 * What Microsoft's access tokens say of themselves, compared with what its IMAP servers want: they
 * themselves say just "AUTHENTICATE failed". The token is looked into, never shown. Pure. */
#ifndef SYNC_AUTH_TOKEN_CHECK_H
#define SYNC_AUTH_TOKEN_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum token_verdict {
    TOKEN_UNREADABLE, /* not every token can be looked into */
    TOKEN_GOOD,       /* nothing speaks against it */
    TOKEN_BAD,
};

/* Appends to `text` what is wrong with it, each with what to do, as "...; ..."; of a good one what
   it is. `tenant` (NULL: any) is compared where it is an id. */
enum token_verdict token_check(const char *access, const char *tenant, int64_t now_secs,
                               struct buffer *text);

#endif
