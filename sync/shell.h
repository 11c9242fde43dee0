/* SPDX-License-Identifier: MIT
 * Shell commands as children of this process. A child is the leader of a process group of its own,
 * so that all it started can be ended with it; it inherits none of this process's descriptors but
 * those it is given. Any thread may call these. */
#ifndef SYNC_SHELL_H
#define SYNC_SHELL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum shell_streams {
    SHELL_OUTPUT, /* its output is read; its input is empty, its errors are ours */
    SHELL_ALL,    /* all three are ours to write and read */
};

/* Our ends of its pipes, close-on-exec; -1: there is none, or it is closed. */
struct shell_child {
    pid_t pid;
    int input_fd;
    int output_fd;
    int error_fd;
};

/* Starts `/bin/sh -c command`. `hidden`: names of environment variables it does not get, ended by
   NULL; NULL: it gets all. Returns an errno. */
int shell_start(const char *command, enum shell_streams streams, const char *const *hidden,
                struct shell_child *child_r);
/* Closes what is still open. */
void shell_close(struct shell_child *child);
/* Whether it has ended; *status_r is waitpid()'s. */
bool shell_has_ended(const struct shell_child *child, int *status_r);
/* Kills it and all it started, and waits for its end. */
void shell_kill(const struct shell_child *child);

#endif
