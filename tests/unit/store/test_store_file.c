/* SPDX-License-Identifier: MIT
 * Making and opening the file: what is wrong with it is said in a sentence, and nothing is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "store/store_map.h"
#include "store/store_private.h"
#include "tests/unit/store/forgetful_vfs.h"
#include "tests/unit/store/store_dir.h"

static const struct store_pair pair = {"h1", "anna", "h2", "u2"};

static int setup(void **state)
{
    struct store_dir *dir = calloc(1, sizeof(*dir));
    store_dir_make(dir);
    forgetful_vfs_start(0, 0);
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    forgetful_vfs_start(0, 0);
    store_dir_remove(*state);
    free(*state);
    return 0;
}

static void write_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_store(const struct store_dir *dir)
{
    struct store *store;
    struct fault fault;
    if (!store_open(dir->path, &store, &fault))
        fail_msg("%s", fault.text);
    assert_true(store_close(&store, &fault));
}

/* -- when it was left -- */

static void test_when_it_was_left(void **state)
{
    const struct store_dir *dir = *state;
    const struct timespec then[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000, .tv_nsec = 234567890}};
    struct store *store;
    struct fault fault;
    assert_true(store_open(dir->path, &store, &fault));
    assert_int_equal(store_left_msecs(store), 0);
    assert_true(store_close(&store, &fault));
    assert_int_equal(utimensat(AT_FDCWD, dir->path, then, 0), 0);
    assert_true(store_open(dir->path, &store, &fault));
    assert_int_equal(store_left_msecs(store), 1000234);
    assert_true(store_close(&store, &fault));
}

static void read_bytes(const char *path, struct buffer *content)
{
    struct fault fault;
    buffer_init(content, 1 << 20);
    assert_true(file_read_limited(path, 1 << 20, content, &fault));
}

static bool exists(const struct store_dir *dir, const char *suffix)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s%s", dir->path, suffix);
    return access(path, F_OK) == 0;
}

/* The store can't be opened, the sentence holds both parts and the path, the file is as before. */
static void assert_refused(const struct store_dir *dir, const char *what, const char *advice)
{
    struct store *store = (struct store *)(uintptr_t)dir;
    struct fault fault;
    struct buffer before;
    struct buffer after;
    read_bytes(dir->path, &before);
    assert_false(store_open(dir->path, &store, &fault));
    assert_null(store);
    assert_int_equal(fault.code, FAULT_STORE);
    assert_int_equal(fault.scope, FAULT_SCOPE_RUN);
    assert_int_equal(fault.advice, FAULT_ADVICE_NEVER);
    if (strstr(fault.text, what) == NULL || strstr(fault.text, advice) == NULL ||
        strstr(fault.text, dir->path) == NULL)
        fail_msg("\"%s\"", fault.text);
    read_bytes(dir->path, &after);
    assert_int_equal(before.used, after.used);
    assert_memory_equal(buffer_str(&before), buffer_str(&after), before.used);
    buffer_deinit(&before);
    buffer_deinit(&after);
}

static void test_foreign_database(void **state)
{
    const struct store_dir *dir = *state;
    write_sql(dir->path, "CREATE TABLE bookmarks (url TEXT)");
    assert_refused(dir, "is a database of another program, not a store of mailconvoy",
                   "use another work directory");
    write_sql(dir->path, "PRAGMA user_version = 2"); /* even if its version looks like ours */
    assert_refused(dir, "is a database of another program", "use another work directory");
    write_sql(dir->path, "PRAGMA user_version = 4711");
    assert_refused(dir, "is a database of another program", "use another work directory");
}

static void test_newer_store(void **state)
{
    const struct store_dir *dir = *state;
    make_store(dir);
    write_sql(dir->path, "PRAGMA user_version = 999; PRAGMA journal_mode = DELETE");
    assert_refused(dir,
                   "was written by a newer mailconvoy (schema 999, this program knows up to 13)",
                   "use that program, or another work directory");
}

