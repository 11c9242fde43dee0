/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/siphash.h"
#include "base/sort.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ITEMS_MAX    8

/* Two arrays side by side: the second must follow the first. */
struct items {
    uint32_t *keys;
    uint32_t *riders;
    size_t steps;
};

static bool is_less(const void *context, size_t a, size_t b)
{
    const struct items *items = context;
    return items->keys[a] < items->keys[b];
}

static void swap(void *context, size_t a, size_t b)
{
    struct items *items = context;
    uint32_t key = items->keys[a];
    uint32_t rider = items->riders[a];
    items->keys[a] = items->keys[b];
    items->riders[a] = items->riders[b];
    items->keys[b] = key;
    items->riders[b] = rider;
    items->steps++;
}

static void test_every_order_of_few(void **state)
{
    static const uint32_t rows[][ITEMS_MAX] = {
        {0}, /* 0 ends a row */
        {1},
        {1, 2},
        {2, 1},
        {1, 1},
        {3, 2, 1},
        {2, 3, 1},
        {3, 1, 2, 3, 1, 2, 3},
        {7, 6, 5, 4, 3, 2, 1},
        {1, 2, 3, 4, 5, 6, 7},
        {5, 5, 5, 5, 5, 5, 4},
    };
    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        uint32_t keys[ITEMS_MAX];
        uint32_t riders[ITEMS_MAX];
        size_t count = 0;
        size_t sum_before = 0;
        size_t sum_after = 0;
        for (; rows[row][count] != 0; count++) {
            keys[count] = rows[row][count];
            riders[count] = 10 * keys[count];
            sum_before += keys[count];
        }
        struct items items = {keys, riders, 0};
        const struct sort sort = {&items, is_less, swap};
        sort_in_place(&sort, count);
        assert_true(sort_is_done(&sort, count));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(riders[i], 10 * keys[i]);
            assert_true(i == 0 || keys[i - 1] <= keys[i]);
            sum_after += keys[i];
        }
        assert_int_equal(sum_after, sum_before);
    }
}

static void test_knows_what_is_sorted(void **state)
{
    uint32_t keys[] = {1, 2, 2, 3, 1};
    uint32_t riders[COUNT(keys)] = {0};
    struct items items = {keys, riders, 0};
    const struct sort sort = {&items, is_less, swap};
    (void)state;
    for (size_t count = 0; count < COUNT(keys); count++)
        assert_true(sort_is_done(&sort, count));
    assert_false(sort_is_done(&sort, COUNT(keys)));
}

/* Whatever the order was: 2 n log2 n swaps are the most that heapsort needs. */
static void test_never_many_steps(void **state)
{
    enum {
        MANY = 1 << 14,
        STEPS_MAX = MANY * 14
    };
    uint32_t *keys = calloc(MANY, sizeof(*keys));
    uint32_t *riders = calloc(MANY, sizeof(*riders));
    (void)state;
    assert_non_null(keys);
    assert_non_null(riders);
    for (int order = 0; order < 5; order++) {
        struct items items = {keys, riders, 0};
        const struct sort sort = {&items, is_less, swap};
        for (uint32_t i = 0; i < MANY; i++) {
            uint32_t orders[] = {i, MANY - i, 7, i < MANY / 2 ? i : MANY - i, i * 2654435761u};
            keys[i] = orders[order];
            riders[i] = ~keys[i];
        }
        sort_in_place(&sort, MANY);
        assert_true(sort_is_done(&sort, MANY));
        assert_true(items.steps <= STEPS_MAX);
        for (uint32_t i = 0; i < MANY; i++)
            assert_int_equal(riders[i], ~keys[i]);
    }
    free(keys);
    free(riders);
}

/* Made with `openssl mac -macopt hexkey:000102...0f -macopt size:8 SIPHASH`; little endian. */
static void test_siphash_is_siphash(void **state)
{
    static const struct {
        size_t size;
        uint64_t hash;
    } rows[] = {
        {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {16, 0x3f2acc7f57c29bdb},
    };
    unsigned char bytes[16];
    (void)state;
    for (unsigned char i = 0; i < COUNT(bytes); i++)
        bytes[i] = i;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(siphash(bytes, bytes, rows[i].size), rows[i].hash);
    bytes[0] = 1;
    assert_true(siphash(bytes, "", 0) != rows[0].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order_of_few),
        cmocka_unit_test(test_knows_what_is_sorted),
        cmocka_unit_test(test_never_many_steps),
        cmocka_unit_test(test_siphash_is_siphash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
