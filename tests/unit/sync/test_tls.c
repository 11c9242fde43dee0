/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sync/imap/tls.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define COLONS                                      \
    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:" \
    "0f:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
#define BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void test_pins(void **state)
{
    static const char *const good[] = {HEX, COLONS, BASE64, "sha256//" BASE64, "SHA256:" COLONS};
    static const char *const bad[] = {"",
                                      "sha256//",
                                      "sha256:",
                                      "sha1:" HEX,
                                      HEX "0",
                                      HEX "00",
                                      &HEX[1],
                                      "0:0" HEX,
                                      &BASE64[1],
                                      BASE64 "=",
                                      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh==",
                                      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
                                      "!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                                      "sha256//sha256//" BASE64};
    unsigned char pin[TLS_PIN_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        memset(pin, 0xff, sizeof(pin));
        assert_true(tls_pin_read(good[i], pin));
        for (unsigned char k = 0; k < TLS_PIN_BYTES; k++)
            assert_int_equal(pin[k], k);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (tls_pin_read(bad[i], pin))
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void test_who_believes_all(void **state)
{
    struct str_list pins = {0};
    struct tls_options options = {.is_unverified = true, .pins = &pins};
    (void)state;
    assert_true(tls_options_believe_all(&options));
    str_list_add(&pins, HEX);
    assert_false(tls_options_believe_all(&options));
    options.pins = NULL;
    assert_true(tls_options_believe_all(&options));
    options.is_unverified = false;
    assert_false(tls_options_believe_all(&options));
    str_list_deinit(&pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_who_believes_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
