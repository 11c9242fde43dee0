/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sync/imap/fetch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool parse(struct imap_parser *parser, const char *frame, bool is_partial,
                  struct imap_fetch *fetch_r)
{
    struct imap_response response;
    return imap_parser_response(parser, frame, strlen(frame), is_partial, &response) &&
           imap_fetch_parse(&response, fetch_r);
}

static void test_what_is_no_list_of_pairs(void **state)
{
    static const char *const frames[] = {
        "* 1 FETCH\r\n",
        "* 1 FETCH UID 5\r\n",
        "* 1 FETCH NIL\r\n",
        "* 1 FETCH (\"UID\" 5)\r\n",
        "* 1 FETCH ((UID) 5)\r\n",
        "* 1 FETCH (UID 5 NIL NIL)\r\n",
        "* 1 FETCH (UID 0)\r\n",
        "* 1 FETCH (UID x)\r\n",
        "* 1 FETCH (UID -5)\r\n",
        "* 1 FETCH (UID NIL)\r\n",
        "* 1 FETCH (UID \"5\")\r\n",
        "* 1 FETCH (UID (5))\r\n",
        "* 1 FETCH (UID 4294967296)\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_fetch fetch;
        if (parse(&parser, frames[i], false, &fetch))
            fail_msg("row %zu was understood: %s", i, frames[i]);
        imap_parser_deinit(&parser);
    }
}

