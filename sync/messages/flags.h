/* SPDX-License-Identifier: MIT
 * Flags on their way to another server. Pure. */
#ifndef SYNC_MESSAGES_FLAGS_H
#define SYNC_MESSAGES_FLAGS_H

#include "base/buffer.h"
#include "sync/imap/client.h"
#include "sync/imap/imap_parser.h"

/* Appends the flags, blank-separated, that the destination mailbox can keep (RFC 9051 section 7.1,
   PERMANENTFLAGS): system flags in their canonical case, keywords that are listed or may be
   created. \Recent, unknown system flags and whatever is no flag are left out. Returns how many
   keywords were left out. */
size_t flags_append_kept(const struct imap_token *flags, size_t count,
                         const struct imap_mailbox *destination, struct buffer *text);

#endif
