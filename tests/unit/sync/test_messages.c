/* SPDX-License-Identifier: MIT
 * What is read out of messages: header fields, identity, flags, INTERNALDATE, SASL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "sync/auth/sasl.h"
#include "sync/messages/header.h"
#include "sync/messages/identity.h"
#include "sync/messages/internaldate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* -- header -- */

static void test_header_fields(void **state)
{
    static const struct {
        const char *header;
        const char *fields; /* "name=normal value;" */
    } rows[] = {
        {"", ""},
        {"\r\n", ""},
        {"\r\nA: b\r\n", ""},
        {"\nA: b\n", ""},
        {"no field\r\n", ""},
        {": no name\r\n", ""},
        {"A b: c\r\n", ""},
        {"A : c\r\n", ""},
        {"T\xc3\xa4g: c\r\n", ""},
        {" folded into nothing\r\nA: b\r\n", "A=b;"},
        {"From user Mon Jan 1\r\nA: b\r\n", "A=b;"},
        {"A: b", "A=b;"},
        {"A:", "A=;"},
        {"A:\r\n", "A=;"},
        {"A:b\r\n", "A=b;"},
        {"A: b\r\nC: d\r\n\r\nE: f\r\n", "A=b;C=d;"},
        {"A: b\nC: d\n\nE: f\n", "A=b;C=d;"},
        {"A:  b \t c  \r\n", "A=b c;"},
        {"A: b\r\n c\r\n\td\r\nE: f\r\n", "A=b c d;E=f;"},
        {"A: b\r\n \r\n c\r\nE: f\r\n", "A=b c;E=f;"},
        {"A: b\rc\r\n", "A=b c;"},
        {"A: t\xc3\xa4g\r\n", "A=tXXg;"},
        {"A: b: c\r\n", "A=b: c;"},
        {"A: 1\r\nA: 2\r\n", "A=1;A=2;"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t size = strlen(rows[i].header);
        char *copy = malloc(size + 1); /* exact, for the address sanitizer: no NUL at its end */
        struct header_field field;
        struct buffer out;
        size_t position = 0;
        assert_non_null(copy);
        copy = realloc(memcpy(copy, rows[i].header, size), size > 0 ? size : 1);
        buffer_init(&out, 1000);
        while (header_next(copy, size, &position, &field)) {
            buffer_append(&out, field.name, field.name_size);
            buffer_append_byte(&out, '=');
            header_append_normal(&field, &out);
            buffer_append_byte(&out, ';');
        }
        if (strcmp(buffer_str(&out), rows[i].fields) != 0)
            fail_msg("row %zu: %s", i, buffer_str(&out));
        buffer_deinit(&out);
        free(copy);
    }
}

static void test_a_field_is_found_in_any_case(void **state)
{
    static const char header[] =
        "X-Message-ID: 1\r\nmessage-id: 2\r\nMESSAGE-ID: 3\r\n\r\nTo: x\r\n";
    struct header_field field;
    (void)state;
    assert_false(header_find(header, strlen(header), "To", &field));
    assert_false(header_find(header, strlen(header), "Message", &field));
    assert_true(header_find(header, strlen(header), "Message-ID", &field));
    assert_int_equal(field.value_size, strlen(" 2\r\n"));
    assert_memory_equal(field.value, " 2\r\n", field.value_size);
    assert_true(header_field_is(&field, "MESSAGE-id"));
    assert_false(header_field_is(&field, "MESSAGE-id2"));
}

static void test_a_long_value_is_cut(void **state)
{
    struct buffer header;
    struct buffer value;
    struct header_field field;
    (void)state;
    buffer_init(&header, 1000000);
    buffer_init(&value, 1000000);
    buffer_append_str(&header, "A:");
    for (int i = 0; i < 100000; i++)
        buffer_append_str(&header, "xyz");
    assert_true(header_find(header.data, header.used, "A", &field));
    assert_int_equal(field.value_size, 300000);
    header_append_normal(&field, &value);
    assert_int_equal(value.used, HEADER_VALUE_MAX_BYTES);
    buffer_deinit(&header);
    buffer_deinit(&value);
}

/* -- identity -- */

static enum identity_strength identify(const char *header, struct identity *identity_r)
{
    return identity_from_header(header, strlen(header), identity_r);
}

static void test_identities_that_are_the_same(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        enum identity_strength strength;
    } rows[] = {
        {"", "\r\n", IDENTITY_NOTHING},
        {"Received: x\r\n", "X-A: y\r\n", IDENTITY_NOTHING},
        {"Subject:\r\n", "Message-ID: <\r\n\r\nSubject: x\r\n", IDENTITY_NOTHING},
        {"Message-ID: <a@b>\r\n", "message-id:<a@b>\r\n", IDENTITY_OF_MESSAGE},
        {"Message-ID: <a@b>\r\n", "Message-ID: a@b\r\n", IDENTITY_OF_MESSAGE},
        {"Message-ID: <a@b>\r\n", "Message-ID:\r\n <a@b>\r\n", IDENTITY_OF_MESSAGE},
        {"Message-ID: <a@b>\r\n", "Message-ID: < a@b > \r\n", IDENTITY_OF_MESSAGE},
        {"Message-ID: <a@b>\r\nSubject: 1\r\n", "Subject: 2\r\nMessage-ID: <a@b>\r\n",
         IDENTITY_OF_MESSAGE},
        {"Message-ID: <a@b>\r\n", "Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n",
         IDENTITY_OF_MESSAGE},
        {"Subject: x\r\n", "Message-ID: <>\r\nSubject: x\r\n", IDENTITY_OF_FIELDS},
        {"Subject: x\r\n", "Message-ID:\r\nSubject: x\r\n", IDENTITY_OF_FIELDS},
        {"Date: 1\r\nFrom: 2\r\nTo: 3\r\nSubject: 4\r\n",
         "Subject:  4\r\nTo:\t3\r\nX: 5\r\nFrom: 2 \r\nDate:\r\n 1\r\n", IDENTITY_OF_FIELDS},
        {"Subject: t\xc3\xa4g\r\n", "Subject: t\xe4\xe4g\r\n", IDENTITY_OF_FIELDS},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct identity a;
        struct identity b;
        enum identity_strength strength_a = identify(rows[i].a, &a);
        enum identity_strength strength_b = identify(rows[i].b, &b);
        if (strength_a != rows[i].strength || strength_b != rows[i].strength ||
            memcmp(&a, &b, sizeof(a)) != 0)
            fail_msg("row %zu: strength %d and %d", i, (int)strength_a, (int)strength_b);
    }
}

