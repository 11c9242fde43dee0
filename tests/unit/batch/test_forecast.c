/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "batch/forecast.h"

#define DAY 86400.0

static void test_who_decides(void **state)
{
    static const struct {
        struct forecast_mailbox mailboxes[4];
        size_t count;
        struct forecast_limits limits;
        enum forecast_decider decider;
        double secs;
        size_t longest;
        bool has_assumed;
    } rows[] = {
        {{{0}}, 0, {8, 0, 0}, FORECAST_NOTHING, 0, 0, false},
        {{{0}}, 1, {8, 0, 0}, FORECAST_NOTHING, 0, 0, false},
        /* one slow mailbox */
        {{{100, 0, 10, 0, 0, false, 0}, {100, 0, 1, 0, 0, false, 0}},
         2,
         {8, 0, 0},
         FORECAST_MAILBOX,
         100,
         1,
         false},
        /* by its bytes */
        {{{100, 5000, 10, 10, 0, false, 0}}, 1, {8, 0, 0}, FORECAST_MAILBOX, 500, 0, false},
        /* two at a time: 30 | 20 + 20, and the third begins when the first is done */
        {{{30, 0, 1, 0, 0, false, 0}, {20, 0, 1, 0, 0, false, 0}, {20, 0, 1, 0, 0, false, 0}},
         3,
         {2, 0, 0},
         FORECAST_WORKERS,
         40,
         0,
         false},
        {{{30, 0, 1, 0, 0, false, 0}, {20, 0, 1, 0, 0, false, 0}, {20, 0, 1, 0, 0, false, 0}},
         3,
         {0, 0, 0},
         FORECAST_WORKERS,
         70,
         0,
         false},
        /* the budgets */
        {{{300, 1000, 10, 0, 0, false, 0}, {300, 1000, 10, 0, 0, false, 0}},
         2,
         {8, 2, 100},
         FORECAST_BUDGET_MESSAGES,
         300,
         0,
         false},
        {{{300, 50000, 10, 0, 0, false, 0}, {300, 50000, 10, 0, 0, false, 0}},
         2,
         {8, 2, 100},
         FORECAST_BUDGET_BYTES,
         1000,
         0,
         false},
        /* a day's bytes: today, tomorrow, and a byte the day after */
        {{{10, 2001, 10, 0, 1000, false, 0}}, 1, {8, 0, 0}, FORECAST_MAILBOX, 2 * DAY, 0, false},
        {{{10, 1000, 10, 0, 1000, false, 0}}, 1, {8, 0, 0}, FORECAST_MAILBOX, 1, 0, false},
        /* guesses */
        {{{400, 0, 0, 0, 0, true, 0}, {400, 0, 0, 0, 0, false, 0}},
         2,
         {8, 0, 0},
         FORECAST_MAILBOX,
         100,
         0,
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct forecast_mailbox mailboxes[4];
        struct forecast forecast;
        for (size_t k = 0; k < 4; k++)
            mailboxes[k] = rows[i].mailboxes[k];
        forecast_make(mailboxes, rows[i].count, &rows[i].limits, &forecast);
        if (forecast.decider != rows[i].decider || fabs(forecast.secs - rows[i].secs) > 0.001 ||
            forecast.mailbox != rows[i].longest || forecast.has_assumed != rows[i].has_assumed)
            fail_msg("row %zu: %d, %g s, %zu", i, (int)forecast.decider, forecast.secs,
                     forecast.mailbox);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_decides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
