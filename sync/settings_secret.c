/* SPDX-License-Identifier: MIT
 * Where a password or token comes from: typed, a file's first line, a variable, a command's output.
 * No sentence here repeats a byte of what was read. */
#include "sync/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/settings_private.h"
#include "sync/shell.h"

#define SECRET_MAX_BYTES     65536
#define SECRET_READ_BYTES    1024
#define SECRET_CMD_TIMEOUT_S 60

enum secret_kind settings_secret_kind(const char *password)
{
    if (password == NULL || password[0] == '\0')
        return SECRET_NONE;
    if (strncmp(password, "env:", 4) == 0)
        return SECRET_ENV;
    if (strncmp(password, "cmd:", 4) == 0)
        return SECRET_CMD;
    if (strncmp(password, "oauth:", 6) == 0)
        return SECRET_OAUTH;
    return SECRET_LITERAL;
}

/* --- reading the first line of a descriptor --- */

enum secret_read {
    SECRET_READ_DONE,
    SECRET_READ_TOO_LONG,
    SECRET_READ_FAILED, /* errno says why */
};

/* Waits until `fd` can be read; false when the time is over. */
static bool wait_readable(int fd, int64_t deadline_nsecs)
{
    for (;;) {
        int64_t left_msecs = (deadline_nsecs - clock_mono_nsecs()) / CLOCK_NSECS_PER_MSEC;
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        if (left_msecs <= 0)
            return false;
        int ready = poll(&wanted, 1, (int)left_msecs);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

/* Reads until the first line is complete; what follows is not looked at. */
static enum secret_read read_first_line(int fd, int64_t deadline_nsecs, struct buffer *line)
{
    for (;;) {
        unsigned char *end = line->used == 0 ? NULL : memchr(line->data, '\n', line->used);
        if (end != NULL) {
            line->used = (size_t)(end - line->data);
            return SECRET_READ_DONE;
        }
        unsigned char *room = buffer_reserve(line, SECRET_READ_BYTES);
        if (room == NULL)
            return SECRET_READ_TOO_LONG;
        if (deadline_nsecs != 0 && !wait_readable(fd, deadline_nsecs)) {
            errno = ETIMEDOUT;
            return SECRET_READ_FAILED;
        }
        ssize_t got = read(fd, room, SECRET_READ_BYTES);
        if (got > 0)
            buffer_commit(line, (size_t)got);
        else if (got == 0)
            return SECRET_READ_DONE;
        else if (errno != EINTR)
            return SECRET_READ_FAILED;
    }
}

/* The line as a secret without its CR; NULL when nothing usable is left. */
static char *secret_from_line(const struct buffer *line)
{
    size_t size = line->used;
    if (size > 0 && line->data[size - 1] == '\r')
        size--;
    if (size == 0 || memchr(line->data, '\0', size) != NULL)
        return NULL;
    return mem_strndup(line->data, size);
}

/* Whose secret it is. */
struct secret_of {
    const char *name; /* of the setting */
    int side;
    const char *noun; /* what it should be */
};

static void secret_fault(struct fault *fault, const struct secret_of *of, const char *sentence,
                         const char *detail)
{
    fault_set(fault, FAULT_SECRET, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, of->side, "%s%d %s%s%s",
              of->name, of->side, sentence, detail[0] == '\0' ? "" : ": ", detail);
}

/* As secret_fault(), with the system's words for `error`. */
static void secret_fault_errno(struct fault *fault, const struct secret_of *of,
                               const char *sentence, int error)
{
    char words[STR_ERROR_SIZE];
    secret_fault(fault, of, sentence, str_error(error, words));
}

/* "... no password", "... no token". */
static void secret_fault_none(struct fault *fault, const struct secret_of *of, const char *before,
                              const char *after)
{
    fault_set(fault, FAULT_SECRET, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, of->side,
              "%s%d %s no %s%s", of->name, of->side, before, of->noun, after);
}

/* --- a file --- */

static bool secret_from_file(const char *path, const struct secret_of *of, char **secret_r,
                             struct fault *fault_r)
{
    struct buffer line;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        secret_fault_errno(fault_r, of, "can't be opened", errno);
        return false;
    }
    buffer_init_secret(&line, SECRET_MAX_BYTES + SECRET_READ_BYTES);
    enum secret_read outcome = read_first_line(fd, 0, &line);
    if (outcome == SECRET_READ_FAILED)
        secret_fault_errno(fault_r, of, "can't be read", errno);
    else if (outcome == SECRET_READ_TOO_LONG)
        secret_fault(fault_r, of, "has a first line longer than 64 KiB", "");
    else if ((*secret_r = secret_from_line(&line)) == NULL)
        secret_fault_none(fault_r, of, "holds", " in its first line");
    buffer_deinit(&line);
    (void)close(fd);
    return *secret_r != NULL;
}

/* --- env: --- */

/* What is no name may be a password that happens to begin with "env:". */
static bool is_variable_name(const char *name)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    return name[strspn(name, legal)] == '\0';
}

