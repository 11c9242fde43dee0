/* SPDX-License-Identifier: MIT
 * A run of a pair with three folders, ended by a power cut at each step that the disk is asked for,
 * and by a kill at each commit. Whatever is found must be whole, hold every bracket that was
 * promised, and no folder may claim more than its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_map.h"
#include "store/store_private.h"
#include "tests/unit/store/forgetful_vfs.h"
#include "tests/unit/store/store_dir.h"

#define FOLDERS         3
#define ROWS            120
#define STATES_MAX      16
#define DST_UID_OF(uid) ((uid) + 1000)

static const char *const names[FOLDERS] = {"INBOX", "Sent", "Caf\xc3\xa9"};
static const struct store_pair pair = {"h1", "u1", "h2", "u2"};

/* What may be found of a folder after the end: one of these states, the first being what was
   promised last. */
struct expected_folder {
    struct {
        uint32_t bracket;
        uint32_t rows; /* at least */
    } states[STATES_MAX];
    size_t count;
    uint32_t rows; /* put, at most */
};

struct expected {
    bool is_promised; /* at least one durable call returned */
    bool has_run;     /* the run's row must be there */
    struct expected_folder folders[FOLDERS];
};

struct scenario {
    struct store *store;
    struct store_map *map;
    struct expected *expected;
    bool is_killed; /* what was committed is safe; else only what is on the disk */
    struct fault fault;
};

static void expect_state(struct expected_folder *folder, uint32_t bracket)
{
    assert_true(folder->count < STATES_MAX);
    folder->states[folder->count].bracket = bracket;
    folder->states[folder->count++].rows = folder->rows;
}

/* What was written until now can't be lost any more. */
static void promise(struct expected *expected)
{
    expected->is_promised = true;
    for (size_t i = 0; i < FOLDERS; i++) {
        struct expected_folder *folder = &expected->folders[i];
        folder->states[0].bracket = folder->states[folder->count - 1].bracket;
        folder->states[0].rows = folder->rows;
        folder->count = 1;
    }
}

static bool open_brackets(struct scenario *s, uint32_t uid_next)
{
    struct store_map_folder *folders[FOLDERS];
    for (size_t i = 0; i < FOLDERS; i++) {
        folders[i] = store_map_folder(s->map, names[i], names[i]);
        folders[i]->source.uid_validity = 7;
        folders[i]->destination.uid_validity = 70;
        folders[i]->bracket_uid_next = uid_next;
        expect_state(&s->expected->folders[i], uid_next);
    }
    if (!store_map_brackets_open(s->map, folders, FOLDERS, &s->fault))
        return false;
    promise(s->expected);
    return true;
}

static bool put_rows(struct scenario *s, size_t index, uint32_t count)
{
    struct expected_folder *expected = &s->expected->folders[index];
    const struct store_map_folder *folder = store_map_folder(s->map, names[index], names[index]);
    struct store_map_row rows[ROWS];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t uid = expected->rows + i + 1;
        rows[i] = (struct store_map_row){.src_uid = uid, .dst_uid = DST_UID_OF(uid), .flags = 1};
    }
    expected->rows += count;
    return store_map_put(s->map, folder, rows, count, &s->fault);
}

static bool save_with_bracket(struct scenario *s, size_t index, uint32_t bracket)
{
    struct store_map_folder *folder = store_map_folder(s->map, names[index], names[index]);
    folder->bracket_uid_next = bracket;
    folder->counts.source = folder->counts.copied = s->expected->folders[index].rows;
    expect_state(&s->expected->folders[index], bracket);
    return store_map_folder_save(s->map, folder, &s->fault);
}

static bool save_folder(struct scenario *s, size_t index)
{
    return save_with_bracket(s, index, 0);
}

static bool flush(struct scenario *s)
{
    if (!store_flush(s->store, &s->fault))
        return false;
    if (s->is_killed)
        promise(s->expected);
    return true;
}

/* Before anything is deleted on the source: what was put is on the disk. */
static bool sync_all(struct scenario *s)
{
    if (!store_sync(s->store, &s->fault))
        return false;
    promise(s->expected);
    return true;
}

static bool begin_run(struct scenario *s)
{
    const struct store_run run = {.id = "R1"};
    const struct store_job job = {.row = 1};
    if (!store_run_begin(s->store, &run, &s->fault) ||
        !store_job_add(s->store, "R1", &job, &s->fault) || !store_flush(s->store, &s->fault))
        return false;
    s->expected->has_run = s->is_killed;
    return store_map_open(s->store, &pair, &s->map, &s->fault);
}

/* The brackets that are promised stand in the store already, only not on the disk. */
static bool promise_again(struct scenario *s)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        if (!save_with_bracket(s, i, 200))
            return false;
    }
    return flush(s) && open_brackets(s, 200) && flush(s);
}

