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

static const struct adopt_secret secret = {.bytes = "sixteen bytes.."};

/* Both sides of a match, in the order of the rows that made them. */
struct folder {
    struct listed_message messages[MESSAGES_MAX];
    union adopt_trait traits[MESSAGES_MAX];
    uint64_t keys[MESSAGES_MAX];
    struct adopt_record records[MESSAGES_MAX];
    struct adopt_source source;
    struct adopt_destination destination;
};

static uint64_t key_of(unsigned char number)
{
    struct identity identity = {{0}};
    identity.bytes[15] = number;
    return adopt_key(&secret, &identity);
}

static void build_source(const struct message *messages, struct folder *folder)
{
    size_t count = 0;
    for (; count < MESSAGES_MAX && messages[count].identity != 0; count++) {
        const struct message *message = &messages[count];
        folder->messages[count] = (struct listed_message){
            .uid = (uint32_t)count + 1,
            .size_bytes = (uint32_t)message->size,
            .place = adopt_find(&folder->destination, key_of(message->identity)) & ADOPT_NOWHERE,
        };
        folder->traits[count].date = adopt_date(message->date) & ADOPT_DATE_MAX;
        folder->traits[count].is_weak = message->identity >= NOTHING;
        folder->keys[count] = key_of(message->identity);
    }
    folder->source = (struct adopt_source){folder->messages, folder->traits, folder->keys, count};
}

static struct adopt_record record_of(const struct message *message)
{
    return (struct adopt_record){
        .key = key_of(message->identity),
        .date = adopt_date(message->date) & ADOPT_DATE_MAX,
        .size_bytes = (uint32_t)message->size,
    };
}

static void build_destination(const struct message *messages, struct folder *folder)
{
    size_t count = 0;
    for (; count < MESSAGES_MAX && messages[count].identity != 0; count++)
        folder->records[count] = record_of(&messages[count]);
    folder->destination = (struct adopt_destination){folder->records, count};
    adopt_sort(&folder->destination);
}

static void build(const struct message *source, const struct message *destination,
                  struct folder *folder)
{
    memset(folder, 0, sizeof(*folder));
    build_destination(destination, folder);
    build_source(source, folder);
}

static void match(struct folder *folder, bool dates_are_kept)
{
    const struct adopt_rules rules = {&secret, dates_are_kept, false};
    adopt_match(&folder->source, &folder->destination, &rules);
}

/* bit n: message n */
static unsigned int in_state(const struct adopt_source *source, enum message_state state)
{
    unsigned int bits = 0;
    for (size_t i = 0; i < source->count; i++)
        bits |= (unsigned int)(source->messages[i].state == state) << i;
    return bits;
}

/* bit n: a record like message n is matched; of several that are alike, the first ones count. */
static unsigned int matched(const struct message *messages, const struct folder *folder)
{
    unsigned int bits = 0;
    for (size_t i = 0; i < folder->destination.count; i++) {
        const struct adopt_record *record = &folder->records[i];
        for (size_t n = 0; record->is_matched && n < folder->destination.count; n++) {
            struct adopt_record like = record_of(&messages[n]);
            if (like.key == record->key && like.date == record->date &&
                like.size_bytes == record->size_bytes && (bits >> n & 1) == 0) {
                bits |= 1u << n;
                break;
            }
        }
    }
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
        struct folder folder;
        build(match_rows[i].source, match_rows[i].destination, &folder);
        match(&folder, false);
        unsigned int by_source = in_state(&folder.source, MESSAGE_ALREADY);
        unsigned int by_destination = matched(match_rows[i].destination, &folder);
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
    struct folder folder;
    (void)state;
    for (int dates_are_kept = 0; dates_are_kept < 2; dates_are_kept++) {
        build(other_date, there, &folder);
        match(&folder, dates_are_kept);
        assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), dates_are_kept ? 0 : 1);
        build(other_size, there, &folder);
        match(&folder, dates_are_kept);
        assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 1);
    }
}

static void test_what_is_matched_already_takes_no_part(void **state)
{
    const struct message messages[MESSAGES_MAX] = {{1, 10, 10}, {1, 10, 10}};
    struct folder folder;
    (void)state;
    build(messages, messages, &folder);
    folder.messages[0].state = MESSAGE_ALREADY;
    folder.records[1].is_matched = true;
    match(&folder, false);
    assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 3);
    assert_int_equal(matched(messages, &folder), 3);

    build(messages, messages, &folder);
    folder.messages[0].state = MESSAGE_EXCLUDED;
    match(&folder, false);
    assert_int_equal(in_state(&folder.source, MESSAGE_EXCLUDED), 1);
    assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 2);
    assert_int_equal(matched(messages, &folder), 1);

    build(messages, messages, &folder);
    folder.records[0].is_matched = folder.records[1].is_matched = true;
    match(&folder, false);
    assert_int_equal(in_state(&folder.source, MESSAGE_WANTED), 3);
}

