/* SPDX-License-Identifier: MIT
 * A person agrees, once: by a code that is typed on another device (RFC 8628), or in a browser on
 * this machine that comes back to a port of ours (RFC 8252, with PKCE, RFC 7636). What is gained is
 * a refresh token, which is stored where the profile says. */
#ifndef SYNC_AUTH_LOGIN_H
#define SYNC_AUTH_LOGIN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fault.h"
#include "sync/auth/profiles.h"

/* Tells the person on `terminal` what to do, and waits for it: for as long as the service allows,
   or ten minutes. */
bool login_by_device(const struct profile *profile, FILE *terminal, struct fault *fault_r);
bool login_by_browser(const struct profile *profile, FILE *terminal, struct fault *fault_r);

/* What a browser says that comes back: "GET /?code=...&state=... HTTP/1.1". */
enum login_return {
    LOGIN_CODE,    /* *code_r is it, secret, the caller's */
    LOGIN_REFUSED, /* the person or the service said no */
    LOGIN_OTHER,   /* a request that has nothing to do with it */
};
/* Pure. */
enum login_return login_read_return(const char *request, const char *state, char **code_r);

#endif