/* Two rounds, as a run and the next delta; the log is so short that it is emptied several times. */
static bool play_on(struct scenario *s)
{
    (void)sqlite3_exec(s->store->db, "PRAGMA wal_autocheckpoint = 6", NULL, NULL, NULL);
    if (!begin_run(s) || !open_brackets(s, 50))
        return false;
    s->expected->has_run = true;
    for (size_t i = 0; i < FOLDERS; i++) {
        if (!put_rows(s, i, ROWS) || !flush(s) || !put_rows(s, i, 10) || !save_folder(s, i))
            return false;
    }
    return flush(s) && open_brackets(s, 180) && put_rows(s, 1, ROWS) && flush(s) && sync_all(s) &&
           put_rows(s, 0, 5) && sync_all(s) && sync_all(s) && save_folder(s, 1) &&
           put_rows(s, 2, 30) && save_folder(s, 0) && promise_again(s) &&
           store_job_end(s->store, "R1", 1, JOB_COMPLETE, 9, "", "", &s->fault);
}

/* Plays until the end or the first fault. */
static void play(struct scenario *s, const char *path, const char *vfs,
                 int (*commit_hook)(void *context))
{
    for (size_t i = 0; i < FOLDERS; i++)
        s->expected->folders[i].count = 1; /* no bracket, no rows */
    if (!store_open_vfs(path, vfs, &s->store, &s->fault))
        return;
    if (commit_hook != NULL)
        (void)sqlite3_commit_hook(s->store->db, commit_hook, NULL);
    bool is_ok = play_on(s);
    store_map_close(&s->map);
    is_ok = store_close(&s->store, &s->fault) && is_ok;
    if (is_ok && !forgetful_vfs_is_cut())
        promise(s->expected);
}

static void assert_pragma(const char *path, const char *sql, const char *expected)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int rc = sqlite3_step(statement);
    if (expected == NULL) {
        assert_int_equal(rc, SQLITE_DONE);
    } else {
        assert_int_equal(rc, SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void assert_folder(struct store_map *map, size_t index, const struct expected_folder *folder)
{
    static struct store_map_row rows[4 * ROWS];
    struct fault fault;
    size_t count;
    bool is_expected = false;
    const struct store_map_folder *found = store_map_folder(map, names[index], names[index]);
    assert_true(store_map_read(map, found, 1, UINT32_MAX, rows, 4 * ROWS, &count, &fault));
    assert_true(count <= folder->rows);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].src_uid, i + 1);
        assert_int_equal(rows[i].dst_uid, DST_UID_OF(i + 1));
    }
    for (size_t i = 0; i < folder->count && !is_expected; i++)
        is_expected = folder->states[i].bracket == found->bracket_uid_next &&
                      folder->states[i].rows <= count;
    if (!is_expected)
        fail_msg("folder %zu: bracket %u with %zu rows", index, found->bracket_uid_next, count);
    if (found->counts.source > count)
        fail_msg("folder %zu claims %u rows of %zu", index, (unsigned int)found->counts.source,
                 count);
}

static bool count_job(void *context, const struct store_job *job)
{
    (void)job;
    (*(int *)context)++;
    return true;
}

/* What the next run finds, with the usual VFS. */
static void assert_expected(const char *path, const struct expected *expected)
{
    struct store *store;
    struct store_map *map;
    struct fault fault;
    int jobs = 0;
    if (access(path, F_OK) == 0) {
        assert_pragma(path, "PRAGMA integrity_check", "ok");
        assert_pragma(path, "PRAGMA foreign_key_check", NULL);
    } else {
        assert_false(expected->is_promised);
    }
    if (!store_open(path, &store, &fault))
        fail_msg("%s", fault.text);
    assert_true(store_jobs_each(store, "R1", count_job, &jobs, &fault));
    assert_true(jobs == 1 || !expected->has_run);
    assert_true(store_map_open(store, &pair, &map, &fault));
    for (size_t i = 0; i < FOLDERS; i++)
        assert_folder(map, i, &expected->folders[i]);
    store_map_close(&map);
    assert_true(store_close(&store, &fault));
}

/* Plays with a cut at the given step. Returns the number of steps there were. */
static unsigned long play_with_cut(unsigned long cut_at, unsigned int seed)
{
    struct store_dir dir;
    struct expected expected;
    struct scenario s = {.expected = &expected};
    memset(&expected, 0, sizeof(expected));
    store_dir_make(&dir);
    forgetful_vfs_start(cut_at, seed);
    play(&s, dir.path, FORGETFUL_VFS, NULL);
    assert_true(forgetful_vfs_is_cut() == (cut_at != 0));
    unsigned long steps = forgetful_vfs_steps();
    if (cut_at == 0)
        forgetful_vfs_cut(); /* after the end: all of it was promised */
    assert_expected(dir.path, &expected);
    forgetful_vfs_start(0, 0);
    store_dir_remove(&dir);
    return steps;
}

