/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"

#define AT_MSECS INT64_C(1795384306123) /* 2026-11-22T21:51:46.123Z */

struct fixture {
    char dir[64];
    int dir_fd;
    int fd;
    int other;
    char holder[LOCK_HOLDER_SIZE];
    struct fault fault;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    assert_true(f->dir_fd >= 0);
    *state = f;
    return 0;
}

/* rmdir() proves that nothing else is left. */
static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)unlinkat(f->dir_fd, "lock", 0);
    assert_int_equal(close(f->dir_fd), 0);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static enum lock_outcome take(struct fixture *f, const char *name, int *fd_r)
{
    return lock_take(f->dir_fd, name, "/srv/mo ve", AT_MSECS, fd_r, f->holder, &f->fault);
}

/* A process that takes the lock and lives until it is killed. */
static pid_t start_holder(struct fixture *f)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (take(f, "lock", &f->fd) != LOCK_TAKEN || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    return pid;
}

static void test_faults(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(take(f, "none/lock", &f->fd), LOCK_FAULT);
    assert_int_equal(f->fd, -1);
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_string_equal(f->fault.text, "can't open the lock none/lock: No such file or directory");
}

static void test_a_link_is_not_followed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(symlinkat("elsewhere", f->dir_fd, "lock"), 0);
    assert_int_equal(take(f, "lock", &f->fd), LOCK_FAULT);
    assert_int_equal(faccessat(f->dir_fd, "elsewhere", F_OK, 0), -1);
}

static void test_who_holds_it(void **state)
{
    struct fixture *f = *state;
    char expected[128];
    assert_int_equal(take(f, "lock", &f->fd), LOCK_TAKEN);
    assert_int_equal(take(f, "lock", &f->other), LOCK_BUSY);
    assert_int_equal(f->other, -1);
    (void)snprintf(expected, sizeof(expected),
                   "process %ld since 2026-11-22T21:51:46Z in /srv/mo ve", (long)getpid());
    assert_string_equal(f->holder, expected);
    lock_release(&f->fd);
    assert_int_equal(f->fd, -1);
    lock_release(&f->fd);
    assert_int_equal(take(f, "lock", &f->fd), LOCK_TAKEN);
    lock_release(&f->fd);
}

/* What is read there need not be what was written. */
static void test_any_content(void **state)
{
    static const char *const rows[] = {
        "", "\n", "x", "12", "12 ", "12 2026", "12 2026\n/x", "12  /x",
    };
    struct fixture *f = *state;
    assert_int_equal(take(f, "lock", &f->fd), LOCK_TAKEN);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ftruncate(f->fd, 0), 0);
        assert_int_equal(pwrite(f->fd, rows[i], strlen(rows[i]), 0), strlen(rows[i]));
        assert_int_equal(take(f, "lock", &f->other), LOCK_BUSY);
        assert_string_equal(f->holder, "another process");
    }
    for (off_t at = 0; at < 4096; at += 8)
        assert_int_equal(pwrite(f->fd, at == 0 ? "1 2 3333" : "33333333", 8, at), 8);
    assert_int_equal(take(f, "lock", &f->other), LOCK_BUSY);
    assert_memory_equal(f->holder, "process 1 since 2 in 333333", 27);
    assert_true(strlen(f->holder) < LOCK_HOLDER_SIZE);
    lock_release(&f->fd);
}

/* kill -9 leaves the file, but not the lock. */
static void test_a_dead_holder_holds_nothing(void **state)
{
    struct fixture *f = *state;
    char expected[64];
    int status;
    pid_t pid = start_holder(f);
    assert_int_equal(take(f, "lock", &f->fd), LOCK_BUSY);
    (void)snprintf(expected, sizeof(expected), "process %ld since ", (long)pid);
    assert_memory_equal(f->holder, expected, strlen(expected));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(faccessat(f->dir_fd, "lock", F_OK, 0), 0);
    assert_int_equal(take(f, "lock", &f->fd), LOCK_TAKEN);
    lock_release(&f->fd);
}

static void test_remove(void **state)
{
    struct fixture *f = *state;
    struct stat info;
    assert_int_equal(take(f, "lock", &f->fd), LOCK_TAKEN);
    assert_int_equal(fstatat(f->dir_fd, "lock", &info, 0), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    lock_remove(f->dir_fd, "lock", &f->fd);
    assert_int_equal(f->fd, -1);
    assert_int_equal(faccessat(f->dir_fd, "lock", F_OK, 0), -1);
    lock_remove(f->dir_fd, "lock", &f->fd);
}

/* A name that came to stand for another file is a new lock: the old holder's is worth nothing. */
static void test_a_file_taken_away(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(take(f, "lock", &f->fd), LOCK_TAKEN);
    assert_int_equal(unlinkat(f->dir_fd, "lock", 0), 0);
    assert_int_equal(take(f, "lock", &f->other), LOCK_TAKEN);
    lock_release(&f->fd);
    lock_remove(f->dir_fd, "lock", &f->other);
}

/* Many processes take and remove the lock at the same time: never two at once. */
static void test_race(void **state)
{
    enum {
        PROCESSES = 4,
        ROUNDS = 300
    };
    struct fixture *f = *state;
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] > 0)
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            if (take(f, "lock", &f->fd) != LOCK_TAKEN)
                continue;
            int alone = openat(f->dir_fd, "alone", O_CREAT | O_EXCL | O_WRONLY, 0600);
            if (alone < 0 || unlinkat(f->dir_fd, "alone", 0) != 0)
                _exit(1);
            (void)close(alone);
            lock_remove(f->dir_fd, "lock", &f->fd);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

#define LOCK_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(test_faults),
        LOCK_TEST(test_a_link_is_not_followed),
        LOCK_TEST(test_who_holds_it),
        LOCK_TEST(test_any_content),
        LOCK_TEST(test_a_dead_holder_holds_nothing),
        LOCK_TEST(test_remove),
        LOCK_TEST(test_a_file_taken_away),
        LOCK_TEST(test_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
