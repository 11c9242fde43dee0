/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sync/messages/adopt.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MESSAGES_MAX 4

/* identity 0 ends a list */
struct message {
    unsigned char identity;
    int64_t date;
    uint64_t size;
};

struct match_row {
    struct message source[MESSAGES_MAX];
    struct message destination[MESSAGES_MAX];
    unsigned int source_matched; /* bit n: message n */
    unsigned int destination_matched;
};

#define NOTHING 200 /* from here on, an identity without any field */

static size_t build(const struct message *messages, struct adopt_message *built)
{
    size_t count = 0;
    for (; count < MESSAGES_MAX && messages[count].identity != 0; count++) {
        memset(&built[count], 0, sizeof(built[count]));
        built[count].identity.bytes[15] = messages[count].identity;
        built[count].strength = messages[count].identity >= NOTHING ? IDENTITY_NOTHING
                                                                    : IDENTITY_OF_MESSAGE;
        built[count].index = (uint32_t)count;
        built[count].date_seconds = messages[count].date;
        built[count].size_bytes = messages[count].size;
    }
    return count;
}

static unsigned int matched(const struct adopt_message *messages, size_t count)
{
    unsigned int bits = 0;
    for (size_t i = 0; i < count; i++)
        bits |= (unsigned int)messages[i].is_matched << messages[i].index;
    return bits;
}

static const struct match_row match_rows[] = {
    /* nothing in common */
    {{{0}}, {{0}}, 0, 0},
    {{{1, 10, 10}}, {{0}}, 0, 0},
    {{{0}}, {{1, 10, 10}}, 0, 0},
    {{{1, 10, 10}}, {{2, 10, 10}}, 0, 0},
    /* without any identity a message needs a date or a size that is the same */
    {{{NOTHING, 10, 10}}, {{NOTHING, 11, 11}}, 0, 0},
    {{{NOTHING, 10, 10}}, {{NOTHING, 10, 11}}, 1, 1},
    /* unknown on both sides is not the same */
    {{{NOTHING, 0, 10}}, {{NOTHING, 0, 11}}, 0, 0},
    {{{NOTHING, 10, 0}}, {{NOTHING, 11, 0}}, 0, 0},
    {{{NOTHING, 0, 0}}, {{NOTHING, 0, 0}}, 0, 0},
    /* one each */
    {{{1, 10, 10}}, {{1, 10, 10}}, 1, 1},
    {{{1, 10, 10}}, {{1, 11, 11}}, 1, 1},
    /* two copies need two */
    {{{1, 10, 10}, {1, 10, 10}}, {{1, 10, 10}}, 1, 1},
    {{{1, 10, 10}, {1, 10, 10}}, {{1, 10, 10}, {1, 10, 10}}, 3, 3},
    {{{1, 10, 10}}, {{1, 10, 10}, {1, 10, 10}}, 1, 1},
    {{{1, 1, 1}, {1, 2, 2}, {1, 3, 3}}, {{1, 7, 7}, {1, 8, 8}}, 3, 3},
    /* versions of a draft: the same date and size first, whatever the order */
    {{{1, 10, 10}, {1, 20, 20}, {1, 30, 30}}, {{1, 30, 30}}, 4, 1},
    {{{1, 10, 10}, {1, 20, 20}, {1, 30, 30}}, {{1, 30, 30}, {1, 10, 10}}, 5, 3},
    /* then the same date, then the same size */
    {{{1, 10, 10}, {1, 20, 20}}, {{1, 20, 99}}, 2, 1},
    {{{1, 10, 10}, {1, 20, 20}}, {{1, 99, 20}}, 2, 1},
    {{{1, 10, 10}, {1, 20, 20}}, {{1, 10, 20}}, 1, 1},
    {{{1, 10, 10}, {1, 20, 10}, {1, 20, 20}}, {{1, 20, 20}, {1, 20, 30}}, 6, 3},
    /* other messages between them */
    {{{3, 1, 1}, {1, 10, 10}, {2, 5, 5}, {1, 20, 20}}, {{1, 20, 20}, {3, 1, 1}}, 9, 3},
};

