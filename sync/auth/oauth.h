/* SPDX-License-Identifier: MIT
 * What is said to sign-in services and what they answer (RFC 6749, 7636, 8628). Pure; any thread.
 */
#ifndef SYNC_AUTH_OAUTH_H
#define SYNC_AUTH_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "sync/auth/profiles.h"

/* How the application proves who it is; at most one is not NULL. */
struct oauth_client {
    const struct profile *profile;
    const char *secret;
    const char *assertion;
};

/* Bodies of requests, as forms. Append to secret buffers. */
void oauth_form_of_app(const struct oauth_client *client, struct buffer *form);
void oauth_form_of_refresh(const struct oauth_client *client, const char *refresh_token,
                           struct buffer *form);
void oauth_form_of_assertion(const char *assertion, struct buffer *form);
void oauth_form_of_device(const struct oauth_client *client, struct buffer *form);
void oauth_form_of_device_code(const struct oauth_client *client, const char *device_code,
                               struct buffer *form);
void oauth_form_of_code(const struct oauth_client *client, const char *code, const char *verifier,
                        const char *redirect_uri, struct buffer *form);
/* Where a browser goes; `challenge` is the verifier's SHA-256 in base64url. */
void oauth_append_authorize_url(const struct profile *profile, const char *redirect_uri,
                                const char *state, const char *challenge, struct buffer *url);

/* A service's answer to a request for a token. */
struct oauth_answer {
    long status; /* of HTTP */
    const char *body;
    size_t size;
    int64_t retry_after_secs;
};

/* Strings are owned and secret; see oauth_token_deinit(). */
struct oauth_token {
    char *access;
    char *refresh;         /* NULL if none came along */
    int64_t lifetime_secs; /* from when it was asked for */
};
void oauth_token_deinit(struct oauth_token *token);

enum oauth_outcome {
    OAUTH_DONE,
    OAUTH_PENDING,   /* the user has not agreed yet: ask again */
    OAUTH_SLOW_DOWN, /* and not so often (RFC 8628 section 3.5) */
    OAUTH_FAILED,    /* *fault_r says why */
};
/* DONE fills *token_r. A fault holds the service's own words, and their diagnosis; where it only
   asks for patience it is a wait. */
enum oauth_outcome oauth_read_token(const struct oauth_answer *answer,
                                    const struct profile *profile, struct oauth_token *token_r,
                                    struct fault *fault_r);

/* The answer to oauth_form_of_device(). Strings are owned. */
struct oauth_device {
    char *code; /* secret */
    char *user_code;
    char *url;
    int64_t interval_secs;
    int64_t lifetime_secs;
};
bool oauth_read_device(const struct oauth_answer *answer, const struct profile *profile,
                       struct oauth_device *device_r, struct fault *fault_r);
void oauth_device_deinit(struct oauth_device *device);

/* Whether a token that was asked for at `asked_nsecs` and lives so long is still to be used at
   `now_nsecs`: not in its last five minutes, nor in its last half if it lives less than ten. */
bool oauth_is_fresh(int64_t asked_nsecs, int64_t lifetime_secs, int64_t now_nsecs);
/* From when on a session that was opened with such a token is better opened again, before the
   server ends it: two minutes before the token's end, or in the last quarter of a short life. By
   then it is no longer fresh, so that the session gets another. */
int64_t oauth_renew_at_nsecs(int64_t asked_nsecs, int64_t lifetime_secs);

#endif
