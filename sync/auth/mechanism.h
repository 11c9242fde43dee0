/* SPDX-License-Identifier: MIT
 * The ways to sign in, by the names that --authmech1/2 has for them. Pure. */
#ifndef SYNC_AUTH_MECHANISM_H
#define SYNC_AUTH_MECHANISM_H

#include <stdbool.h>

enum auth_mechanism {
    AUTH_MECHANISM_ANY, /* the strongest of those that are offered and fit */
    AUTH_MECHANISM_PLAIN,
    AUTH_MECHANISM_LOGIN, /* the command LOGIN */
    AUTH_MECHANISM_CRAM_MD5,
    AUTH_MECHANISM_SCRAM_SHA_1,
    AUTH_MECHANISM_SCRAM_SHA_256,
    AUTH_MECHANISM_EXTERNAL, /* the certificate of TLS (RFC 4422 appendix A) */
    AUTH_MECHANISM_XOAUTH2,
    AUTH_MECHANISM_OAUTHBEARER,
};

/* Of those that are offered (bits 1 << enum auth_mechanism) the strongest that takes a password:
   one that does not show it, or PLAIN, or the command LOGIN, which is always there. For somebody
   else (an authorization identity) not all of them can sign in. */
enum auth_mechanism auth_mechanism_strongest(unsigned int offered, bool is_for_another);

bool auth_mechanism_is_scram(enum auth_mechanism mechanism);
/* Whether it takes a token, not a password. */
bool auth_mechanism_is_oauth(enum auth_mechanism mechanism);
/* As SASL has it. */
const char *auth_mechanism_name(enum auth_mechanism mechanism);
/* In any case; NULL and "" are ANY. False: *reason_r says why not, as the end of a sentence that
   begins with the setting's name. */
bool auth_mechanism_find(const char *name, enum auth_mechanism *mechanism_r, const char **reason_r);

#endif
