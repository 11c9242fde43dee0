/* SPDX-License-Identifier: MIT
 * The access tokens of a run: one for each profile (and mailbox, where the service wants to know
 * it), shared by all workers, fetched once however many wait for it, renewed before it runs out.
 * They are in memory only. Locks itself; any thread may call these. */
#ifndef SYNC_AUTH_TOKENS_H
#define SYNC_AUTH_TOKENS_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/stop.h"
#include "sync/auth/oauth.h"
#include "sync/auth/profiles.h"

struct tokens;

/* Profiles, stop and log (NULL: none) must outlive it. NULL if no mutex can be had. */
struct tokens *tokens_init(const struct profiles *profiles, const struct stop *stop,
                           struct log *log);
/* NULL is fine. Nobody may be waiting. */
void tokens_deinit(struct tokens **tokens);

/* A token that opens the mailbox. Allocates *token_r (free with mem_free_secret());
   *renew_at_nsecs_r is when what it opened is better opened anew, see oauth_renew_at_nsecs(). May
   run a command and ask the service, or wait for who does, so it may block for a minute and a half;
   a stop ends that. A service that said no is not asked again in this run. */
bool tokens_get(struct tokens *tokens, const char *profile, const char *mailbox, char **token_r,
                int64_t *renew_at_nsecs_r, struct fault *fault_r);
/* A server did not take it. True if another one may do: there is a newer one, or this one is
   forgotten, so that the next who wants one fetches another. That is once in a minute at most,
   since mailboxes that a good token does not open are no reason to fetch one for each. */
bool tokens_discard(struct tokens *tokens, const char *profile, const char *mailbox,
                    const char *token);

/* For whoever signs a user in: asks once, sharing nothing. Fills *client_r's secret or assertion
   (into `secret`, the caller's, secret) as the profile says. */
bool tokens_prove_client(const struct profile *profile, struct buffer *secret,
                         struct oauth_client *client_r, struct fault *fault_r);
/* Writes the profile's refresh token where it rests. */
bool tokens_store_refresh(const struct profile *profile, const char *refresh_token,
                          struct fault *fault_r);
/* Asks for one token now; nothing is shared or kept, but a new refresh token is stored. */
bool tokens_fetch(const struct profile *profile, const char *mailbox, const struct stop *stop,
                  struct oauth_token *token_r, struct fault *fault_r);

#endif