static bool secret_from_env(const char *name, const struct secret_of *of, char **secret_r,
                            struct fault *fault_r)
{
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0') {
        secret_fault(fault_r, of, "names an environment variable that is not set",
                     is_variable_name(name) ? name : "");
        return false;
    }
    *secret_r = mem_strdup(value);
    return true;
}

/* --- cmd: --- */

/* Takes what else the command prints, so that it does not end by SIGPIPE. Closes *fd at its end. */
static void drain_output(int *fd)
{
    char scrap[1024];
    struct pollfd wanted = {.fd = *fd, .events = POLLIN};
    if (poll(&wanted, 1, 5) <= 0 || *fd < 0)
        return;
    ssize_t got = read(*fd, scrap, sizeof(scrap));
    mem_wipe(scrap, sizeof(scrap));
    if (got == 0 || (got < 0 && errno != EINTR)) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* Waits for the end of the command; past the deadline it is killed. Closes its output. Returns
   the wait status, or -1 after a kill. */
static int end_command(struct shell_child *child, int64_t deadline_nsecs)
{
    int status = 0;
    for (;;) {
        bool has_ended = shell_has_ended(child, &status);
        if (has_ended || clock_mono_nsecs() >= deadline_nsecs) {
            shell_close(child);
            if (has_ended)
                return status;
            break;
        }
        drain_output(&child->output_fd);
    }
    shell_kill(child);
    return -1;
}

static bool secret_from_cmd(const char *command, const struct secret_of *of, char **secret_r,
                            struct fault *fault_r)
{
    int64_t deadline_nsecs = clock_mono_nsecs() + SECRET_CMD_TIMEOUT_S * CLOCK_NSECS_PER_SEC;
    struct buffer line;
    struct shell_child child;
    int error = shell_start(command, SHELL_OUTPUT, NULL, &child);
    if (error != 0) {
        secret_fault_errno(fault_r, of, "is a command that can't be started", error);
        return false;
    }
    buffer_init_secret(&line, SECRET_MAX_BYTES + SECRET_READ_BYTES);
    enum secret_read outcome = read_first_line(child.output_fd, deadline_nsecs, &line);
    int status = end_command(&child, outcome == SECRET_READ_DONE ? deadline_nsecs : 0);
    if (outcome == SECRET_READ_TOO_LONG)
        secret_fault(fault_r, of, "is a command that prints more than 64 KiB", "");
    else if (status == -1)
        secret_fault(fault_r, of, "is a command that did not end within 60 s", "");
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        secret_fault(fault_r, of, "is a command that failed", "");
    else if ((*secret_r = secret_from_line(&line)) == NULL)
        secret_fault_none(fault_r, of, "is a command that printed", "");
    buffer_deinit(&line);
    return *secret_r != NULL;
}

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
    switch (settings_secret_kind(credential->value)) {
    case SECRET_ENV:
        return secret_from_env(credential->value + 4, of, secret_r, fault_r);
    case SECRET_CMD:
        return secret_from_cmd(credential->value + 4, of, secret_r, fault_r);
    default:
        break;
    }
    if (credential_is_oauth(credential))
        return secret_from_token(credential->value, of, secret_r, fault_r);
    *secret_r = mem_strdup(credential->value);
    return true;
}

bool settings_resolve_secret(const struct settings *settings, int side, char **secret_r,
                             struct fault *fault_r)
{
    struct credential credential;
    settings_credential(settings, side, &credential);
    const struct secret_of of = {credential.name, side,
                                 credential_is_oauth(&credential) ? "token" : "password"};
    const struct secret_of nothing = {"password", side, "password"};
    *secret_r = NULL;
    switch (credential.kind) {
    case CREDENTIAL_PASSFILE:
        return secret_from_file(credential.value, &of, secret_r, fault_r);
    case CREDENTIAL_PASSWORD:
    case CREDENTIAL_TOKEN:
    case CREDENTIAL_MESSAGE:
        return secret_from_value(&credential, &of, secret_r, fault_r);
    case CREDENTIAL_PROFILE:
        secret_fault(fault_r, &of, "asks for OAuth, which is not built yet", "");
        return false;
    case CREDENTIAL_NONE:
        break;
    }
    secret_fault(fault_r, &nothing, "is missing", "");
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

bool settings_check_secret(const struct settings *settings, int side, struct buffer *faults)
{
    struct credential credential;
    struct fault fault;
    char *secret = NULL;
    settings_credential(settings, side, &credential);
    if (credential.kind == CREDENTIAL_PASSFILE)
        return check_passfile(credential.value, side, faults);
    /* What is missing is settings_check_pair()'s; commands run only when they are needed. */
    if (credential.kind == CREDENTIAL_NONE ||
        (credential.kind != CREDENTIAL_PROFILE &&
         settings_secret_kind(credential.value) == SECRET_CMD))
        return true;
    bool is_fine = settings_resolve_secret(settings, side, &secret, &fault);
    mem_free_secret(&secret);
    if (!is_fine) {
        str_append_printable(faults, fault.text, strlen(fault.text));
        buffer_append_byte(faults, '\n');
    }
    return is_fine;
}
