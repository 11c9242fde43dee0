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

#include "base/mem.h"
#include "batch/prune.h"

struct fixture {
    char dir[64];
    struct store *store;
    struct fault fault;
};

static const char *const ids[] = {
    "20261101T000000.000Z-0001", "20261102T000000.000Z-0002", "20261103T000000.000Z-0003",
    "20261104T000000.000Z-0004", "20261105T000000.000Z-0005",
};

/* Makes "%s/runs/..." or anything below the work directory; a name that ends in "/" is one. */
static void make(struct fixture *f, const char *name)
{
    char *command = mem_printf(
        name[strlen(name) - 1] == '/' ? "mkdir -p '%s/%s'" : "echo x >'%s/%s'", f->dir, name);
    assert_int_equal(system(command), 0);
    mem_free(command);
}

static bool exists(struct fixture *f, const char *name)
{
    struct stat info;
    char *path = mem_printf("%s/%s", f->dir, name);
    bool is_there = lstat(path, &info) == 0;
    mem_free(path);
    return is_there;
}

static void add_run(struct fixture *f, const char *id)
{
    struct store_run run = {.id = id,
                            .command = "batch",
                            .version = "",
                            .manifest = "",
                            .settings = "",
                            .started_msecs = 1};
    assert_true(store_run_begin(f->store, &run, &f->fault));
}

