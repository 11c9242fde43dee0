/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/buffer.h"
#include "store/store_map_private.h"
#include "tests/unit/store/store_dir.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct store_pair anna = {"h1", "anna", "h2", "ann"};
static const struct store_pair bob = {"h1", "bob", "h2", "bob"};

struct fixture {
    struct store_dir dir;
    struct store *store;
    struct store_map *map; /* anna's */
    struct fault fault;
};

static void open_map(struct fixture *f)
{
    if (!store_map_open(f->store, &anna, &f->map, &f->fault))
        fail_msg("%s", f->fault.text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    store_dir_make(&f->dir);
    assert_true(store_open(f->dir.path, &f->store, &f->fault));
    open_map(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_map_close(&f->map);
    (void)store_close(&f->store, &f->fault); /* some tests break it */
    store_dir_remove(&f->dir);
    free(f);
    return 0;
}

/* As the next run would. */
static void reopen(struct fixture *f)
{
    store_map_close(&f->map);
    assert_null(f->map);
    assert_true(store_close(&f->store, &f->fault));
    assert_true(store_open(f->dir.path, &f->store, &f->fault));
    open_map(f);
}

static struct store_map_folder *folder_of(struct fixture *f, const char *name)
{
    return store_map_folder(f->map, name, name);
}

static void save(struct fixture *f, struct store_map_folder *folder)
{
    if (!store_map_folder_save(f->map, folder, &f->fault))
        fail_msg("%s", f->fault.text);
}

static void open_bracket(struct fixture *f, struct store_map_folder *folder, uint32_t uid_next)
{
    folder->bracket_uid_next = uid_next;
    if (!store_map_brackets_open(f->map, &folder, 1, &f->fault))
        fail_msg("%s", f->fault.text);
}

static void put(struct fixture *f, const char *name, uint32_t src_uid, uint32_t dst_uid)
{
    const struct store_map_row row = {src_uid, dst_uid, 3, STORE_OUTCOME_PRESENT};
    assert_true(store_map_put(f->map, folder_of(f, name), &row, 1, &f->fault));
}

/* All rows as "src>dst/flags/outcome ". */
static void assert_rows(struct fixture *f, const char *name, const char *expected)
{
    struct store_map_row rows[64];
    struct buffer text;
    size_t count;
    buffer_init(&text, 4096);
    assert_true(
        store_map_read(f->map, folder_of(f, name), 1, UINT32_MAX, rows, 64, &count, &f->fault));
    for (size_t i = 0; i < count; i++)
        assert_true(buffer_printf(&text, "%u>%u/%u/%d ", rows[i].src_uid, rows[i].dst_uid,
                                  rows[i].flags, (int)rows[i].outcome));
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

/* Failures first. */

static void test_rows_need_a_folder_in_the_store(void **state)
{
    struct fixture *f = *state;
    const struct store_map_row row = {1, 1, 0, STORE_OUTCOME_PRESENT};
    struct store_map_folder *folder = folder_of(f, "INBOX");
    assert_int_equal(folder->id, 0);
    assert_false(store_map_put(f->map, folder, &row, 1, &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_int_equal(f->fault.scope, FAULT_SCOPE_MAILBOX);
    assert_non_null(strstr(f->fault.text, "can't note the messages in the store /tmp/"));
    assert_rows(f, "INBOX", "");
    assert_true(store_map_forget(f->map, folder, &f->fault)); /* nothing to forget */
    save(f, folder);
    assert_true(store_map_put(f->map, folder, &row, 1, &f->fault));
    folder->id = 77; /* as if it had gone */
    assert_false(store_map_folder_save(f->map, folder_of(f, "Sent"), &f->fault) &&
                 store_map_put(f->map, folder, &row, 1, &f->fault));
}

static void test_a_broken_store_answers_so(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    save(f, folder);
    f->store->is_broken = true;
    fault_set(&f->store->fault, FAULT_STORE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0, "lost");
    const struct store_map_row row = {1, 1, 0, STORE_OUTCOME_PRESENT};
    assert_false(store_map_put(f->map, folder, &row, 1, &f->fault));
    assert_string_equal(f->fault.text, "lost");
    assert_false(store_map_brackets_open(f->map, &folder, 1, &f->fault));
    assert_false(store_map_folder_save(f->map, folder, &f->fault));
    assert_false(store_map_forget(f->map, folder, &f->fault));
    f->store->is_broken = false;
}

/* A disk that takes no more: the call that promised safety says no, and the store stays so. */
static void test_no_bracket_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folders[300];
    assert_true(store_flush(f->store, &f->fault));
    assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "a folder with a name that takes some room %zu", i);
        folders[i] = folder_of(f, name);
        folders[i]->bracket_uid_next = 9;
    }
    assert_false(store_map_brackets_open(f->map, folders, COUNT_OF(folders), &f->fault));
    assert_int_equal(f->fault.code, FAULT_STORE);
    assert_non_null(strstr(f->fault.text, "can't note the brackets of the folders in the store"));
    assert_non_null(strstr(f->fault.text, "full; make room on that disk, then start again"));
    assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL),
                     SQLITE_OK);
}