static void test_no_database(void **state)
{
    const struct store_dir *dir = *state;
    FILE *file = fopen(dir->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        assert_true(fputs("row,user1,folder\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_refused(dir, "file is not a database", "move it away, or use another work directory");
}

static void test_damaged_store(void **state)
{
    const struct store_dir *dir = *state;
    unsigned char rubbish[300];
    make_store(dir);
    memset(rubbish, 0xa5, sizeof(rubbish));
    int fd = open(dir->path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, rubbish, sizeof(rubbish), 100), (int)sizeof(rubbish));
    assert_int_equal(close(fd), 0);
    assert_refused(dir, "malformed", "put a backup in its place, or use another work directory");
    assert_int_equal(truncate(dir->path, 4096), 0);
    assert_refused(dir, "malformed", "put a backup in its place, or use another work directory");
}

static void test_directory_in_its_place(void **state)
{
    const struct store_dir *dir = *state;
    struct store *store;
    struct fault fault;
    assert_int_equal(mkdir(dir->path, 0700), 0);
    assert_false(store_open(dir->path, &store, &fault));
    assert_null(store);
    assert_non_null(strstr(fault.text, "can't open the store"));
    assert_non_null(strstr(fault.text, "must be writable, or use another work directory"));
    assert_int_equal(rmdir(dir->path), 0);
}

/* As another user, since root may write everywhere. Returns the sentence. */
static void open_as_nobody(const struct store_dir *dir, char *text, size_t size)
{
    int ends[2];
    int status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store;
        struct fault fault;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(1);
        if (store_open(dir->path, &store, &fault))
            _exit(2);
        _exit(write(ends[1], fault.text, strlen(fault.text)) > 0 ? 0 : 3);
    }
    assert_int_equal(close(ends[1]), 0);
    ssize_t got = read(ends[0], text, size - 1);
    assert_true(got >= 0);
    text[got] = '\0';
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_read_only(void **state)
{
    const struct store_dir *dir = *state;
    char text[512];
    char expected[512];
    assert_int_equal(chmod(dir->dir, 0555), 0);
    open_as_nobody(dir, text, sizeof(text));
    (void)snprintf(expected, sizeof(expected),
                   "can't make the store %s: Permission denied; its directory must be writable, or "
                   "use another work directory",
                   dir->path);
    assert_string_equal(text, expected);
    assert_int_equal(chmod(dir->dir, 0755), 0);
    make_store(dir);
    assert_int_equal(chmod(dir->path, 0444), 0);
    assert_int_equal(chmod(dir->dir, 0555), 0);
    open_as_nobody(dir, text, sizeof(text));
    (void)snprintf(expected, sizeof(expected),
                   "can't write to the store %s; the file and its directory must be writable, or "
                   "use another work directory",
                   dir->path);
    assert_string_equal(text, expected);
    assert_int_equal(chmod(dir->dir, 0755), 0);
}

/* At whichever write the disk is full: never a store that looks good and is not. */
static void test_full_disk_while_it_is_made(void **state)
{
    const struct store_dir *dir = *state;
    struct store *store = NULL;
    struct fault fault;
    unsigned long full_at;
    for (full_at = 1; store == NULL; full_at++) {
        forgetful_vfs_start(0, 0);
        forgetful_vfs_fill_disk(full_at);
        if (store_open_vfs(dir->path, FORGETFUL_VFS, &store, &fault))
            break;
        assert_int_equal(fault.code, FAULT_STORE);
        if (strstr(fault.text, "full; make room on that disk, then start again") == NULL)
            fail_msg("write %lu: \"%s\"", full_at, fault.text);
        assert_false(exists(dir, ""));
        assert_false(exists(dir, ".new"));
    }
    assert_true(full_at > 5);
    assert_true(store_close(&store, &fault));
}

static bool note_problem(struct store *store, struct fault *fault_r)
{
    const struct store_problem problem = {.folder = "INBOX", .uid = 1, .messages = 1};
    return store_problem_add(store, "R1", 1, &problem, fault_r) && store_flush(store, fault_r);
}

static void test_disk_fills_during_a_run(void **state)
{
    const struct store_dir *dir = *state;
    const struct store_run run = {.id = "R1"};
    const struct store_job job = {.row = 1};
    struct store *store;
    struct store_map *map;
    struct fault fault;
    assert_true(store_open_vfs(dir->path, FORGETFUL_VFS, &store, &fault));
    assert_true(store_run_begin(store, &run, &fault));
    assert_true(store_job_add(store, "R1", &job, &fault));
    assert_true(store_flush(store, &fault));
    assert_true(store_map_open(store, &pair, &map, &fault));
    struct store_map_folder *folder = store_map_folder(map, "INBOX", "INBOX");
    folder->bracket_uid_next = 5;
    forgetful_vfs_fill_disk(1);
    assert_false(store_map_brackets_open(map, &folder, 1, &fault));
    assert_int_equal(fault.code, FAULT_STORE);
    assert_int_equal(fault.scope, FAULT_SCOPE_RUN);
    assert_non_null(strstr(fault.text, "full; make room on that disk, then start again"));
    /* Grouped rows were lost, so it stays a fault when there is room again. */
    forgetful_vfs_fill_disk(0);
    assert_false(note_problem(store, &fault));
    assert_non_null(strstr(fault.text, "full; make room"));
    store_map_close(&map);
    assert_false(store_close(&store, &fault));
    assert_true(store_open_vfs(dir->path, FORGETFUL_VFS, &store, &fault));
    assert_true(note_problem(store, &fault)); /* the next run goes on */
    assert_true(store_close(&store, &fault));
}

/* What an interrupted start or a deleted store left lying about is no part of the new one. */
static void test_leftovers(void **state)
{
    const struct store_dir *dir = *state;
    static const char *const suffixes[] = {".new", ".new-journal", "-wal", "-journal", "-shm"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s%s", dir->path, suffixes[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs("left", file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    make_store(dir);
    make_store(dir);
    assert_true(exists(dir, ""));
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        assert_false(exists(dir, suffixes[i]));
}

/* The log of a store that was deleted by hand would change the pages of the next. */
static void test_log_of_a_deleted_store(void **state)
{
    const struct store_dir *dir = *state;
    const struct store_run run = {.id = "R1"};
    struct store *store;
    struct fault fault;
    bool is_found;
    char log[128];
    char kept[128];
    (void)snprintf(log, sizeof(log), "%s-wal", dir->path);
    (void)snprintf(kept, sizeof(kept), "%s-journal", dir->path);
    assert_true(store_open(dir->path, &store, &fault));
    assert_true(store_run_begin(store, &run, &fault));
    assert_true(store_flush(store, &fault));
    assert_int_equal(link(log, kept), 0);
    assert_true(store_close(&store, &fault));
    assert_int_equal(unlink(dir->path), 0);
    assert_int_equal(rename(kept, log), 0);
    assert_true(store_open(dir->path, &store, &fault));
    assert_true(store_run_get(store, "R1", NULL, NULL, &is_found, &fault));
    assert_false(is_found);
    assert_true(store_close(&store, &fault));
}

static void test_empty_file_becomes_a_store(void **state)
{
    const struct store_dir *dir = *state;
    int fd = open(dir->path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    make_store(dir);
    make_store(dir);
}

/* A store of schema 2, as the program before this one wrote it. */
static const char schema_2[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE run ( id TEXT NOT NULL PRIMARY KEY, command TEXT NOT NULL, version TEXT NOT NULL,"
    " manifest TEXT NOT NULL, settings TEXT NOT NULL, started_msecs INTEGER NOT NULL,"
    " ended_msecs INTEGER NOT NULL, exit_code INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO run VALUES('R1','sync','37b04a7','','host1 = h1',1795399320319,1795399320322,0);"
    "CREATE TABLE job ( run_id TEXT NOT NULL REFERENCES run (id), job_row INTEGER NOT NULL, label"
    " TEXT NOT NULL, host1 TEXT NOT NULL, user1 TEXT NOT NULL, host2 TEXT NOT NULL, user2 TEXT NOT"
    " NULL, status TEXT NOT NULL, started_msecs INTEGER NOT NULL, ended_msecs INTEGER NOT NULL,"
    " error_code TEXT NOT NULL, error TEXT NOT NULL, has_old_results INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (run_id, job_row)) WITHOUT ROWID;"
    "INSERT INTO job VALUES('R1',1,'L','h1','anna','h2','u2','complete',17,18,'','',0);"
    "CREATE TABLE folder_result ( id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, job_row INTEGER NOT"
    " NULL, source_name TEXT NOT NULL, destination_name TEXT NOT NULL, is_renamed INTEGER NOT NULL,"
    " is_merged INTEGER NOT NULL, is_failed INTEGER NOT NULL, error TEXT NOT NULL, source INTEGER"
    " NOT NULL, copied INTEGER NOT NULL, already INTEGER NOT NULL, excluded INTEGER NOT NULL,"
    " too_big INTEGER NOT NULL, failed INTEGER NOT NULL, unreadable INTEGER NOT NULL, vanished"
    " INTEGER NOT NULL, bytes_copied INTEGER NOT NULL, UNIQUE (run_id, job_row, source_name),"
    " FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row));"
    "INSERT INTO folder_result VALUES(1,'R1',1,'INBOX','INBOX',0,0,0,'',12,11,0,0,1,0,0,0,999);"
    "CREATE TABLE problem ( id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, job_row INTEGER NOT NULL,"
    " folder TEXT NOT NULL, uid INTEGER NOT NULL, messages INTEGER NOT NULL, message_id TEXT NOT"
    " NULL, date TEXT NOT NULL, size_bytes INTEGER NOT NULL, reason TEXT NOT NULL, server_text TEXT"
    " NOT NULL, FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row));"
    "INSERT INTO problem VALUES(1,'R1',1,'INBOX',7,1,'<a@b>','',5000,'too_big','too big');"
    "CREATE TABLE folder_copied ( run_id TEXT NOT NULL, job_row INTEGER NOT NULL, source_name TEXT"
    " NOT NULL, copied INTEGER NOT NULL, bytes_copied INTEGER NOT NULL, PRIMARY KEY (run_id,"
    " job_row, source_name), FOREIGN KEY (run_id, job_row) REFERENCES job (run_id, job_row))"
    " WITHOUT ROWID;"
    "INSERT INTO folder_copied VALUES('R1',1,'INBOX',3,30);"
    "CREATE INDEX problem_by_job ON problem (run_id, job_row);"
    "CREATE INDEX job_by_pair ON job (host1, user1, host2, user2, run_id);"
    "PRAGMA user_version = 2;";

static bool print_job(void *context, const struct store_job *job)
{
    return buffer_printf(context, "%s %s %u %u %u\n", job->user1, job_status_name(job->status),
                         (unsigned int)job->counts.source, (unsigned int)job->counts.copied,
                         (unsigned int)job->counts.too_big);
}

static bool print_problem(void *context, const struct store_job *job,
                          const struct store_problem *problem)
{
    return buffer_printf(context, "%s %s %u %s\n", job->user1, problem->folder, problem->uid,
                         problem_reason_name(problem->reason));
}

static void assert_schema_2_content(const struct store_dir *dir)
{
    struct store *store;
    struct store_map *map;
    struct fault fault;
    struct buffer text;
    buffer_init(&text, 4096);
    if (!store_open(dir->path, &store, &fault))
        fail_msg("%s", fault.text);
    assert_true(store_jobs_each(store, "R1", print_job, &text, &fault));
    assert_true(store_problems_each(store, "R1", print_problem, &text, &fault));
    assert_string_equal(buffer_str(&text), "anna complete 12 11 1\nanna INBOX 7 too_big\n");
    assert_true(store_map_open(store, &pair, &map, &fault));
    assert_int_equal(store_map_folder_count(map), 0);
    assert_true(store_map_folder_save(map, store_map_folder(map, "A", "A"), &fault));
    store_map_close(&map);
    assert_true(store_close(&store, &fault));
    buffer_deinit(&text);
}

static void test_schema_2_is_brought_up(void **state)
{
    const struct store_dir *dir = *state;
    write_sql(dir->path, schema_2);
    assert_schema_2_content(dir);
}

/* All tables and indexes as SQLite keeps them, blanks aside: it adds columns in words of its own.
 */
static void read_schema(const char *path, struct buffer *text)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    buffer_clear(text);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name || ': ' || REPLACE(sql, ' ', '')"
                                        " FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        assert_true(buffer_printf(text, "%s\n", sqlite3_column_text(statement, 0)));
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_a_new_store_is_like_one_brought_up(void **state)
{
    const struct store_dir *dir = *state;
    struct buffer fresh;
    struct buffer brought_up;
    buffer_init(&fresh, 65536);
    buffer_init(&brought_up, 65536);
    make_store(dir);
    read_schema(dir->path, &fresh);
    assert_int_equal(unlink(dir->path), 0);
    write_sql(dir->path, schema_2);
    assert_schema_2_content(dir);
    read_schema(dir->path, &brought_up);
    assert_non_null(strstr(buffer_str(&fresh), "verification: CREATETABLEverification("));
    assert_string_equal(buffer_str(&fresh), buffer_str(&brought_up));
    buffer_deinit(&brought_up);
    buffer_deinit(&fresh);
}

/* The power goes at each step of the migration: the old store is found, or the new one. */
static void test_power_cut_while_it_is_brought_up(void **state)
{
    const struct store_dir *dir = *state;
    bool is_cut = true;
    unsigned long cut_at;
    for (cut_at = 1; is_cut; cut_at++) {
        struct store *store;
        struct fault fault;
        forgetful_vfs_start(0, 0);
        (void)unlink(dir->path);
        write_sql(dir->path, schema_2);
        forgetful_vfs_start(cut_at, (unsigned int)cut_at % 3);
        if (store_open_vfs(dir->path, FORGETFUL_VFS, &store, &fault))
            (void)store_close(&store, &fault);
        is_cut = forgetful_vfs_is_cut();
        forgetful_vfs_cut();
        assert_schema_2_content(dir);
    }
    assert_true(cut_at > 10);
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_when_it_was_left),
        FILE_TEST(test_foreign_database),
        FILE_TEST(test_newer_store),
        FILE_TEST(test_no_database),
        FILE_TEST(test_damaged_store),
        FILE_TEST(test_directory_in_its_place),
        FILE_TEST(test_read_only),
        FILE_TEST(test_full_disk_while_it_is_made),
        FILE_TEST(test_disk_fills_during_a_run),
        FILE_TEST(test_leftovers),
        FILE_TEST(test_log_of_a_deleted_store),
        FILE_TEST(test_empty_file_becomes_a_store),
        FILE_TEST(test_schema_2_is_brought_up),
        FILE_TEST(test_a_new_store_is_like_one_brought_up),
        FILE_TEST(test_power_cut_while_it_is_brought_up),
    };
    if (!forgetful_vfs_init())
        return 70;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
