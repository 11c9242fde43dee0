/* SPDX-License-Identifier: MIT */
#include "sync/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

extern char **environ;

/* Held from making a child's pipes until it is started, so that no child started by another worker
   inherits them and keeps them open. */
static pthread_mutex_t shell_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The child's ends. */
struct shell_ends {
    int input_fd;
    int output_fd;
    int error_fd;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void shell_close(struct shell_child *child)
{
    close_end(&child->input_fd);
    close_end(&child->output_fd);
    close_end(&child->error_fd);
}

/* -- its environment -- */

static bool is_hidden(const char *variable, const char *const *hidden)
{
    size_t size = strcspn(variable, "=");
    for (; *hidden != NULL; hidden++) {
        if (strlen(*hidden) == size && strncmp(*hidden, variable, size) == 0)
            return true;
    }
    return false;
}

/* Pointers into our own; freed with mem_free(). */
static char **environment_without(const char *const *hidden)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **left = mem_alloc_array(count + 1, sizeof(*left));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_hidden(environ[i], hidden))
            left[kept++] = environ[i];
    }
    return left;
}

/* -- starting -- */

static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none;
    sigset_t usual;
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGINT);
    (void)sigaddset(&usual, SIGTERM);
    short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    int status = posix_spawnattr_setflags(attr, flags);
    if (status == 0)
        status = posix_spawnattr_setpgroup(attr, 0);
    if (status == 0)
        status = posix_spawnattr_setsigmask(attr, &none);
    if (status == 0)
        status = posix_spawnattr_setsigdefault(attr, &usual);
    return status;
}

static int set_streams(posix_spawn_file_actions_t *actions, const struct shell_ends *ends)
{
    int status = ends->input_fd >= 0
                     ? posix_spawn_file_actions_adddup2(actions, ends->input_fd, 0)
                     : posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, ends->output_fd, 1);
    if (status == 0 && ends->error_fd >= 0)
        status = posix_spawn_file_actions_adddup2(actions, ends->error_fd, 2);
    return status;
}

static int spawn_with(const char *command, const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attr, const char *const *hidden, pid_t *pid_r)
{
    char shell[] = "sh";
    char option[] = "-c";
    char *text = mem_strdup(command);
    char *argv[] = {shell, option, text, NULL};
    char **environment = hidden == NULL ? environ : environment_without(hidden);
    int status = posix_spawn(pid_r, "/bin/sh", actions, attr, argv, environment);
    if (hidden != NULL)
        mem_free(environment);
    mem_free(text);
    return status;
}

static int spawn_shell(const char *command, const struct shell_ends *ends,
                       const char *const *hidden, pid_t *pid_r)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0)
        return status;
    status = posix_spawnattr_init(&attr);
    if (status == 0) {
        status = set_attributes(&attr);
        if (status == 0)
            status = set_streams(&actions, ends);
        if (status == 0)
            status = spawn_with(command, &actions, &attr, hidden, pid_r);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return status;
}

/* Both ends are close-on-exec, and none is a standard stream. Returns an errno. */
static int make_pipe(int *read_end, int *write_end)
{
    int fds[2];
    if (pipe(fds) != 0)
        return errno;
    int status = 0;
    for (int i = 0; i < 2; i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (fd < 0 && status == 0)
            status = errno;
        (void)close(fds[i]);
        fds[i] = fd;
    }
    if (status != 0) {
        close_end(&fds[0]);
        close_end(&fds[1]);
    }
    *read_end = fds[0];
    *write_end = fds[1];
    return status;
}

static int start(const char *command, enum shell_streams streams, const char *const *hidden,
                 struct shell_child *child)
{
    struct shell_ends ends = {-1, -1, -1};
    int status = make_pipe(&child->output_fd, &ends.output_fd);
    if (status == 0 && streams == SHELL_ALL)
        status = make_pipe(&ends.input_fd, &child->input_fd);
    if (status == 0 && streams == SHELL_ALL)
        status = make_pipe(&child->error_fd, &ends.error_fd);
    if (status == 0)
        status = spawn_shell(command, &ends, hidden, &child->pid);
    close_end(&ends.input_fd);
    close_end(&ends.output_fd);
    close_end(&ends.error_fd);
    if (status != 0)
        shell_close(child);
    return status;
}

int shell_start(const char *command, enum shell_streams streams, const char *const *hidden,
                struct shell_child *child_r)
{
    *child_r = (struct shell_child){-1, -1, -1, -1};
    int status = pthread_mutex_lock(&shell_mutex);
    if (status != 0)
        return status;
    status = start(command, streams, hidden, child_r);
    int unlocked = pthread_mutex_unlock(&shell_mutex);
    return status != 0 ? status : unlocked;
}

/* -- its end -- */

bool shell_has_ended(const struct shell_child *child, int *status_r)
{
    return waitpid(child->pid, status_r, WNOHANG) == child->pid;
}

void shell_kill(const struct shell_child *child)
{
    int status;
    (void)kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
}
