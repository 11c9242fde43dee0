/* SPDX-License-Identifier: MIT */
#include "sync/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/shell.h"

#define SECRET_MAX_BYTES     65536
#define SECRET_READ_BYTES    1024
#define SECRET_CMD_TIMEOUT_S 60

enum secret_kind secret_kind(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return SECRET_NONE;
    if (strncmp(text, "env:", 4) == 0)
        return SECRET_ENV;
    if (strncmp(text, "cmd:", 4) == 0)
        return SECRET_CMD;
    if (strncmp(text, "oauth:", 6) == 0)
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

void secret_fault(struct fault *fault, const struct secret_of *of, const char *sentence,
                  const char *detail)
{
    fault_set(fault, FAULT_SECRET, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, of->side, "%s %s%s%s",
              of->label, sentence, detail[0] == '\0' ? "" : ": ", detail);
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
              "%s %s no %s%s", of->label, before, of->noun, after);
}

/* --- a file --- */

bool secret_from_file(const char *path, const struct secret_of *of, char **secret_r,
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

bool secret_from_env(const char *name, const struct secret_of *of, char **secret_r,
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

bool secret_from_cmd(const char *command, const struct secret_of *of, char **secret_r,
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

bool secret_resolve(const char *text, const struct secret_of *of, char **secret_r,
                    struct fault *fault_r)
{
    *secret_r = NULL;
    switch (secret_kind(text)) {
    case SECRET_ENV:
        return secret_from_env(text + strlen("env:"), of, secret_r, fault_r);
    case SECRET_CMD:
        return secret_from_cmd(text + strlen("cmd:"), of, secret_r, fault_r);
    case SECRET_NONE:
        secret_fault(fault_r, of, "is missing", "");
        return false;
    default:
        *secret_r = mem_strdup(text);
        return true;
    }
}
