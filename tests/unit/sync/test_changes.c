/* SPDX-License-Identifier: MIT
 * What changed in a folder, as it is collected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/changes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add_all(struct changes *changes, const struct change *items, size_t count)
{
    memset(changes, 0, sizeof(*changes));
    for (size_t i = 0; i < count; i++)
        changes_add(changes, items[i].uid, items[i].flags);
    changes_sort(changes);
}

static void test_nothing(void **state)
{
    struct changes changes;
    (void)state;
    add_all(&changes, NULL, 0);
    assert_int_equal(changes.count, 0);
    assert_null(changes_find(&changes, 1));
    changes_deinit(&changes);
}

static void test_of_two_the_later_one_counts(void **state)
{
    static const struct change items[] = {{5, 1}, {9, 2}, {5, 3}, {7, 4}, {9, 5}, {5, 6}, {6, 0}};
    static const struct change wanted[] = {{5, 6}, {6, 0}, {7, 4}, {9, 5}};
    struct changes changes;
    (void)state;
    add_all(&changes, items, COUNT(items));
    assert_int_equal(changes.count, COUNT(wanted));
    assert_memory_equal(changes.items, wanted, sizeof(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++)
        assert_ptr_equal(changes_find(&changes, wanted[i].uid), &changes.items[i]);
    assert_null(changes_find(&changes, 0));
    assert_null(changes_find(&changes, 4));
    assert_null(changes_find(&changes, 8));
    assert_null(changes_find(&changes, UINT32_MAX));
    changes_deinit(&changes);
}

static void test_the_same_twice_side_by_side(void **state)
{
    static const struct change items[] = {{1, 1}, {2, 2}, {2, 3}, {3, 4}};
    struct changes changes;
    (void)state;
    add_all(&changes, items, COUNT(items));
    assert_int_equal(changes.count, 3);
    assert_int_equal(changes_find(&changes, 2)->flags, 3);
    changes_deinit(&changes);
}

/* Every length, in an order that is neither up nor down, each UID three times. */
static void test_many_in_any_order(void **state)
{
    (void)state;
    for (uint32_t count = 1; count < 80; count++) {
        struct changes changes;
        memset(&changes, 0, sizeof(changes));
        for (uint32_t i = 0; i < 3 * count; i++)
            changes_add(&changes, 1 + (i * 7919) % count, i);
        changes_sort(&changes);
        for (uint32_t i = 1; i < changes.count; i++)
            assert_true(changes.items[i - 1].uid < changes.items[i].uid);
        for (uint32_t i = 0; i < 3 * count; i++) {
            const struct change *found = changes_find(&changes, 1 + (i * 7919) % count);
            assert_true(found != NULL && found->flags >= i);
            assert_true((found->flags * 7919) % count == (i * 7919) % count);
        }
        changes_deinit(&changes);
    }
}

static void test_what_is_gone(void **state)
{
    static const struct uid_range wanted[] = {{41, 41}, {43, 116}, {7, 9}, {1, UINT32_MAX}, {3, 3}};
    static const char set[] = "41,43:116,9:7,1:4294967295";
    struct changes changes;
    (void)state;
    memset(&changes, 0, sizeof(changes));
    changes_add_gone(&changes, set, strlen(set));
    changes_add_gone_one(&changes, 3);
    changes_add_gone(&changes, "", 0);
    changes_add_gone(&changes, "NIL", 3);
    changes_add_gone(&changes, "*", 1);
    assert_int_equal(changes.gone_count, COUNT(wanted));
    assert_memory_equal(changes.gone, wanted, sizeof(wanted));
    assert_false(changes.is_overflown);
    changes_deinit(&changes);
    assert_null(changes.gone);
}

static void test_more_ranges_than_are_believed(void **state)
{
    struct changes changes;
    (void)state;
    memset(&changes, 0, sizeof(changes));
    for (uint32_t i = 1; i <= CHANGES_RANGES_MAX; i++)
        changes_add_gone_one(&changes, i);
    assert_false(changes.is_overflown);
    changes_add_gone_one(&changes, 5);
    assert_true(changes.is_overflown);
    assert_int_equal(changes.gone_count, CHANGES_RANGES_MAX);
    changes_deinit(&changes);
    assert_false(changes.is_overflown);
}

static void test_more_changes_than_are_believed(void **state)
{
    struct changes changes;
    (void)state;
    memset(&changes, 0, sizeof(changes));
    for (uint32_t i = 1; i <= CHANGES_MAX; i++)
        changes_add(&changes, i, 1);
    assert_false(changes.is_overflown);
    changes_add(&changes, 5, 2);
    assert_true(changes.is_overflown);
    assert_int_equal(changes.count, CHANGES_MAX);
    changes_deinit(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_of_two_the_later_one_counts),
        cmocka_unit_test(test_the_same_twice_side_by_side),
        cmocka_unit_test(test_many_in_any_order),
        cmocka_unit_test(test_what_is_gone),
        cmocka_unit_test(test_more_ranges_than_are_believed),
        cmocka_unit_test(test_more_changes_than_are_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
