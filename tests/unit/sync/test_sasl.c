/* SPDX-License-Identifier: MIT
 * What is sent to sign in, and the names of the ways to do it. */
#include "sync/auth/sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/auth/mechanism.h"
#include "sync/auth/scram.h"

static void test_cram_md5(void **state)
{
    static const struct {
        const char *challenge;
        const char *answer; /* NULL: there is none */
    } rows[] = {
        {"no base64!", NULL},
        {"AAA", NULL},
        /* RFC 2195 section 2 */
        {"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
         "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"},
        /* "<1@a>" and "<12@a>", whose padding is no part of them */
        {"PDFAYT4=", "dGltIDUxNWQxZGJmN2MxZTU3NTVjZDJkM2I4NDRhMzdkNzA0"},
        {"PDEyQGE+", "dGltIGQzMmUxNzNlMWNhMzA3OWQwMDMzMTlkNjk2OTJlYmVk"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer answer;
        buffer_init_secret(&answer, 4096);
        bool is_done = sasl_cram_md5("tim", "tanstaaftanstaaf", rows[i].challenge,
                                     strlen(rows[i].challenge), &answer);
        assert_int_equal(is_done, rows[i].answer != NULL);
        if (is_done)
            assert_string_equal(buffer_str(&answer), rows[i].answer);
        buffer_deinit(&answer);
    }
}

static void test_endless_challenge(void **state)
{
    char challenge[8192];
    struct buffer answer;
    (void)state;
    memset(challenge, 'A', sizeof(challenge));
    buffer_init_secret(&answer, 4096);
    assert_false(sasl_cram_md5("u", "p", challenge, sizeof(challenge), &answer));
    assert_int_equal(answer.used, 0);
    buffer_deinit(&answer);
}

static void test_plain(void **state)
{
    struct buffer message;
    (void)state;
    buffer_init_secret(&message, 4096);
    assert_true(sasl_plain("", "tim", "tanstaaftanstaaf", &message));
    assert_string_equal(buffer_str(&message), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    buffer_deinit(&message);
}

static void test_tokens(void **state)
{
    struct buffer message;
    (void)state;
    buffer_init_secret(&message, 4096);
    /* The example of Google's and Microsoft's documentation. */
    assert_true(sasl_xoauth2("someuser@example.com",
                             "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", &message));
    assert_string_equal(buffer_str(&message),
                        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRj"
                        "Mk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==");
    buffer_clear(&message);
    /* RFC 7628 section 4.1 */
    assert_true(sasl_oauthbearer("user@example.com", "server.example.com", 143,
                                 "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", &message));
    assert_string_equal(buffer_str(&message),
                        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQz"
                        "AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9"
                        "PQEB");
    buffer_clear(&message);
    assert_true(sasl_oauthbearer("a,b=c", "h", 1, "t", &message));
    assert_string_equal(buffer_str(&message), "bixhPWE9MkNiPTNEYywBaG9zdD1oAXBvcnQ9MQFhdXRoPUJlYXJl"
                                              "ciB0AQE=");
    buffer_deinit(&message);
}

static void test_challenges(void **state)
{
    static const char *const rows[][2] = {
        /* {"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"} */
        {"eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNv"
         "bS8ifQ==",
         "{\"status\":\"400\",\"schemes\":\"Bearer\",\"scope\":\"https://mail.google.com/\"}"},
        {"", ""},
        {"no base64!", ""},
        {"YRtb", "a\\x1b["},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer text;
        buffer_init(&text, 4096);
        sasl_append_challenge(rows[i][0], strlen(rows[i][0]), &text);
        assert_string_equal(buffer_str(&text), rows[i][1]);
        buffer_deinit(&text);
    }
}

/* The server's part can only be played by a server (tests/integration/test_signin.py); here: what
   ends it. */
static void test_scram(void **state)
{
    static const char *const rows[] = {
        "no base64!", "", "cj1v", /* r=o: not our nonce */
    };
    (void)state;
    assert_null(scram_init("SCRAM-NO", "", "u", "p"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer message;
        buffer_init_secret(&message, 4096);
        struct scram *scram = scram_init("SCRAM-SHA-256", "", "tim", "p");
        assert_non_null(scram);
        assert_true(scram_step(scram, "", 0, &message));
        /* "n,,n=tim,r=" */
        assert_memory_equal(buffer_str(&message), "biwsbj10aW0scj", 14);
        assert_false(scram_step(scram, rows[i], strlen(rows[i]), &message));
        assert_false(scram_is_proved(scram));
        scram_deinit(&scram);
        assert_null(scram);
        buffer_deinit(&message);
    }
}

static void test_mechanisms(void **state)
{
    static const struct {
        const char *name;
        enum auth_mechanism mechanism;
        const char *reason; /* its beginning */
    } rows[] = {
        {NULL, AUTH_MECHANISM_ANY, NULL},
        {"", AUTH_MECHANISM_ANY, NULL},
        {"plain", AUTH_MECHANISM_PLAIN, NULL},
        {"Login", AUTH_MECHANISM_LOGIN, NULL},
        {"CRAM-MD5", AUTH_MECHANISM_CRAM_MD5, NULL},
        {"xoauth2", AUTH_MECHANISM_XOAUTH2, NULL},
        {"external", AUTH_MECHANISM_EXTERNAL, NULL},
        {"NTLM", AUTH_MECHANISM_ANY, "NTLM is not built"},
        {"CRAM", AUTH_MECHANISM_ANY,
         "wants PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, EXTERNAL, XOAUTH2 or "
         "OAUTHBEARER"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum auth_mechanism mechanism;
        const char *reason;
        assert_int_equal(auth_mechanism_find(rows[i].name, &mechanism, &reason),
                         rows[i].reason == NULL);
        assert_int_equal(mechanism, rows[i].mechanism);
        if (rows[i].reason != NULL)
            assert_memory_equal(reason, rows[i].reason, strlen(rows[i].reason));
    }
}

static void test_strongest(void **state)
{
    enum {
        P = 1 << AUTH_MECHANISM_PLAIN,
        C = 1 << AUTH_MECHANISM_CRAM_MD5,
        S1 = 1 << AUTH_MECHANISM_SCRAM_SHA_1,
        S256 = 1 << AUTH_MECHANISM_SCRAM_SHA_256,
        E = 1 << AUTH_MECHANISM_EXTERNAL
    };
    static const struct {
        unsigned int offered;
        enum auth_mechanism mechanism;
        enum auth_mechanism for_another;
    } rows[] = {
        {0, AUTH_MECHANISM_LOGIN, AUTH_MECHANISM_LOGIN},
        {E, AUTH_MECHANISM_LOGIN, AUTH_MECHANISM_LOGIN},
        {P, AUTH_MECHANISM_PLAIN, AUTH_MECHANISM_PLAIN},
        {C, AUTH_MECHANISM_CRAM_MD5, AUTH_MECHANISM_LOGIN},
        {P | C, AUTH_MECHANISM_CRAM_MD5, AUTH_MECHANISM_PLAIN},
        {P | C | S1, AUTH_MECHANISM_SCRAM_SHA_1, AUTH_MECHANISM_SCRAM_SHA_1},
        {P | C | S1 | S256 | E, AUTH_MECHANISM_SCRAM_SHA_256, AUTH_MECHANISM_SCRAM_SHA_256},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(auth_mechanism_strongest(rows[i].offered, false), rows[i].mechanism);
        assert_int_equal(auth_mechanism_strongest(rows[i].offered, true), rows[i].for_another);
    }
}

static void test_external(void **state)
{
    static const char *const rows[][2] = {{"", "="}, {"ada@x", "YWRhQHg="}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct buffer base64;
        buffer_init(&base64, 4096);
        assert_true(sasl_external(rows[i][0], &base64));
        assert_string_equal(buffer_str(&base64), rows[i][1]);
        buffer_deinit(&base64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cram_md5),   cmocka_unit_test(test_endless_challenge),
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_challenges), cmocka_unit_test(test_scram),
        cmocka_unit_test(test_strongest),  cmocka_unit_test(test_external),
        cmocka_unit_test(test_mechanisms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
