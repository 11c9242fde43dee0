/* SPDX-License-Identifier: MIT
 * The ways to sign in, by the names that --authmech1/2 has for them. Pure. */
#ifndef SYNC_AUTH_MECHANISM_H
#define SYNC_AUTH_MECHANISM_H

#include <stdbool.h>

enum auth_mechanism {
    AUTH_MECHANISM_ANY, /* PLAIN where it is offered, else LOGIN */
    AUTH_MECHANISM_PLAIN,
    AUTH_MECHANISM_LOGIN, /* the command LOGIN */
    AUTH_MECHANISM_CRAM_MD5,
};

/* In any case; NULL and "" are ANY. False: *reason_r says why not, as the end of a sentence that
   begins with the setting's name. */
bool auth_mechanism_find(const char *name, enum auth_mechanism *mechanism_r, const char **reason_r);

#endif
