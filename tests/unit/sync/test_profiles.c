/* SPDX-License-Identifier: MIT
 * The file of sign-in profiles, and which of a row's settings signs in. */
#include "sync/auth/profiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/settings.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char directory[] = "/tmp/mc-profiles-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/p.conf", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static struct profiles *read_file(const char *text, mode_t mode, struct buffer *faults)
{
    write_file(text, mode);
    buffer_init(faults, 65536);
    return profiles_read(path, faults);
}

static void test_defaults(void **state)
{
    static const char text[] = "[app]\n"
                               "cloud = microsoft\ntenant = T\nclient_id = i\n"
                               "certificate = c.pem\nkey=/abs/k.pem\n"
                               "[user]\n"
                               "cloud = GCCHigh\nclient_id = i ; who we are\nuser = ada@x\n"
                               "client_secret = file:s\n"
                               "; a comment\n"
                               "[account/1]\n"
                               "cloud = google\nservice_account = a.json\nscope = s\n"
                               "[own]\n"
                               "token_url = https://x/{tenant}/t\ntenant=7\nclient_id = i\n"
                               "scope = a b\nflow = user\nrefresh_token = cmd:print\n"
                               "[google-user]\n"
                               "cloud = google\nclient_id = i\nclient_secret = env:S\n";
    char wanted[128];
    struct buffer faults;
    (void)state;
    struct profiles *profiles = read_file(text, 0600, &faults);
    assert_string_equal(buffer_str(&faults), "");
    assert_non_null(profiles);
    const struct profile *app = profiles_find(profiles, "app");
    assert_int_equal(app->flow, PROFILE_APP);
    assert_string_equal(app->token_url, "https://login.microsoftonline.com/T/oauth2/v2.0/token");
    assert_string_equal(app->scope, "https://outlook.office365.com/.default");
    (void)snprintf(wanted, sizeof(wanted), "%s/c.pem", directory);
    assert_string_equal(app->certificate, wanted);
    assert_string_equal(app->key, "/abs/k.pem");
    const struct profile *user = profiles_find(profiles, "user");
    assert_int_equal(user->flow, PROFILE_USER);
    assert_string_equal(user->client_id, "i");
    assert_string_equal(user->device_url,
                        "https://login.microsoftonline.us/organizations/oauth2/v2.0/devicecode");
    assert_string_equal(user->scope,
                        "https://outlook.office365.us/IMAP.AccessAsUser.All offline_access");
    (void)snprintf(wanted, sizeof(wanted), "file:%s/s", directory);
    assert_string_equal(user->client_secret, wanted);
    (void)snprintf(wanted, sizeof(wanted), "%s/user.refresh-token", directory);
    assert_string_equal(user->refresh_token_file, wanted);
    const struct profile *account = profiles_at(profiles, 2);
    assert_string_equal(account->name, "account/1");
    assert_int_equal(account->flow, PROFILE_SERVICE_ACCOUNT);
    assert_string_equal(account->scope, "s");
    assert_null(account->refresh_token_file);
    const struct profile *own = profiles_find(profiles, "own");
    assert_string_equal(own->token_url, "https://x/7/t");
    assert_null(own->device_url);
    assert_null(own->refresh_token_file);
    assert_int_equal(profiles_find(profiles, "google-user")->flow, PROFILE_USER);
    assert_null(profiles_find(profiles, "nobody"));
    assert_null(profiles_at(profiles, 5));
    profiles_deinit(&profiles);
    assert_null(profiles);
    buffer_deinit(&faults);
}

static void test_faults(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *faults; /* each line behind the file's name */
    } rows[] = {
        {"[a]\ncloud = google\nclient_id = i\n[a]\nclient_id = j\n", 0600,
         ":5: client_id is given twice in this profile\n"},
        {"[a]\nscope = x\n[b]\nscope = x\n[a]\nuser = u\n", 0600,
         ":6: there is a second profile [a]\n"},
        {"[a]\nclient_id =\n", 0600, ":2: client_id has no value\n"},
        {"[a]\ncloud = google\nflow = guess\nclient_id = i\n", 0600,
         ":2: [a]: flow is one of app, user, service-account\n"},
        {"[a]\ncloud = microsoft\nflow = app\nclient_id = i\ntenant = t\n", 0600,
         ":2: [a] wants client_secret or certificate\n"},
        {"[a]\ncloud = microsoft\nclient_id = i\ntenant = t\nclient_secret = s\ncertificate = c\n"
         "algorithm = HS256\n",
         0600,
         ":2: [a] has client_secret and certificate: choose one\n"
         ":2: [a] has an algorithm that is neither PS256 nor RS256\n"},
        {"[a]\nclient_id = i\n", 0600,
         ":2: [a] wants a cloud, or a token_url\n:2: [a] wants a scope\n"},
        {"[a]\ncloud = google\nflow = service-account\n", 0600,
         ":2: [a] wants service_account, the key file that Google gave\n"},
        {"[a]\nclient_secret = geheim\n", 0640,
         ":2: client_secret stands here in plain text, and others may read the file: chmod 600 it, "
         "or write env:NAME, cmd:COMMAND or file:NAME\n"},
        {"[a]\n", 0602, ":1: others may write this file: chmod 600 it\n"},
        {"[a\n", 0600, ":1: this is no [profile], no name = value, no ; comment\n"},
        {"[a]\n\x1b[31m = x\n", 0600, ":2: a profile has no setting \"\\x1b[31m\"\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer faults;
        struct buffer told;
        assert_null(read_file(rows[i].text, rows[i].mode, &faults));
        buffer_init(&told, 65536);
        for (const char *at = buffer_str(&faults); *at != '\0';) {
            assert_memory_equal(at, path, strlen(path));
            at += strlen(path);
            size_t size = strcspn(at, "\n") + 1;
            buffer_append(&told, at, size);
            at += size;
        }
        assert_string_equal(buffer_str(&told), rows[i].faults);
        buffer_deinit(&told);
        buffer_deinit(&faults);
    }
}

