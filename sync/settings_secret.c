/* SPDX-License-Identifier: MIT
 * Where a password comes from: typed, a file's first line, a variable, a command's output. No
 * sentence here repeats a byte of what was read. */
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

/* True if the passfile serves; else the password does. */
static bool secret_is_in_file(const struct settings *settings, int side)
{
    const struct settings_side *mine = &settings->side[side - 1];
    char password[] = "password1";
    char passfile[] = "passfile1";
    password[8] = passfile[8] = (char)('0' + side);
    if (mine->passfile == NULL)
        return false;
    if (mine->password == NULL || mine->password[0] == '\0')
        return true;
    return settings_column_was_set(settings, settings_column_find(passfile, NULL)) ||
           !settings_column_was_set(settings, settings_column_find(password, NULL));
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

static void secret_fault(struct fault *fault, int side, const char *name, const char *sentence,
                         const char *detail)
{
    fault_set(fault, FAULT_SECRET, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, side, "%s%d %s%s%s",
              name, side, sentence, detail[0] == '\0' ? "" : ": ", detail);
}

/* As secret_fault(), with the system's words for `error`. */
static void secret_fault_errno(struct fault *fault, int side, const char *name,
                               const char *sentence, int error)
{
    char words[STR_ERROR_SIZE];
    secret_fault(fault, side, name, sentence, str_error(error, words));
}

/* --- passfile --- */

static bool secret_from_file(const char *path, int side, char **secret_r, struct fault *fault_r)
{
    struct buffer line;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        secret_fault_errno(fault_r, side, "passfile", "can't be opened", errno);
        return false;
    }
    buffer_init_secret(&line, SECRET_MAX_BYTES + SECRET_READ_BYTES);
    enum secret_read outcome = read_first_line(fd, 0, &line);
    if (outcome == SECRET_READ_FAILED)
        secret_fault_errno(fault_r, side, "passfile", "can't be read", errno);
    else if (outcome == SECRET_READ_TOO_LONG)
        secret_fault(fault_r, side, "passfile", "has a first line longer than 64 KiB", "");
    else if ((*secret_r = secret_from_line(&line)) == NULL)
        secret_fault(fault_r, side, "passfile", "holds no password in its first line", "");
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

static bool secret_from_env(const char *name, int side, char **secret_r, struct fault *fault_r)
{
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0') {
        secret_fault(fault_r, side, "password", "names an environment variable that is not set",
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

static bool secret_from_cmd(const char *command, int side, char **secret_r, struct fault *fault_r)
{
    int64_t deadline_nsecs = clock_mono_nsecs() + SECRET_CMD_TIMEOUT_S * CLOCK_NSECS_PER_SEC;
    struct buffer line;
    struct shell_child child;
    int error = shell_start(command, SHELL_OUTPUT, NULL, &child);
    if (error != 0) {
        secret_fault_errno(fault_r, side, "password", "is a command that can't be started", error);
        return false;
    }
    buffer_init_secret(&line, SECRET_MAX_BYTES + SECRET_READ_BYTES);
    enum secret_read outcome = read_first_line(child.output_fd, deadline_nsecs, &line);
    int status = end_command(&child, outcome == SECRET_READ_DONE ? deadline_nsecs : 0);
    if (outcome == SECRET_READ_TOO_LONG)
        secret_fault(fault_r, side, "password", "is a command that prints more than 64 KiB", "");
    else if (status == -1)
        secret_fault(fault_r, side, "password", "is a command that did not end within 60 s", "");
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        secret_fault(fault_r, side, "password", "is a command that failed", "");
    else if ((*secret_r = secret_from_line(&line)) == NULL)
        secret_fault(fault_r, side, "password", "is a command that printed no password", "");
    buffer_deinit(&line);
    return *secret_r != NULL;
}

/* --- the doors --- */

bool settings_resolve_secret(const struct settings *settings, int side, char **secret_r,
                             struct fault *fault_r)
{
    const struct settings_side *mine = &settings->side[side - 1];
    *secret_r = NULL;
    if (secret_is_in_file(settings, side))
        return secret_from_file(mine->passfile, side, secret_r, fault_r);
    switch (settings_secret_kind(mine->password)) {
    case SECRET_LITERAL:
        *secret_r = mem_strdup(mine->password);
        return true;
    case SECRET_ENV:
        return secret_from_env(mine->password + 4, side, secret_r, fault_r);
    case SECRET_CMD:
        return secret_from_cmd(mine->password + 4, side, secret_r, fault_r);
    case SECRET_OAUTH:
        secret_fault(fault_r, side, "password", "asks for OAuth, which is not built yet", "");
        return false;
    case SECRET_NONE:
        break;
    }
    secret_fault(fault_r, side, "password", "is missing", "");
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
    const struct settings_side *mine = &settings->side[side - 1];
    struct fault fault;
    char *secret = NULL;
    bool is_fine = true;
    if (secret_is_in_file(settings, side))
        return check_passfile(mine->passfile, side, faults);
    switch (settings_secret_kind(mine->password)) {
    case SECRET_NONE: /* settings_check_pair() says so */
    case SECRET_LITERAL:
    case SECRET_CMD:
        return true;
    case SECRET_ENV:
    case SECRET_OAUTH:
        is_fine = settings_resolve_secret(settings, side, &secret, &fault);
        mem_free_secret(&secret);
        if (!is_fine) {
            str_append_printable(faults, fault.text, strlen(fault.text));
            buffer_append_byte(faults, '\n');
        }
    }
    return is_fine;
}