static void test_nothing_is_known_at_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(store_map_folder_count(f->map), 0);
    const struct store_map_folder *folder = folder_of(f, "INBOX");
    assert_int_equal(store_map_folder_count(f->map), 1);
    assert_ptr_equal(store_map_folder_at(f->map, 0), folder);
    assert_ptr_equal(folder_of(f, "INBOX"), folder);
    assert_int_equal(folder->id, 0);
    assert_int_equal(folder->source.uid_validity, 0);
    assert_int_equal(folder->bracket_uid_next, 0);
    reopen(f); /* it was only in memory */
    assert_int_equal(store_map_folder_count(f->map), 0);
}

static void assert_mark(const struct store_mark *mark, const struct store_mark *expected)
{
    assert_int_equal(mark->uid_validity, expected->uid_validity);
    assert_int_equal(mark->uid_next, expected->uid_next);
    assert_int_equal(mark->messages, expected->messages);
    assert_true(mark->mod_seq == expected->mod_seq);
}

static void test_folder_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = store_map_folder(f->map, "Caf\xc3\xa9", "old/Caf\xc3\xa9");
    const struct store_mark source = {4294967295u, 4294967295u, 4294967295u, INT64_MAX};
    const struct store_mark destination = {1, 2, 3, 4};
    const struct message_counts counts = {100, 60, 10, 5, 6, 7, 8, 4, 12345, 9};
    folder->source = source;
    folder->destination = destination;
    folder->rules = UINT64_MAX - 5;
    folder->counts = counts;
    folder->bracket_uid_next = 4294967295u;
    save(f, folder);
    reopen(f);
    assert_int_equal(store_map_folder_count(f->map), 1);
    folder = store_map_folder(f->map, "Caf\xc3\xa9", "old/Caf\xc3\xa9");
    assert_int_equal(store_map_folder_count(f->map), 1);
    assert_true(folder->id > 0);
    assert_mark(&folder->source, &source);
    assert_mark(&folder->destination, &destination);
    assert_true(folder->rules == UINT64_MAX - 5);
    assert_int_equal(folder->bracket_uid_next, 4294967295u);
    /* What a run may report that finds nothing changed. */
    const struct message_counts unchanged = {100, 0, 70, 5, 6, 7, 8, 4, 0, 9};
    assert_memory_equal(&folder->counts, &unchanged, sizeof(unchanged));
    folder->source.mod_seq = UINT64_MAX;
    save(f, folder);
    reopen(f);
    assert_true(store_map_folder_at(f->map, 0)->source.mod_seq == INT64_MAX);
}

static void test_folders_are_told_apart(void **state)
{
    struct fixture *f = *state;
    static const char *const names[][2] = {
        {"INBOX", "INBOX"}, {"inbox", "INBOX"}, {"INBOX", "old/INBOX"}, {"A", "B"}, {"", ""},
    };
    struct store_map *other;
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        struct store_map_folder *folder = store_map_folder(f->map, names[i][0], names[i][1]);
        folder->source.uid_next = i + 1;
        save(f, folder);
    }
    assert_true(store_map_open(f->store, &bob, &other, &f->fault));
    assert_int_equal(store_map_folder_count(other), 0);
    struct store_map_folder *bobs = store_map_folder(other, "INBOX", "INBOX");
    bobs->source.uid_next = 99;
    assert_true(store_map_folder_save(other, bobs, &f->fault));
    store_map_close(&other);
    reopen(f);
    assert_int_equal(store_map_folder_count(f->map), COUNT_OF(names));
    for (uint32_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(store_map_folder(f->map, names[i][0], names[i][1])->source.uid_next,
                         i + 1);
}

