/* SPDX-License-Identifier: MIT
 * A pidfile that is free, stale, of a living process, and the file that asks to stop. */
#include "batch/pidfile.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

static char dir[] = "/tmp/mailconvoy-test-XXXXXX";
static char *path;

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    path = mem_printf("%s/pid", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    mem_free(path);
    return rmdir(dir);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *wanted)
{
    struct buffer content;
    struct fault fault;
    buffer_init(&content, 4096);
    assert_true(file_read_limited(path, 4096, &content, &fault));
    assert_string_equal(buffer_str(&content), wanted);
    buffer_deinit(&content);
}

/* An id that no process has: that of a child which is gone. */
static long dead_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return (long)pid;
}

static void test_alive(void **state)
{
    char text[64];
    struct pidfile *pidfile = NULL;
    struct fault fault;
    (void)state;
    (void)snprintf(text, sizeof(text), "%ld\n/log\n", (long)getppid());
    write_file(text);
    assert_int_equal(pidfile_take(path, 0, &pidfile, &fault), PIDFILE_BUSY);
    assert_int_equal(fault.code, FAULT_BUSY);
    assert_non_null(strstr(fault.text, "is alive, says the pidfile /tmp/mailconvoy-test-"));
    assert_content(text);
    write_file("rubbish\n");
    assert_int_equal(pidfile_take(path, 0, &pidfile, &fault), PIDFILE_BUSY);
    assert_content("rubbish\n");
    assert_null(pidfile);
}

static void test_free_and_stale(void **state)
{
    char stale[64];
    char own[64];
    const char *const before[] = {NULL, "", stale, own};
    (void)state;
    (void)snprintf(stale, sizeof(stale), "%ld\n/old log\n", dead_process());
    (void)snprintf(own, sizeof(own), "%ld\n/old log\n", (long)getpid());
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        struct pidfile *pidfile = NULL;
        struct fault fault;
        char wanted[64];
        (void)unlink(path);
        if (before[i] != NULL)
            write_file(before[i]);
        assert_int_equal(pidfile_take(path, 0, &pidfile, &fault), PIDFILE_TAKEN);
        (void)snprintf(wanted, sizeof(wanted), "%ld\n\n", (long)getpid());
        assert_content(wanted);
        pidfile_set_log(pidfile, "/var/log/a");
        (void)snprintf(wanted, sizeof(wanted), "%ld\n/var/log/a\n", (long)getpid());
        assert_content(wanted);
        pidfile_release(&pidfile);
        assert_null(pidfile);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void test_a_directory_that_is_not_there(void **state)
{
    struct pidfile *pidfile = NULL;
    struct fault fault;
    (void)state;
    assert_int_equal(pidfile_take("/nowhere/at/all", 0, &pidfile, &fault), PIDFILE_FAULT);
    assert_int_equal(fault.code, FAULT_FILE);
    pidfile_release(&pidfile);
}

static void test_abort_by_file(void **state)
{
    struct pidfile *pidfile = NULL;
    struct fault fault;
    struct buffer words;
    char wanted[256];
    (void)state;
    buffer_init(&words, 4096);
    assert_true(pidfile_ask_abort(path, &words));
    (void)snprintf(wanted, sizeof(wanted), "no run of mailconvoy holds %s\n", path);
    assert_string_equal(buffer_str(&words), wanted);
    assert_int_equal(pidfile_take(path, 0, &pidfile, &fault), PIDFILE_TAKEN);
    assert_false(pidfile_sees_abort(pidfile));
    buffer_clear(&words);
    assert_true(pidfile_ask_abort(path, &words));
    (void)snprintf(wanted, sizeof(wanted),
                   "the process %ld is asked to stop, by the file %sabort%ld\n", (long)getpid(),
                   path, (long)getpid());
    assert_string_equal(buffer_str(&words), wanted);
    assert_true(pidfile_sees_abort(pidfile));
    assert_false(pidfile_sees_abort(pidfile));
    pidfile_release(&pidfile);
    buffer_deinit(&words);
}

/* A process that is alive and holds nothing is none of ours, and is left alone. */
static void test_stop_nobody(void **state)
{
    char text[64];
    struct buffer words;
    pid_t child = fork();
    (void)state;
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    assert_true(child > 0);
    (void)snprintf(text, sizeof(text), "%ld\n/log\n", (long)child);
    write_file(text);
    buffer_init(&words, 4096);
    assert_true(pidfile_stop_holder(path, &words));
    assert_memory_equal(buffer_str(&words), "no run of mailconvoy holds ", 27);
    assert_int_equal(kill(child, 0), 0);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    buffer_deinit(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alive),
        cmocka_unit_test(test_free_and_stale),
        cmocka_unit_test(test_a_directory_that_is_not_there),
        cmocka_unit_test(test_abort_by_file),
        cmocka_unit_test(test_stop_nobody),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
