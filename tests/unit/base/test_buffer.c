/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

static void test_the_ceiling_holds_and_is_remembered(void **state)
{
    struct buffer buf;
    (void)state;
    buffer_init(&buf, 4);
    assert_true(buffer_append_str(&buf, "abc"));
    assert_false(buffer_append_str(&buf, "de"));
    assert_true(buf.has_failed);
    /* A chain that failed once does not go on with a hole in it. */
    assert_false(buffer_append_byte(&buf, 'd'));
    assert_false(buffer_printf(&buf, "%d", 1));
    assert_string_equal(buffer_str(&buf), "abc");
    assert_int_equal(buffer_room(&buf), 1);
    buffer_clear(&buf);
    assert_false(buf.has_failed);
    assert_true(buffer_append_str(&buf, "abcd"));
    assert_int_equal(buffer_room(&buf), 0);
    assert_true(buffer_append(&buf, NULL, 0));
    assert_false(buffer_append_byte(&buf, 'e'));
    assert_string_equal(buffer_str(&buf), "abcd");
    buffer_deinit(&buf);
}

static void test_sizes_that_overflow_are_refused(void **state)
{
    struct buffer buf;
    (void)state;
    buffer_init(&buf, 1000);
    assert_true(buffer_append_str(&buf, "abc"));
    assert_null(buffer_reserve(&buf, SIZE_MAX));
    assert_true(buf.has_failed);
    buffer_deinit(&buf);
}

static void test_an_empty_buffer_is_an_empty_string(void **state)
{
    struct buffer buf;
    (void)state;
    buffer_init(&buf, 0);
    assert_string_equal(buffer_str(&buf), "");
    assert_false(buffer_append_byte(&buf, 'a'));
    assert_string_equal(buffer_str(&buf), "");
    buffer_consume(&buf, 5);
    assert_int_equal(buf.used, 0);
    buffer_deinit(&buf);
    buffer_deinit(&buf);
    buffer_init(&buf, SIZE_MAX);
    assert_string_equal(buffer_str(&buf), "");
    buffer_deinit(&buf);
}

static void test_printf_of_any_length(void **state)
{
    struct buffer buf;
    (void)state;
    for (int length = 505; length < 520; length++) {
        buffer_init(&buf, (size_t)length);
        assert_true(buffer_printf(&buf, "%*d", length, 7));
        assert_int_equal(buf.used, length);
        assert_int_equal(buffer_str(&buf)[length - 1], '7');
        assert_false(buffer_printf(&buf, "%*d", length, 7));
        assert_int_equal(buf.used, length);
        buffer_deinit(&buf);
    }
}

/* Against the simplest model there is: one long array. */
static void test_numbers(void **state)
{
    static const struct {
        uint64_t value;
        unsigned int digits;
        const char *text;
    } rows[] = {
        {0, 0, "0"},
        {0, 3, "000"},
        {7, 2, "07"},
        {1234, 2, "1234"},
        {UINT64_MAX, 0, "18446744073709551615"},
        {5, 99, "00000000000000000005"},
    };
    struct buffer buf;
    (void)state;
    buffer_init(&buf, 20);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buffer_clear(&buf);
        assert_true(buffer_append_uint64(&buf, rows[i].value, rows[i].digits));
        assert_string_equal(buffer_str(&buf), rows[i].text);
    }
    assert_false(buffer_append_uint64(&buf, 1, 0));
    buffer_deinit(&buf);
}

static void test_random_appends_and_consumes(void **state)
{
    enum {
        MAX = 3000,
        STEPS = 20000
    };
    static unsigned char model[STEPS * 100];
    size_t start = 0;
    size_t end = 0;
    struct buffer buf;
    unsigned int seed = 12345;
    (void)state;
    buffer_init(&buf, MAX);
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245u + 12345u;
        size_t size = (seed >> 16) % 100;
        if ((seed >> 8) % 2 == 0) {
            bool has_room = end - start + size <= MAX;
            for (size_t i = 0; i < size; i++)
                model[end + i] = (unsigned char)(seed >> (i % 24));
            assert_int_equal(buffer_append(&buf, model + end, size), has_room);
            end += has_room ? size : 0;
            buf.has_failed = false;
        } else {
            size = size > end - start ? end - start : size;
            buffer_consume(&buf, size);
            start += size;
        }
        assert_int_equal(buf.used, end - start);
        if (buf.used > 0)
            assert_memory_equal(buf.data, model + start, buf.used);
        assert_true(buf.alloc <= 4 * MAX);
    }
    buffer_deinit(&buf);
}

static void test_shrink_gives_memory_back(void **state)
{
    struct buffer buf;
    (void)state;
    buffer_init(&buf, 100000);
    assert_non_null(buffer_reserve(&buf, 5000));
    buffer_shrink(&buf, 10000);
    assert_true(buf.alloc >= 5000);
    buffer_shrink(&buf, 4000);
    assert_int_equal(buf.alloc, 0);
    assert_true(buffer_append_str(&buf, "again"));
    assert_string_equal(buffer_str(&buf), "again");
    buffer_deinit(&buf);
}

static void test_a_secret_is_wiped_in_place(void **state)
{
    struct buffer buf;
    (void)state;
    buffer_init_secret(&buf, 1000);
    assert_true(buffer_append_str(&buf, "hunter2"));
    unsigned char *memory = buf.data;
    buffer_clear(&buf);
    for (size_t i = 0; i < strlen("hunter2"); i++)
        assert_int_equal(memory[i], 0);
    buffer_deinit(&buf);
    assert_true(buf.is_secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_ceiling_holds_and_is_remembered),
        cmocka_unit_test(test_sizes_that_overflow_are_refused),
        cmocka_unit_test(test_an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(test_printf_of_any_length),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_random_appends_and_consumes),
        cmocka_unit_test(test_shrink_gives_memory_back),
        cmocka_unit_test(test_a_secret_is_wiped_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