/* Each part of the pair counts. */
static void test_pairs_are_told_apart(void **state)
{
    struct fixture *f = *state;
    static const struct store_pair others[] = {
        {"H1", "anna", "h2", "ann"},
        {"h1", "anna2", "h2", "ann"},
        {"h1", "anna", "h", "ann"},
        {"h1", "anna", "h2", ""},
    };
    save(f, folder_of(f, "INBOX"));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct store_map *map;
        assert_true(store_map_open(f->store, &others[i], &map, &f->fault));
        assert_int_equal(store_map_folder_count(map), 0);
        store_map_close(&map);
    }
}

static void test_bracket_merge(void **state)
{
    static const struct {
        uint32_t stored_validity, stored, validity, now, kept;
    } rows[] = {
        {70, 0, 70, 50, 50},  /* none was open */
        {70, 40, 70, 50, 40}, /* the tail gets longer, never shorter */
        {70, 50, 70, 50, 50}, {70, 60, 70, 50, 50},
        {70, 40, 71, 50, 50}, /* those UIDs mean nothing any more */
        {70, 40, 0, 1, 1},    /* the mailbox is gone */
        {0, 1, 70, 50, 1},    /* it was made by the run that was interrupted */
        {0, 0, 70, 50, 50},   {0, 1, 0, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(store_map_bracket_merge(rows[i].stored_validity, rows[i].stored,
                                                 rows[i].validity, rows[i].now),
                         rows[i].kept);
}

/* A bracket says where the tail begins and nothing about what was seen. */
static void test_bracket_leaves_the_marks(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    folder->source = (struct store_mark){7, 11, 10, 5};
    folder->destination = (struct store_mark){70, 21, 20, 6};
    folder->rules = 42;
    folder->counts.source = folder->counts.already = 10;
    save(f, folder);
    folder->source = (struct store_mark){7, 15, 14, 9};
    folder->destination = (struct store_mark){70, 30, 29, 8};
    folder->rules = 43;
    folder->counts.source = 14;
    open_bracket(f, folder, 30);
    assert_int_equal(folder->source.uid_next, 15); /* here nothing is undone */
    reopen(f);
    folder = folder_of(f, "INBOX");
    assert_int_equal(folder->bracket_uid_next, 30);
    assert_int_equal(folder->source.uid_next, 11);
    assert_int_equal(folder->source.mod_seq, 5);
    assert_int_equal(folder->destination.uid_next, 21);
    assert_int_equal(folder->rules, 42);
    assert_int_equal(folder->counts.source, 10);
    open_bracket(f, folder, 35);
    assert_int_equal(folder->bracket_uid_next, 30); /* the one that is open stays */
    folder->bracket_uid_next = 0;
    save(f, folder);
    open_bracket(f, folder, 35);
    assert_int_equal(folder->bracket_uid_next, 35);
}

static void test_another_uid_validity_voids_uids(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    save(f, folder_of(f, "Sent"));
    put(f, "Sent", 1, 2);
    folder->source = (struct store_mark){7, 11, 10, 5};
    folder->destination = (struct store_mark){70, 21, 20, 6};
    folder->rules = 42;
    folder->counts.source = folder->counts.already = 10;
    save(f, folder);
    put(f, "INBOX", 1, 2);
    put(f, "INBOX", 5, 0);
    folder->destination.uid_validity = 71; /* the source's UIDs still hold */
    open_bracket(f, folder, 3);
    assert_rows(f, "INBOX", "1>0/3/0 5>0/3/0 ");
    reopen(f);
    folder = folder_of(f, "INBOX");
    assert_int_equal(folder->destination.uid_validity, 71);
    assert_int_equal(folder->destination.uid_next, 0);
    assert_int_equal(folder->destination.mod_seq, 0);
    assert_int_equal(folder->source.uid_next, 11);
    folder->source.uid_validity = 8;
    open_bracket(f, folder, 3);
    assert_rows(f, "INBOX", "");
    reopen(f);
    folder = folder_of(f, "INBOX");
    assert_int_equal(folder->source.uid_validity, 8);
    assert_int_equal(folder->source.uid_next, 0);
    assert_int_equal(folder->source.messages, 0);
    assert_int_equal(folder->source.mod_seq, 0);
    assert_int_equal(folder->rules, 0);
    assert_int_equal(folder->counts.already, 0);
    put(f, "INBOX", 2, 3);
    folder->source.uid_validity = 9;
    save(f, folder); /* a save does the same */
    assert_rows(f, "INBOX", "");
    assert_rows(f, "Sent", "1>2/3/0 ");
}

/* A first UIDVALIDITY, after none was known, drops nothing. */
static void test_first_uid_validity_keeps_rows(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    save(f, folder);
    put(f, "INBOX", 1, 2);
    folder->source.uid_validity = 7;
    folder->destination.uid_validity = 70;
    save(f, folder);
    assert_rows(f, "INBOX", "1>2/3/0 ");
}

static void test_forget(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    folder->source = (struct store_mark){7, 11, 10, 5};
    folder->destination = (struct store_mark){70, 21, 20, 6};
    folder->rules = 42;
    folder->counts.source = folder->counts.already = 10;
    folder->bracket_uid_next = 21;
    save(f, folder);
    save(f, folder_of(f, "Sent"));
    put(f, "INBOX", 1, 2);
    put(f, "Sent", 1, 2);
    assert_true(store_map_forget(f->map, folder, &f->fault));
    for (int i = 0; i < 2; i++) {
        folder = folder_of(f, "INBOX");
        assert_rows(f, "INBOX", "");
        assert_int_equal(folder->source.uid_validity, 0);
        assert_int_equal(folder->source.uid_next, 0);
        assert_int_equal(folder->rules, 0);
        assert_int_equal(folder->counts.source, 0);
        assert_int_equal(folder->destination.uid_next, 21);
        assert_int_equal(folder->bracket_uid_next, 21);
        reopen(f);
    }
    assert_rows(f, "Sent", "1>2/3/0 ");
}

static void test_rows(void **state)
{
    struct fixture *f = *state;
    const struct store_map_row rows[] = {
        {4294967295u, 4294967295u, 4096, STORE_OUTCOME_VANISHED},
        {3, 0, 1, STORE_OUTCOME_TOO_BIG},
        {1, 7, 2, STORE_OUTCOME_PRESENT},
        {2, 0, 0, STORE_OUTCOME_UNREADABLE},
        {4, 0, 0, STORE_OUTCOME_EXCLUDED},
        {5, 0, 0, STORE_OUTCOME_FAILED},
    };
    const struct store_map_row again = {5, 9, 1, STORE_OUTCOME_PRESENT};
    const struct store_map_row flags[] = {
        {1, 99, 5, STORE_OUTCOME_FAILED}, {77, 1, 5, STORE_OUTCOME_PRESENT}, {3, 0, 6, 0}};
    const uint32_t gone[] = {4, 78, 2};
    save(f, folder_of(f, "INBOX"));
    assert_true(store_map_put(f->map, folder_of(f, "INBOX"), rows, 0, &f->fault));
    assert_true(store_map_put(f->map, folder_of(f, "INBOX"), rows, COUNT_OF(rows), &f->fault));
    reopen(f);
    assert_rows(f, "INBOX",
                "1>7/2/0 2>0/0/4 3>0/1/2 4>0/0/1 5>0/0/3 "
                "4294967295>4294967295/4096/5 ");
    assert_true(store_map_put(f->map, folder_of(f, "INBOX"), &again, 1, &f->fault));
    assert_true(store_map_set_flags(f->map, folder_of(f, "INBOX"), flags, 3, &f->fault));
    assert_true(store_map_remove(f->map, folder_of(f, "INBOX"), gone, 3, &f->fault));
    assert_true(store_map_remove(f->map, folder_of(f, "INBOX"), gone, 0, &f->fault));
    reopen(f);
    assert_rows(f, "INBOX", "1>7/5/0 3>0/6/2 5>9/1/0 4294967295>4294967295/4096/5 ");
}

/* More than one statement takes, at once: each row has its own values, also one that was there. */
static void test_many_rows(void **state)
{
    struct fixture *f = *state;
    struct store_map_row rows[2 * STORE_MAP_MANY + 11];
    struct store_map_row read[COUNT_OF(rows) + 1];
    size_t count;
    const struct store_map_folder *folder = folder_of(f, "INBOX");
    save(f, folder_of(f, "INBOX"));
    for (uint32_t i = 0; i < COUNT_OF(rows); i++) {
        rows[i] = (struct store_map_row){3 * i + 1, 5000 - i, i % 7, (enum store_outcome)(i % 6)};
        if (i % 2 == 0)
            put(f, "INBOX", rows[i].src_uid, 9999);
    }
    assert_true(store_map_put(f->map, folder, rows, COUNT_OF(rows), &f->fault));
    assert_true(
        store_map_read(f->map, folder, 1, UINT32_MAX, read, COUNT_OF(read), &count, &f->fault));
    assert_int_equal(count, COUNT_OF(rows));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read[i].src_uid, rows[i].src_uid);
        assert_int_equal(read[i].dst_uid, rows[i].dst_uid);
        assert_int_equal(read[i].flags, rows[i].flags);
        assert_int_equal(read[i].outcome, rows[i].outcome);
    }
}