static void test_items_in_any_order(void **state)
{
    static const struct {
        const char *items;
        uint32_t uid;
        int64_t size_bytes; /* -1: absent */
        int flag_count;     /* -1: absent */
        const char *date;   /* NULL: absent */
        const char *body;
        const char *header;
    } rows[] = {
        {"()", 0, -1, -1, NULL, NULL, NULL},
        {"(UID 5 BODY[] {3}\r\nabc)", 5, -1, -1, NULL, "abc", NULL},
        {"(BODY[] {3}\r\nabc UID 5)", 5, -1, -1, NULL, "abc", NULL},
        {"(BODY[] {3}\r\nabc)", 0, -1, -1, NULL, "abc", NULL},
        {"(FLAGS () BODY[] NIL UID 7)", 7, -1, 0, NULL, NULL, NULL},
        {"(BODY[] \"\" UID 7)", 7, -1, -1, NULL, "", NULL},
        {"(BODY[] {0}\r\n UID 7)", 7, -1, -1, NULL, "", NULL},
        {"(BODY[] (x) UID 7)", 7, -1, -1, NULL, NULL, NULL},
        {"(body[] {1}\r\nx uid 7)", 7, -1, -1, NULL, "x", NULL},
        {"(BODY[]<0> {1}\r\nx UID 7)", 7, -1, -1, NULL, NULL, NULL}, /* a part is no body */
        {"(INTERNALDATE \"d\" UID 1 RFC822.SIZE 9 FLAGS (\\Seen $x))", 1, 9, 2, "d", NULL, NULL},
        {"(FLAGS (\\Seen) RFC822.SIZE 0 INTERNALDATE NIL UID 4294967295)", UINT32_MAX, 0, 1, NULL,
         NULL, NULL},
        {"(UID 3 BODY[HEADER.FIELDS (MESSAGE-ID \"DATE\")] {2}\r\n\r\n)", 3, -1, -1, NULL, NULL,
         "\r\n"},
        {"(UID 3 BODY[HEADER] {1}\r\nh BODY[] {1}\r\nb)", 3, -1, -1, NULL, "b", "h"},
        /* nobody asked for these */
        {"(X-GM-LABELS (\"a b\" (UID 9)) UID 3 MODSEQ (12) ENVELOPE (NIL (\"UID\" 8)))", 3, -1, -1,
         NULL, NULL, NULL},
        {"(UID 3 BODY[TEXT] {1}\r\nt BODY[1] {1}\r\np)", 3, -1, -1, NULL, NULL, NULL},
        {"(UID 3 RFC822.SIZE NIL FLAGS NIL)", 3, -1, -1, NULL, NULL, NULL},
        {"(UID 3 RFC822.SIZE 18446744073709551616)", 3, -1, -1, NULL, NULL, NULL},
        /* the last one counts */
        {"(UID 3 UID 4 FLAGS (a) FLAGS (b c))", 4, -1, 2, NULL, NULL, NULL},
        {"(BODY[] {1}\r\nx BODY[] NIL UID 4)", 4, -1, -1, NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char frame[300];
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_fetch fetch;
        (void)snprintf(frame, sizeof(frame), "* 1 FETCH %s\r\n", rows[i].items);
        if (!parse(&parser, frame, false, &fetch))
            fail_msg("row %zu was not understood", i);
        int64_t size_bytes = fetch.has_size ? (int64_t)fetch.size_bytes : -1;
        int flag_count = fetch.has_flags ? (int)fetch.flag_count : -1;
        if (fetch.uid != rows[i].uid || size_bytes != rows[i].size_bytes ||
            flag_count != rows[i].flag_count || fetch.ends_in_body ||
            fetch.has_body != (rows[i].body != NULL) ||
            fetch.has_header != (rows[i].header != NULL) ||
            (fetch.internaldate != NULL) != (rows[i].date != NULL))
            fail_msg("row %zu: uid %u size %d flags %d body %d", i, fetch.uid, (int)size_bytes,
                     flag_count, fetch.has_body);
        if (fetch.has_body && (fetch.body_size != strlen(rows[i].body) ||
                               memcmp(fetch.body, rows[i].body, fetch.body_size) != 0))
            fail_msg("row %zu: body of %zu bytes", i, fetch.body_size);
        if (fetch.has_header && (fetch.header_size != strlen(rows[i].header) ||
                                 memcmp(fetch.header, rows[i].header, fetch.header_size) != 0))
            fail_msg("row %zu: header of %zu bytes", i, fetch.header_size);
        imap_parser_deinit(&parser);
    }
}

static void test_a_body_that_streams(void **state)
{
    static const struct {
        const char *partial;
        const char *remainder;
        bool is_good; /* the remainder */
        bool ends_in_body;
        uint32_t uid_before;
        uint32_t uid_after;
    } rows[] = {
        {"* 1 FETCH (UID 5 BODY[] {99}\r\n", ")\r\n", true, true, 5, 5},
        {"* 1 FETCH (BODY[] {99}\r\n", " UID 5)\r\n", true, true, 0, 5},
        {"* 1 FETCH (BODY[] {99}\r\n", " FLAGS (\\Seen) UID 5)\r\n", true, true, 0, 5},
        {"* 1 FETCH (UID 5 BODY[] {99}\r\n", " UID 6)\r\n", true, true, 5, 6},
        {"* 1 FETCH (BODY[] {99}\r\n", ")\r\n", true, true, 0, 0},
        {"* 1 FETCH (UID 5 BODY[] {99}\r\n", " FLAGS)\r\n", false, true, 5, 5},
        {"* 1 FETCH (UID 5 BODY[] {99}\r\n", " \"x\" y)\r\n", false, true, 5, 5},
        {"* 1 FETCH (UID 5 BODY[HEADER] {99}\r\n", ")\r\n", true, false, 5, 5},
        {"* 1 FETCH (UID 5 ENVELOPE (\"x\" {99}\r\n", ") UID 6)\r\n", true, false, 5, 6},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_fetch fetch;
        if (!parse(&parser, rows[i].partial, true, &fetch))
            fail_msg("row %zu was not understood", i);
        if (fetch.uid != rows[i].uid_before || fetch.ends_in_body != rows[i].ends_in_body ||
            fetch.has_body)
            fail_msg("row %zu: uid %u ends_in_body %d", i, fetch.uid, fetch.ends_in_body);
        assert_true(imap_parser_remainder(&parser, rows[i].remainder, strlen(rows[i].remainder)));
        if (imap_fetch_parse_remainder(&parser, &fetch) != rows[i].is_good ||
            fetch.uid != rows[i].uid_after)
            fail_msg("row %zu: uid %u behind the body", i, fetch.uid);
        imap_parser_deinit(&parser);
    }
}

static void test_labels(void **state)
{
    static const struct {
        const char *items;
        int label_count; /* -1: absent */
        int flag_count;
    } rows[] = {
        {"(UID 1 FLAGS (a b))", -1, 2},
        {"(X-GM-LABELS () UID 1 FLAGS ())", 0, 0},
        {"(X-GM-LABELS (\\Inbox \"\\\\Sent\" {1}\r\nx) UID 1 FLAGS (a))", 3, 1},
        {"(UID 1 x-gm-labels (a) FLAGS (a))", 1, 1},
        {"(UID 1 X-GM-LABELS NIL FLAGS (a))", -1, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_fetch fetch;
        char frame[200];
        (void)snprintf(frame, sizeof(frame), "* 1 FETCH %s\r\n", rows[i].items);
        assert_true(parse(&parser, frame, false, &fetch));
        assert_int_equal(fetch.uid, 1);
        assert_int_equal(fetch.has_labels, rows[i].label_count >= 0);
        if (fetch.has_labels)
            assert_int_equal(fetch.label_count, rows[i].label_count);
        assert_int_equal(fetch.flag_count, rows[i].flag_count);
        imap_parser_deinit(&parser);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_list_of_pairs),
        cmocka_unit_test(test_items_in_any_order),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_a_body_that_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
