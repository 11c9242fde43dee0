/* SPDX-License-Identifier: MIT
 * Who messages are taken to be with --useheader, --skipheader, --messageidnodomain and
 * --noskipsize. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/messages/adopt.h"
#include "sync/messages/identity_maker.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS_MAX    12

/* Options separated by '|'. */
static struct identity_maker *maker_of(const char *options, struct buffer *faults)
{
    struct settings settings;
    char *argv[WORDS_MAX];
    int argc = 0;
    settings_init(&settings);
    for (const char *p = options; p != NULL && *p != '\0';) {
        size_t size = strcspn(p, "|");
        assert_true(argc < WORDS_MAX);
        argv[argc++] = mem_strndup(p, size);
        p = p[size] == '\0' ? NULL : p + size + 1;
    }
    assert_true(settings_parse_argv(&settings, SETTINGS_SYNC, argc, argv, NULL, faults));
    while (argc > 0)
        mem_free(argv[--argc]);
    struct identity_maker *maker = identity_maker_init(&settings, faults);
    settings_deinit(&settings);
    return maker;
}

static enum identity_strength identify(struct identity_maker *maker, const char *header,
                                       uint64_t size_bytes, struct identity *identity_r)
{
    const struct identity_message message = {
        .header = header, .size = strlen(header), .size_bytes = size_bytes};
    return identity_make(maker, &message, identity_r);
}

static const char both[] = "--useheader|Message-Id|--useheader|Received";