static void test_power_cut_at_every_step(void **state)
{
    (void)state;
    for (unsigned int seed = 0; seed <= 3; seed++) {
        unsigned long steps = play_with_cut(0, seed);
        assert_true(steps > 100);
        for (unsigned long k = 1; k <= steps; k++)
            (void)play_with_cut(k, seed);
    }
}

static unsigned long kill_at;
static unsigned long commits;

static int kill_on_commit(void *context)
{
    (void)context;
    if (++commits == kill_at)
        _exit(137);
    return 0;
}

/* In a process of its own. Returns whether it was killed. */
static bool play_with_kill(const char *path, struct expected *expected)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct scenario s = {.expected = expected, .is_killed = true};
        commits = 0;
        play(&s, path, NULL, kill_on_commit);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 137;
}

static void test_kill_at_every_commit(void **state)
{
    bool is_killed = true;
    FILE *shared = tmpfile(); /* what the child expects must survive it */
    assert_non_null(shared);
    assert_int_equal(ftruncate(fileno(shared), (off_t)sizeof(struct expected)), 0);
    struct expected *expected = mmap(NULL, sizeof(*expected), PROT_READ | PROT_WRITE, MAP_SHARED,
                                     fileno(shared), 0);
    (void)state;
    assert_true(expected != MAP_FAILED);
    for (kill_at = 1; is_killed; kill_at++) {
        struct store_dir dir;
        memset(expected, 0, sizeof(*expected));
        store_dir_make(&dir);
        is_killed = play_with_kill(dir.path, expected);
        assert_expected(dir.path, expected);
        store_dir_remove(&dir);
    }
    assert_true(kill_at > 8);
    assert_int_equal(munmap(expected, sizeof(*expected)), 0);
    assert_int_equal(fclose(shared), 0);
}

/* Somebody reads a report while the run ends: its rows stay in the log, but they are safe. */
static void test_closed_beside_a_reader(void **state)
{
    struct store_dir dir;
    struct store *store;
    struct fault fault;
    sqlite3 *reader;
    const struct store_run run = {.id = "R1"};
    const struct store_job job = {.row = 1};
    int jobs = 0;
    (void)state;
    store_dir_make(&dir);
    forgetful_vfs_start(0, 0);
    assert_true(store_open_vfs(dir.path, FORGETFUL_VFS, &store, &fault));
    assert_true(store_run_begin(store, &run, &fault));
    assert_true(store_flush(store, &fault));
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA wal_checkpoint", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_open_v2(dir.path, &reader, SQLITE_OPEN_READWRITE, FORGETFUL_VFS),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM job", NULL, NULL, NULL), SQLITE_OK);
    assert_true(store_job_add(store, "R1", &job, &fault));
    assert_true(store_close(&store, &fault));
    forgetful_vfs_cut();
    (void)sqlite3_close(reader);
    assert_true(store_open(dir.path, &store, &fault));
    assert_true(store_jobs_each(store, "R1", count_job, &jobs, &fault));
    assert_int_equal(jobs, 1);
    assert_true(store_close(&store, &fault));
    forgetful_vfs_start(0, 0);
    store_dir_remove(&dir);
}

/* The whole run waits for the disk a fixed number of times, however many folders there are. */
static void test_few_syncs(void **state)
{
    struct store_dir dir;
    struct store *store;
    struct store_map *map;
    struct fault fault;
    struct store_map_folder *folders[200];
    (void)state;
    store_dir_make(&dir);
    forgetful_vfs_start(0, 0);
    assert_true(store_open_vfs(dir.path, FORGETFUL_VFS, &store, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 1); /* the new file */
    assert_true(store_map_open(store, &pair, &map, &fault));
    for (size_t i = 0; i < 200; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "F%zu", i);
        folders[i] = store_map_folder(map, name, name);
        folders[i]->bracket_uid_next = 1;
    }
    assert_true(store_map_brackets_open(map, folders, 0, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 1);
    assert_true(store_map_brackets_open(map, folders, 200, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 3); /* the log's head, then what is in it */
    for (size_t i = 0; i < 200; i++)
        assert_true(store_map_folder_save(map, folders[i], &fault));
    assert_true(store_flush(store, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 3);
    assert_true(store_map_brackets_open(map, folders, 200, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 4);
    store_map_close(&map);
    assert_true(store_close(&store, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 6); /* the log, then the file */
    assert_true(store_open_vfs(dir.path, FORGETFUL_VFS, &store, &fault));
    assert_true(store_close(&store, &fault));
    assert_int_equal(forgetful_vfs_syncs(), 6);
    forgetful_vfs_start(0, 0);
    store_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_syncs),
        cmocka_unit_test(test_closed_beside_a_reader),
        cmocka_unit_test(test_power_cut_at_every_step),
        cmocka_unit_test(test_kill_at_every_commit),
    };
    if (!forgetful_vfs_init())
        return 70;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
