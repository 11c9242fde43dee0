/* SPDX-License-Identifier: MIT
 * What a selection asks a server for, at a given time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sync/messages/criteria.h"
#include "sync/uid_ranges.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 23 November 2026, 00:30 in Berlin, still the 22nd in UTC. */
#define NOW INT64_C(1795390200)
#define DAY INT64_C(86400)

static void zone(const char *name)
{
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
}

static struct settings with_ages(double maxage, double minage)
{
    struct settings settings;
    memset(&settings, 0, sizeof(settings));
    settings.maxage = maxage;
    settings.minage = minage;
    return settings;
}

static void test_criteria(void **state)
{
    static const struct {
        const char *search;
        double maxage;
        double minage;
        const char *text; /* in Berlin */
    } rows[] = {
        {NULL, -1, -1, ""},
        {"", -1, -1, ""},
        {" \t", -1, -1, ""},
        {"ALL", -1, -1, "ALL"},
        {" FROM x", -1, -1, "FROM x"},
        {NULL, 0, -1, "SENTSINCE 23-Nov-2026"},
        {"", 1, -1, "SENTSINCE 22-Nov-2026"},
        {NULL, 0.03, -1, "SENTSINCE 22-Nov-2026"},
        {NULL, 0.00071, -1, "SENTSINCE 23-Nov-2026"},
        {NULL, 30, -1, "SENTSINCE 24-Oct-2026"},
        {NULL, -1, 30, "SENTBEFORE 24-Oct-2026"},
        {NULL, 22, -1, "SENTSINCE 1-Nov-2026"},
        /* the clocks were put back in between */
        {NULL, 29, -1, "SENTSINCE 25-Oct-2026"},
        {NULL, 9999, -1, "SENTSINCE 9-Jul-1999"},
        {NULL, 30000, -1, "SENTSINCE 4-Oct-1944"},
        {NULL, 1e12, -1, "SENTSINCE 1-Jan-1900"},
        {NULL, 30, 10, "SENTSINCE 24-Oct-2026 SENTBEFORE 13-Nov-2026"},
        {NULL, 30, 30, "SENTSINCE 24-Oct-2026 SENTBEFORE 24-Oct-2026"},
        {NULL, 10, 30, "OR SENTSINCE 13-Nov-2026 SENTBEFORE 24-Oct-2026"},
        {"FROM x", 30, -1, "(FROM x) SENTSINCE 24-Oct-2026"},
        {"OR FROM x", 10, 30, "(OR FROM x) OR SENTSINCE 13-Nov-2026 SENTBEFORE 24-Oct-2026"},
        {"charset UTF-8 FROM x", -1, 30, "charset UTF-8 (FROM x) SENTBEFORE 24-Oct-2026"},
        {"CHARSET  UTF-8  FROM x", -1, -1, "CHARSET  UTF-8  FROM x"},
    };
    struct buffer text;
    (void)state;
    buffer_init(&text, 1000);
    zone("CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct settings settings = with_ages(rows[i].maxage, rows[i].minage);
        const struct criteria_ages ages = criteria_ages(&settings, NOW);
        buffer_clear(&text);
        criteria_append(rows[i].search, &ages, &text);
        assert_string_equal(buffer_str(&text), rows[i].text);
    }
    zone("UTC");
    const struct settings settings = with_ages(0, -1);
    const struct criteria_ages ages = criteria_ages(&settings, NOW);
    buffer_clear(&text);
    criteria_append(NULL, &ages, &text);
    assert_string_equal(buffer_str(&text), "SENTSINCE 22-Nov-2026");
    buffer_clear(&text);
    criteria_append("ALL", NULL, &text);
    assert_string_equal(buffer_str(&text), "ALL");
    buffer_deinit(&text);
}