static void test_identities_that_differ(void **state)
{
    static const char *const headers[] = {
        "",
        "Message-ID: <a@b>\r\n",
        "Message-ID: <A@b>\r\n",
        "Message-ID: <a@c>\r\n",
        "Message-ID: <a @b>\r\n",
        "Subject: a@b\r\n",
        "To: x\r\n",
        "From: x\r\n",
        "Date: x\r\n",
        "Subject: x\r\n",
        "Date: 1\r\nFrom: 2\r\n",
        "Date: 12\r\nFrom:\r\n",
        /* a Message-ID can't be made to look like fields */
        "Message-ID: x\r\n h\r\n",
    };
    struct identity identities[COUNT(headers)];
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        (void)identify(headers[i], &identities[i]);
        for (size_t k = 0; k < i; k++) {
            if (memcmp(&identities[i], &identities[k], sizeof(identities[i])) == 0)
                fail_msg("rows %zu and %zu are the same", i, k);
        }
    }
}

static void test_the_added_field_gives_the_identity_of_the_uid(void **state)
{
    char text[IDENTITY_ADDED_FIELD_SIZE];
    struct identity by_uid;
    struct identity by_header;
    (void)state;
    assert_int_equal(identity_added_field(UINT32_MAX, text),
                     strlen("Message-Id: <4294967295@imapsync>\r\n"));
    assert_string_equal(text, "Message-Id: <4294967295@imapsync>\r\n");
    identity_from_uid(UINT32_MAX, &by_uid);
    assert_int_equal(identify("Subject: x\r\nMessage-ID: <4294967295@imapsync>\r\n", &by_header),
                     IDENTITY_OF_MESSAGE);
    assert_memory_equal(&by_uid, &by_header, sizeof(by_uid));
    identity_from_uid(1, &by_header);
    assert_memory_not_equal(&by_uid, &by_header, sizeof(by_uid));
}

/* -- INTERNALDATE -- */