static void test_pages(void **state)
{
    struct fixture *f = *state;
    const struct store_map_folder *folder = folder_of(f, "INBOX");
    struct store_map_row page[7];
    uint32_t next = 1;
    uint32_t expected = 2;
    size_t count;
    save(f, folder_of(f, "INBOX"));
    for (uint32_t uid = 2; uid <= 40; uid += 2)
        put(f, "INBOX", uid, 1);
    do {
        assert_true(store_map_read(f->map, folder, next, UINT32_MAX, page, 7, &count, &f->fault));
        for (size_t i = 0; i < count; i++, expected += 2)
            assert_int_equal(page[i].src_uid, expected);
        next = count > 0 ? page[count - 1].src_uid + 1 : 0;
    } while (count == 7);
    assert_int_equal(expected, 42);
    assert_int_equal(count, 6);
    static const struct {
        uint32_t first, last;
        size_t capacity, count;
        uint32_t src_uid;
    } ranges[] = {{10, 20, 7, 6, 10}, {9, 9, 7, 0, 0},    {11, 12, 7, 1, 12}, {1, 40, 0, 0, 0},
                  {20, 10, 7, 0, 0},  {40, 40, 1, 1, 40}, {0, 2, 7, 1, 2}};
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        assert_true(store_map_read(f->map, folder, ranges[i].first, ranges[i].last, page,
                                   ranges[i].capacity, &count, &f->fault));
        assert_int_equal(count, ranges[i].count);
        assert_true(count == 0 || page[0].src_uid == ranges[i].src_uid);
    }
}