/* Folders that are merged are matched one after the other with the same records. */
static void test_one_destination_for_several_folders(void **state)
{
    const struct message there[MESSAGES_MAX] = {{1, 10, 10}, {1, 20, 10}, {2, 10, 10}, {1, 30, 10}};
    const struct message first[MESSAGES_MAX] = {{1, 99, 10}, {1, 20, 11}};
    const struct message second[MESSAGES_MAX] = {{1, 77, 77}, {1, 30, 10}, {2, 10, 10}};
    struct folder folder;
    (void)state;
    build(first, there, &folder);
    match(&folder, true);
    assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 3);
    build_source(second, &folder);
    match(&folder, true);
    assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 6);
    assert_int_equal(matched(there, &folder), 15);
    build_source(second, &folder);
    match(&folder, true);
    assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 0);
}

/* --addheader: the copy is larger by the field that it got, and known by it. */
static void test_the_added_field_counts(void **state)
{
    static const struct {
        uint32_t copy_of; /* UID */
        uint64_t copy_size;
        bool with_added_field;
        bool is_matched;
    } rows[] = {
        {7, 100 + 26, true, true},
        {7, 100, true, false},
        {7, 100 + 26, false, false},
        {8, 100 + 26, true, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct identity identity;
        identity_from_uid(rows[i].copy_of, &identity);
        struct adopt_record record = {.key = adopt_key(&secret, &identity), .date = 20};
        record.size_bytes = (uint32_t)rows[i].copy_size;
        const struct adopt_destination destination = {&record, 1};
        union adopt_trait trait = {.date = 10, .is_weak = true};
        struct listed_message message = {.uid = 7, .size_bytes = 100};
        const struct adopt_source source = {&message, &trait, NULL, 1};
        const struct adopt_rules rules = {&secret, false, rows[i].with_added_field};
        identity_from_uid(7, &identity);
        message.place = adopt_find(&destination, adopt_key(&secret, &identity)) & ADOPT_NOWHERE;
        adopt_match(&source, &destination, &rules);
        if (message.state != (rows[i].is_matched ? MESSAGE_ALREADY : MESSAGE_WANTED))
            fail_msg("row %zu", i);
    }
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
    static const struct message nobody[MESSAGES_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct folder folder;
        build(rows[i].messages, nobody, &folder);
        adopt_exclude_duplicates(&folder.source);
        if (in_state(&folder.source, MESSAGE_EXCLUDED) != rows[i].marked)
            fail_msg("row %zu: %x", i, in_state(&folder.source, MESSAGE_EXCLUDED));
        for (uint32_t n = 0; n < folder.source.count; n++)
            assert_int_equal(folder.messages[n].uid, n + 1);
    }
}

/* Whoever is there already stands for the others, and stays what it is. */
static void test_duplicates_of_what_is_there(void **state)
{
    static const struct message messages[MESSAGES_MAX] = {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
    static const struct message nobody[MESSAGES_MAX];
    struct folder folder;
    (void)state;
    build(messages, nobody, &folder);
    folder.messages[0].state = folder.messages[1].state = MESSAGE_ALREADY;
    adopt_exclude_duplicates(&folder.source);
    assert_int_equal(in_state(&folder.source, MESSAGE_ALREADY), 3);
    assert_int_equal(in_state(&folder.source, MESSAGE_EXCLUDED), 4);
}

static void test_dates(void **state)
{
    static const struct {
        int64_t seconds;
        uint32_t date;
    } rows[] = {
        {0, 0},
        {1, 2},
        {1700000000, 1700000001},
        {ADOPT_DATE_MAX - 1, ADOPT_DATE_MAX},
        {ADOPT_DATE_MAX, 1}, /* 2038: known all the same */
        {(int64_t)ADOPT_DATE_MAX + 1, 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(adopt_date(rows[i].seconds), rows[i].date);
    assert_true(adopt_date(-1) != 0 && adopt_date(-1) != adopt_date(-2));
}

/* -- many -- */

struct crowd {
    struct adopt_source source;
    uint32_t *dates; /* of the source's; their traits become UIDs */
    struct adopt_destination destination;
};

static void crowd_init(struct crowd *crowd, size_t source_count, size_t destination_count)
{
    crowd->source.messages = calloc(source_count, sizeof(struct listed_message));
    crowd->source.traits = calloc(source_count, sizeof(union adopt_trait));
    crowd->source.keys = calloc(source_count, sizeof(uint64_t));
    crowd->dates = calloc(source_count, sizeof(uint32_t));
    crowd->source.count = source_count;
    crowd->destination.records = calloc(destination_count, sizeof(struct adopt_record));
    crowd->destination.count = destination_count;
    assert_true(crowd->dates != NULL && crowd->source.messages != NULL &&
                crowd->source.traits != NULL && crowd->source.keys != NULL &&
                crowd->destination.records != NULL);
}

static void crowd_deinit(struct crowd *crowd)
{
    free(crowd->source.messages);
    free(crowd->source.traits);
    free(crowd->dates);
    free(crowd->source.keys);
    free(crowd->destination.records);
}

static void crowd_place(struct crowd *crowd)
{
    adopt_sort(&crowd->destination);
    for (size_t i = 0; i < crowd->source.count; i++) {
        crowd->source.messages[i].uid = (uint32_t)i + 1;
        crowd->dates[i] = crowd->source.traits[i].date;
    }
    adopt_place(&crowd->source, &crowd->destination);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum {
    KINDS = 5, /* identities, dates and sizes of the random folders: 0 up to KINDS - 1 */
    KEYS = 7,
    WEAK_KEY = 6,
};

/* How many of each (identity, date, size) there are. */
struct census {
    size_t here[KEYS][KINDS][KINDS];
    size_t there[KEYS][KINDS][KINDS];
    size_t already[KEYS][KINDS][KINDS];
    size_t taken[KEYS]; /* records */
};

static void census_take(const struct crowd *crowd, struct census *census)
{
    memset(census, 0, sizeof(*census));
    for (size_t i = 0; i < crowd->source.count; i++) {
        const struct listed_message *message = &crowd->source.messages[i];
        size_t key = crowd->source.keys[i];
        size_t date = crowd->dates[i];
        census->here[key][date][message->size_bytes]++;
        if (message->state == MESSAGE_ALREADY)
            census->already[key][date][message->size_bytes]++;
    }
    for (size_t i = 0; i < crowd->destination.count; i++) {
        const struct adopt_record *record = &crowd->destination.records[i];
        census->there[record->key][record->date][record->size_bytes]++;
        census->taken[record->key] += record->is_matched;
    }
}

/* What must hold for the messages of one identity, whichever of equals were taken. */
static void census_check(const struct census *census, size_t key)
{
    size_t here = 0, there = 0, already = 0, by_date = 0;
    for (size_t date = 0; date < KINDS; date++) {
        size_t here_then = 0, there_then = 0, already_then = 0;
        for (size_t size = 0; size < KINDS; size++) {
            size_t exact = smaller(census->here[key][date][size], census->there[key][date][size]);
            if (key != WEAK_KEY)
                assert_true(census->already[key][date][size] >= exact);
            here_then += census->here[key][date][size];
            there_then += census->there[key][date][size];
            already_then += census->already[key][date][size];
        }
        if (key != WEAK_KEY || date != 0)
            assert_true(already_then >= smaller(here_then, there_then));
        by_date += date == 0 ? 0 : smaller(here_then, there_then);
        here += here_then;
        there += there_then;
        already += already_then;
    }
    assert_int_equal(already, key == WEAK_KEY ? by_date : smaller(here, there));
    assert_int_equal(already, census->taken[key]);
}

/* Of equal messages the lowest UIDs are there. */
static void lowest_come_first(const struct crowd *crowd)
{
    bool is_over[KEYS][KINDS][KINDS] = {{{false}}};
    for (size_t i = 0; i < crowd->source.count; i++) {
        const struct listed_message *message = &crowd->source.messages[i];
        bool *over = &is_over[crowd->source.keys[i]][crowd->dates[i]][message->size_bytes];
        if (message->state != MESSAGE_ALREADY)
            *over = true;
        else
            assert_false(*over);
    }
}

static void test_random_folders(void **state)
{
    uint64_t random = 88172645463325252u;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct crowd crowd;
        struct census census;
        crowd_init(&crowd, (size_t)round % 60, (size_t)round % 47);
        for (size_t i = 0; i < crowd.source.count + crowd.destination.count; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            uint64_t key = random >> 20 & 7;
            key = key >= KEYS ? 0 : key;
            uint32_t date = (uint32_t)(random >> 30) % KINDS & ADOPT_DATE_MAX;
            uint32_t size = (uint32_t)(random >> 40) % KINDS;
            if (i >= crowd.source.count) {
                crowd.destination.records[i - crowd.source.count] = (struct adopt_record){
                    .key = key, .date = date & ADOPT_DATE_MAX, .size_bytes = size};
                continue;
            }
            crowd.source.keys[i] = key;
            crowd.source.traits[i].date = date & ADOPT_DATE_MAX;
            crowd.source.traits[i].is_weak = key == WEAK_KEY;
            crowd.source.messages[i].size_bytes = size;
        }
        crowd_place(&crowd);
        const struct adopt_rules rules = {&secret, true, false};
        adopt_match(&crowd.source, &crowd.destination, &rules);
        census_take(&crowd, &census);
        for (size_t key = 0; key < KEYS; key++)
            census_check(&census, key);
        lowest_come_first(&crowd);
        crowd_deinit(&crowd);
    }
}

/* Quadratic work would take minutes here; the limit only has to tell the two apart. */
static void test_many_equal_messages(void **state)
{
    enum {
        MANY = 100000
    };
    struct crowd crowd;
    size_t unmatched = 0;
    (void)state;
    crowd_init(&crowd, MANY, MANY - 1);
    for (uint32_t i = 0; i + 1 < MANY; i++)
        crowd.destination.records[i].date = i % 3 & ADOPT_DATE_MAX;
    const struct adopt_rules rules = {&secret, false, false};
    int64_t began = clock_mono_nsecs();
    crowd_place(&crowd);
    adopt_match(&crowd.source, &crowd.destination, &rules);
    assert_true(clock_mono_nsecs() - began < 20 * CLOCK_NSECS_PER_SEC);
    for (size_t i = 0; i < MANY; i++)
        unmatched += crowd.source.messages[i].state != MESSAGE_ALREADY;
    assert_int_equal(unmatched, 1);
    for (size_t i = 0; i < MANY; i++)
        crowd.source.messages[i].state = MESSAGE_WANTED;
    adopt_exclude_duplicates(&crowd.source);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(crowd.source.messages[i].state,
                         crowd.source.messages[i].uid == 1 ? MESSAGE_WANTED : MESSAGE_EXCLUDED);
    crowd_deinit(&crowd);
}

/* What is taken is nobody else's, and who is matched knows where it is. */
static void test_uids_on_the_destination(void **state)
{
    struct adopt_record records[] = {{.key = 7, .date = 5, .uid = 30},
                                     {.key = 7, .date = 5, .uid = 10},
                                     {.key = 8, .date = 6, .uid = 20}};
    struct listed_message messages[3] = {{.uid = 1}, {.uid = 2}, {.uid = 3}};
    union adopt_trait traits[3] = {{.date = 5}, {.date = 5}, {.date = 6}};
    uint64_t keys[3] = {7, 7, 8};
    const struct adopt_destination there = {records, 3};
    const struct adopt_source here = {messages, traits, keys, 3};
    const struct adopt_rules rules = {NULL, true, false};
    uint32_t taken[] = {99, 30, 15};
    (void)state;
    adopt_sort(&there);
    adopt_place(&here, &there);
    adopt_take(&there, taken, 3);
    adopt_match(&here, &there, &rules);
    assert_int_equal(messages[0].state, MESSAGE_ALREADY);
    assert_int_equal(traits[0].uid, 10);
    assert_int_equal(messages[1].state, MESSAGE_WANTED); /* the other copy is another's */
    assert_int_equal(messages[2].state, MESSAGE_ALREADY);
    assert_int_equal(traits[2].uid, 20);
}

/* A copy makes equals in the order of their UIDs: whose flags are whose follows from that. */
static void test_equals_are_matched_in_the_order_of_uids(void **state)
{
    static const uint32_t mixed[5] = {50, 20, 40, 10, 30};
    struct adopt_record records[5];
    struct listed_message messages[4] = {{.uid = 1}, {.uid = 2}, {.uid = 3}, {.uid = 4}};
    union adopt_trait traits[4] = {{.date = 5}, {.date = 5}, {.date = 5}, {.date = 5}};
    uint64_t keys[4] = {7, 7, 7, 7};
    uint32_t taken = 20;
    const struct adopt_destination there = {records, 5};
    const struct adopt_source here = {messages, traits, keys, 4};
    const struct adopt_rules rules = {NULL, true, false};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        records[i] = (struct adopt_record){.key = 7, .date = 5, .uid = mixed[i]};
    adopt_sort(&there);
    adopt_place(&here, &there);
    adopt_take(&there, &taken, 1);
    adopt_match(&here, &there, &rules);
    assert_int_equal(traits[0].uid, 10);
    assert_int_equal(traits[1].uid, 30);
    assert_int_equal(traits[2].uid, 40);
    assert_int_equal(traits[3].uid, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_are_matched_in_the_order_of_uids),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_size_alone_is_no_proof_where_dates_are_kept),
        cmocka_unit_test(test_what_is_matched_already_takes_no_part),
        cmocka_unit_test(test_one_destination_for_several_folders),
        cmocka_unit_test(test_the_added_field_counts),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_duplicates_of_what_is_there),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_random_folders),
        cmocka_unit_test(test_uids_on_the_destination),
        cmocka_unit_test(test_many_equal_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