static void make_run(struct fixture *f, const char *id)
{
    static const char *const names[] = {
        "users/",      "run.log",      "users/ada.log",  "users/b@c~2.log",        "summary.txt",
        "summary.csv", "summary.json", "problems.csv",   "summary.txt.4711.0.tmp", "folders.csv",
        "report.html", "pages/",       "pages/ada.html",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *name = mem_printf("runs/%s/%s", id, names[i]);
        make(f, name);
        mem_free(name);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    char *path = mem_printf("%s/state.db", f->dir);
    assert_true(store_open(path, &f->store, &f->fault));
    mem_free(path);
    make(f, "runs/");
    for (size_t i = 0; i < 5; i++) {
        add_run(f, ids[i]);
        make_run(f, ids[i]);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_true(store_close(&f->store, &f->fault));
    char *command = mem_printf("rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    mem_free(command);
    free(f);
    return 0;
}

static size_t prune(struct fixture *f, size_t keep)
{
    size_t forgotten;
    if (!prune_runs(f->store, f->dir, ids[4], keep, &forgotten, &f->fault))
        fail_msg("%s", f->fault.text);
    return forgotten;
}

/* Which of the five the store knows, and which have a directory: "12345". */
static void assert_left(struct fixture *f, const char *in_store, const char *on_disk)
{
    struct str_list known = {0};
    char found[2][8] = {"", ""};
    assert_true(store_run_ids(f->store, &known, &f->fault));
    for (size_t i = 0; i < 5; i++) {
        char *name = mem_printf("runs/%s", ids[i]);
        char digit[2] = {(char)('1' + i), '\0'};
        for (size_t k = 0; k < known.count; k++)
            strcat(found[0], strcmp(known.items[k], ids[i]) == 0 ? digit : "");
        strcat(found[1], exists(f, name) ? digit : "");
        mem_free(name);
    }
    str_list_deinit(&known);
    assert_string_equal(found[0], in_store);
    assert_string_equal(found[1], on_disk);
}

/* -- the decisions -- */

static void test_run_ids(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "20261101T000000.000Z-000",
        "20261101T000000.000Z-00011",
        "20261101T000000.000Z-000G",
        "20261101T000000.000Z-000A",
        "2026-101T000000.000Z-0001",
        "20261101T000000.000Z_0001",
        "../../../../etc/passwd.00",
        "20261101T000000.000Z-0001/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(prune_is_run_id(bad[i]));
    assert_true(prune_is_run_id("20261122T215146.123Z-1f3a"));
}

static void test_run_files(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "users",
        "notes.txt",
        "run.log.1",
        "run.log.1.1.tmp",
        "summary.txt~",
        "summary.txt.",
        "summary.txt.tmp",
        "summary.txt.1.tmp",
        "summary.txt.1.2.tmp2",
        "summary.txt.1.x.tmp",
        "summary.txt.-1.2.tmp",
        "xsummary.txt",
        "state.db",
    };
    static const char *const good[] = {
        "run.log",
        "summary.txt",
        "summary.csv",
        "summary.json",
        "problems.csv",
        "summary.txt.4711.0.tmp",
        "problems.csv.1.22.tmp",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (prune_is_run_file(bad[i]))
            fail_msg("%s is no run's", bad[i]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!prune_is_run_file(good[i]))
            fail_msg("%s is a run's", good[i]);
    }
}

static void test_choose(void **state)
{
    static const struct {
        const char *known;
        size_t keep;
        const char *protect[2];
        const char *chosen;
    } rows[] = {
        {"", 1, {NULL, NULL}, ""},
        {"abc", 0, {NULL, NULL}, ""},
        {"abc", 3, {"c", "c"}, ""},
        {"bcabca", 2, {"c", "c"}, "a"},
        {"abcde", 1, {"e", "e"}, "dcba"},
        {"abcde", 2, {"e", "b"}, "dca"},
        {"abcde", 1, {"e", "b"}, "dca"},
        {"abcde", 3, {"a", "a"}, "cb"}, /* the clock was set back */
        {"abcde", 2, {"x", "y"}, "cba"},
        {"abcde", 1000000, {"e", NULL}, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str_list known = {0};
        struct str_list chosen = {0};
        char found[16] = "";
        for (const char *c = rows[i].known; *c != '\0'; c++)
            str_list_add(&known, (char[2]){*c, '\0'});
        prune_choose(&known, rows[i].keep, rows[i].protect, &chosen);
        for (size_t k = 0; k < chosen.count; k++)
            strcat(found, chosen.items[k]);
        assert_string_equal(found, rows[i].chosen);
        str_list_deinit(&known);
        str_list_deinit(&chosen);
    }
}

/* -- what is deleted -- */

static void test_zero_keeps_all(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(prune(f, 0), 0);
    assert_left(f, "12345", "12345");
}

static void test_the_newest_stay(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(prune(f, 5), 0);
    assert_int_equal(prune(f, 3), 2);
    assert_left(f, "345", "345");
    assert_int_equal(prune(f, 3), 0);
    assert_int_equal(prune(f, 1), 2);
    assert_left(f, "5", "5");
}

static void test_latest_stays(void **state)
{
    struct fixture *f = *state;
    char *path = mem_printf("%s/latest", f->dir);
    assert_int_equal(symlink("runs/20261102T000000.000Z-0002", path), 0);
    mem_free(path);
    assert_int_equal(prune(f, 1), 3);
    assert_left(f, "25", "25");
}

/* Gone by hand, or never noted in the store. */
static void test_only_one_half_is_there(void **state)
{
    struct fixture *f = *state;
    char *command = mem_printf("rm -r '%s/runs/%s'", f->dir, ids[0]);
    assert_int_equal(system(command), 0);
    mem_free(command);
    assert_true(store_run_forget(f->store, ids[1], &f->fault));
    assert_int_equal(prune(f, 2), 3);
    assert_left(f, "45", "45");
}

/* What a run did not make stays, and so does the directory it is in. */
static void test_foreign_files_stay(void **state)
{
    struct fixture *f = *state;
    static const char *const kept[] = {
        "runs/20261101T000000.000Z-0001/notes.txt",
        "runs/20261102T000000.000Z-0002/users/ada.log.gz",
        "runs/20261103T000000.000Z-0003/run.log.old",
        "runs/mine/run.log",
        "runs/20261101T000000.000Z-9/run.log",
    };
    make(f, "runs/mine/");
    make(f, "runs/20261101T000000.000Z-9/");
    make(f, "runs/20261104T000000.000Z-0004/summary.html/"); /* a directory */
    for (size_t i = 0; i < 5; i++)
        make(f, kept[i]);
    assert_int_equal(prune(f, 1), 0);
    assert_left(f, "5", "12345");
    for (size_t i = 0; i < 5; i++)
        assert_true(exists(f, kept[i]));
    assert_true(exists(f, "runs/20261104T000000.000Z-0004/summary.html"));
    assert_false(exists(f, "runs/20261101T000000.000Z-0001/summary.txt"));
    assert_false(exists(f, "runs/20261101T000000.000Z-0001/users"));
    assert_false(exists(f, "runs/20261102T000000.000Z-0002/users/ada.log"));
}

/* Links lead out of the work directory; nothing there is touched. */
static void test_links_are_not_followed(void **state)
{
    struct fixture *f = *state;
    make(f, "outside/users/");
    make(f, "outside/run.log");
    make(f, "outside/users/ada.log");
    char *command = mem_printf("cd '%s/runs' && rm -r %s %s/users %s/run.log &&"
                               " ln -s ../outside %s && ln -s ../../outside/users %s/users &&"
                               " ln -s ../../outside/run.log %s/run.log",
                               f->dir, ids[0], ids[1], ids[2], ids[0], ids[1], ids[2]);
    assert_int_equal(system(command), 0);
    mem_free(command);
    (void)prune(f, 1);
    assert_true(exists(f, "outside/run.log"));
    assert_true(exists(f, "outside/users/ada.log"));
    assert_left(f, "5", "1235");
}

static void test_no_directory_of_runs(void **state)
{
    struct fixture *f = *state;
    size_t forgotten;
    assert_false(prune_runs(f->store, "/nonexistent", "x", 1, &forgotten, &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_left(f, "12345", "12345");
}

#define PRUNE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_ids),          cmocka_unit_test(test_run_files),
        cmocka_unit_test(test_choose),           PRUNE_TEST(test_zero_keeps_all),
        PRUNE_TEST(test_the_newest_stay),        PRUNE_TEST(test_latest_stays),
        PRUNE_TEST(test_only_one_half_is_there), PRUNE_TEST(test_foreign_files_stay),
        PRUNE_TEST(test_links_are_not_followed), PRUNE_TEST(test_no_directory_of_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