static void test_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(match_rows); i++) {
        struct adopt_message source[MESSAGES_MAX];
        struct adopt_message destination[MESSAGES_MAX];
        size_t source_count = build(match_rows[i].source, source);
        size_t destination_count = build(match_rows[i].destination, destination);
        adopt_match(source, source_count, destination, destination_count, false);
        unsigned int by_source = matched(source, source_count);
        unsigned int by_destination = matched(destination, destination_count);
        if (by_source != match_rows[i].source_matched ||
            by_destination != match_rows[i].destination_matched)
            fail_msg("row %zu: source %x, destination %x", i, by_source, by_destination);
    }
}

/* Where dates travel along, an equal size is no proof for a message without identity. */
static void test_size_alone_is_no_proof_where_dates_are_kept(void **state)
{
    const struct message there[MESSAGES_MAX] = {{NOTHING, 10, 7}};
    const struct message other_date[MESSAGES_MAX] = {{NOTHING, 20, 7}};
    const struct message other_size[MESSAGES_MAX] = {{NOTHING, 10, 8}};
    struct adopt_message source[MESSAGES_MAX];
    struct adopt_message destination[MESSAGES_MAX];
    (void)state;
    for (int dates_are_kept = 0; dates_are_kept < 2; dates_are_kept++) {
        (void)build(other_date, source);
        (void)build(there, destination);
        adopt_match(source, 1, destination, 1, dates_are_kept);
        assert_int_equal(matched(source, 1), dates_are_kept ? 0 : 1);
        (void)build(other_size, source);
        (void)build(there, destination);
        adopt_match(source, 1, destination, 1, dates_are_kept);
        assert_int_equal(matched(source, 1), 1);
    }
}

static void test_what_is_matched_already_takes_no_part(void **state)
{
    const struct message messages[MESSAGES_MAX] = {{1, 10, 10}, {1, 10, 10}};
    struct adopt_message source[MESSAGES_MAX];
    struct adopt_message destination[MESSAGES_MAX];
    (void)state;
    (void)build(messages, source);
    (void)build(messages, destination);
    source[0].is_matched = true;
    destination[1].is_matched = true;
    destination[0].index = 5;
    adopt_match(source, 2, destination, 1, false);
    assert_int_equal(matched(source, 2), 3);
    assert_int_equal(matched(destination, 1), 1u << 5);
}

static void test_duplicates(void **state)
{
    static const struct {
        struct message messages[MESSAGES_MAX];
        unsigned int marked;
    } rows[] = {
        {{{0}}, 0},
        {{{1, 1, 1}, {2, 1, 1}}, 0},
        {{{NOTHING, 1, 1}, {NOTHING, 1, 1}}, 0},
        {{{1, 1, 1}, {1, 1, 1}}, 2},
        {{{1, 1, 1}, {2, 1, 1}, {1, 2, 2}, {1, 1, 1}}, 12},
        {{{3, 1, 1}, {2, 1, 1}, {3, 1, 1}, {2, 1, 1}}, 12},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct adopt_message messages[MESSAGES_MAX];
        size_t count = build(rows[i].messages, messages);
        adopt_mark_duplicates(messages, count);
        if (matched(messages, count) != rows[i].marked)
            fail_msg("row %zu: %x", i, matched(messages, count));
    }
}

/* Quadratic work would take minutes here; the limit only has to tell the two apart. */
static void test_many_equal_messages(void **state)
{
    enum {
        MANY = 100000
    };
    struct adopt_message *source = calloc(MANY, sizeof(*source));
    struct adopt_message *destination = calloc(MANY, sizeof(*destination));
    size_t unmatched = 0;
    (void)state;
    assert_non_null(source);
    assert_non_null(destination);
    for (uint32_t i = 0; i < MANY; i++) {
        source[i].strength = destination[i].strength = IDENTITY_OF_MESSAGE;
        source[i].index = destination[i].index = i;
        destination[i].date_seconds = i % 3;
    }
    int64_t began = clock_mono_nsecs();
    adopt_match(source, MANY, destination, MANY - 1, false);
    assert_true(clock_mono_nsecs() - began < 20 * CLOCK_NSECS_PER_SEC);
    for (size_t i = 0; i < MANY; i++)
        unmatched += !source[i].is_matched;
    assert_int_equal(unmatched, 1);
    adopt_mark_duplicates(destination, MANY);
    for (size_t i = 0; i < MANY; i++)
        source[i].is_matched = false;
    adopt_mark_duplicates(source, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(source[i].is_matched, source[i].index != 0);
    free(source);
    free(destination);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_size_alone_is_no_proof_where_dates_are_kept),
        cmocka_unit_test(test_what_is_matched_already_takes_no_part),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_many_equal_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
