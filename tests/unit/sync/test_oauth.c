/* SPDX-License-Identifier: MIT
 * What is said to sign-in services, what is made of their answers, and tokens looked into. */
#include "sync/auth/oauth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/diagnoses.h"
#include "base/mem.h"
#include "sync/auth/jwt.h"
#include "sync/auth/login.h"
#include "sync/auth/token_check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char name[] = "contoso";
static char client_id[] = "id 1";
static char scope[] = "https://x/.default";
static char authorize_url[] = "https://login.example/authorize";
static char user[] = "ada@example.org";

static struct profile profile_of(const char *cloud)
{
    struct profile profile = {
        .name = name,
        .cloud = cloud_find(cloud),
        .client_id = client_id,
        .scope = scope,
        .authorize_url = authorize_url,
        .user = user,
    };
    return profile;
}

/* -- requests -- */

static void check_form(struct buffer *form, const char *wanted)
{
    assert_false(form->has_failed);
    assert_string_equal(buffer_str(form), wanted);
    buffer_clear(form);
}

static void test_forms(void **state)
{
    struct profile microsoft = profile_of("microsoft");
    struct profile google = profile_of("google");
    struct oauth_client by_secret = {&microsoft, "s&=%+\xc3\xa4", NULL};
    struct oauth_client by_assertion = {&microsoft, NULL, "a.b-_c"};
    struct oauth_client at_google = {&google, "s", NULL};
    struct oauth_client in_public = {&microsoft, NULL, NULL};
    struct buffer form;
    (void)state;
    buffer_init_secret(&form, 4096);
    oauth_form_of_app(&by_secret, &form);
    check_form(&form, "grant_type=client_credentials&client_id=id%201&client_secret=s%26%3D%25%2B"
                      "%C3%A4&scope=https%3A%2F%2Fx%2F.default");
    oauth_form_of_app(&by_assertion, &form);
    check_form(&form, "grant_type=client_credentials&client_id=id%201&client_assertion_type=urn%3A"
                      "ietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="
                      "a.b-_c&scope=https%3A%2F%2Fx%2F.default");
    oauth_form_of_refresh(&in_public, "r", &form);
    check_form(&form, "grant_type=refresh_token&client_id=id%201&refresh_token=r&scope=https%3A%2F"
                      "%2Fx%2F.default");
    oauth_form_of_refresh(&at_google, "r", &form);
    check_form(&form, "grant_type=refresh_token&client_id=id%201&client_secret=s&refresh_token=r");
    oauth_form_of_assertion("a.b.c", &form);
    check_form(&form, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
                      "a.b.c");
    oauth_form_of_device(&in_public, &form);
    check_form(&form, "client_id=id%201&scope=https%3A%2F%2Fx%2F.default");
    oauth_form_of_device_code(&in_public, "d", &form);
    check_form(&form, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id="
                      "id%201&device_code=d");
    oauth_form_of_code(&in_public, "c", "v", "http://localhost:1", &form);
    check_form(&form, "grant_type=authorization_code&client_id=id%201&code=c&code_verifier=v&"
                      "redirect_uri=http%3A%2F%2Flocalhost%3A1");
    oauth_append_authorize_url(&google, "http://localhost:1", "st", "ch", &form);
    check_form(&form,
               "https://login.example/authorize?client_id=id%201&response_type=code&redirect_"
               "uri=http%3A%2F%2Flocalhost%3A1&scope=https%3A%2F%2Fx%2F.default&state=st&"
               "code_challenge=ch&code_challenge_method=S256&login_hint=ada%40example.org&"
               "access_type=offline&prompt=consent");
    buffer_deinit(&form);
}

/* -- answers -- */

