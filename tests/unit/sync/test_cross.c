/* SPDX-License-Identifier: MIT
 * Who is in other folders: found again, the first folder stays, and how much memory it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/cross.h"

#define MANY 200000

/* As keys are: any 64 bits, each once. */
static uint64_t key_of(uint64_t number)
{
    uint64_t key = number * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 29;
}

static void test_what_was_added_is_found(void **state)
{
    (void)state;
    for (int with_folders = 0; with_folders <= 1; with_folders++) {
        struct cross *cross = cross_init(with_folders == 1);
        uint32_t folder;
        assert_false(cross_find(cross, 0, &folder));
        for (uint32_t i = 0; i < MANY; i++)
            cross_add(cross, key_of(i), i % 7);
        assert_int_equal(cross_count(cross), MANY);
        for (uint32_t i = 0; i < MANY; i++)
            cross_add(cross, key_of(i), 9);
        assert_int_equal(cross_count(cross), MANY);
        for (uint32_t i = 0; i < MANY; i++) {
            assert_true(cross_find(cross, key_of(i), &folder));
            assert_int_equal(folder, with_folders == 1 ? i % 7 : 0);
            assert_false(cross_find(cross, key_of(i + MANY), &folder));
        }
        assert_in_range(cross_memory_bytes(cross) / MANY, 8, with_folders == 1 ? 31 : 20);
        cross_deinit(&cross);
        assert_null(cross);
        cross_deinit(&cross);
    }
}

/* Keys that all belong in one place, and the one that stands for an empty place. */
static void test_odd_keys(void **state)
{
    struct cross *cross = cross_init(true);
    uint32_t folder;
    (void)state;
    for (uint64_t i = 1; i <= 500; i++)
        cross_add(cross, i << 32, (uint32_t)i);
    for (uint64_t i = 1; i <= 500; i++) {
        assert_true(cross_find(cross, i << 32, &folder));
        assert_int_equal(folder, i);
    }
    assert_false(cross_find(cross, UINT64_C(501) << 32, &folder));
    assert_false(cross_find(cross, 0, &folder));
    cross_add(cross, 0, 77);
    assert_true(cross_find(cross, 0, &folder));
    assert_int_equal(folder, 77);
    assert_int_equal(cross_count(cross), 501);
    cross_deinit(&cross);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_added_is_found),
        cmocka_unit_test(test_odd_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
