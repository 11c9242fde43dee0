/* SPDX-License-Identifier: MIT
 * Named ways to get OAuth2 tokens, and named servers, from a file that anybody can write (INI): a
 * section for each.
 *
 *     [contoso]
 *     cloud = microsoft
 *     tenant = contoso.onmicrosoft.com
 *     client_id = 11111111-2222-3333-4444-555555555555
 *     certificate = contoso.pem
 *
 * Read once, before anything starts; constant afterwards, so any thread may look. */
#ifndef SYNC_AUTH_PROFILES_H
#define SYNC_AUTH_PROFILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "sync/auth/clouds.h"

enum profile_flow {
    PROFILE_APP,             /* as itself, for every mailbox that lets it in (RFC 6749 4.4) */
    PROFILE_USER,            /* in the name of a user who agreed (refresh tokens, RFC 6749 6) */
    PROFILE_SERVICE_ACCOUNT, /* Google's, as each user of a domain (RFC 7523) */
};

/* All strings are owned; NULL where they were not given and have no default. */
struct profile {
    char *name;
    size_t line; /* of its first value */
    char *cloud_name;
    const struct cloud *cloud; /* NULL: every URL is given */
    char *flow_name;
    enum profile_flow flow;
    char *tenant;
    char *client_id;
    char *client_secret;      /* see secret_resolve(), also "file:NAME" */
    char *certificate;        /* PEM; signs instead of a secret */
    char *key;                /* PEM; the certificate's file if not given */
    char *algorithm;          /* "PS256" or "RS256" */
    char *service_account;    /* Google's key file, JSON */
    char *user;               /* who agreed; suggested to the page that asks */
    char *refresh_token;      /* where somebody else keeps it: "cmd:...", "env:..." */
    char *refresh_token_file; /* where we keep it, mode 0600, replaced as a whole */
    char *scope;
    char *token_url;
    char *authorize_url;
    char *device_url;
    char *cafile; /* authorities to trust for these URLs, instead of the system's */
};

/* A section [host:NAME]: settings of one side, without their digit, as they stand there; what they
   mean is not known here (see settings_check_host_profiles()). All strings are owned. */
struct host_value {
    char *name;
    char *value;
    size_t line;
};
struct host_profile {
    char *name;  /* without "host:" */
    size_t line; /* of its first value */
    struct host_value *values;
    size_t count;
    size_t alloc;
};

struct profiles;

/* Reads a file. NULL, and sentences with file and line in `faults`, if anything is wrong with it:
   also if others may write it, or read secrets in it. */
struct profiles *profiles_read(const char *path, struct buffer *faults);
/* NULL is fine. */
void profiles_deinit(struct profiles **profiles);
/* The first that is there: mailconvoy.conf in the work directory, then in
   $XDG_CONFIG_HOME/mailconvoy (by default ~/.config/mailconvoy). NULL if none is. Owned by the
   caller. */
char *profiles_default_path(const char *workdir);

/* NULL if there is none of this name. */
const struct profile *profiles_find(const struct profiles *profiles, const char *name);
/* Number i in the order of the file; NULL behind the last. */
const struct profile *profiles_at(const struct profiles *profiles, size_t i);
/* The same for hosts. */
const struct host_profile *profiles_find_host(const struct profiles *profiles, const char *name);
const struct host_profile *profiles_host_at(const struct profiles *profiles, size_t i);
/* A file's name, as seen from the directory of the file of profiles. Owned by the caller. */
char *profiles_path_beside(const struct profiles *profiles, const char *name);
const char *profiles_path(const struct profiles *profiles);

/* What a profile may say: the name of setting number i, and in a few words what it means. NULL
   behind the last. Static; any thread. */
const char *profiles_key_at(size_t i, const char **help_r);

#endif
