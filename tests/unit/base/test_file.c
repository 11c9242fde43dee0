/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct fixture {
    char dir[64];
    char path[4][128];
    struct fault fault;
};

static const char *in_dir(struct fixture *f, int slot, const char *name)
{
    (void)snprintf(f->path[slot], sizeof(f->path[slot]), "%s/%s", f->dir, name);
    return f->path[slot];
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

/* Each test removes what it made; rmdir() proves that nothing else is left. */
static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static void assert_content(const char *path, const char *expected)
{
    struct buffer content;
    struct fault fault;
    buffer_init(&content, 4096);
    assert_true(file_read_limited(path, 4096, &content, &fault));
    assert_string_equal(buffer_str(&content), expected);
    buffer_deinit(&content);
}

static unsigned int mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (unsigned int)st.st_mode & 0777;
}

static void test_make_dirs_faults(void **state)
{
    struct fixture *f = *state;
    const char *file = in_dir(f, 0, "file");
    assert_true(file_write_atomic(file, "x", 1, &f->fault));
    assert_false(file_make_dirs(in_dir(f, 1, "file/sub"), &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_non_null(strstr(f->fault.text, "can't make the directory"));
    assert_non_null(strstr(f->fault.text, "file/sub: "));
    assert_false(file_make_dirs(file, &f->fault));
    assert_false(file_make_dirs("", &f->fault));
    assert_int_equal(unlink(file), 0);
}

static void test_make_dirs(void **state)
{
    struct fixture *f = *state;
    const char *deep = in_dir(f, 0, "a//b/c/");
    assert_true(file_make_dirs(deep, &f->fault));
    assert_true(file_make_dirs(deep, &f->fault));
    assert_int_equal(mode_of(in_dir(f, 1, "a")), 0700);
    assert_int_equal(mode_of(in_dir(f, 1, "a/b/c")), 0700);
    assert_int_equal(rmdir(in_dir(f, 1, "a/b/c")), 0);
    assert_int_equal(rmdir(in_dir(f, 1, "a/b")), 0);
    assert_int_equal(rmdir(in_dir(f, 1, "a")), 0);
}

static void test_read_limited(void **state)
{
    static const struct {
        size_t max_bytes, room;
        bool is_ok;
    } rows[] = {{9, 100, false}, {10, 100, true}, {11, 100, true},
                {100, 9, false}, {100, 10, true}, {0, 100, false}};
    struct fixture *f = *state;
    const char *path = in_dir(f, 0, "ten");
    assert_true(file_write_atomic(path, "0123456789", 10, &f->fault));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer content;
        buffer_init(&content, rows[i].room);
        assert_int_equal(file_read_limited(path, rows[i].max_bytes, &content, &f->fault),
                         rows[i].is_ok);
        if (rows[i].is_ok)
            assert_memory_equal(content.data, "0123456789", 10);
        else
            assert_non_null(strstr(f->fault.text, "is larger than the "));
        buffer_deinit(&content);
    }
    assert_int_equal(unlink(path), 0);
}

static void test_read_faults(void **state)
{
    struct fixture *f = *state;
    struct buffer content;
    buffer_init(&content, 100);
    assert_false(file_read_limited(in_dir(f, 0, "none"), 10, &content, &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_non_null(strstr(f->fault.text, "No such file"));
    assert_false(file_read_limited(f->dir, 10, &content, &f->fault));
    assert_true(file_read_limited("/dev/null", 0, &content, &f->fault));
    assert_int_equal(content.used, 0);
    buffer_deinit(&content);
}

static void test_read_a_pipe(void **state)
{
    struct fixture *f = *state;
    struct buffer content;
    char path[64];
    int fds[2];
    buffer_init(&content, 100);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "secret\n", 7), 7);
    assert_int_equal(close(fds[1]), 0);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
    assert_true(file_read_limited(path, 50, &content, &f->fault));
    assert_string_equal(buffer_str(&content), "secret\n");
    assert_int_equal(close(fds[0]), 0);
    buffer_deinit(&content);
}

static void test_write_atomic(void **state)
{
    struct fixture *f = *state;
    const char *path = in_dir(f, 0, "file");
    assert_false(file_write_atomic(in_dir(f, 1, "none/file"), "x", 1, &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_true(file_write_atomic(path, "old content", 11, &f->fault));
    assert_content(path, "old content");
    assert_true(file_write_atomic(path, "new", 3, &f->fault));
    assert_content(path, "new");
    assert_int_equal(mode_of(path), 0600);
    assert_true(file_write_atomic(path, NULL, 0, &f->fault));
    assert_content(path, "");
    assert_int_equal(unlink(path), 0);
}

static void test_draft_shows_only_when_published(void **state)
{
    struct fixture *f = *state;
    const char *path = in_dir(f, 0, "file");
    struct file_draft *draft = NULL;
    file_draft_discard(&draft);
    assert_true(file_write_atomic(path, "old", 3, &f->fault));
    assert_true(file_draft_open(path, &draft, &f->fault));
    assert_true(fputs("half", file_draft_stream(draft)) >= 0);
    assert_int_equal(fflush(file_draft_stream(draft)), 0);
    assert_content(path, "old");
    file_draft_discard(&draft);
    assert_null(draft);
    assert_content(path, "old");
    assert_true(file_draft_open(path, &draft, &f->fault));
    assert_true(fputs("whole", file_draft_stream(draft)) >= 0);
    assert_true(file_draft_publish(&draft, &f->fault));
    assert_null(draft);
    assert_content(path, "whole");
    assert_int_equal(unlink(path), 0);
}

/* One that fails keeps the others from nothing; its fault is the first. */
static void test_drafts_are_published_together(void **state)
{
    struct fixture *f = *state;
    const char *taken = in_dir(f, 0, "taken");
    const char *one = in_dir(f, 1, "one");
    const char *two = in_dir(f, 2, "two");
    struct file_draft *drafts[4] = {NULL, NULL, NULL, NULL};
    assert_true(file_drafts_publish(drafts, 4, &f->fault)); /* nothing to do */
    assert_true(file_make_dirs(taken, &f->fault));
    assert_true(file_draft_open(one, &drafts[0], &f->fault));
    assert_true(file_draft_open(taken, &drafts[1], &f->fault));
    assert_true(file_draft_open(two, &drafts[3], &f->fault));
    assert_true(fputs("1", file_draft_stream(drafts[0])) >= 0);
    assert_true(fputs("2", file_draft_stream(drafts[3])) >= 0);
    assert_false(file_drafts_publish(drafts, 4, &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_non_null(strstr(f->fault.text, taken));
    for (int i = 0; i < 4; i++)
        assert_null(drafts[i]);
    assert_content(one, "1");
    assert_content(two, "2");
    assert_int_equal(unlink(one), 0);
    assert_int_equal(unlink(two), 0);
    assert_int_equal(rmdir(taken), 0);
}

static void test_draft_over_a_directory_fails_cleanly(void **state)
{
    struct fixture *f = *state;
    const char *path = in_dir(f, 0, "taken");
    assert_true(file_make_dirs(path, &f->fault));
    assert_false(file_write_atomic(path, "x", 1, &f->fault));
    assert_non_null(strstr(f->fault.text, "can't write "));
    assert_int_equal(rmdir(path), 0);
}

static void test_replace_symlink(void **state)
{
    struct fixture *f = *state;
    const char *link_path = in_dir(f, 0, "latest");
    char target[32];
    assert_true(file_replace_symlink("runs/1", link_path, &f->fault));
    assert_true(file_replace_symlink("runs/22", link_path, &f->fault));
    ssize_t size = readlink(link_path, target, sizeof(target) - 1);
    assert_int_equal(size, 7);
    assert_memory_equal(target, "runs/22", 7);
    assert_int_equal(unlink(link_path), 0);
    assert_true(file_make_dirs(link_path, &f->fault));
    assert_false(file_replace_symlink("runs/3", link_path, &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_int_equal(rmdir(link_path), 0);
}

static void test_safe_name(void **state)
{
    static const struct {
        const char *user, *name;
    } rows[] = {
        {"", "_"},
        {".", "_"},
        {"..", "_."},
        {".ssh", "_ssh"},
        {"anna@example.org", "anna@example.org"},
        {"a+b-c_d=e.f", "a+b-c_d=e.f"},
        {"../../etc/passwd", "_._.._etc_passwd"},
        {"a b\n\"~*\\", "a_b_____"},
        {"\xc3\xa9\x7f", "___"},
    };
    struct buffer name;
    (void)state;
    buffer_init(&name, 200);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buffer_clear(&name);
        assert_true(file_safe_name(rows[i].user, &name));
        assert_string_equal(buffer_str(&name), rows[i].name);
    }
    char user[300];
    memset(user, 'x', sizeof(user) - 1);
    user[sizeof(user) - 1] = '\0';
    buffer_clear(&name);
    assert_true(file_safe_name(user, &name));
    assert_int_equal(name.used, 120);
    buffer_deinit(&name);
    buffer_init(&name, 2);
    assert_false(file_safe_name("anna", &name));
    buffer_deinit(&name);
}

static void test_names_are_unique(void **state)
{
    static const struct {
        const char *user, *name;
    } rows[] = {
        {"Ann", "Ann"},   {"ann", "ann~2"},   {"ANN", "ANN~3"}, {"a/b", "a_b"},
        {"a b", "a_b~2"}, {"ann~2", "ann_2"}, {"", "_"},        {".", "_~2"},
    };
    struct file_names *names = file_names_init();
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(file_names_add(names, rows[i].user), rows[i].name);
    file_names_deinit(&names);
    assert_null(names);
    file_names_deinit(&names);
}

static void test_many_names(void **state)
{
    struct file_names *names = file_names_init();
    char user[32];
    char expected[32];
    (void)state;
    const char *first = file_names_add(names, "u0");
    for (int i = 1; i < 5000; i++) {
        (void)snprintf(user, sizeof(user), "u%d", i);
        assert_string_equal(file_names_add(names, user), user);
    }
    for (int i = 0; i < 5000; i += 7) {
        (void)snprintf(user, sizeof(user), "U%d", i);
        (void)snprintf(expected, sizeof(expected), "U%d~2", i);
        assert_string_equal(file_names_add(names, user), expected);
    }
    assert_string_equal(first, "u0");
    file_names_deinit(&names);
}

static void test_replace(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    const char *path = in_dir(f, 0, "status");
    assert_false(file_replace(in_dir(f, 1, "none/status"), 0600, "x", 1, &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_true(file_replace(path, 0600, "old content", 11, &f->fault));
    assert_content(path, "old content");
    assert_true(file_replace(path, 0644, "new", 3, &f->fault));
    assert_content(path, "new");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(unlink(path), 0);
    /* A directory stays, and nothing is left beside it. */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(file_replace(path, 0600, "x", 1, &f->fault));
    assert_int_equal(rmdir(path), 0);
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_make_dirs_faults),
        FILE_TEST(test_make_dirs),
        FILE_TEST(test_read_limited),
        FILE_TEST(test_read_faults),
        FILE_TEST(test_read_a_pipe),
        FILE_TEST(test_write_atomic),
        FILE_TEST(test_draft_shows_only_when_published),
        FILE_TEST(test_drafts_are_published_together),
        FILE_TEST(test_draft_over_a_directory_fails_cleanly),
        FILE_TEST(test_replace_symlink),
        FILE_TEST(test_replace),
        cmocka_unit_test(test_safe_name),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