static void test_dates_that_are_none(void **state)
{
    static const char *const texts[] = {
        "",
        "17-Jul-1996 02:44:25",
        "17-Jul-1996 02:44:25 -0700 ",
        " 17-Jul-1996 02:44:25 -0700",
        "7-Jul-1996 02:44:25 -0700",
        "  -Jul-1996 02:44:25 -0700",
        "00-Jul-1996 02:44:25 -0700",
        "32-Jul-1996 02:44:25 -0700",
        "31-Jun-1996 02:44:25 -0700",
        "30-Feb-1996 02:44:25 -0700",
        "29-Feb-1900 02:44:25 -0700",
        "29-Feb-1999 02:44:25 -0700",
        "17-Jux-1996 02:44:25 -0700",
        "17-Jul-19x6 02:44:25 -0700",
        "17-Jul-1996 24:44:25 -0700",
        "17-Jul-1996 02:60:25 -0700",
        "17-Jul-1996 02:44:61 -0700",
        "17-Jul-1996 02:44:25 07000",
        "17-Jul-1996 02:44:25 -2400",
        "17-Jul-1996 02:44:25 -0760",
        "17-Jul-1996T02:44:25 -0700",
        "17-Jul-1996 02:44:2\" -0700",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t seconds;
        if (internaldate_parse(texts[i], strlen(texts[i]), &seconds))
            fail_msg("row %zu was understood: %s", i, texts[i]);
    }
}

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"01-Jan-1970 00:00:00 +0000", 0},          {" 1-Jan-1970 00:00:01 +0000", 1},
        {"17-Jul-1996 02:44:25 -0700", 837596665},  {"17-jul-1996 09:44:25 +0000", 837596665},
        {"17-JUL-1996 15:14:25 +0530", 837596665},  {"29-Feb-2000 23:59:59 +0000", 951868799},
        {"01-Mar-2000 00:00:00 +0000", 951868800},  {"28-Feb-1900 23:59:59 +0000", -2203891201},
        {"31-Dec-1969 23:59:59 +0000", -1},         {"19-Jan-2038 03:14:08 +0000", 2147483648},
        {"30-Jun-2015 23:59:60 +0000", 1435708800}, {"31-Dec-9999 23:59:59 +0000", 253402300799},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = -42;
        if (!internaldate_parse(rows[i].text, strlen(rows[i].text), &seconds) ||
            seconds != rows[i].seconds)
            fail_msg("row %zu: %lld", i, (long long)seconds);
    }
}

/* -- SASL -- */

static void test_sasl_plain(void **state)
{
    static const struct {
        const char *authzid;
        const char *authcid;
        const char *password;
        const char *base64;
    } rows[] = {
        /* RFC 4616 section 4 */
        {"", "tim", "tanstaaftanstaaf", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"},
        {"Ursel", "Kurt", "xipj3plmq", "VXJzZWwAS3VydAB4aXBqM3BsbXE="},
        {"", "", "", "AAA="},
        {"", "u", "p\xc3\xa4", "AHUAcMOk"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer base64;
        buffer_init_secret(&base64, 1000);
        assert_true(sasl_plain(rows[i].authzid, rows[i].authcid, rows[i].password, &base64));
        if (strcmp(buffer_str(&base64), rows[i].base64) != 0)
            fail_msg("row %zu: %s", i, buffer_str(&base64));
        buffer_deinit(&base64);
    }
}

static void test_a_password_that_is_too_long_for_sasl(void **state)
{
    size_t size = 200 * 1024;
    char *password = malloc(size + 1);
    struct buffer base64;
    (void)state;
    assert_non_null(password);
    memset(password, 'x', size);
    password[size] = '\0';
    buffer_init_secret(&base64, 1024 * 1024);
    assert_false(sasl_plain("", "u", password, &base64));
    password[1000] = '\0';
    buffer_deinit(&base64);
    buffer_init_secret(&base64, 100);
    assert_false(sasl_plain("", "u", password, &base64));
    assert_int_equal(base64.used, 0);
    buffer_deinit(&base64);
    free(password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_fields),
        cmocka_unit_test(test_a_field_is_found_in_any_case),
        cmocka_unit_test(test_a_long_value_is_cut),
        cmocka_unit_test(test_identities_that_differ),
        cmocka_unit_test(test_identities_that_are_the_same),
        cmocka_unit_test(test_the_added_field_gives_the_identity_of_the_uid),
        cmocka_unit_test(test_dates_that_are_none),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_a_password_that_is_too_long_for_sasl),
        cmocka_unit_test(test_sasl_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