static void test_answers(void **state)
{
    static const struct {
        long status;
        int64_t retry_after_secs;
        const char *body;
        enum oauth_outcome outcome;
        int64_t lifetime_secs;
        enum fault_code code;
        int64_t wait_msecs;
        const char *server;
        const char *diagnosis;
    } rows[] = {
        {200, 0, "{\"access_token\":\"t\",\"expires_in\":3599}", OAUTH_DONE, 3599, FAULT_NONE, 0,
         "", ""},
        {200, 0, "{\"access_token\":\"t\",\"expires_in\":\"3599\"}", OAUTH_DONE, 3599, FAULT_NONE,
         0, "", ""},
        {200, 0, "{\"access_token\":\"t\"}", OAUTH_DONE, 3600, FAULT_NONE, 0, "", ""},
        {200, 0, "{\"access_token\":\"t\",\"expires_in\":-5}", OAUTH_DONE, 3600, FAULT_NONE, 0, "",
         ""},
        {200, 0, "{\"access_token\":\"t\",\"expires_in\":9e9}", OAUTH_DONE, 3600, FAULT_NONE, 0, "",
         ""},
        {200, 0, "{\"access_token\":\"t\",\"expires_in\":99999999999}", OAUTH_DONE, 604800,
         FAULT_NONE, 0, "", ""},
        {200, 0, "{\"access_token\":\"\"}", OAUTH_FAILED, 0, FAULT_AUTH, 0, "", "sign-in-refused"},
        {200, 0, "{\"access_token\":7}", OAUTH_FAILED, 0, FAULT_AUTH, 0, "", "sign-in-refused"},
        {200, 0, "<html>", OAUTH_FAILED, 0, FAULT_AUTH, 0, "", "sign-in-refused"},
        {200, 0, "[]", OAUTH_FAILED, 0, FAULT_AUTH, 0, "", "sign-in-refused"},
        {400, 0, "{\"error\":\"authorization_pending\"}", OAUTH_PENDING, 0, FAULT_NONE, 0, "", ""},
        {400, 0, "{\"error\":\"slow_down\"}", OAUTH_SLOW_DOWN, 0, FAULT_NONE, 0, "", ""},
        {401, 0,
         "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The keys are "
         "expired. Trace ID: 1 Correlation ID: 2\"}",
         OAUTH_FAILED, 0, FAULT_AUTH, 0, "AADSTS7000222: The keys are expired. (invalid_client)",
         "aadsts-secret"},
        {400, 0,
         "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: Application was "
         "not found in the directory\"}",
         OAUTH_FAILED, 0, FAULT_AUTH, 0,
         "AADSTS700016: Application was not found in the directory (unauthorized_client)",
         "aadsts-consent"},
        {400, 0, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad Request\"}",
         OAUTH_FAILED, 0, FAULT_AUTH, 0, "Bad Request (invalid_grant)", "refresh-token"},
        {401, 0, "{\"error\":\"unauthorized_client\"}", OAUTH_FAILED, 0, FAULT_AUTH, 0,
         "unauthorized_client", "google-delegation"},
        {429, 7, "{}", OAUTH_FAILED, 0, FAULT_THROTTLED, 7000, "", ""},
        {503, 0, "busy\r\nforged line", OAUTH_FAILED, 0, FAULT_THROTTLED, 30000, "", ""},
        {503, 999999, "", OAUTH_FAILED, 0, FAULT_THROTTLED, 3600000, "", ""},
        {400, 0, "{\"error\":\"x\\r\\ny\"}", OAUTH_FAILED, 0, FAULT_AUTH, 0, "x\\x0d\\x0ay",
         "sign-in-refused"},
    };
    struct profile profile = profile_of("microsoft");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct oauth_answer answer = {rows[i].status, rows[i].body, strlen(rows[i].body),
                                      rows[i].retry_after_secs};
        struct oauth_token token;
        struct fault fault;
        fault_clear(&fault);
        assert_int_equal(oauth_read_token(&answer, &profile, &token, &fault), rows[i].outcome);
        assert_int_equal(token.lifetime_secs, rows[i].lifetime_secs);
        assert_int_equal(fault.code, rows[i].code);
        assert_int_equal(fault.wait_msecs, rows[i].wait_msecs);
        assert_string_equal(fault.server, rows[i].server);
        assert_string_equal(diagnosis_id(fault.diagnosis), rows[i].diagnosis);
        oauth_token_deinit(&token);
    }
}