static void test_which_messages_are_the_same(void **state)
{
    static const struct {
        const char *options;
        const char *a;
        const char *b;
        bool are_same;
        bool has_identity;
    } rows[] = {
        /* the normalisation: capitals, blanks, tabs, folds, bytes above 0x7f */
        {both, "Message-Id: <a@x>\r\n\r\n", "MESSAGE-ID:   <A@X>  \r\n\r\n", true, true},
        {both, "Message-Id: <a@x>\r\nReceived: from a\r\n\tby  b\r\n\r\n",
         "Message-Id:<a@x>\r\nReceived: FROM a by b\r\n\r\n", true, true},
        {both, "Received: \xc3\xa4\r\n\r\n", "Received: \xff\xfe\r\n\r\n", true, true},
        {both, "Received: \xc3\xa4\r\n\r\n", "Received: XX\r\n\r\n", true, true},
        {both, "Received: a b\r\n\r\n", "Received: ab\r\n\r\n", false, true},
        /* all occurrences, in any order; other fields don't count */
        {both, "Received: 1\r\nReceived: 2\r\nSubject: x\r\n\r\n",
         "Subject: y\r\nReceived: 2\r\nReceived: 1\r\n\r\n", true, true},
        {both, "Received: 1\r\nReceived: 2\r\n\r\n", "Received: 1\r\n\r\n", false, true},
        {both, "Received: 1\r\nReceived: 1\r\n\r\n", "Received: 1\r\n\r\n", false, true},
        {both, "Message-Id: <a>\r\nReceived: 1\r\n\r\n", "Message-Id: <a>\r\n\r\n", false, true},
        {both, "Message-Id: <a>\r\n\r\n", "X-Message-Id: <a>\r\n\r\n", false, true},
        {both, "Subject: x\r\n\r\n", "\r\n", true, false},
        {both, "", "\r\n", true, false},
        /* an empty field is a line */
        {both, "Message-Id:\r\n\r\n", "Message-Id: \r\n\r\n", true, true},
        /* a copy that was repaired is the same message, and so is one that was not */
        {"", "Subject: K\xf6ln\r\n\r\n", "Subject: =?UTF-8?B?S8O2bG4=?=\r\n\r\n", false, true},
        {"--repair|auto", "Subject: K\xf6ln\r\n\r\n", "Subject: =?UTF-8?B?S8O2bG4=?=\r\n\r\n", true,
         true},
        {"--repair", "From: \"J\xfcrgen, H\" <a@x>\r\n\r\n", "From: \"J\xfcrgen, H\" <a@x>\r\n\r\n",
         true, true},
        {"--repair", "Subject: K\xf6ln\r\n\r\n", "Subject: K\xe4ln\r\n\r\n", false, true},
        {"--repair", "Message-ID: <\xf6@x>\r\n\r\n", "Message-ID: <X@x>\r\n\r\n", true, true},
        {"--useheader|ALL", "A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "b: 2\r\na: 1\r\n\r\n", true, true},
        {"--useheader|all", "A: 1\r\nB: 2\r\n\r\n", "A: 1\r\n\r\n", false, true},
        {"--useheader|X-Y", "X-Y: 1\r\nMessage-Id: <a>\r\n\r\n",
         "Message-Id: <b>\r\nx-y: 1\r\n\r\n", true, true},
        /* what is skipped; a pattern sees the line in capitals, blanks in it mean nothing */
        {"--useheader|ALL|--skipheader|^B:|--dry", "A: 1\r\nb: 2\r\n\r\n", "A: 1\r\nB: 3\r\n\r\n",
         true, true},
        {"--useheader|ALL|--skipheader|^ b :", "A: 1\r\nB: 2\r\n\r\n", "A: 1\r\nB: 3\r\n\r\n", true,
         true},
        {"--useheader|ALL|--skipheader|secret", "A: 1\r\nB: Secret\r\n\r\n", "A: 1\r\n\r\n", true,
         true},
        {"--useheader|ALL|--skipheader|.", "A: 1\r\n\r\n", "B: 2\r\n\r\n", true, false},
        {"--useheader|ALL|--skipheader|^B", "A: 1\r\n\r\n", "A: 2\r\n\r\n", false, true},
        /* the domain */
        {"--useheader|Message-Id|--messageidnodomain", "Message-Id: <a@x>\r\n\r\n",
         "Message-Id: <A@Y>\r\n\r\n", true, true},
        {"--useheader|Message-Id|--messageidnodomain", "Message-Id: @x\r\n\r\n",
         "Message-Id: @y\r\n\r\n", false, true},
        {"--useheader|Received|--messageidnodomain", "Received: a@x\r\n\r\n",
         "Received: a@y\r\n\r\n", false, true},
        {"--messageidnodomain", "Message-ID: <a@x>\r\n\r\n", "Message-ID: <a@y>\r\n\r\n", true,
         true},
        {"--messageidnodomain", "Message-ID: <a@x>\r\n\r\n", "Message-ID: <b@x>\r\n\r\n", false,
         true},
        {"", "Message-ID: <a@x>\r\n\r\n", "Message-ID: <a@y>\r\n\r\n", false, true},
        /* without --useheader: what is skipped is as good as absent */
        {"--skipheader|^Message-Id", "Message-ID: <a>\r\nSubject: s\r\n\r\n",
         "Message-ID: <b>\r\nSubject: s\r\n\r\n", true, true},
        {"--skipheader|^Message-Id", "Message-ID: <a>\r\nSubject: s\r\n\r\n", "Subject: s\r\n\r\n",
         true, true},
        {"--skipheader|^Message-Id", "Message-ID: <a>\r\n\r\n", "\r\n", true, false},
        {"--skipheader|^To", "Message-ID: <a>\r\n\r\n", "Message-ID: <b>\r\n\r\n", false, true},
    };
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct identity a;
        struct identity b;
        struct identity_maker *maker = maker_of(rows[i].options, &faults);
        assert_non_null(maker);
        enum identity_strength strength = identify(maker, rows[i].a, 1, &a);
        (void)identify(maker, rows[i].b, 2, &b);
        assert_int_equal(memcmp(&a, &b, sizeof(a)) == 0, rows[i].are_same);
        assert_int_equal(strength != IDENTITY_NOTHING, rows[i].has_identity);
        identity_maker_deinit(&maker);
    }
    buffer_deinit(&faults);
}

/* As identity.h says, where nothing else was asked for: what is in maps and mailboxes stays known.
 */
static void test_by_default(void **state)
{
    static const char *const headers[] = {"Message-ID: <a@x>\r\n\r\n",
                                          "Subject: s\r\nFrom: f\r\n\r\n", "\r\n",
                                          "Message-ID:\r\n\r\n"};
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 1000);
    struct identity_maker *maker = maker_of("", &faults);
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct identity known;
        struct identity made;
        struct identity made_by_none;
        enum identity_strength strength = identity_from_header(headers[i], strlen(headers[i]),
                                                               &known);
        assert_int_equal(identify(maker, headers[i], 7, &made), strength);
        assert_int_equal(identify(NULL, headers[i], 7, &made_by_none), strength);
        assert_memory_equal(&made, &known, sizeof(known));
        assert_memory_equal(&made_by_none, &known, sizeof(known));
    }
    identity_maker_deinit(&maker);
    buffer_deinit(&faults);
}

