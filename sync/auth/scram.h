/* SPDX-License-Identifier: MIT
 * SCRAM (RFC 5802, 7677), by libgsasl: the password is never sent, and the server has to prove that
 * it knows it, too. Belongs to one thread. */
#ifndef SYNC_AUTH_SCRAM_H
#define SYNC_AUTH_SCRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct scram;

/* `name` as SASL has it, "SCRAM-SHA-256"; authzid "" unless authcid signs in for somebody else.
   NULL if the library can't do it. */
struct scram *scram_init(const char *name, const char *authzid, const char *authcid,
                         const char *password);
/* NULL is fine. */
void scram_deinit(struct scram **scram);
/* Appends what is sent (base64) after the challenge, which is what came behind "+ ": "" at first.
   False if the server does not know the password, or talks nonsense. */
bool scram_step(struct scram *scram, const char *challenge, size_t size, struct buffer *base64);
/* Whether the server has proved itself: an OK without that is not to be believed. */
bool scram_is_proved(const struct scram *scram);

#endif