static uint32_t flags_id(struct fixture *f, const char *text)
{
    uint32_t id;
    if (!store_map_flags_id(f->map, text, &id, &f->fault))
        fail_msg("%s", f->fault.text);
    return id;
}

static const char *flags_text(struct fixture *f, uint32_t id)
{
    const char *text;
    assert_true(store_map_flags_text(f->map, id, &text, &f->fault));
    return text;
}

static void test_flags(void **state)
{
    struct fixture *f = *state;
    assert_null(flags_text(f, 1));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(flags_id(f, "\\Seen"), 1);
        assert_int_equal(flags_id(f, ""), 2);
        assert_int_equal(flags_id(f, "\\Answered \\Seen"), 3);
        assert_int_equal(flags_id(f, "\\Answered \\Seen"), 3);
        assert_int_equal(flags_id(f, "\\Seen"), 1);
        assert_int_equal(flags_id(f, "\\seen"), 4); /* the caller writes them one way only */
        assert_string_equal(flags_text(f, 3), "\\Answered \\Seen");
        assert_string_equal(flags_text(f, 2), "");
        assert_null(flags_text(f, STORE_FLAGS_UNKNOWN));
        assert_null(flags_text(f, 5));
        assert_null(flags_text(f, UINT32_MAX));
        reopen(f);
    }
    struct store_map *other;
    uint32_t id;
    assert_true(store_map_open(f->store, &bob, &other, &f->fault));
    assert_true(store_map_flags_id(other, "new", &id, &f->fault));
    assert_int_equal(id, 1);
    store_map_close(&other);
}

