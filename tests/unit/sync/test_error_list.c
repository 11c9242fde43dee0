/* SPDX-License-Identifier: MIT
 * Kinds of errors, the numbered list, the exit code of the most frequent kind. */
#include "sync/error_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define N FAULT_ADVICE_NEVER

static void add(struct error_list *list, enum fault_code code, int side, const char *text)
{
    struct fault fault;
    fault_set(&fault, code, FAULT_SCOPE_MESSAGE, N, side, "%s", text);
    error_list_add_fault(list, &fault);
}

static void test_exit_codes(void **state)
{
    static const struct {
        enum fault_code codes[3];
        int sides[3];
        int exit_code;
    } rows[] = {
        {{FAULT_NONE}, {0}, 0},
        {{FAULT_APPEND}, {2}, 114},
        {{FAULT_TOO_BIG}, {2}, 114},
        {{FAULT_VIRUS}, {2}, 119},
        {{FAULT_FETCH}, {1}, 115},
        {{FAULT_QUOTA}, {2}, 113},
        {{FAULT_CREATE}, {2}, 116},
        {{FAULT_SELECT}, {1}, 117},
        {{FAULT_TRANSFER_LIMIT}, {0}, 118},
        {{FAULT_FLAGS}, {2}, 120},
        {{FAULT_TLS}, {1}, 12},
        {{FAULT_AUTH}, {1}, 161},
        {{FAULT_AUTH}, {2}, 162},
        {{FAULT_CLOSED}, {1}, 101},
        {{FAULT_TIMEOUT}, {2}, 102},
        {{FAULT_LISTING}, {1}, 111},
        /* the most frequent one, then the alphabet's first */
        {{FAULT_APPEND, FAULT_FETCH, FAULT_FETCH}, {2, 1, 1}, 115},
        {{FAULT_FETCH, FAULT_APPEND, FAULT_NONE}, {1, 2}, 114},
        {{FAULT_FETCH, FAULT_FLAGS, FAULT_NONE}, {1, 2}, 120},
        {{FAULT_CONNECT, FAULT_CONNECT, FAULT_NONE}, {2, 1}, 101},
        {{FAULT_AUTH, FAULT_AUTH, FAULT_NONE}, {2, 1}, 161},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error_list list = {0};
        for (size_t k = 0; k < 3 && rows[i].codes[k] != FAULT_NONE; k++)
            add(&list, rows[i].codes[k], rows[i].sides[k], "x");
        assert_int_equal(error_list_exit_code(&list), rows[i].exit_code);
        error_list_deinit(&list);
    }
}

static void test_list(void **state)
{
    struct error_list list = {0};
    struct buffer text;
    struct fault fault;
    (void)state;
    buffer_init(&text, 65536);
    error_list_append(&list, &text);
    assert_int_equal(text.used, 0);
    fault_set(&fault, FAULT_QUOTA, FAULT_SCOPE_MAILBOX, N, 2, "it is full");
    fault_set_server(&fault, "NO \033[1mover\r\n", 13);
    error_list_add_fault(&list, &fault);
    error_list_add(&list, &fault, "- msg INBOX/7 {12} could not append to folder Sent: no room");
    error_list_append(&list, &text);
    assert_string_equal(
        buffer_str(&text),
        "++++ Listing 2 errors encountered during the sync\n"
        "Err 1/2: it is full [server said: NO \\x1b[1mover]\n"
        "Err 2/2: - msg INBOX/7 {12} could not append to folder Sent: no room\n"
        "The most frequent error is ERR_OVERQUOTA. The destination mailbox is full: give it more "
        "room, and run the same command again.\n");
    error_list_deinit(&list);
    buffer_deinit(&text);
}

static void test_many_are_counted_and_not_kept(void **state)
{
    struct error_list list = {0};
    struct buffer text;
    (void)state;
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < ERROR_LIST_MAX + 5; i++)
        add(&list, FAULT_FETCH, 1, "gone");
    assert_int_equal(list.count, ERROR_LIST_MAX + 5);
    assert_int_equal(list.kept, ERROR_LIST_MAX);
    error_list_append(&list, &text);
    assert_non_null(strstr(buffer_str(&text), "Err 1000/1005: gone\n5 more are not listed here"));
    assert_non_null(strstr(buffer_str(&text), "most frequent error is ERR_Host1_FETCH. "));
    error_list_deinit(&list);
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_many_are_counted_and_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
