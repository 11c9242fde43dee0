/* SPDX-License-Identifier: MIT
 * What servers say to a SEARCH, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/imap/imap_parser.h"
#include "sync/selection.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UIDS         40

static const struct selection_rules rules = {.criterion = "FROM x", .may_search = true};

static void take(struct selection *selection, const char *frame)
{
    struct imap_parser parser = {NULL, 0, 0};
    struct imap_response response;
    assert_true(imap_parser_response(&parser, frame, strlen(frame), false, &response));
    selection_take(selection, &response);
    imap_parser_deinit(&parser);
}

static void test_responses(void **state)
{
    static const struct {
        const char *frames[4];
        bool has_all; /* SEARCH ALL was sent already */
        bool has_result;
        bool is_bad;
        const char *found; /* set for the search, in the syntax of sets */
        uint64_t all;      /* SEARCH ALL's count */
    } rows[] = {
        {{NULL}, false, false, false, "", 0},
        {{"* SEARCH\r\n"}, false, true, false, "", 0},
        {{"* SEARCH 2 3 9\r\n"}, false, true, false, "2:3,9", 0},
        {{"* search 9 3 2 3\r\n"}, false, true, false, "2:3,9", 0},
        {{"* SEARCH 2 5\r\n", "* SEARCH 7\r\n"}, false, true, false, "2,5,7", 0},
        {{"* SEARCH 2 (MODSEQ 917)\r\n"}, false, true, false, "2", 0},
        {{"* SEARCH 0 -1 x 4294967296 6\r\n"}, false, true, false, "6", 0},
        {{"* 3 EXISTS\r\n", "* 1 FETCH (UID 4)\r\n"}, false, false, false, "", 0},
        {{"* ESEARCH (TAG \"A1\") UID\r\n"}, false, true, false, "", 0},
        {{"* ESEARCH\r\n"}, false, true, false, "", 0},
        {{"* ESEARCH (TAG \"A1\") UID ALL 1:3,7\r\n"}, false, true, false, "1:3,7", 0},
        {{"* ESEARCH (TAG \"A1\") UID ALL 1:4294967295\r\n"}, false, true, false, "1:39", 0},
        {{"* ESEARCH UID ALL 5:4 MODSEQ 9\r\n"}, false, true, false, "4:5", 0},
        {{"* ESEARCH UID ALL 1,x\r\n"}, false, true, true, "1", 0},
        {{"* ESEARCH UID ALL 1:*\r\n"}, false, true, true, NULL, 0},
        {{"* ESEARCH UID ALL\r\n"}, false, true, false, "", 0},
        /* the check may be answered first, or last */
        {{"* ESEARCH UID COUNT 17\r\n", "* ESEARCH UID ALL 3\r\n"}, true, true, false, "3", 17},
        {{"* ESEARCH UID ALL 3\r\n", "* ESEARCH UID COUNT 17\r\n"}, true, true, false, "3", 17},
        {{"* ESEARCH UID COUNT 0\r\n"}, true, false, false, "", 0},
        /* without ESEARCH it is asked when the other is answered */
        {{"* SEARCH 1 2 3\r\n"}, true, false, false, "", 3},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct selection selection;
        struct uid_ranges wanted = {0};
        struct uidset_reader reader;
        uint32_t first;
        uint32_t last;
        selection_init(&selection, &rules);
        selection.chosen.is_sent = true;
        selection.all.is_sent = rows[i].has_all;
        for (size_t k = 0; rows[i].frames[k] != NULL; k++)
            take(&selection, rows[i].frames[k]);
        assert_int_equal(selection.chosen.has_result, rows[i].has_result);
        assert_int_equal(selection.chosen.found.is_overflown, rows[i].is_bad);
        assert_int_equal(selection.all.count, rows[i].all);
        uid_ranges_sort(&selection.chosen.found);
        if (rows[i].found != NULL) {
            uidset_reader_init(&reader, rows[i].found, strlen(rows[i].found));
            while (uidset_reader_next(&reader, &first, &last))
                uid_ranges_add(&wanted, first, last);
            for (uint32_t uid = 0; uid < UIDS; uid++)
                assert_int_equal(selection_holds(&selection, uid), uid_ranges_hold(&wanted, uid));
        }
        uid_ranges_deinit(&wanted);
        selection_deinit(&selection);
    }
}

static void test_rules(void **state)
{
    static const struct {
        const char *search;
        double maxage;
        double minage;
        bool is_given;
        bool is_of_ages;
        bool may_grow;
    } rows[] = {
        {NULL, -1, -1, false, false, false}, {" ", -1, -1, false, false, false},
        {"ALL", -1, -1, true, false, true},  {NULL, 9, -1, true, true, false},
        {NULL, -1, 9, true, true, true},     {NULL, 9, 5, true, true, true},
        {"ALL", 9, -1, true, false, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int with_ages = 0; with_ages <= 1; with_ages++) {
            struct settings settings;
            struct selection_rules made;
            char search[20];
            memset(&settings, 0, sizeof(settings));
            settings.maxage = rows[i].maxage;
            settings.minage = rows[i].minage;
            if (rows[i].search != NULL)
                settings.side[1].search = memcpy(search, rows[i].search,
                                                 strlen(rows[i].search) + 1);
            selection_rules_init(&made, &settings, 2, with_ages == 1, 1000000000);
            bool is_given = with_ages == 1 ? rows[i].is_given
                                           : rows[i].search != NULL && rows[i].search[0] == 'A';
            assert_int_equal(selection_rules_are_given(&made), is_given);
            if (with_ages == 1) {
                assert_int_equal(made.is_of_ages, rows[i].is_of_ages);
                assert_int_equal(made.may_grow, rows[i].may_grow);
            }
            selection_rules_deinit(&made);
        }
    }
}

static void test_dates(void **state)
{
    const struct selection_rules by_date = {
        .criterion = "x", .is_of_ages = true, .ages = {.has_since = true, .since_secs = 1000}};
    struct selection selection;
    (void)state;
    selection_init(&selection, &by_date);
    selection_take_date(&selection, 3, 1001);
    selection_take_date(&selection, 4, 1000);
    selection_take_date(&selection, 5, 0);
    selection.is_by_date = true;
    uid_ranges_sort(&selection.by_date);
    for (uint32_t uid = 0; uid < UIDS; uid++)
        assert_int_equal(selection_holds(&selection, uid), uid == 3 || uid == 5);
    selection_deinit(&selection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