static void test_flags_have_ceilings(void **state)
{
    struct fixture *f = *state;
    char text[STORE_FLAGS_MAX_BYTES + 2];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(flags_id(f, text), STORE_FLAGS_UNKNOWN);
    text[STORE_FLAGS_MAX_BYTES] = '\0';
    assert_int_equal(flags_id(f, text), 1);
    for (unsigned int i = 2; i <= STORE_FLAGS_MAX_SETS; i++) {
        (void)snprintf(text, sizeof(text), "keyword%u", i * 17 % 32771);
        assert_int_equal(flags_id(f, text), i);
    }
    assert_int_equal(flags_id(f, "one more"), STORE_FLAGS_UNKNOWN);
    assert_int_equal(flags_id(f, "keyword17"), STORE_FLAGS_UNKNOWN);
    reopen(f);
    assert_int_equal(flags_id(f, "one more"), STORE_FLAGS_UNKNOWN);
    assert_int_equal(flags_id(f, "keyword34"), 2);
}

/* Two maps of one pair that both meet new sets: each answers its own numbers rightly. */
static void test_two_maps_add_flags(void **state)
{
    struct fixture *f = *state;
    struct store_map *other;
    const char *text;
    uint32_t id;
    assert_int_equal(flags_id(f, "a"), 1);
    assert_int_equal(flags_id(f, "a"), 1); /* has read them all */
    assert_true(store_map_open(f->store, &anna, &other, &f->fault));
    assert_true(store_map_flags_id(other, "b", &id, &f->fault));
    assert_int_equal(id, 2);
    assert_int_equal(flags_id(f, "c"), 3);
    assert_null(flags_text(f, 2));
    assert_true(store_map_flags_id(other, "d", &id, &f->fault));
    assert_int_equal(id, 4);
    assert_true(store_map_flags_text(other, 4, &text, &f->fault));
    assert_string_equal(text, "d");
    store_map_close(&other);
    reopen(f);
    assert_string_equal(flags_text(f, 2), "b");
    assert_string_equal(flags_text(f, 3), "c");
}

static void add_run(struct fixture *f, const char *run_id)
{
    const struct store_run run = {.id = run_id};
    const struct store_job job = {.row = 1};
    assert_true(store_run_begin(f->store, &run, &f->fault));
    assert_true(store_job_add(f->store, run_id, &job, &f->fault));
    assert_true(store_job_start(f->store, run_id, 1, 5, &f->fault));
}

static void add_problem(struct fixture *f, const char *run_id, const char *folder, uint32_t uid)
{
    const struct store_problem problem = {.folder = folder,
                                          .uid = uid,
                                          .messages = 2,
                                          .message_id = "<a@b>",
                                          .date = "2026",
                                          .size_bytes = 10 + uid,
                                          .reason = PROBLEM_TOO_BIG,
                                          .server_text = "big",
                                          .diagnosis = "too-big"};
    assert_true(store_problem_add(f->store, run_id, 1, &problem, &f->fault));
}

static bool print_problem(void *context, const struct store_job *job,
                          const struct store_problem *problem)
{
    return buffer_printf(context, "%d:%s:%u:%u:%s:%s:%u:%s:%s:%s ", (int)job->row, problem->folder,
                         problem->uid, (unsigned int)problem->messages, problem->message_id,
                         problem->date, (unsigned int)problem->size_bytes,
                         problem_reason_name(problem->reason), problem->server_text,
                         problem->diagnosis);
}

static void assert_problems(struct fixture *f, const char *run_id, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 4096);
    assert_true(store_problems_each(f->store, run_id, print_problem, &text, &f->fault));
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

#define PROBLEM_9 "1:INBOX:9:2:<a@b>:2026:19:too_big:big:too-big "
#define PROBLEM_3 "1:INBOX:3:2:<a@b>:2026:13:too_big:big:too-big "

