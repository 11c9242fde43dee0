/* SPDX-License-Identifier: MIT
 * The secret of a side: see sync/secret.h for where it comes from. */
#include "sync/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/auth/profiles.h"
#include "sync/secret.h"

#define LABEL_SIZE 64

/* --- tokens --- */

#define TOKEN_MIN_BYTES 20

/* RFC 6750 section 2.1; base64 as well. Short words are names of files, mistyped. */
static bool is_like_a_token(const char *text)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~+/=";
    return text[0] != '/' && text[0] != '.' && strlen(text) >= TOKEN_MIN_BYTES &&
           text[strspn(text, legal)] == '\0';
}

/* As in imapsync: what names a file is one. */
static bool secret_from_token(const char *value, const struct secret_of *of, char **secret_r,
                              struct fault *fault_r)
{
    if (access(value, F_OK) == 0)
        return secret_from_file(value, of, secret_r, fault_r);
    if (!is_like_a_token(value)) {
        secret_fault(fault_r, of,
                     "is no token, and no file that is there: give the token, or the name of a "
                     "file whose first line it is",
                     "");
        return false;
    }
    *secret_r = mem_strdup(value);
    return true;
}

/* --- the doors --- */

static bool secret_from_value(const struct credential *credential, const struct secret_of *of,
                              char **secret_r, struct fault *fault_r)
{
    if (credential_is_oauth(credential) && secret_kind(credential->value) == SECRET_LITERAL)
        return secret_from_token(credential->value, of, secret_r, fault_r);
    return secret_resolve(credential->value, of, secret_r, fault_r);
}

bool settings_resolve_secret(const struct settings *settings, int side, char **secret_r,
                             struct fault *fault_r)
{
    struct credential credential;
    char label[LABEL_SIZE];
    settings_credential(settings, side, &credential);
    bool is_none = credential.kind == CREDENTIAL_NONE;
    (void)snprintf(label, sizeof(label), "%s%d", is_none ? "password" : credential.name, side);
    const struct secret_of of = {label, side,
                                 credential_is_oauth(&credential) ? "token" : "password"};
    *secret_r = NULL;
    switch (credential.kind) {
    case CREDENTIAL_PASSFILE:
        return secret_from_file(credential.value, &of, secret_r, fault_r);
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_TOKEN:
    case CREDENTIAL_MESSAGE:
        return secret_from_value(&credential, &of, secret_r, fault_r);
    case CREDENTIAL_PROFILE: /* its tokens come from sync/auth/tokens.h */
    case CREDENTIAL_NONE:
        break;
    }
    secret_fault(fault_r, &of, "is missing", "");
    return false;
}

static bool check_passfile(const char *path, int side, struct buffer *faults)
{
    struct stat info;
    const char *reason = NULL;
    char words[STR_ERROR_SIZE];
    if (stat(path, &info) != 0 || access(path, R_OK) != 0)
        reason = str_error(errno, words);
    else if (S_ISDIR(info.st_mode))
        reason = "it is a folder";
    else if (S_ISREG(info.st_mode) && info.st_size == 0)
        reason = "it is empty";
    if (reason == NULL)
        return true;
    buffer_printf(faults, "passfile%d \"", side);
    str_append_printable(faults, path, strlen(path));
    buffer_printf(faults, "\" can't be used: %s\n", reason);
    return false;
}

static bool check_profile(const struct settings *settings, const struct credential *credential,
                          int side, struct buffer *faults)
{
    if (settings->profiles != NULL && profiles_find(settings->profiles, credential->value) != NULL)
        return true;
    buffer_printf(faults, "%s%d names the sign-in profile \"", credential->name, side);
    str_append_printable(faults, credential->value, strlen(credential->value));
    if (settings->profiles == NULL)
        buffer_append_str(faults, "\", but there is no file of profiles (--config)\n");
    else
        buffer_printf(faults, "\", which %s does not have\n", profiles_path(settings->profiles));
    return false;
}

bool settings_check_secret(const struct settings *settings, int side, struct buffer *faults)
{
    struct credential credential;
    struct fault fault;
    char *secret = NULL;
    settings_credential(settings, side, &credential);
    if (credential.kind == CREDENTIAL_PASSFILE)
        return check_passfile(credential.value, side, faults);
    if (credential.kind == CREDENTIAL_PROFILE)
        return check_profile(settings, &credential, side, faults);
    /* What is missing is settings_check_pair()'s; commands run only when they are needed. */
    if (credential.kind == CREDENTIAL_NONE || secret_kind(credential.value) == SECRET_CMD)
        return true;
    bool is_fine = settings_resolve_secret(settings, side, &secret, &fault);
    mem_free_secret(&secret);
    if (!is_fine) {
        str_append_printable(faults, fault.text, strlen(fault.text));
        buffer_append_byte(faults, '\n');
    }
    return is_fine;
}
