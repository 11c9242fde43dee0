/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "batch/mailbox_key.h"
#include "batch/pair_lock.h"

#define AT_MSECS INT64_C(1795384306123) /* 2026-11-22T21:51:46.123Z */

struct fixture {
    char top[64];
    char dir[96];
    struct pair_locks *locks;
    struct pair_lock lock;
    struct fault fault;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->top, sizeof(f->top), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->top));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/locks", f->top);
    *state = f;
    return 0;
}

/* rmdir() proves that no lock file stayed. */
static int teardown(void **state)
{
    struct fixture *f = *state;
    pair_locks_close(&f->locks);
    assert_null(f->locks);
    (void)rmdir(f->dir);
    assert_int_equal(rmdir(f->top), 0);
    free(f);
    return 0;
}

static void set_pair(struct settings *settings, const char *host1, const char *user1,
                     const char *host2, const char *user2)
{
    settings_init(settings);
    settings->side[0].host = mem_strdup(host1);
    settings->side[0].user = mem_strdup(user1);
    settings->side[1].host = mem_strdup(host2);
    settings->side[1].user = mem_strdup(user2);
}

static void assert_refused(struct fixture *f, const char *what)
{
    char expected[256];
    assert_false(pair_locks_open(f->dir, "/w", &f->locks, &f->fault));
    assert_null(f->locks);
    assert_int_equal(f->fault.code, FAULT_FILE);
    (void)snprintf(expected, sizeof(expected),
                   "can't keep locks of mailbox pairs in %s: %s; name another directory with "
                   "--lockdir",
                   f->dir, what);
    assert_string_equal(f->fault.text, expected);
}

static void test_a_directory_for_others(void **state)
{
    struct fixture *f = *state;
    static const mode_t modes[] = {0701, 0710, 0720, 0777, 01777};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(mkdir(f->dir, 0700), 0);
        assert_int_equal(chmod(f->dir, modes[i]), 0);
        assert_refused(f, "other users may enter it (it wants mode 700)");
        assert_int_equal(rmdir(f->dir), 0);
    }
}

static void test_a_directory_of_another(void **state)
{
    struct fixture *f = *state;
    if (geteuid() == 0) {
        assert_int_equal(mkdir(f->dir, 0700), 0);
        assert_int_equal(chown(f->dir, 12345, 12345), 0);
        assert_refused(f, "it belongs to another user");
        return;
    }
    (void)snprintf(f->dir, sizeof(f->dir), "/");
    assert_refused(f, "it belongs to another user");
}

static void test_a_link_is_not_followed(void **state)
{
    struct fixture *f = *state;
    char target[96];
    (void)snprintf(target, sizeof(target), "%s/target", f->top);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(symlink(target, f->dir), 0);
    assert_refused(f, "it is not a directory itself");
    assert_int_equal(unlink(f->dir), 0);
    assert_int_equal(rmdir(target), 0);
}

static void test_it_is_made(void **state)
{
    struct fixture *f = *state;
    struct stat info;
    assert_true(pair_locks_open(f->dir, "/w", &f->locks, &f->fault));
    assert_int_equal(stat(f->dir, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void test_the_default_is_of_this_user(void **state)
{
    struct fixture *f = *state;
    struct stat info;
    char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/mailconvoy-%lu", (unsigned long)geteuid());
    assert_true(pair_locks_open(NULL, "/w", &f->locks, &f->fault));
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(info.st_uid, geteuid());
}

static size_t count_files(const char *path)
{
    size_t count = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(dir), 0);
    return count;
}

/* Two work directories, the same pair. */
static void test_a_pair_is_locked_once(void **state)
{
    struct fixture *f = *state;
    struct pair_locks *others = NULL;
    struct pair_lock other;
    struct settings pair;
    struct settings another;
    char expected[256];
    set_pair(&pair, "Old.example", "ada@Old.example", "new.example", "ada");
    set_pair(&another, "old.example", "ada@old.example", "new.example", "bob");
    assert_true(pair_locks_open(f->dir, "/srv/one", &f->locks, &f->fault));
    assert_true(pair_locks_open(f->dir, "/srv/two", &others, &f->fault));
    assert_true(pair_lock_take(f->locks, &pair, AT_MSECS, &f->lock, &f->fault));
    assert_int_equal(count_files(f->dir), 1);
    assert_false(pair_lock_take(others, &pair, AT_MSECS, &other, &f->fault));
    assert_int_equal(other.fd, -1);
    assert_int_equal(f->fault.code, FAULT_BUSY);
    assert_int_equal(f->fault.scope, FAULT_SCOPE_MAILBOX);
    (void)snprintf(expected, sizeof(expected),
                   "another run is copying this pair of mailboxes: process %ld since "
                   "2026-11-22T21:51:46Z in /srv/one; run this again when it has ended",
                   (long)getpid());
    assert_string_equal(f->fault.text, expected);
    assert_true(pair_lock_take(others, &another, AT_MSECS, &other, &f->fault));
    pair_lock_give_back(others, &other);
    pair_lock_give_back(f->locks, &f->lock);
    assert_int_equal(count_files(f->dir), 0);
    assert_true(pair_lock_take(others, &pair, AT_MSECS, &other, &f->fault));
    pair_lock_give_back(others, &other);
    pair_locks_close(&others);
    settings_deinit(&pair);
    settings_deinit(&another);
}

static void test_key(void **state)
{
    static const struct {
        const char *host, *user, *shared;
        int64_t port;
        const char *key;
    } rows[] = {
        {"Mail.Example", "Ada@Old.Example", NULL, 0, "mail.example Ada@old.example"},
        {"h", "u", NULL, 993, "h u"},
        {"h", "u", NULL, 143, "h u"},
        {"h", "u", NULL, 1143, "h:1143 u"},
        {"h", "A@B", "C@D", 0, "h A@b\\C@d"},
        {"H", "two words", NULL, 0, "h two words"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;
        struct buffer key;
        buffer_init(&key, 4096);
        set_pair(&settings, "", "", rows[i].host, rows[i].user);
        settings.side[1].port = rows[i].port;
        settings.side[1].shared = rows[i].shared != NULL ? mem_strdup(rows[i].shared) : NULL;
        mailbox_key_append(&key, &settings, 2);
        assert_string_equal(buffer_str(&key), rows[i].key);
        buffer_deinit(&key);
        settings_deinit(&settings);
    }
}

#define LOCK_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(test_a_directory_for_others),
        LOCK_TEST(test_a_directory_of_another),
        LOCK_TEST(test_a_link_is_not_followed),
        LOCK_TEST(test_it_is_made),
        LOCK_TEST(test_the_default_is_of_this_user),
        LOCK_TEST(test_a_pair_is_locked_once),
        cmocka_unit_test(test_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