static void test_problems_of_an_unchanged_folder(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    add_run(f, "R1");
    add_problem(f, "R1", "INBOX", 9);
    add_problem(f, "R1", "Sent", 1);
    add_problem(f, "R1", "INBOX", 3);
    assert_false(store_map_problems_keep(f->map, folder, "R1", 1, &f->fault));
    save(f, folder);
    save(f, folder_of(f, "Sent"));
    for (int i = 0; i < 2; i++) /* the second time in place of the first */
        assert_true(store_map_problems_keep(f->map, folder, "R1", 1, &f->fault));
    reopen(f);
    add_run(f, "R2");
    add_problem(f, "R2", "Old", 1);
    assert_true(store_job_start(f->store, "R2", 1, 6, &f->fault)); /* a second attempt */
    assert_true(store_map_problems_repeat(f->map, folder_of(f, "INBOX"), "R2", 1, &f->fault));
    assert_true(store_map_problems_repeat(f->map, folder_of(f, "Sent"), "R2", 1, &f->fault));
    assert_problems(f, "R2", PROBLEM_9 PROBLEM_3);
    /* What was repeated may be kept again; a folder without problems keeps none. */
    assert_true(store_map_problems_keep(f->map, folder_of(f, "INBOX"), "R2", 1, &f->fault));
    add_run(f, "R3");
    assert_true(store_map_problems_repeat(f->map, folder_of(f, "INBOX"), "R3", 1, &f->fault));
    assert_problems(f, "R3", PROBLEM_9 PROBLEM_3);
    add_run(f, "R4");
    assert_true(store_map_problems_keep(f->map, folder_of(f, "INBOX"), "R4", 1, &f->fault));
    assert_true(store_map_problems_repeat(f->map, folder_of(f, "INBOX"), "R4", 1, &f->fault));
    assert_problems(f, "R4", "");
}

static void test_problems_are_forgotten_with_the_rows(void **state)
{
    struct fixture *f = *state;
    struct store_map_folder *folder = folder_of(f, "INBOX");
    folder->source.uid_validity = 7;
    save(f, folder);
    add_run(f, "R1");
    add_problem(f, "R1", "INBOX", 9);
    assert_true(store_map_problems_keep(f->map, folder, "R1", 1, &f->fault));
    assert_true(store_map_forget(f->map, folder, &f->fault));
    add_run(f, "R2");
    assert_true(store_map_problems_repeat(f->map, folder, "R2", 1, &f->fault));
    assert_problems(f, "R2", "");
    folder->source.uid_validity = 7;
    save(f, folder);
    assert_true(store_map_problems_keep(f->map, folder, "R1", 1, &f->fault));
    folder->source.uid_validity = 8;
    save(f, folder);
    assert_true(store_map_problems_repeat(f->map, folder, "R2", 1, &f->fault));
    assert_problems(f, "R2", "");
}

struct worker {
    struct fixture *fixture;
    struct store_pair pair;
    bool is_ok;
};

/* A folder of 2,000 messages, while the others do the same. */
static void *work(void *context)
{
    struct worker *worker = context;
    struct store_map *map;
    struct fault fault;
    struct store_map_row rows[100];
    if (!store_map_open(worker->fixture->store, &worker->pair, &map, &fault))
        return NULL;
    struct store_map_folder *folder = store_map_folder(map, "INBOX", "INBOX");
    folder->bracket_uid_next = 1;
    worker->is_ok = store_map_brackets_open(map, &folder, 1, &fault);
    for (uint32_t uid = 1; uid <= 2000 && worker->is_ok; uid += 100) {
        uint32_t flags = 0;
        size_t count;
        worker->is_ok = store_map_flags_id(map, uid % 200 == 1 ? "a" : "b", &flags, &fault);
        for (uint32_t i = 0; i < 100; i++)
            rows[i] = (struct store_map_row){uid + i, uid + i, flags, STORE_OUTCOME_PRESENT};
        worker->is_ok = worker->is_ok && store_map_put(map, folder, rows, 100, &fault) &&
                        store_map_read(map, folder, 1, uid + 99, rows, 100, &count, &fault) &&
                        count == 100 && rows[99].src_uid == 100;
    }
    worker->is_ok = worker->is_ok && store_map_folder_save(map, folder, &fault);
    store_map_close(&map);
    return NULL;
}