static void test_device_answers(void **state)
{
    static const char good[] =
        "{\"device_code\":\"d\",\"user_code\":\"U\",\"verification_url\":\"h\"}";
    static const char bad[] = "{\"device_code\":\"d\",\"user_code\":\"U\"}";
    struct profile profile = profile_of("google");
    struct oauth_answer answer = {200, good, strlen(good), 0};
    struct oauth_device device;
    struct fault fault;
    (void)state;
    assert_true(oauth_read_device(&answer, &profile, &device, &fault));
    assert_string_equal(device.code, "d");
    assert_string_equal(device.url, "h");
    assert_int_equal(device.interval_secs, 5);
    assert_int_equal(device.lifetime_secs, 900);
    oauth_device_deinit(&device);
    answer.body = bad;
    answer.size = strlen(bad);
    assert_false(oauth_read_device(&answer, &profile, &device, &fault));
    assert_int_equal(fault.code, FAULT_AUTH);
    oauth_device_deinit(&device);
}

static void test_freshness(void **state)
{
    static const struct {
        int64_t lifetime_secs;
        int64_t age_msecs;
        bool is_fresh;
    } rows[] = {
        {3600, 0, true},     {3600, 3299999, true}, {3600, 3300000, false}, {3600, 9999999, false},
        {600, 299999, true}, {600, 300000, false},  {3, 1499, true},        {3, 1500, false},
        {1, 499, true},      {1, 500, false},
    };
    const int64_t asked = 77 * CLOCK_NSECS_PER_SEC;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(oauth_is_fresh(asked, rows[i].lifetime_secs,
                                        asked + rows[i].age_msecs * CLOCK_NSECS_PER_MSEC),
                         rows[i].is_fresh);
}

/* Before the end, and only when the next sign-in gets another token. */
static void test_renewal(void **state)
{
    static const struct {
        int64_t lifetime_secs;
        int64_t renewed_msecs;
    } rows[] = {{3600, 3480000}, {4500, 4380000}, {480, 360000}, {100, 75000}, {3, 2250}, {0, 0}};
    const int64_t asked = 77 * CLOCK_NSECS_PER_SEC;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t at = oauth_renew_at_nsecs(asked, rows[i].lifetime_secs);
        assert_int_equal(at, asked + rows[i].renewed_msecs * CLOCK_NSECS_PER_MSEC);
        assert_false(oauth_is_fresh(asked, rows[i].lifetime_secs, at));
    }
}

/* -- JWT -- */

static void test_base64url(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},        {"f", "Zg"},        {"fo", "Zm8"},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"\xfb\xff\xfe", "-__-"},
    };
    static const char *const wrong[] = {"A", "AB*D", "AA==A", "A A A"};
    struct buffer text;
    (void)state;
    buffer_init(&text, 256);
    for (size_t i = 0; i < COUNT(rows); i++) {
        buffer_clear(&text);
        jwt_append_base64url(&text, rows[i][0], strlen(rows[i][0]));
        assert_string_equal(buffer_str(&text), rows[i][1]);
        buffer_clear(&text);
        assert_true(jwt_decode_base64url(rows[i][1], strlen(rows[i][1]), &text));
        assert_string_equal(buffer_str(&text), rows[i][0]);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(jwt_decode_base64url(wrong[i], strlen(wrong[i]), &text));
    buffer_deinit(&text);
}

/* The signature is good, by the padding that its name says and no other. */
static void check_signature(struct buffer *jwt, EVP_PKEY *key, int padding)
{
    const char *dot = strrchr(buffer_str(jwt), '.');
    size_t size = (size_t)(dot - buffer_str(jwt));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context;
    struct buffer signature;
    buffer_init(&signature, 4096);
    assert_true(jwt_decode_base64url(dot + 1, strlen(dot + 1), &signature));
    assert_int_equal(EVP_DigestVerifyInit(context, &key_context, EVP_sha256(), NULL, key), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(key_context, padding) > 0);
    if (padding == RSA_PKCS1_PSS_PADDING)
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, 32) > 0);
    assert_int_equal(EVP_DigestVerify(context, signature.data, signature.used, jwt->data, size), 1);
    EVP_MD_CTX_free(context);
    buffer_deinit(&signature);
}

