/* SPDX-License-Identifier: MIT
 * What makes two mailboxes the same, as one line of text. */
#ifndef BATCH_MAILBOX_KEY_H
#define BATCH_MAILBOX_KEY_H

#include "base/buffer.h"
#include "sync/settings.h"

/* Appends "host login" of a side (1 or 2) whose host and user are given. The host and what follows
   an "@" are in lower case. The ports 143 and 993 stand for one server and are left out; another
   port may lead elsewhere (a tunnel) and makes it "host:port login". Pure. */
void mailbox_key_append(struct buffer *key, const struct settings *settings, int side);

#endif
