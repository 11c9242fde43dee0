/* SPDX-License-Identifier: MIT
 * Runs a command and writes what it cost as one line of numbers to a file:
 * exit code, wall seconds, CPU seconds (user and system, its children too), peak RSS in KiB.
 *
 * measure FILE COMMAND [ARGUMENT ...]
 *
 * Why not Python alone: a program inherits the peak RSS of the one that started it, and this one is
 * smaller than anything it measures. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double seconds_now(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    if (argc < 3)
        return 64;
    double began = seconds_now();
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        perror("measure");
        return 70;
    }
    double wall = seconds_now() - began;
    double cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    FILE *file = fopen(argv[1], "w");
    if (file == NULL || fprintf(file, "%d %.6f %.6f %ld\n", code, wall, cpu, usage.ru_maxrss) < 0 ||
        fclose(file) != 0) {
        perror(argv[1]);
        return 70;
    }
    return code;
}
