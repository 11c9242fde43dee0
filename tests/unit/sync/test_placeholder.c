/* SPDX-License-Identifier: MIT
 * What Exchange invents, told from what people write about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/messages/placeholder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FROM "From: Microsoft Exchange Server 2010\r\n"
#define SUBJECT \
    "Subject: Retrieval using the IMAP4 protocol failed for the following message: 20004\r\n"
#define TEXT "\r\nThe server couldn't retrieve the following message:\r\n\r\nSubject: \"x\"\r\n"

static void test_what_is_one(void **state)
{
    static const struct {
        const char *message;
        bool is_one;
    } rows[] = {
        {"", false},
        {"\r\n", false},
        {"Subject: x\r\n\r\nhello\r\n", false},
        {FROM "\r\nhello\r\n", false},
        {SUBJECT "\r\nhello\r\n", false},
        {SUBJECT "From: me@example.org\r\n\r\nHi, what is this?\r\n", false},
        {"Subject: Fwd: Retrieval using the IMAP4 protocol failed\r\n" TEXT, false},
        {"Subject: Re: it\r\n" FROM TEXT, false},
        {SUBJECT "\r\n> The server couldn't retrieve the following message:\r\n", false},
        {SUBJECT "\r\nThe server could", false},
        {SUBJECT "\r\nThe server could be faster.\r\n", false},
        {"X: y\r\n\r\n" SUBJECT FROM TEXT, false},

        {FROM SUBJECT TEXT, true},
        {SUBJECT FROM "\r\n", true},
        {SUBJECT FROM, true},
        {"From: \"Microsoft Exchange Server 2013\" <x@y>\r\n" SUBJECT "\r\nanything\r\n", true},
        {"From: x@y\r\n" SUBJECT TEXT, true},
        {SUBJECT "\r\n\r\n\r\nThe server could not retrieve the following message:\r\n", true},
        {SUBJECT "\r\nthe server couldn\xe2\x80\x99t retrieve the following message", true},
        {"subject: Retrieval using\r\n the IMAP4 protocol failed for 7\r\n" TEXT, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* Not a byte behind its end may be read. */
        size_t size = strlen(rows[i].message);
        char *message = malloc(size + 1);
        assert_non_null(message);
        memcpy(message, rows[i].message, size);
        char *exact = realloc(message, size == 0 ? 1 : size);
        assert_non_null(exact);
        if (placeholder_is(exact, size) != rows[i].is_one)
            fail_msg("row %zu: %s", i, rows[i].message);
        free(exact);
    }
}

static void test_a_long_one_is_a_message(void **state)
{
    size_t size = 65537;
    char *message = mem_alloc(size);
    (void)state;
    memset(message, 'x', size);
    memcpy(message, FROM SUBJECT TEXT, strlen(FROM SUBJECT TEXT));
    assert_false(placeholder_is(message, size));
    assert_true(placeholder_is(message, size - 1));
    mem_free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_one),
        cmocka_unit_test(test_a_long_one_is_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
