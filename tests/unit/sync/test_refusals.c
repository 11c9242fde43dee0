/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/refusals.h"

/* What is under way and what was refused are never ten together, until the copy begins with more.
 */
static void test_room(void **state)
{
    static const struct {
        unsigned int refusals;
        size_t room;
    } rows[] = {{0, 9}, {1, 8}, {8, 1}, {9, 1}, {10, 1}, {4000000000u, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(refusals_room(rows[i].refusals), rows[i].room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
