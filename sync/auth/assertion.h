/* SPDX-License-Identifier: MIT
 * Signed statements that stand in for a secret: an application's at Microsoft (RFC 7523 section
 * 2.2), a service account's at Google (section 2.1). Keys are read anew each time, so that they can
 * be replaced under a running program. Any thread. */
#ifndef SYNC_AUTH_ASSERTION_H
#define SYNC_AUTH_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "sync/auth/profiles.h"

/* Append the assertion, valid from `now_secs` (Unix time) for some minutes; `id` is one that was
   never used. FAULT_SECRET if certificate or key can't be used. */
bool assertion_of_client(const struct profile *profile, int64_t now_secs, const char *id,
                         struct buffer *jwt, struct fault *fault_r);
/* `mailbox` is whom the service account acts for. */
bool assertion_of_service_account(const struct profile *profile, const char *mailbox,
                                  int64_t now_secs, struct buffer *jwt, struct fault *fault_r);

#endif