static void test_four_threads(void **state)
{
    struct fixture *f = *state;
    static const char *const users[] = {"u1", "u2", "u3", "u4"};
    struct worker workers[4];
    pthread_t threads[4];
    static struct store_map_row rows[2001];
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (struct worker){f, {"h1", users[i], "h2", users[i]}, false};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        struct store_map *map;
        size_t count;
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].is_ok);
        assert_true(store_map_open(f->store, &workers[i].pair, &map, &f->fault));
        assert_true(store_map_read(map, store_map_folder_at(map, 0), 1, UINT32_MAX, rows, 2001,
                                   &count, &f->fault));
        assert_int_equal(count, 2000);
        assert_int_equal(rows[1999].dst_uid, 2000);
        store_map_close(&map);
    }
}

/* A no-change delta: one query, whatever the number of folders; none reads the map. */
static int count_statement(unsigned int mask, void *context, void *statement, void *text)
{
    (void)mask;
    (void)statement;
    (void)text;
    (*(int *)context)++;
    return 0;
}

static void test_one_query(void **state)
{
    struct fixture *f = *state;
    int statements = 0;
    for (int i = 0; i < 50; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "F%d", i);
        save(f, folder_of(f, name));
    }
    reopen(f);
    store_map_close(&f->map);
    assert_int_equal(
        sqlite3_trace_v2(f->store->db, SQLITE_TRACE_STMT, count_statement, &statements), SQLITE_OK);
    open_map(f);
    for (int i = 0; i < 50; i++)
        (void)store_map_folder_at(f->map, (size_t)i);
    assert_int_equal(statements, 1);
    assert_int_equal(sqlite3_trace_v2(f->store->db, 0, NULL, NULL), SQLITE_OK);
}

/* Below 40 bytes a message: 100,000 of them, a tenth of a mailbox's folder at a time. */
static void test_rows_are_small(void **state)
{
    struct fixture *f = *state;
    static struct store_map_row rows[1000];
    sqlite3_stmt *statement;
    save(f, folder_of(f, "INBOX"));
    for (uint32_t uid = 1; uid <= 100000; uid += 1000) {
        for (uint32_t i = 0; i < 1000; i++)
            rows[i] = (struct store_map_row){200000 + uid + i, 300000 + uid + i, i % 9, 0};
        assert_true(store_map_put(f->map, folder_of(f, "INBOX"), rows, 1000, &f->fault));
    }
    assert_true(store_flush(f->store, &f->fault));
    assert_int_equal(sqlite3_prepare_v2(f->store->db,
                                        "SELECT page_count * page_size FROM pragma_page_count,"
                                        " pragma_page_size",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t bytes = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    if (bytes >= 100000 * 30)
        fail_msg("%lld bytes for 100,000 messages", (long long)bytes);
}

#define MAP_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(test_rows_need_a_folder_in_the_store),
        MAP_TEST(test_a_broken_store_answers_so),
        MAP_TEST(test_no_bracket_on_a_full_disk),
        MAP_TEST(test_nothing_is_known_at_first),
        MAP_TEST(test_folder_comes_back_whole),
        MAP_TEST(test_folders_are_told_apart),
        MAP_TEST(test_pairs_are_told_apart),
        cmocka_unit_test(test_bracket_merge),
        MAP_TEST(test_bracket_leaves_the_marks),
        MAP_TEST(test_another_uid_validity_voids_uids),
        MAP_TEST(test_first_uid_validity_keeps_rows),
        MAP_TEST(test_forget),
        MAP_TEST(test_rows),
        MAP_TEST(test_many_rows),
        MAP_TEST(test_pages),
        MAP_TEST(test_flags),
        MAP_TEST(test_flags_have_ceilings),
        MAP_TEST(test_two_maps_add_flags),
        MAP_TEST(test_problems_of_an_unchanged_folder),
        MAP_TEST(test_problems_are_forgotten_with_the_rows),
        MAP_TEST(test_four_threads),
        MAP_TEST(test_one_query),
        MAP_TEST(test_rows_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
