/* SPDX-License-Identifier: MIT
 * imapsync's arguments of IO::Socket::SSL. */
#include "sync/ssl_args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char unknown[] =
    " is not known; those that are: SSL_ca_file, SSL_ca_path, SSL_cert_file, SSL_key_file, "
    "SSL_cipher_list, SSL_hostname, SSL_verify_mode, SSL_version\n";

static void settings_with(struct settings *settings, const char *const *args)
{
    struct buffer faults;
    buffer_init(&faults, 4096);
    settings_init(settings);
    for (size_t i = 0; args[i] != NULL; i++)
        assert_true(settings_set_column(settings, "sslargs2", args[i], &faults));
    buffer_deinit(&faults);
}

static void test_faults(void **state)
{
    static const struct {
        const char *arg;
        const char *fault;
    } rows[] = {
        {"SSL_verify_mode", "sslargs2 wants KEY=VALUE, as in SSL_verify_mode=1\n"},
        {"=1", "sslargs2 wants KEY=VALUE, as in SSL_verify_mode=1\n"},
        {"SSL_verify_mode=2", "sslargs2 SSL_verify_mode wants 1 (check the certificate) or 0\n"},
        {"SSL_verify_mode=", "sslargs2 SSL_verify_mode wants 1 (check the certificate) or 0\n"},
        {"SSL_version=SSLv3",
         "sslargs2 SSL_version wants TLSv1_3, TLSv1_2, TLSv1_1, TLSv1 or SSLv23\n"},
        {"SSL_version=SSLv23:!TLSv1_2",
         "sslargs2 SSL_version wants TLSv1_3, TLSv1_2, TLSv1_1, TLSv1 or SSLv23\n"},
        {"SSL_ca_file=", "sslargs2 SSL_ca_file wants a value\n"},
        {"SSL_ca_file=/b", "sslargs2 SSL_ca_file and cafile name two files; one is enough\n"},
        {"SSL_key_file=/k", "sslargs2 SSL_key_file is of use with SSL_cert_file only\n"},
        {"SSL_verifycn_scheme=none",
         "sslargs2 SSL_verifycn_scheme is always imap's; SSL_verify_mode=0 checks nothing\n"},
        {"SSL_honor_cipher_order=1", "sslargs2 SSL_honor_cipher_order"},
        {"ssl_ca_file=/c", "sslargs2 ssl_ca_file"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const args[] = {rows[i].arg, NULL};
        struct settings settings;
        struct tls_options options;
        struct buffer faults;
        struct buffer wanted;
        buffer_init(&faults, 4096);
        buffer_init(&wanted, 4096);
        settings_with(&settings, args);
        assert_true(settings_set_column(&settings, "cafile2", "/a", &faults));
        assert_false(ssl_args_read(&settings, 2, &options, &faults));
        buffer_append_str(&wanted, rows[i].fault);
        if (strchr(rows[i].fault, '\n') == NULL)
            buffer_append_str(&wanted, unknown);
        assert_string_equal(buffer_str(&faults), buffer_str(&wanted));
        assert_true(ssl_args_read(&settings, 1, &options, &faults));
        buffer_deinit(&faults);
        buffer_deinit(&wanted);
        settings_deinit(&settings);
    }
}

static void test_versions(void **state)
{
    static const struct {
        const char *arg;
        int version;
    } rows[] = {
        {"SSL_version=TLSv1_2", TLS1_2_VERSION},        {"SSL_version=tlsv12", TLS1_2_VERSION},
        {"SSL_version=TLSv13", TLS1_3_VERSION},         {"SSL_version=TLSv1", TLS1_VERSION},
        {"SSL_version=TLSv1_1", TLS1_1_VERSION},        {"SSL_version=SSLv23", 0},
        {"SSL_version=SSLv23:!SSLv2:!SSLv3:!TLSv1", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const args[] = {rows[i].arg, NULL};
        struct settings settings;
        struct tls_options options;
        struct buffer faults;
        buffer_init(&faults, 4096);
        settings_with(&settings, args);
        assert_true(ssl_args_read(&settings, 2, &options, &faults));
        assert_int_equal(options.only_version, rows[i].version);
        assert_int_equal(faults.used, 0);
        buffer_deinit(&faults);
        settings_deinit(&settings);
    }
}

static void test_all_that_are_known(void **state)
{
    static const char *const args[] = {
        "SSL_ca_file=/a",           "SSL_ca_path=/p",     "SSL_cert_file=/c",
        "SSL_key_file=/k",          "SSL_cipher_list=A=", "SSL_hostname=h.com",
        "SSL_verifycn_scheme=imap", "SSL_verify_mode=0",  NULL};
    struct settings settings;
    struct tls_options options;
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 4096);
    settings_with(&settings, args);
    assert_true(settings_set_column(&settings, "ssl2_ssl_version", "TLSv1_3", &faults));
    assert_true(ssl_args_read(&settings, 2, &options, &faults));
    assert_string_equal(options.cafile, "/a");
    assert_string_equal(options.capath, "/p");
    assert_string_equal(options.cert_file, "/c");
    assert_string_equal(options.key_file, "/k");
    assert_string_equal(options.ciphers, "A=");
    assert_string_equal(options.host, "h.com");
    assert_int_equal(options.only_version, TLS1_3_VERSION);
    assert_true(options.is_unverified);
    assert_true(ssl_args_read(&settings, 1, &options, &faults));
    assert_null(options.cafile);
    assert_false(options.is_unverified);
    assert_int_equal(options.only_version, 0);
    buffer_deinit(&faults);
    settings_deinit(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_all_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
