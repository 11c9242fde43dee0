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

/* Appends the flags as one text that is always the same for the same set: without \Recent, sorted,
   system flags in their canonical case, keywords in lower case, one blank between. What is no flag
   is left out. */
void flags_append_canonical(const struct imap_token *flags, size_t count, struct buffer *text);
/* All flags but the named one, at most FLAGS_MAX; returns their count. */
#define FLAGS_MAX 256
size_t flags_leave_out(const struct imap_token *flags, size_t count, const char *name,
                       struct imap_token kept_r[FLAGS_MAX]);
/* From one such text to another: appends what came and what went, as far as the destination mailbox
   can keep it, blank-separated. Labels in them (labels.h) are passed over. */
void flags_append_changes(const char *before, const char *after,
                          const struct imap_mailbox *destination, struct buffer *added,
                          struct buffer *removed);

#endif
