/* SPDX-License-Identifier: MIT
 * What is known of the clouds that sign in by OAuth2: where their tokens come from, and what to ask
 * for. Constant data; pure. */
#ifndef SYNC_AUTH_CLOUDS_H
#define SYNC_AUTH_CLOUDS_H

#include <stdbool.h>

/* {tenant} stands for the profile's tenant in every URL. */
struct cloud {
    const char *name; /* as a profile's `cloud` has it */
    bool is_microsoft;
    const char *imap_host;
    const char *token_url;
    const char *authorize_url;
    const char *device_url;
    const char *app_scope;       /* what an app asks for that signs in as itself */
    const char *delegated_scope; /* what is asked for in the name of a user */
    const char *audiences;       /* of its tokens, separated by blanks; "" if they can't be read */
};

/* In any case; NULL if there is none of that name. */
const struct cloud *cloud_find(const char *name);
/* Their names, separated by ", ". */
extern const char cloud_names[];

/* Whether tokens for it are for one of Microsoft's IMAP servers. */
bool cloud_is_audience(const char *audience);

/* Whether a password sent to this host would be sent in vain: it is Microsoft's. */
bool cloud_host_takes_no_passwords(const char *host);

#endif
