/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/messages/date_header.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const struct {
    const char *value;
    const char *wanted; /* "": none */
} dates[] = {
    /* RFC 5322 and what is near it */
    {"Tue, 24 Aug 2010 16:00:00 +0200", "24-Aug-2010 16:00:00 +0200"},
    {" Tue, 24 Aug 2010 16:00:00 +0200\r\n", "24-Aug-2010 16:00:00 +0200"},
    {"Tue,\r\n\t24 Aug 2010\r\n 16:00:00 -0730 (CEST)", "24-Aug-2010 16:00:00 -0730"},
    {"24 Aug 1997 16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tue, 24 Aug 97 16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"24 Aug 70 16:00:00 +0200", "24-Aug-1970 16:00:00 +0200"},
    {"24 Aug 69 16:00:00 +0200", "24-Aug-2069 16:00:00 +0200"},
    {"24 Aug 03 16:00:00 +0200", "24-Aug-2003 16:00:00 +0200"},
    {"24 Aug 103 16:00:00 +0200", "24-Aug-2003 16:00:00 +0200"},
    {"Tue, 24 Aug 1997 16.00.00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tue, 24 Aug 1997  16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tue, 24 Aug 1997 6:5:2 +0200", "24-Aug-1997 06:05:02 +0200"},
    {"Tue, 24, Aug 1997 16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tue, 4 Aug 1997 16:00 +0200", "04-Aug-1997 16:00:00 +0200"},
    {"Tue, 24 Aug 1997 16:00:00", "24-Aug-1997 16:00:00 +0000"},
    {"Tue, 24 Aug 1997 16:00:00 GMT", "24-Aug-1997 16:00:00 +0000"},
    {"Tue, 24 Aug 1997 16:00:00 EST", "24-Aug-1997 16:00:00 -0500"},
    {"Tue, 24 Aug 1997 16:00:00 PDT", "24-Aug-1997 16:00:00 -0700"},
    {"Tue, 24 Aug 1997 16:00:00 WEIRD", "24-Aug-1997 16:00:00 +0000"},
    {"Tue, 24 Aug 1997 16:00:00 +02:00", "24-Aug-1997 16:00:00 +0200"},
    {"Tue, 24 Aug 1997 16:00:00 +9999", "24-Aug-1997 16:00:00 +0000"},
    {"Tue, 24 Aug 1997 16:00:00+0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tue, 24 August 1997 16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"TUE, 24 AUG 1997 16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tuesday, 24-Aug-97 16:00:00 GMT", "24-Aug-1997 16:00:00 +0000"},
    {"24-Aug-2010 16:00:00 +0200", "24-Aug-2010 16:00:00 +0200"},
    {" 4-Aug-2010 16:00:00 +0200", "04-Aug-2010 16:00:00 +0200"},
    {"Tue, 24 Aug 1997 16:00:60 +0200", "24-Aug-1997 16:00:59 +0200"},
    {"Tue 24 Aug 1997 16:00:00 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"Tue,24 Aug 1997 16:00:00.123 +0200", "24-Aug-1997 16:00:00 +0200"},
    {"29 Feb 2000 00:00:00 +0000", "29-Feb-2000 00:00:00 +0000"},
    /* ctime */
    {"Sun Aug 02 11:55:42 1993", "02-Aug-1993 11:55:42 +0000"},
    {"Sun Aug  2 11:55:42 1993", "02-Aug-1993 11:55:42 +0000"},
    {"Sun Aug  2 11:55:42 EST 1993", "02-Aug-1993 11:55:42 -0500"},
    {"Sun Aug  2 11:55:42 WET 1993", "02-Aug-1993 11:55:42 +0000"},
    {"Sun Aug  2 11:55:42 1993 +0100", "02-Aug-1993 11:55:42 +0100"},
    /* the year, or the month, first */
    {"2010/08/24 16:00:00 +0200", "24-Aug-2010 16:00:00 +0200"},
    {"2010/08/24 16:00:00", "24-Aug-2010 16:00:00 +0000"},
    {"2010-08-24T16:00:00Z", "24-Aug-2010 16:00:00 +0000"},
    {"2010-08-24 16:00:00.5+02:00", "24-Aug-2010 16:00:00 +0200"},
    {"02/06/09 22:18:08", "06-Feb-2009 22:18:08 +0000"},
    {"02/06/95 22:18:08", "06-Feb-1995 22:18:08 +0000"},
    {"2/6/2009 10:18 PM", "06-Feb-2009 22:18:00 +0000"},
    {"Saturday, December 14, 2002 05:00 PM", "14-Dec-2002 17:00:00 +0000"},
    {"Saturday, December 14, 2002 12:00 AM", "14-Dec-2002 00:00:00 +0000"},
    {"December 14, 2002 12:30 PM", "14-Dec-2002 12:30:00 +0000"},
    {"Jan 2 2010 16:00:00 +0200", "02-Jan-2010 16:00:00 +0200"},
    /* none */
    {"", ""},
    {"   ", ""},
    {"(Invalid)", ""},
    {"yesterday", ""},
    {"31 Feb 2010 16:00:00 +0200", ""},
    {"29 Feb 1999 16:00:00 +0200", ""},
    {"00 Aug 2010 16:00:00 +0200", ""},
    {"24 Aug 2010 25:00:00 +0200", ""},
    {"24 Aug 2010 16:60:00 +0200", ""},
    {"24 Foo 2010 16:00:00 +0200", ""},
    {"24 Aug 2010", ""},
    {"13/13/09 22:18:08", ""},
    {"99999999999999999999 Aug 2010 16:00:00", ""},
    {"24 Aug 20100 16:00:00 +0200", ""},
    {"\xc4\xc5", ""},
    {"Tue,", ""},
};
/* clang-format on */

static void test_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dates); i++) {
        char text[INTERNALDATE_SIZE + 1] = "before";
        bool is_date = date_header_parse(dates[i].value, strlen(dates[i].value), text);
        if (strcmp(text, dates[i].wanted) != 0 || is_date != (dates[i].wanted[0] != '\0'))
            fail_msg("%s: \"%s\"", dates[i].value, text);
    }
}

static void test_hostile(void **state)
{
    char text[INTERNALDATE_SIZE + 1];
    char value[2000];
    (void)state;
    memset(value, '9', sizeof(value));
    assert_false(date_header_parse(value, sizeof(value), text));
    memset(value, 'A', sizeof(value));
    assert_false(date_header_parse(value, sizeof(value), text));
    memset(value, ' ', sizeof(value));
    assert_false(date_header_parse(value, sizeof(value), text));
    memset(value, 0, sizeof(value));
    assert_false(date_header_parse(value, sizeof(value), text));
    /* Every beginning of a good one. */
    const char *good = dates[0].value;
    for (size_t size = 0; size < strlen(good); size++)
        (void)date_header_parse(good, size, text);
}

static void check_message(const char *message, const char *wanted)
{
    char text[INTERNALDATE_SIZE + 1];
    assert_int_equal(date_header_find(message, strlen(message), text), wanted[0] != '\0');
    assert_string_equal(text, wanted);
}

static void test_field(void **state)
{
    (void)state;
    check_message("Subject: x\r\ndate: Tue,\r\n 24 Aug 2010 16:00:00 +0200\r\n\r\nbody",
                  "24-Aug-2010 16:00:00 +0200");
    check_message("Date: never\r\nDate: Tue, 24 Aug 2010 16:00:00 +0200\r\n\r\n", "");
    check_message("Subject: x\r\n\r\nDate: Tue, 24 Aug 2010 16:00:00 +0200\r\n", "");
    check_message("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
