/* SPDX-License-Identifier: MIT */
#include "batch/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"

#define PIDFILE_LOOK_BYTES 64
#define ABORT_POLITE_MSECS 10000
#define ABORT_HURRY_MSECS  3000
#define ABORT_LOOK_MSECS   50

struct pidfile {
    char *path;
    char *abort_path;
    int fd;
};

/* The first line's number; 0: the file is empty or not there, -1: it holds something else. */
static long pidfile_read(const char *path)
{
    char text[PIDFILE_LOOK_BYTES + 1];
    int64_t pid;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, text, PIDFILE_LOOK_BYTES);
    (void)close(fd);
    if (got <= 0)
        return got == 0 ? 0 : -1;
    text[got] = '\0';
    text[strcspn(text, " \r\n")] = '\0';
    return str_to_integer(text, false, 1, INT32_MAX, &pid) ? (long)pid : -1;
}

static bool process_is_alive(long pid)
{
    return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* True while a run of mailconvoy lasts that holds the file. */
static bool pidfile_is_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return is_held;
}

static void pidfile_write(const struct pidfile *pidfile, const char *log_path)
{
    if (ftruncate(pidfile->fd, 0) == 0 && lseek(pidfile->fd, 0, SEEK_SET) == 0)
        (void)dprintf(pidfile->fd, "%ld\n%s\n", (long)getpid(), log_path);
}

static enum pidfile_outcome pidfile_busy(const char *path, long pid, struct fault *fault_r)
{
    char who[64] = "another process";
    if (pid > 0)
        (void)snprintf(who, sizeof(who), "the process %ld", pid);
    fault_set(fault_r, FAULT_BUSY, FAULT_SCOPE_RUN, FAULT_ADVICE_WAIT, 0,
              "%s is alive, says the pidfile %.300s; wait for its end, or stop it with --abort",
              who, path);
    return PIDFILE_BUSY;
}

enum pidfile_outcome pidfile_take(const char *path, int64_t now_msecs, struct pidfile **pidfile_r,
                                  struct fault *fault_r)
{
    char holder[LOCK_HOLDER_SIZE];
    int fd = -1;
    long pid = pidfile_read(path);
    if (pid < 0 || (pid != (long)getpid() && process_is_alive(pid)))
        return pidfile_busy(path, pid, fault_r);
    enum lock_outcome outcome = lock_take(AT_FDCWD, path, "", now_msecs, &fd, holder, fault_r);
    if (outcome == LOCK_BUSY)
        return pidfile_busy(path, pid, fault_r);
    if (outcome != LOCK_TAKEN)
        return PIDFILE_FAULT;
    struct pidfile *pidfile = mem_alloc(sizeof(*pidfile));
    pidfile->fd = fd;
    pidfile->path = mem_strdup(path);
    pidfile->abort_path = mem_printf("%sabort%ld", path, (long)getpid());
    pidfile_write(pidfile, "");
    *pidfile_r = pidfile;
    return PIDFILE_TAKEN;
}

void pidfile_release(struct pidfile **pidfile_p)
{
    struct pidfile *pidfile = *pidfile_p;
    if (pidfile == NULL)
        return;
    *pidfile_p = NULL;
    lock_remove(AT_FDCWD, pidfile->path, &pidfile->fd);
    mem_free(pidfile->path);
    mem_free(pidfile->abort_path);
    mem_free(pidfile);
}

void pidfile_set_log(struct pidfile *pidfile, const char *log_path)
{
    pidfile_write(pidfile, log_path);
}

/* -- abort -- */

bool pidfile_sees_abort(const struct pidfile *pidfile)
{
    return unlink(pidfile->abort_path) == 0;
}

static void say_no_run(const char *path, struct buffer *words)
{
    buffer_append_str(words, "no run of mailconvoy holds ");
    str_append_printable(words, path, strlen(path));
    buffer_append_byte(words, '\n');
}

bool pidfile_ask_abort(const char *path, struct buffer *words)
{
    char error[STR_ERROR_SIZE];
    long pid = pidfile_read(path);
    if (!pidfile_is_held(path) || pid <= 0) {
        say_no_run(path, words);
        return true;
    }
    char *abort_path = mem_printf("%sabort%ld", path, pid);
    int fd = open(abort_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        (void)close(fd);
        buffer_printf(words, "the process %ld is asked to stop, by the file ", pid);
    } else {
        buffer_printf(words, "can't ask the process %ld to stop: %s: ", pid,
                      str_error(errno, error));
    }
    str_append_printable(words, abort_path, strlen(abort_path));
    buffer_append_byte(words, '\n');
    mem_free(abort_path);
    return fd >= 0;
}

static bool await_release(const char *path, int msecs)
{
    for (; pidfile_is_held(path); msecs -= ABORT_LOOK_MSECS) {
        if (msecs <= 0)
            return false;
        (void)poll(NULL, 0, ABORT_LOOK_MSECS);
    }
    return true;
}

bool pidfile_stop_holder(const char *path, struct buffer *words)
{
    long pid = pidfile_read(path);
    if (!pidfile_is_held(path) || pid <= 0) {
        say_no_run(path, words);
        return true;
    }
    bool is_gone = kill((pid_t)pid, SIGTERM) == 0 && await_release(path, ABORT_POLITE_MSECS);
    if (is_gone) {
        buffer_printf(words, "the process %ld has stopped in good order\n", pid);
        return true;
    }
    /* Two within two seconds end it at once, which is safe. */
    for (int i = 0; i < 2 && pidfile_is_held(path); i++) {
        (void)kill((pid_t)pid, SIGTERM);
        (void)poll(NULL, 0, ABORT_LOOK_MSECS);
    }
    is_gone = await_release(path, ABORT_HURRY_MSECS);
    buffer_printf(words,
                  is_gone ? "the process %ld has stopped at once\n"
                          : "the process %ld does not stop, or is not yours\n",
                  pid);
    return is_gone;
}