static void test_signatures(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY *curve = EVP_EC_gen("P-256");
    struct buffer jwt;
    struct buffer claims;
    (void)state;
    buffer_init(&jwt, 4096);
    buffer_init(&claims, 4096);
    assert_true(jwt_sign("{\"alg\":\"RS256\"}", "{\"a\":1}", JWT_RS256, key, &jwt));
    assert_memory_equal(buffer_str(&jwt), "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.", 32);
    check_signature(&jwt, key, RSA_PKCS1_PADDING);
    assert_true(jwt_append_claims(buffer_str(&jwt), &claims));
    assert_string_equal(buffer_str(&claims), "{\"a\":1}");
    buffer_clear(&jwt);
    assert_true(jwt_sign("{}", "{}", JWT_PS256, key, &jwt));
    check_signature(&jwt, key, RSA_PKCS1_PSS_PADDING);
    buffer_clear(&jwt);
    assert_false(jwt_sign("{}", "{}", JWT_RS256, curve, &jwt));
    assert_int_equal(jwt.used, 0);
    assert_false(jwt_append_claims("ya29.opaque", &claims));
    assert_false(jwt_append_claims("", &claims));
    EVP_PKEY_free(key);
    EVP_PKEY_free(curve);
    buffer_deinit(&jwt);
    buffer_deinit(&claims);
}

/* -- tokens looked into -- */

