/* SPDX-License-Identifier: MIT
 * UID sets: as they are written for commands, and read as servers write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sync/uidset.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* -- written -- */

static void test_uid_sets(void **state)
{
    static const struct {
        uint32_t uids[8];
        bool follows[8];
        const char *text;
    } rows[] = {
        {{0}, {0}, ""},
        {{7}, {0}, "7"},
        {{7}, {true}, "7"}, /* nothing to follow */
        {{7, 8}, {false, true}, "7:8"},
        {{7, 8}, {false, false}, "7,8"},
        {{1, 5, 9}, {false, true, true}, "1:9"}, /* nothing listed lies between */
        {{1, 5, 9, 10, 4294967295}, {false, false, true, false, true}, "1,5:9,10:4294967295"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct uidset set;
        uidset_init(&set, SIZE_MAX);
        for (size_t k = 0; k < 8 && rows[i].uids[k] != 0; k++)
            assert_true(uidset_add(&set, rows[i].uids[k], rows[i].follows[k]));
        const char *text = uidset_finish(&set);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("row %zu: %s", i, text);
        uidset_deinit(&set);
    }
}

static void test_a_uid_set_is_full_but_whole(void **state)
{
    struct uidset set;
    uint32_t count = 0;
    (void)state;
    uidset_init(&set, SIZE_MAX);
    while (count < 10000 &&
           uidset_add(&set, 4294960000u + (count & 1) + 2 * (count / 2), (count & 1) == 1))
        count++;
    assert_in_range(count, 600, 800);
    assert_int_equal(count % 2, 0); /* only a new range needs room */
    const char *text = uidset_finish(&set);
    assert_in_range(strlen(text), 7800, UIDSET_MAX_BYTES);
    uint32_t ranges = 1;
    for (const char *p = text; *p != '\0'; p++)
        ranges += *p == ',';
    assert_int_equal(ranges, count / 2);
    uidset_deinit(&set);
}

static void test_a_uid_set_has_a_length(void **state)
{
    static const struct {
        size_t max_bytes;
        size_t least;
        size_t most;
    } rows[] = {{0, 50, UIDSET_MIN_BYTES}, {99, 50, UIDSET_MIN_BYTES}, {1000, 950, 1000}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct uidset set;
        uidset_init(&set, rows[i].max_bytes);
        for (uint32_t uid = 4294960000u; uidset_add(&set, uid, false); uid += 2)
            ;
        assert_in_range(strlen(uidset_finish(&set)), rows[i].least, rows[i].most);
        uidset_deinit(&set);
    }
}

/* -- read -- */

static void test_sets_that_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *ranges; /* "first-last;" up to the first thing that is no set */
        size_t left;        /* so much was not read */
    } rows[] = {
        {"", "", 0},
        {"7", "7-7;", 0},
        {"1:3,7", "1-3;7-7;", 0},
        {"3:1", "1-3;", 0},
        {"9,2,9", "9-9;2-2;9-9;", 0},
        {"41,43:116,118,120:211,214:540", "41-41;43-116;118-118;120-211;214-540;", 0},
        {"1:4294967295", "1-4294967295;", 0},
        {"4294967295", "4294967295-4294967295;", 0},
        {"007", "7-7;", 0},
        /* no set, or a part of one */
        {"0", "", 1},
        {"0:5", "", 3},
        {"5:0", "", 3},
        {"4294967296", "", 10},
        {"99999999999999999999999", "", 23},
        {"1:4294967296", "", 12},
        {"*", "", 1},
        {"1:*", "", 3},
        {"1,*", "1-1;", 1},
        {",1", "", 2},
        {"1,", "1-1;", 1},
        {"1,,2", "1-1;", 2},
        {"1:", "", 2},
        {":1", "", 2},
        {"1:2:3", "1-2;", 2},
        {"1 2", "1-1;", 2},
        {"1,2x,3", "1-1;2-2;", 3},
        {"-1", "", 2},
        {"+1", "", 2},
        {"\xff", "", 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t size = strlen(rows[i].text);
        char *copy = malloc(size > 0 ? size : 1); /* exact, for the address sanitizer */
        struct uidset_reader reader;
        char ranges[200] = "";
        uint32_t first, last;
        assert_non_null(copy);
        memcpy(copy, rows[i].text, size);
        uidset_reader_init(&reader, copy, size);
        while (uidset_reader_next(&reader, &first, &last)) {
            size_t used = strlen(ranges);
            (void)snprintf(ranges + used, sizeof(ranges) - used, "%u-%u;", first, last);
        }
        size_t left = (size_t)(copy + size - reader.at);
        if (strcmp(ranges, rows[i].ranges) != 0 || left != rows[i].left)
            fail_msg("row %zu, \"%s\": %s, %zu left", i, rows[i].text, ranges, left);
        assert_false(uidset_reader_next(&reader, &first, &last)); /* it stays at its end */
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uid_sets),
        cmocka_unit_test(test_a_uid_set_is_full_but_whole),
        cmocka_unit_test(test_a_uid_set_has_a_length),
        cmocka_unit_test(test_sets_that_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
