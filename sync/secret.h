/* SPDX-License-Identifier: MIT
 * Secrets that are said to be somewhere else: a file's first line, a variable, a command's output.
 * No sentence here repeats a byte of what was read. Any thread may call these. */
#ifndef SYNC_SECRET_H
#define SYNC_SECRET_H

#include <stdbool.h>

#include "base/fault.h"

/* How the text of a secret is meant. */
enum secret_kind {
    SECRET_NONE,    /* NULL or "" */
    SECRET_LITERAL, /* the secret itself */
    SECRET_ENV,     /* "env:NAME" */
    SECRET_CMD,     /* "cmd:COMMAND" */
    SECRET_OAUTH,   /* "oauth:PROFILE", see sync/auth/profiles.h */
};
enum secret_kind secret_kind(const char *text);

/* Whose secret it is, for faults. */
struct secret_of {
    const char *label; /* "password1": what the sentence begins with */
    int side;          /* or 0 */
    const char *noun;  /* what it should be: "password" */
};
void secret_fault(struct fault *fault, const struct secret_of *of, const char *sentence,
                  const char *detail);

/* Each allocates *secret_r (free with mem_free_secret()), or fails with FAULT_SECRET. A command may
   take 60 s. */
bool secret_from_file(const char *path, const struct secret_of *of, char **secret_r,
                      struct fault *fault_r);
bool secret_from_env(const char *name, const struct secret_of *of, char **secret_r,
                     struct fault *fault_r);
bool secret_from_cmd(const char *command, const struct secret_of *of, char **secret_r,
                     struct fault *fault_r);
/* As the text's kind says; what is no reference is the secret. */
bool secret_resolve(const char *text, const struct secret_of *of, char **secret_r,
                    struct fault *fault_r);

#endif
