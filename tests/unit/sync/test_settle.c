/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/settle.h"

static void test_how_long(void **state)
{
    static const struct {
        int64_t now_msecs;
        int64_t last_sent_msecs;
        int64_t settle_msecs;
        int64_t wait_msecs;
    } rows[] = {
        {100000, 0, 5000, 0}, /* nobody sent anything */
        {100000, 100000, 5000, 5000},   {100000, 99999, 5000, 4999},
        {100000, 95001, 5000, 1},       {100000, 95000, 5000, 0},
        {100000, 1, 5000, 0},           {100000, 99999, 0, 0}, /* --settle 0 */
        {100000, 99999999, 5000, 5000},                        /* the clock went back */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(
            settle_wait_msecs(rows[i].now_msecs, rows[i].last_sent_msecs, rows[i].settle_msecs),
            rows[i].wait_msecs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_how_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
