/* SPDX-License-Identifier: MIT
 * Where --logdir, --logfile and --nolog put the mailbox's log. */
#include "batch/log_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"

#define WORDS_MAX 8

static void test_paths(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *path;
    } rows[] = {
        {{NULL}, NULL},
        {{"--nolog"}, "/dev/null"},
        {{"--nolog", "--logfile", "a"}, "/dev/null"},
        {{"--logfile", "a.txt"}, "LOG_imapsync/a.txt"},
        {{"--logfile", "/var/log/a.txt", "--logdir", "d"}, "/var/log/a.txt"},
        {{"--logdir", "", "--logfile", "a.txt"}, "a.txt"},
        {{"--logdir", "/l", "--logfile", "a.txt"}, "/l/a.txt"},
        {{"--logdir", "d"}, "d/2026_11_22_21_51_46_007__.txt"},
        {{"--logdir", "", "--user1", "a b/c", "--user2", "d\\e@f.com"},
         "2026_11_22_21_51_46_007_a_b_c_d_e@f.com.txt"},
        {{"--logdir", "d", "--user1", "\303\251*|?:\"<>'x", "--user2", "y"},
         "d/2026_11_22_21_51_46_007___________x_y.txt"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;
        struct buffer faults;
        char *argv[WORDS_MAX];
        int argc = 0;
        buffer_init(&faults, 4096);
        settings_init(&settings);
        while (argc < WORDS_MAX && rows[i].words[argc] != NULL) {
            argv[argc] = mem_strdup(rows[i].words[argc]);
            argc++;
        }
        assert_true(settings_parse_argv(&settings, SETTINGS_SYNC, argc, argv, NULL, &faults));
        char *path = log_path_make(&settings, INT64_C(1795384306007));
        if (rows[i].path == NULL)
            assert_null(path);
        else
            assert_string_equal(path, rows[i].path);
        mem_free(path);
        while (argc > 0)
            mem_free(argv[--argc]);
        settings_deinit(&settings);
        buffer_deinit(&faults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths)};
    if (setenv("TZ", "UTC", 1) != 0)
        return 1;
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
