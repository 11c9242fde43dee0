/* SPDX-License-Identifier: MIT
 * Which messages may be removed: sets in, UIDs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "sync/messages/removal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MESSAGES_MAX 8

static const struct adopt_secret secret = {.bytes = "sixteen bytes.."};

/* One letter for each message, its UID is the place (from 1): the letter is its identity, "." is a
   message without any, "@" one with the Message-ID that --addheader gives to UID 1. */
struct folder {
    struct listed_message messages[MESSAGES_MAX];
    union adopt_trait traits[MESSAGES_MAX];
    struct adopt_record records[MESSAGES_MAX];
    struct adopt_source source;
    struct adopt_destination destination;
};

static uint64_t key_of(char letter)
{
    struct identity identity = {{0}};
    if (letter == '.')
        (void)identity_from_header("", 0, &identity);
    else if (letter == '@')
        identity_from_uid(1, &identity);
    else
        identity.bytes[0] = (unsigned char)letter;
    return adopt_key(&secret, &identity);
}

static void build(struct folder *folder, const char *here, const char *there)
{
    memset(folder, 0, sizeof(*folder));
    for (size_t i = 0; there[i] != '\0'; i++) {
        assert_true(i < MESSAGES_MAX);
        folder->records[i] = (struct adopt_record){.key = key_of(there[i]), .uid = (uint32_t)i + 1};
    }
    folder->destination = (struct adopt_destination){folder->records, strlen(there)};
    adopt_sort(&folder->destination);
    for (size_t i = 0; here[i] != '\0'; i++) {
        assert_true(i < MESSAGES_MAX);
        folder->messages[i] = (struct listed_message){
            .uid = (uint32_t)i + 1,
            .place = adopt_find(&folder->destination, key_of(here[i])) & ADOPT_NOWHERE,
        };
        folder->traits[i].is_weak = here[i] == '.';
    }
    folder->source = (struct adopt_source){folder->messages, folder->traits, NULL, strlen(here)};
}

/* What the map knows: "1>3" is source UID 1 and destination UID 3. */
static void match(struct folder *folder, const char *known)
{
    const struct adopt_rules rules = {&secret, true, false};
    struct removal_known items[MESSAGES_MAX];
    size_t count = 0;
    for (; known[0] != '\0'; known += 3 + (known[3] == ' ')) {
        items[count++] = (struct removal_known){(uint32_t)(known[2] - '0'),
                                                (uint32_t)(known[0] - '1')};
    }
    removal_match_known(&folder->source, &folder->destination, items, count);
    adopt_match(&folder->source, &folder->destination, &rules);
    removal_keep_doubtful(&folder->source, &folder->destination, &secret);
}

static void assert_list(size_t row, struct removal_list *list, const char *expected)
{
    static const char reasons[] = {[REMOVAL_CONFIRMED] = 'c',
                                   [REMOVAL_ABSENT] = 'a',
                                   [REMOVAL_DUPLICATE] = 'd',
                                   [REMOVAL_MARKED] = 'm'};
    struct buffer text;
    buffer_init(&text, 4096);
    for (size_t i = 0; i < list->count; i++)
        buffer_printf(&text, "%s%u%c", i > 0 ? " " : "", list->items[i].uid,
                      reasons[list->items[i].reason]);
    if (strcmp(buffer_str(&text), expected) != 0)
        fail_msg("row %zu: [%s] instead of [%s]", row, buffer_str(&text), expected);
    buffer_deinit(&text);
    removal_list_deinit(list);
}

#define ABSENT     1
#define DUPLICATES 2
#define ONE        4