static void test_sizes_count_if_asked_for(void **state)
{
    static const char *const options[] = {"--noskipsize", "--noskipsize|--useheader|Message-Id"};
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 1000);
    for (size_t i = 0; i < COUNT(options); i++) {
        struct identity_maker *maker = maker_of(options[i], &faults);
        struct identity a;
        struct identity b;
        (void)identify(maker, "Message-Id: <a>\r\n\r\n", 10, &a);
        (void)identify(maker, "Message-Id: <a>\r\n\r\n", 10, &b);
        assert_memory_equal(&a, &b, sizeof(a));
        (void)identify(maker, "Message-Id: <a>\r\n\r\n", 11, &b);
        assert_memory_not_equal(&a, &b, sizeof(a));
        /* nothing to be known by is nothing, whatever its size */
        assert_int_equal(identify(maker, "\r\n", 10, &a), IDENTITY_NOTHING);
        (void)identify(maker, "\r\n", 11, &b);
        assert_memory_equal(&a, &b, sizeof(a));
        identity_maker_deinit(&maker);
    }
    buffer_deinit(&faults);
}

/* The original of --addheader is recognised in its copy, whichever way. */
static void test_added_fields(void **state)
{
    static const char *const options[] = {
        "",
        "--messageidnodomain",
        "--noskipsize",
        "--useheader|Message-Id",
        "--useheader|Message-Id|--messageidnodomain|--noskipsize",
        "--useheader|Message-Id|--useheader|Subject",
        "--useheader|ALL|--noskipsize",
        "--useheader|Subject|--noskipsize",
        "--skipheader|^Subject",
    };
    static const char original[] = "Subject: x\r\n\r\n";
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 1000);
    for (size_t i = 0; i < COUNT(options); i++) {
        struct identity_maker *maker = maker_of(options[i], &faults);
        struct identity here;
        struct identity there;
        char copy[100];
        size_t size = identity_added_field(77, copy);
        memcpy(copy + size, original, sizeof(original));
        const struct identity_message message = {
            .header = original, .size = strlen(original), .size_bytes = 500, .added_uid = 77};
        enum identity_strength strength = identity_make(maker, &message, &here);
        (void)identify(maker, copy, 500 + size, &there);
        assert_memory_equal(&here, &there, sizeof(here));
        assert_int_equal(strength, strstr(options[i], "Subject|--no") == NULL
                                       ? IDENTITY_NOTHING
                                       : IDENTITY_OF_MESSAGE);
        /* One that has a Message-Id gets none. */
        const struct identity_message other = {.header = "Message-Id: <7>\r\n\r\n",
                                               .size = strlen("Message-Id: <7>\r\n\r\n"),
                                               .size_bytes = 500,
                                               .added_uid = 77};
        (void)identity_make(maker, &other, &here);
        (void)identify(maker, "Message-Id: <7>\r\n\r\n", 500, &there);
        assert_memory_equal(&here, &there, sizeof(here));
        identity_maker_deinit(&maker);
    }
    buffer_deinit(&faults);
}

static void test_what_servers_are_asked_for(void **state)
{
    static const struct {
        const char *options;
        const char *item;
        const char *item_added;
    } rows[] = {
        {"", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM TO SUBJECT)]",
         "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM TO SUBJECT RECEIVED)]"},
        {"--useheader|X-Y|--useheader|Subject", "BODY.PEEK[HEADER.FIELDS (X-Y Subject)]",
         "BODY.PEEK[HEADER.FIELDS (X-Y Subject MESSAGE-ID RECEIVED)]"},
        {"--useheader|message-id", "BODY.PEEK[HEADER.FIELDS (message-id)]",
         "BODY.PEEK[HEADER.FIELDS (message-id RECEIVED)]"},
        {"--useheader|X|--useheader|ALL", "BODY.PEEK[HEADER]", "BODY.PEEK[HEADER]"},
    };
    static const char *const refused[] = {
        "--useheader|A B",   "--useheader|A)", "--useheader|A:", "--useheader|A\r\nB",
        "--useheader|\"A\"", "--useheader|A]", "--skipheader|(",
    };
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 10000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct identity_maker *maker = maker_of(rows[i].options, &faults);
        assert_string_equal(identity_maker_item(maker, false), rows[i].item);
        assert_string_equal(identity_maker_item(maker, true), rows[i].item_added);
        identity_maker_deinit(&maker);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        buffer_clear(&faults);
        assert_null(maker_of(refused[i], &faults));
        assert_memory_equal(buffer_str(&faults), refused[i] + 2, strlen("useheader"));
        assert_int_equal(faults.data[faults.used - 1], '\n');
    }
    buffer_deinit(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_messages_are_the_same), cmocka_unit_test(test_by_default),
        cmocka_unit_test(test_sizes_count_if_asked_for),    cmocka_unit_test(test_added_fields),
        cmocka_unit_test(test_what_servers_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