static void test_dates_of_arrival(void **state)
{
    static const struct {
        double maxage;
        double minage;
        const char *taken; /* which of the dates below */
    } rows[] = {
        {-1, -1, "abcdef"},     {10, -1, "abf"},  {-1, 10, "def"},
        {20, 10, "df"},         {10, 20, "abef"}, {10, 10, "f"},
        {10.0001, -1, "abcdf"}, {-1, 0, "bcdef"}, {1e12, -1, "abcdef"},
    };
    static const int64_t dates[] = {
        NOW, NOW - 10 * DAY + 1, NOW - 10 * DAY, NOW - 10 * DAY - 1, NOW - 20 * DAY - 1, 0};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct settings settings = with_ages(rows[i].maxage, rows[i].minage);
        const struct criteria_ages ages = criteria_ages(&settings, NOW);
        for (size_t k = 0; k < COUNT(dates); k++)
            assert_int_equal(criteria_ages_take(&ages, dates[k]),
                             strchr(rows[i].taken, 'a' + (int)k) != NULL);
    }
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *search;
        const char *fault; /* how it begins; NULL: none */
    } rows[] = {
        {"ALL", NULL},
        {"", NULL},
        {"OR (FROM \"a)b\") NOT (SUBJECT \"c\\\"(\")", NULL},
        {"SUBJECT \"{3}\"", NULL},
        {"HEADER X-Y \"\"", NULL},
        {"SUBJECT \"gr\xc3\xbc\xc3\x9f\"", NULL},
        {"FROM {3}", "may not hold a literal"},
        {"FROM {3+}", "may not hold a literal"},
        {"FROM x\r\nA1 LOGOUT", "may not hold a line break"},
        {"FROM \"x\ny\"", "may not hold a line break"},
        {"FROM \"x", "has a double quote"},
        {"FROM \"x\\\"", "has a double quote"},
        {"FROM \"x\\", "has a double quote"},
        {"(ALL", "has brackets"},
        {"ALL)", "has brackets"},
        {")ALL(", "has brackets"},
    };
    char *lengthy = malloc(CRITERIA_SEARCH_MAX_BYTES + 2);
    (void)state;
    assert_non_null(lengthy);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *fault = criteria_check_search(rows[i].search);
        assert_int_equal(fault == NULL, rows[i].fault == NULL);
        if (fault != NULL)
            assert_memory_equal(fault, rows[i].fault, strlen(rows[i].fault));
    }
    memset(lengthy, 'x', CRITERIA_SEARCH_MAX_BYTES + 1);
    lengthy[CRITERIA_SEARCH_MAX_BYTES] = '\0';
    assert_null(criteria_check_search(lengthy));
    lengthy[CRITERIA_SEARCH_MAX_BYTES] = 'x';
    lengthy[CRITERIA_SEARCH_MAX_BYTES + 1] = '\0';
    assert_non_null(criteria_check_search(lengthy));
    free(lengthy);
}

static void test_ranges(void **state)
{
    struct uid_ranges ranges = {0};
    (void)state;
    uid_ranges_sort(&ranges);
    assert_false(uid_ranges_hold(&ranges, 1));
    uid_ranges_add(&ranges, 7, 7);
    uid_ranges_add(&ranges, 8, 9);
    uid_ranges_add(&ranges, 3, 3);
    uid_ranges_add(&ranges, 20, UINT32_MAX);
    uid_ranges_add(&ranges, 1, 1);
    uid_ranges_add(&ranges, 20, 30);
    uid_ranges_add(&ranges, 3, 4);
    assert_true(ranges.uids == UINT64_C(3) + 1 + (UINT32_MAX - UINT64_C(19)) + 1 + 11 + 2);
    uid_ranges_sort(&ranges);
    assert_int_equal(ranges.count, 4);
    for (uint32_t uid = 0; uid < 40; uid++)
        assert_int_equal(uid_ranges_hold(&ranges, uid),
                         uid == 1 || uid == 3 || uid == 4 || (uid >= 7 && uid <= 9) || uid >= 20);
    assert_true(uid_ranges_hold(&ranges, UINT32_MAX));
    uid_ranges_deinit(&ranges);
    /* Any order, any overlap: as a plain list would say. */
    srand(5);
    for (int round = 0; round < 200; round++) {
        bool holds[64] = {false};
        for (int i = 0; i < 12; i++) {
            uint32_t first = (uint32_t)(rand() % 60 + 1);
            uint32_t last = first + (uint32_t)(rand() % 4);
            uid_ranges_add(&ranges, first, last);
            for (uint32_t uid = first; uid <= last && uid < 64; uid++)
                holds[uid] = true;
        }
        uid_ranges_sort(&ranges);
        for (uint32_t uid = 0; uid < 64; uid++)
            assert_int_equal(uid_ranges_hold(&ranges, uid), holds[uid]);
        uid_ranges_deinit(&ranges);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_criteria),
        cmocka_unit_test(test_dates_of_arrival),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
