/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/spool.h"

static void test_bytes_come_back(void **state)
{
    char dir[] = "/tmp/mailconvoy-spool-XXXXXX";
    struct spool spool;
    struct fault fault;
    struct stat info;
    const unsigned char *data;
    (void)state;
    assert_non_null(mkdtemp(dir));
    for (int round = 0; round < 2; round++) {
        assert_true(spool_open(&spool, dir, &fault));
        for (unsigned int i = 0; i < 10000; i++)
            assert_true(spool_append(&spool, &i, sizeof(i), &fault));
        assert_int_equal(spool.size, 10000 * sizeof(unsigned int));
        assert_true(spool_map(&spool, &data, &fault));
        for (unsigned int i = 0; i < 10000; i++)
            assert_memory_equal(data + i * sizeof(i), &i, sizeof(i));
        /* It has no name, nobody else may read it, and no child gets it. */
        assert_int_equal(fstat(spool.fd, &info), 0);
        assert_int_equal(info.st_nlink, 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        assert_true((fcntl(spool.fd, F_GETFD) & FD_CLOEXEC) != 0);
        spool_close(&spool);
        assert_int_equal(spool.fd, -1);
        spool_close(&spool);
    }
    assert_int_equal(rmdir(dir), 0);
}

static void test_nothing(void **state)
{
    struct spool spool;
    struct fault fault;
    const unsigned char *data = NULL;
    (void)state;
    assert_true(spool_open(&spool, NULL, &fault));
    assert_true(spool_map(&spool, &data, &fault));
    assert_non_null(data);
    assert_int_equal(spool.size, 0);
    spool_close(&spool);
    spool_init(&spool);
    spool_close(&spool);
}

/* A file of that name that somebody else has put there is neither used nor followed. */
static void test_names_that_are_taken(void **state)
{
    char dir[] = "/tmp/mailconvoy-spool-XXXXXX";
    char path[128];
    char victim[128];
    struct spool spool;
    struct fault fault;
    struct stat info;
    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(victim, sizeof(victim), "%s/victim", dir);
    FILE *file = fopen(victim, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(path, sizeof(path), "%s/mailconvoy-%ld-%d", dir, (long)getpid(), i);
        assert_int_equal(symlink(victim, path), 0);
    }
    assert_true(spool_open(&spool, dir, &fault));
    assert_true(spool_append(&spool, "x", 1, &fault));
    assert_int_equal(stat(victim, &info), 0);
    assert_int_equal(info.st_size, 0);
    spool_close(&spool);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(path, sizeof(path), "%s/mailconvoy-%ld-%d", dir, (long)getpid(), i);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(unlink(victim), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void test_faults(void **state)
{
    struct spool spool;
    struct fault fault;
    (void)state;
    assert_false(spool_open(&spool, "/no/such/directory", &fault));
    assert_int_equal(fault.code, FAULT_FILE);
    assert_string_equal(fault.text, "can't make a temporary file in /no/such/directory: No such "
                                    "file or directory");
    assert_int_equal(spool.fd, -1);
    spool.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(spool.fd >= 0);
    assert_false(spool_append(&spool, "x", 1, &fault));
    assert_string_equal(fault.text, "can't write a temporary file: No space left on device");
    assert_int_equal(fault.scope, FAULT_SCOPE_MAILBOX);
    spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_come_back),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_names_that_are_taken),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
