/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/stop.h"

#define MIDNIGHT INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */
#define MINUTE   INT64_C(60000)
#define HOUR     (60 * MINUTE)

static void test_not_a_time_of_day(void **state)
{
    static const char *const rows[] = {
        "",       ":",      "6",     "06",    "06:",   ":30",      "6:3",
        "06:300", "006:30", "24:00", "23:60", "-1:30", "6:-1",     " 6:30",
        "06:30 ", "06.30",  "6:3x",  "aa:bb", "+6:30", "06:30:00",
    };
    int minutes;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (clock_parse_time_of_day(rows[i], &minutes))
            fail_msg("\"%s\" is not a time of day", rows[i]);
    }
}

static void test_time_of_day(void **state)
{
    static const struct {
        const char *text;
        int minutes;
    } rows[] = {{"00:00", 0}, {"0:00", 0}, {"6:30", 390}, {"06:30", 390}, {"23:59", 1439}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int minutes = -1;
        assert_true(clock_parse_time_of_day(rows[i].text, &minutes));
        assert_int_equal(minutes, rows[i].minutes);
    }
}

static void test_next_time_of_day(void **state)
{
    static const struct {
        const char *zone;
        int64_t now;
        int minutes;
        int64_t next;
    } rows[] = {
        /* later today; past midnight; right now is tomorrow's */
        {"UTC0", MIDNIGHT + 2 * HOUR, 6 * 60, MIDNIGHT + 6 * HOUR},
        {"UTC0", MIDNIGHT + 22 * HOUR, 6 * 60, MIDNIGHT + 30 * HOUR},
        {"UTC0", MIDNIGHT + 6 * HOUR - 1, 6 * 60, MIDNIGHT + 6 * HOUR},
        {"UTC0", MIDNIGHT + 6 * HOUR, 6 * 60, MIDNIGHT + 30 * HOUR},
        {"UTC0", MIDNIGHT + 6 * HOUR + 59999, 6 * 60, MIDNIGHT + 30 * HOUR},
        {"UTC0", MIDNIGHT + 1, 0, MIDNIGHT + 24 * HOUR},
        {"UTC0", MIDNIGHT + 23 * HOUR, 23 * 60 + 59, MIDNIGHT + 23 * HOUR + 59 * MINUTE},
        /* the machine's own zone */
        {"EST5", MIDNIGHT + 2 * HOUR, 6 * 60, MIDNIGHT + 11 * HOUR},
        {"EST5", MIDNIGHT + 12 * HOUR, 6 * 60, MIDNIGHT + 35 * HOUR},
        {"CET-1", MIDNIGHT + 23 * HOUR + 30 * MINUTE, 30, MIDNIGHT + 47 * HOUR + 30 * MINUTE},
        /* the night of 2026-10-25 has 25 hours in Berlin, that of 2026-03-29 has 23 */
        {"CET-1CEST,M3.5.0,M10.5.0/3", MIDNIGHT - 28 * 24 * HOUR - 2 * HOUR, 6 * 60,
         MIDNIGHT - 28 * 24 * HOUR + 5 * HOUR},
        {"CET-1CEST,M3.5.0,M10.5.0/3", MIDNIGHT - 238 * 24 * HOUR - 2 * HOUR, 6 * 60,
         MIDNIGHT - 238 * 24 * HOUR + 4 * HOUR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(setenv("TZ", rows[i].zone, 1), 0);
        tzset();
        assert_int_equal(clock_next_time_of_day(rows[i].now, rows[i].minutes), rows[i].next);
    }
}

/* Whatever the clocks do: always ahead, and never more than a day and an hour. */
static void test_next_time_of_day_is_ahead(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    tzset();
    for (int64_t hour = 0; hour < 366 * 24; hour++) {
        int64_t now = MIDNIGHT + hour * HOUR + 7 * MINUTE;
        for (int minutes = 0; minutes < 24 * 60; minutes += 15) {
            int64_t next = clock_next_time_of_day(now, minutes);
            if (next <= now || next - now > 25 * HOUR)
                fail_msg("at %lld, %d", (long long)now, minutes);
        }
    }
}

static void test_the_first_reason_to_stop_stays(void **state)
{
    struct stop stop;
    (void)state;
    assert_true(stop_init(&stop));
    assert_false(stop_is_requested(&stop));
    assert_int_equal(stop_reason(&stop), STOP_REASON_NONE);
    stop_request_for(&stop, STOP_REASON_TIME_WINDOW);
    stop_request(&stop);
    assert_true(stop_is_requested(&stop));
    assert_int_equal(stop_reason(&stop), STOP_REASON_TIME_WINDOW);
    stop_deinit(&stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_time_of_day),
        cmocka_unit_test(test_time_of_day),
        cmocka_unit_test(test_next_time_of_day),
        cmocka_unit_test(test_next_time_of_day_is_ahead),
        cmocka_unit_test(test_the_first_reason_to_stop_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