static void test_surplus(void **state)
{
    static const struct {
        const char *here;
        const char *there;
        const char *known;
        int rules;
        uint32_t first_new_uid;
        const char *expected;
    } rows[] = {
        /* nothing to match, nothing asked */
        {"", "", "", ABSENT, 9, ""},
        {"ab", "ab", "", ABSENT, 9, ""},
        {"a", "abc", "", 0, 9, ""},
        {"", "abc", "", ABSENT, 9, "1a 2a 3a"},
        {"b", "abc", "", ABSENT, 9, "1a 3a"},
        /* what came during this run, or nobody knows when */
        {"", "abc", "", ABSENT, 3, "1a 2a"},
        {"", "abc", "", ABSENT, 0, ""},
        {"a", "aaa", "", ABSENT | DUPLICATES, 3, "2d"},
        /* a multiset: the partners stay */
        {"aa", "aaab", "", ABSENT, 9, "3a 4a"},
        {"aa", "aab", "", ABSENT, 9, "3a"},
        {"aaa", "aab", "", ABSENT, 9, "3a"},
        /* by the map, whatever the identity is now */
        {"x", "ab", "1>2", ABSENT, 9, "1a"},
        {"a", "aa", "1>2", ABSENT, 9, "1a"},
        {"ab", "cd", "1>1 2>2", ABSENT, 9, ""},
        /* the copy it knew is gone: an equal one counts */
        {"a", "ab", "1>7", ABSENT, 9, "2a"},
        /* two that claim one copy: the other is matched by identity */
        {"ab", "ab", "1>1 2>1", ABSENT, 9, ""},
        {"xb", "ab", "1>1 2>1", ABSENT, 9, ""},
        /* without identity */
        {"", ".a.", "", ABSENT | DUPLICATES, 9, "2a"},
        {"a", "..a", "", ABSENT | DUPLICATES | ONE, 9, ""},
        /* the copy that --addheader made stays as long as its original may be there */
        {".", "@a", "", ABSENT, 9, "2a"},
        {"b", "@", "", ABSENT, 9, "1a"},
        /* duplicates */
        {"", "abab", "", DUPLICATES, 9, "3d 4d"},
        {"aa", "aaa", "", DUPLICATES, 9, "3d"},
        {"aa", "aaa", "", DUPLICATES | ONE, 9, "2d 3d"},
        {"a", "aaa", "1>2", DUPLICATES, 9, "1d 3d"},
        {"aa", "aaa", "1>3 2>2", DUPLICATES | ONE, 9, "1d 3d"},
        {"", "aab", "", ABSENT | DUPLICATES, 9, "1a 2d 3a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct folder folder;
        struct removal_list list = {0};
        const struct removal_rules rules = {&secret, (rows[i].rules & ABSENT) != 0,
                                            (rows[i].rules & DUPLICATES) != 0,
                                            (rows[i].rules & ONE) != 0, rows[i].first_new_uid};
        build(&folder, rows[i].here, rows[i].there);
        match(&folder, rows[i].known);
        removal_choose_surplus(&folder.destination, &rules, &list);
        assert_list(i, &list, rows[i].expected);
    }
}

static void test_confirmed(void **state)
{
    static const struct {
        const char *here;
        const char *there;
        const char *known;
        bool one_is_enough;
        const char *expected;
    } rows[] = {
        {"", "a", "", false, ""},
        {"ab", "", "1>1 2>2", false, ""},
        {"ab", "a", "", false, "1c"},
        {"ab", "xy", "1>1", false, "1c"},
        {"ab", "xy", "1>3 2>4", false, ""},
        /* one copy for two messages */
        {"aa", "a", "", false, "1c"},
        {"aa", "a", "", true, "1c 2c"},
        {"aa", "a", "2>1", true, "1c 2c"},
        {"ab", "x", "1>1 2>1", false, "1c"},
        /* known by a date alone, which is not known here */
        {".", ".", "", false, ""},
        {"..", "..", "", true, ""},
        {".", ".", "1>1", false, "1c"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct folder folder;
        struct removal_list list = {0};
        build(&folder, rows[i].here, rows[i].there);
        match(&folder, rows[i].known);
        removal_choose_confirmed(&folder.source, &folder.destination, rows[i].one_is_enough, &list);
        assert_list(i, &list, rows[i].expected);
    }
}

/* In any other state a message stays, whatever is on the destination. */
static void test_only_what_is_there_is_confirmed(void **state)
{
    (void)state;
    for (int in_state = 0; in_state < MESSAGE_STATE_COUNT; in_state++) {
        struct folder folder;
        struct removal_list list = {0};
        build(&folder, "a", "a");
        folder.messages[0].state = (uint8_t)in_state;
        removal_choose_confirmed(&folder.source, &folder.destination, false, &list);
        assert_list((size_t)in_state, &list, in_state == MESSAGE_ALREADY ? "1c" : "");
    }
}

/* Two folders that are merged, and a server that told the same UID for both. */
static void test_one_copy_is_claimed_by_two_folders(void **state)
{
    struct folder first, second;
    struct removal_list list = {0};
    (void)state;
    build(&first, "a", "x");
    build(&second, "b", "x");
    second.destination = first.destination;
    match(&first, "1>1");
    match(&second, "1>1");
    removal_choose_confirmed(&first.source, &first.destination, false, &list);
    assert_list(0, &list, "1c");
    removal_choose_confirmed(&second.source, &second.destination, false, &list);
    assert_list(1, &list, "");
}

static void test_lists(void **state)
{
    struct removal_list list = {0};
    struct removal_list other = {0};
    (void)state;
    for (uint32_t uid = 5; uid > 0; uid--) {
        removal_list_add(&list, uid, REMOVAL_ABSENT);
        removal_list_add(&list, uid, REMOVAL_ABSENT);
    }
    removal_list_sort(&list);
    removal_list_subtract(&list, &other);
    removal_list_add(&other, 1, REMOVAL_MARKED);
    removal_list_add(&other, 4, REMOVAL_MARKED);
    removal_list_add(&other, 9, REMOVAL_MARKED);
    assert_true(removal_list_holds(&other, 4));
    assert_false(removal_list_holds(&other, 5));
    assert_false(removal_list_holds(&(struct removal_list){0}, 5));
    removal_list_subtract(&list, &other);
    assert_list(0, &list, "2a 3a 5a");
    removal_list_subtract(&list, &other);
    removal_list_sort(&list);
    assert_list(1, &list, "");
    removal_list_deinit(&other);
}

static void test_limit(void **state)
{
    static const struct {
        const char *text;
        uint64_t messages;
        bool is_fine;
        uint64_t limit;
    } rows[] = {
        {NULL, 0, true, 50},           {NULL, 509, true, 50},        {NULL, 510, true, 51},
        {NULL, 1000000, true, 100000}, {"0", 1000, true, 0},         {"7", 1000, true, 7},
        {"100_000", 5, true, 100000},  {"ALL", 5, true, UINT64_MAX}, {"", 1000, false, 0},
        {"-1", 1000, false, 0},        {"10%", 1000, false, 0},      {"1k", 1000, false, 0},
        {"alle", 1000, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t limit = 0;
        assert_int_equal(removal_limit(rows[i].text, rows[i].messages, &limit), rows[i].is_fine);
        if (rows[i].is_fine && limit != rows[i].limit)
            fail_msg("row %zu: %llu", i, (unsigned long long)limit);
        /* What is not understood allows nothing. */
        if (!rows[i].is_fine)
            assert_int_equal(limit, 0);
    }
}

/* A server that lists a million messages of one identity. */
static void test_many_equal(void **state)
{
    enum {
        MANY = 1000000
    };
    static struct adopt_record records[MANY];
    const struct adopt_destination there = {records, MANY};
    const struct removal_rules rules = {&secret, true, true, false, MANY};
    struct removal_list list = {0};
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        records[i] = (struct adopt_record){.key = 1, .uid = (uint32_t)(MANY - i)};
    adopt_sort(&there);
    int64_t begin = clock_mono_nsecs();
    removal_choose_surplus(&there, &rules, &list);
    assert_int_equal(list.count, MANY - 1);
    /* n * n steps would take minutes. */
    assert_true(clock_mono_nsecs() - begin < 20 * CLOCK_NSECS_PER_SEC);
    removal_list_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surplus),
        cmocka_unit_test(test_confirmed),
        cmocka_unit_test(test_only_what_is_there_is_confirmed),
        cmocka_unit_test(test_one_copy_is_claimed_by_two_folders),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_many_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
