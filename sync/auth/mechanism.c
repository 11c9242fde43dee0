/* SPDX-License-Identifier: MIT */
#include "sync/auth/mechanism.h"

#include <stddef.h>

#include "base/str.h"

static const struct {
    const char *name;
    enum auth_mechanism mechanism;
    const char *reason; /* why it is not there */
} mechanisms[] = {
    {"PLAIN", AUTH_MECHANISM_PLAIN, NULL},
    {"LOGIN", AUTH_MECHANISM_LOGIN, NULL},
    {"CRAM-MD5", AUTH_MECHANISM_CRAM_MD5, NULL},
    {"SCRAM-SHA-1", AUTH_MECHANISM_SCRAM_SHA_1, NULL},
    {"SCRAM-SHA-256", AUTH_MECHANISM_SCRAM_SHA_256, NULL},
    {"XOAUTH2", AUTH_MECHANISM_XOAUTH2, NULL},
    {"OAUTHBEARER", AUTH_MECHANISM_OAUTHBEARER, NULL},
    {"DIGEST-MD5", AUTH_MECHANISM_ANY,
     "DIGEST-MD5 is historic (RFC 6331) and not built; use PLAIN over TLS"},
    {"NTLM", AUTH_MECHANISM_ANY, "NTLM is not built; use PLAIN or LOGIN over TLS"},
    {"EXTERNAL", AUTH_MECHANISM_EXTERNAL, NULL},
    {"PREAUTH", AUTH_MECHANISM_ANY,
     "needs no PREAUTH: a server that greets with it is asked for no sign-in; leave it out"},
    {"X-MASTERAUTH", AUTH_MECHANISM_ANY, "X-MASTERAUTH (Kerio's) is not built; use --authuser"},
};

enum auth_mechanism auth_mechanism_strongest(unsigned int offered, bool is_for_another)
{
    static const enum auth_mechanism strengths[] = {
        AUTH_MECHANISM_SCRAM_SHA_256,
        AUTH_MECHANISM_SCRAM_SHA_1,
        AUTH_MECHANISM_CRAM_MD5,
        AUTH_MECHANISM_PLAIN,
    };
    for (size_t i = 0; i < sizeof(strengths) / sizeof(strengths[0]); i++) {
        bool fits = !is_for_another || strengths[i] != AUTH_MECHANISM_CRAM_MD5;
        if (fits && (offered & 1u << strengths[i]) != 0)
            return strengths[i];
    }
    return AUTH_MECHANISM_LOGIN;
}

bool auth_mechanism_is_scram(enum auth_mechanism mechanism)
{
    return mechanism == AUTH_MECHANISM_SCRAM_SHA_1 || mechanism == AUTH_MECHANISM_SCRAM_SHA_256;
}

bool auth_mechanism_is_oauth(enum auth_mechanism mechanism)
{
    return mechanism == AUTH_MECHANISM_XOAUTH2 || mechanism == AUTH_MECHANISM_OAUTHBEARER;
}

const char *auth_mechanism_name(enum auth_mechanism mechanism)
{
    size_t i = 0;
    while (mechanisms[i].mechanism != mechanism)
        i++;
    return mechanisms[i].name;
}

bool auth_mechanism_find(const char *name, enum auth_mechanism *mechanism_r, const char **reason_r)
{
    *mechanism_r = AUTH_MECHANISM_ANY;
    *reason_r = NULL;
    if (name == NULL || name[0] == '\0')
        return true;
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        if (!str_iequals(name, mechanisms[i].name))
            continue;
        *mechanism_r = mechanisms[i].mechanism;
        *reason_r = mechanisms[i].reason;
        return *reason_r == NULL;
    }
    *reason_r = "wants PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, EXTERNAL, XOAUTH2 or "
                "OAUTHBEARER";
    return false;
}
