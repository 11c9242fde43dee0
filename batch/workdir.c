/* SPDX-License-Identifier: MIT */
#include "batch/workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"

#define WORKDIR_ID_ATTEMPTS 100

struct workdir {
    char *path;
    char *absolute_path;
    char *state_path;
    char *status_path;
    char *run_id;
    char *run_dir;
    int lock_fd;
};

/* Owned by the caller; as it was given if the system can't tell. */
static char *workdir_absolute(const char *path)
{
    char here[PATH_MAX];
    if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL)
        return mem_strdup(path);
    return mem_printf("%s/%s", here, strncmp(path, "./", 2) == 0 ? path + 2 : path);
}

static bool workdir_lock(const char *absolute, int *fd_r, struct fault *fault_r)
{
    char holder[LOCK_HOLDER_SIZE];
    char *lock_path = mem_printf("%s/lock", absolute);
    enum lock_outcome outcome = lock_take(AT_FDCWD, lock_path, absolute, clock_wall_msecs(), fd_r,
                                          holder, fault_r);
    if (outcome == LOCK_BUSY)
        fault_set(fault_r, FAULT_BUSY, FAULT_SCOPE_RUN, FAULT_ADVICE_WAIT, 0,
                  "another run holds the work directory: %s; wait for its end, or use another "
                  "--workdir",
                  holder);
    mem_free(lock_path);
    return outcome == LOCK_TAKEN;
}

bool workdir_open(const char *path, struct workdir **workdir_r, struct fault *fault_r)
{
    char *runs_path = mem_printf("%s/runs", path);
    bool is_ok = file_make_dirs(runs_path, fault_r);
    mem_free(runs_path);
    if (!is_ok)
        return false;
    char *absolute = workdir_absolute(path);
    int lock_fd = -1;
    if (!workdir_lock(absolute, &lock_fd, fault_r)) {
        mem_free(absolute);
        return false;
    }
    struct workdir *workdir = mem_alloc(sizeof(*workdir));
    workdir->path = mem_strdup(path);
    workdir->absolute_path = absolute;
    workdir->state_path = mem_printf("%s/state.db", path);
    workdir->status_path = mem_printf("%s/status.json", path);
    workdir->lock_fd = lock_fd;
    *workdir_r = workdir;
    return true;
}

void workdir_close(struct workdir **workdir_p)
{
    struct workdir *workdir = *workdir_p;
    if (workdir == NULL)
        return;
    *workdir_p = NULL;
    lock_release(&workdir->lock_fd);
    mem_free(workdir->path);
    mem_free(workdir->absolute_path);
    mem_free(workdir->state_path);
    mem_free(workdir->status_path);
    mem_free(workdir->run_id);
    mem_free(workdir->run_dir);
    mem_free(workdir);
}

/* "20261122T215146.123Z-1f3a": the letters and digits of the time, and something that differs even
   where many machines start at once. */
static char *run_id_new(int64_t wall_msecs, uint16_t random)
{
    char time_text[CLOCK_ISO8601_SIZE];
    char compact[CLOCK_ISO8601_SIZE];
    size_t used = 0;
    clock_format_msecs(wall_msecs, time_text);
    for (const char *c = time_text; *c != '\0'; c++) {
        if (*c != '-' && *c != ':')
            compact[used++] = *c;
    }
    compact[used] = '\0';
    return mem_printf("%s-%04x", compact, random);
}

/* A run directory that did not exist before. */
static bool workdir_make_run_dir(struct workdir *workdir, int64_t wall_msecs, struct fault *fault_r)
{
    int error = EEXIST;
    for (int attempt = 0; attempt < WORKDIR_ID_ATTEMPTS && error == EEXIST; attempt++) {
        unsigned char random[2];
        if (RAND_bytes(random, sizeof(random)) != 1)
            memset(random, attempt, sizeof(random)); /* the time alone is nearly unique */
        mem_free(workdir->run_id);
        mem_free(workdir->run_dir);
        workdir->run_id = run_id_new(wall_msecs, (uint16_t)(random[0] << 8 | random[1]));
        workdir->run_dir = mem_printf("%s/runs/%s", workdir->path, workdir->run_id);
        error = mkdir(workdir->run_dir, 0700) == 0 ? 0 : errno;
    }
    if (error == 0)
        return true;
    char words[STR_ERROR_SIZE];
    fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't make the directory %s: %s", workdir->run_dir, str_error(error, words));
    return false;
}

bool workdir_begin_run(struct workdir *workdir, int64_t wall_msecs, struct fault *fault_r)
{
    if (!workdir_make_run_dir(workdir, wall_msecs, fault_r))
        return false;
    char *users_path = mem_printf("%s/users", workdir->run_dir);
    char *latest_path = mem_printf("%s/latest", workdir->path);
    char *target = mem_printf("runs/%s", workdir->run_id);
    bool is_ok = file_make_dirs(users_path, fault_r) &&
                 file_replace_symlink(target, latest_path, fault_r);
    mem_free(users_path);
    mem_free(latest_path);
    mem_free(target);
    return is_ok;
}

const char *workdir_state_path(const struct workdir *workdir)
{
    return workdir->state_path;
}

const char *workdir_status_path(const struct workdir *workdir)
{
    return workdir->status_path;
}

const char *workdir_run_id(const struct workdir *workdir)
{
    return workdir->run_id;
}

const char *workdir_run_dir(const struct workdir *workdir)
{
    return workdir->run_dir;
}

const char *workdir_path(const struct workdir *workdir)
{
    return workdir->absolute_path;
}
