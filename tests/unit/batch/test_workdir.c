/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "batch/workdir.h"

#define AT_MSECS INT64_C(1795384306123) /* 2026-11-22T21:51:46.123Z */

static char *path_new(void)
{
    char *path = mem_strdup("/tmp/mailconvoy-workdir-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static void path_remove(char *path)
{
    char *command = mem_printf("rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
    mem_free(command);
    mem_free(path);
}

static void assert_private_dir(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void test_path_is_a_file(void **state)
{
    (void)state;
    struct workdir *workdir = NULL;
    struct fault fault;
    assert_false(workdir_open("/dev/null", &workdir, &fault));
    assert_null(workdir);
    assert_int_equal(fault.code, FAULT_FILE);
    assert_non_null(strstr(fault.text, "/dev/null"));
}

static void test_second_run_is_refused(void **state)
{
    (void)state;
    struct workdir *workdir;
    struct workdir *second = NULL;
    struct fault fault;
    char pid_text[32];
    char *path = path_new();
    assert_true(workdir_open(path, &workdir, &fault));
    assert_false(workdir_open(path, &second, &fault));
    assert_null(second);
    assert_int_equal(fault.code, FAULT_BUSY);
    snprintf(pid_text, sizeof(pid_text), "%ld", (long)getpid());
    assert_non_null(strstr(fault.text, pid_text));
    workdir_close(&workdir);
    assert_null(workdir);
    assert_true(workdir_open(path, &second, &fault));
    workdir_close(&second);
    path_remove(path);
}

static void test_begin_run(void **state)
{
    (void)state;
    struct workdir *workdir;
    struct fault fault;
    char target[PATH_MAX] = "";
    char *top = path_new();
    char *path = mem_printf("%s/made/here", top);
    assert_true(workdir_open(path, &workdir, &fault));
    assert_true(workdir_begin_run(workdir, AT_MSECS, &fault));
    const char *id = workdir_run_id(workdir);
    assert_int_equal(strlen(id), strlen("20261122T215146.123Z-0000"));
    assert_memory_equal(id, "20261122T215146.123Z-", 21);
    char *state_path = mem_printf("%s/state.db", path);
    char *run_dir = mem_printf("%s/runs/%s", path, id);
    char *users_dir = mem_printf("%s/users", run_dir);
    char *latest = mem_printf("%s/latest", path);
    char *wanted = mem_printf("runs/%s", id);
    assert_string_equal(workdir_state_path(workdir), state_path);
    assert_string_equal(workdir_run_dir(workdir), run_dir);
    assert_private_dir(path);
    assert_private_dir(run_dir);
    assert_private_dir(users_dir);
    assert_true(readlink(latest, target, sizeof(target) - 1) > 0);
    assert_string_equal(target, wanted);
    mem_free(state_path);
    mem_free(run_dir);
    mem_free(users_dir);
    mem_free(latest);
    mem_free(wanted);
    mem_free(path);
    workdir_close(&workdir);
    path_remove(top);
}

/* Many runs in the same millisecond still get an id and a directory each. */
static void test_ids_are_unique(void **state)
{
    (void)state;
    char *path = path_new();
    char before[64] = "";
    for (int i = 0; i < 50; i++) {
        struct workdir *workdir;
        struct fault fault;
        assert_true(workdir_open(path, &workdir, &fault));
        assert_true(workdir_begin_run(workdir, AT_MSECS, &fault));
        assert_string_not_equal(workdir_run_id(workdir), before);
        snprintf(before, sizeof(before), "%s", workdir_run_id(workdir));
        workdir_close(&workdir);
    }
    char *command = mem_printf("test $(ls '%s/runs' | wc -l) -eq 50", path);
    assert_int_equal(system(command), 0);
    mem_free(command);
    path_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_is_a_file),
        cmocka_unit_test(test_second_run_is_refused),
        cmocka_unit_test(test_begin_run),
        cmocka_unit_test(test_ids_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