static void test_no_file(void **state)
{
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 65536);
    assert_null(profiles_read("/none/x", &faults));
    assert_string_equal(buffer_str(&faults),
                        "config \"/none/x\" can't be read: No such file or directory\n");
    buffer_deinit(&faults);
}

/* -- credentials -- */

static void test_credentials(void **state)
{
    static const struct {
        const char *command[2]; /* name and value, on the command line */
        const char *row[2];     /* in the manifest's row */
        enum credential_kind kind;
        const char *name;
        const char *value;
    } rows[] = {
        {{NULL}, {NULL}, CREDENTIAL_NONE, NULL, NULL},
        {{"password1", "p"}, {NULL}, CREDENTIAL_PASSWORD, "password", "p"},
        {{"password1", "oauth:contoso"}, {NULL}, CREDENTIAL_PROFILE, "password", "contoso"},
        {{"auth1", "contoso"}, {NULL}, CREDENTIAL_PROFILE, "auth", "contoso"},
        {{"oauthaccesstoken1", "t"}, {"password1", "p"}, CREDENTIAL_PASSWORD, "password", "p"},
        {{"auth1", "contoso"}, {"passfile1", "f"}, CREDENTIAL_PASSFILE, "passfile", "f"},
        {{"passfile1", "f"}, {"oauthdirect1", "b"}, CREDENTIAL_MESSAGE, "oauthdirect", "b"},
        {{"password2", "p"}, {NULL}, CREDENTIAL_NONE, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char option[64];
        struct settings settings;
        struct credential credential;
        struct buffer faults;
        buffer_init(&faults, 4096);
        settings_init(&settings);
        if (rows[i].command[0] != NULL) {
            (void)snprintf(option, sizeof(option), "--%s=%s", rows[i].command[0],
                           rows[i].command[1]);
            char *argv[] = {option, NULL};
            assert_true(settings_parse_argv(&settings, SETTINGS_BATCH, 1, argv, NULL, &faults));
        }
        if (rows[i].row[0] != NULL)
            assert_true(settings_set_column(&settings, rows[i].row[0], rows[i].row[1], &faults));
        settings_credential(&settings, 1, &credential);
        assert_int_equal(credential.kind, rows[i].kind);
        if (rows[i].name != NULL) {
            assert_string_equal(credential.name, rows[i].name);
            assert_string_equal(credential.value, rows[i].value);
        }
        settings_deinit(&settings);
        buffer_deinit(&faults);
    }
}

static void test_login_names(void **state)
{
    static const struct {
        const char *user;
        const char *shared;
        const char *token;
        const char *name;
    } rows[] = {
        {"u", NULL, NULL, "u"}, {"u", "s", NULL, "u\\s"}, {"u\\s", NULL, NULL, "u\\s"},
        {"u", NULL, "t", "u"},  {"u", "s", "t", "s"},     {"u\\s", NULL, "t", "s"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct settings settings;
        struct buffer faults;
        buffer_init(&faults, 4096);
        settings_init(&settings);
        assert_true(settings_set_column(&settings, "user2", rows[i].user, &faults));
        if (rows[i].shared != NULL)
            assert_true(settings_set_column(&settings, "shared2", rows[i].shared, &faults));
        if (rows[i].token != NULL)
            assert_true(
                settings_set_column(&settings, "oauthaccesstoken2", rows[i].token, &faults));
        char *login = settings_login_name(&settings, 2);
        assert_string_equal(login, rows[i].name);
        mem_free(login);
        settings_deinit(&settings);
        buffer_deinit(&faults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_file),     cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_login_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