static void test_what_tokens_say(void **state)
{
    static const char tenant[] = "8d6a6b8e-3f1c-4b7e-9f5e-000000000001";
    static const struct {
        const char *claims; /* NULL: no JWT */
        enum token_verdict verdict;
        const char *text; /* its beginning */
    } rows[] = {
        {NULL, TOKEN_UNREADABLE, ""},
        {"[1]", TOKEN_UNREADABLE, ""},
        {"{\"aud\":\"https://"
         "outlook.office365.com\",\"roles\":[\"IMAP.AccessAsApp\"],\"exp\":2000}",
         TOKEN_GOOD, "for https://outlook.office365.com, IMAP.AccessAsApp"},
        {"{\"aud\":\"https://outlook.office.com/\",\"scp\":\"openid IMAP.AccessAsUser.All\"}",
         TOKEN_GOOD, "for https://outlook.office.com/, IMAP.AccessAsUser.All"},
        {"{\"aud\":\"https://ps.outlook.com\",\"roles\":[\"IMAP.AccessAsApp\"],\"exp\":1000}",
         TOKEN_BAD, "it ran out at 1970-01-01T00:16:40Z: get another one"},
        {"{\"aud\":\"https://graph.microsoft.com\",\"roles\":[\"IMAP.AccessAsApp\"]}", TOKEN_BAD,
         "it is for https://graph.microsoft.com, not for Exchange: ask for the scope"},
        {"{\"aud\":\"https://ps.outlook.com\",\"roles\":[3,\"Mail.Read\"]}", TOKEN_BAD,
         "it lacks the role IMAP.AccessAsApp: add that application permission"},
        {"{\"aud\":\"https://ps.outlook.com\",\"scp\":\"IMAP.AccessAsUser.AllOthers\"}", TOKEN_BAD,
         "it lacks the permission IMAP.AccessAsUser.All: add it (delegated)"},
        {"{\"aud\":\"https://ps.outlook.com\",\"roles\":[\"IMAP.AccessAsApp\"],\"tid\":\"other\"}",
         TOKEN_BAD, "it is of the tenant other, not of that of the profile"},
        {"{\"aud\":\"a\\u001b[31m\"}", TOKEN_BAD, "it is for a\\x1b[31m, not for"},
        {"{}", TOKEN_BAD, "it is for , not for Exchange"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer jwt;
        struct buffer text;
        buffer_init(&jwt, 4096);
        buffer_init(&text, 4096);
        buffer_append_str(&jwt, rows[i].claims == NULL ? "opaque" : "e30.");
        if (rows[i].claims != NULL)
            jwt_append_base64url(&jwt, rows[i].claims, strlen(rows[i].claims));
        buffer_append_str(&jwt, rows[i].claims == NULL ? "" : ".sig");
        assert_int_equal(token_check(buffer_str(&jwt), tenant, 1500, &text), rows[i].verdict);
        if (strncmp(buffer_str(&text), rows[i].text, strlen(rows[i].text)) != 0)
            fail_msg("%zu: %s", i, buffer_str(&text));
        buffer_deinit(&jwt);
        buffer_deinit(&text);
    }
}

/* -- what comes back from a browser -- */

static void test_returns(void **state)
{
    static const struct {
        const char *request;
        enum login_return outcome;
        const char *code;
    } rows[] = {
        {"", LOGIN_OTHER, NULL},
        {"GET /favicon.ico HTTP/1.1\r\n", LOGIN_OTHER, NULL},
        {"GET /?code=c HTTP/1.1\r\n", LOGIN_OTHER, NULL},
        {"GET /?code=c&state= HTTP/1.1\r\n", LOGIN_OTHER, NULL},
        {"GET /?code=c&state=st4te HTTP/1.1\r\n", LOGIN_OTHER, NULL},
        {"GET /?code=c&state=state1 HTTP/1.1\r\n", LOGIN_OTHER, NULL},
        {"POST /?code=c&state=state HTTP/1.1\r\n", LOGIN_OTHER, NULL},
        {"GET /?error=access_denied&state=state HTTP/1.1\r\n", LOGIN_REFUSED, NULL},
        {"GET /?code=c&state=state HTTP/1.1\r\n", LOGIN_CODE, "c"},
        {"GET /?state=state&code=4%2Fx%3d%zz%2 HTTP/1.1\r\n", LOGIN_CODE, "4/x=%zz%2"},
        {"GET /?xcode=a&state=state&code=b", LOGIN_CODE, "b"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *code;
        assert_int_equal(login_read_return(rows[i].request, "state", &code), rows[i].outcome);
        if (rows[i].code == NULL)
            assert_null(code);
        else
            assert_string_equal(code, rows[i].code);
        mem_free_secret(&code);
    }
}

/* -- clouds -- */

static void test_hosts_without_passwords(void **state)
{
    static const struct {
        const char *host;
        bool is_vain;
    } rows[] = {
        {"outlook.office365.com", true},
        {"OUTLOOK.Office365.com", true},
        {"imap-mail.outlook.com", true},
        {"outlook.com", true},
        {"outlook.office365.us", true},
        {"outlook-dod.office365.us", true},
        {"partner.outlook.cn", true},
        {"myoutlook.com", false},
        {"outlook.com.example.org", false},
        {"imap.gmail.com", false},
        {"localhost", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(cloud_host_takes_no_passwords(rows[i].host), rows[i].is_vain);
    assert_null(cloud_find("mars"));
    assert_string_equal(cloud_find("GCCHigh")->token_url,
                        "https://login.microsoftonline.us/{tenant}/oauth2/v2.0/token");
    assert_string_equal(cloud_find("dod")->app_scope, "https://outlook-dod.office365.us/.default");
    assert_true(cloud_is_audience("https://OUTLOOK.office.com"));
    assert_false(cloud_is_audience(""));
    assert_false(cloud_is_audience("https://outlook.office"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),          cmocka_unit_test(test_answers),
        cmocka_unit_test(test_device_answers), cmocka_unit_test(test_freshness),
        cmocka_unit_test(test_renewal),        cmocka_unit_test(test_base64url),
        cmocka_unit_test(test_signatures),     cmocka_unit_test(test_what_tokens_say),
        cmocka_unit_test(test_returns),        cmocka_unit_test(test_hosts_without_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
