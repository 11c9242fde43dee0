/* SPDX-License-Identifier: MIT
 * The page of imapsync's options. */
#include "sync/settings_imapsync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_notes_are_about_settings(void **state)
{
    struct buffer text;
    (void)state;
    buffer_init(&text, 65536);
    (void)settings_imapsync_notes_are_sound(&text);
    assert_string_equal(buffer_str(&text), "");
    buffer_deinit(&text);
}

static void test_rows(void **state)
{
    static const char *const rows[] = {
        "\n| `--folderfirst` | works | 0.1.0 | this folder first |\n",
        "\n| `--timeout` `--timeout1` `--timeout2` | works | 0.1.0 |",
        "\n| `--inet4` `--ipv4` | works | 0.1.0 | IPv4 only |\n",
        "\n| `--ssl1` `--ssl2` | differs | 0.1.0 | certificates and host names are checked |\n",
        "\n| `--fastio1` `--fastio2` | accepted | 0.1.0 | a knob of the Perl module |\n",
        "\n| `--create_folder_old` | refused | 0.1.0 | parent folders are always created first; "
        "leave the option out |\n",
        "\n| `--oauthdirect1` `--oauthdirect2` | works | 0.1.0 | as oauthaccesstoken, with the "
        "ready "
        "message |\n",
    };
    struct buffer text;
    (void)state;
    buffer_init(&text, 1 << 20);
    settings_append_imapsync_options(&text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_non_null(strstr(buffer_str(&text), rows[i]));
    assert_null(strstr(buffer_str(&text), "--budget"));
    assert_null(strstr(buffer_str(&text), "--cafile1` "));
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_are_about_settings),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
