/* SPDX-License-Identifier: MIT */
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

#include "base/clock.h"
#include "base/file.h"
#include "batch/alert.h"

#define SEC CLOCK_NSECS_PER_SEC

/* A sendmail that keeps what it gets, alone in PATH. */
struct fixture {
    char dir[64];
    char program[96];
    char mails[96];
    struct settings settings;
    struct live *live;
    struct alert *alert;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct fault fault;
    const struct live_plan plan = {
        .run_id = "r", .command = "batch", .manifest = "m", .started_msecs = 1, .mailboxes = 5};
    char script[200];
    char path[200];
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->program, sizeof(f->program), "%s/sendmail", f->dir);
    (void)snprintf(f->mails, sizeof(f->mails), "%s/mails", f->dir);
    (void)snprintf(script, sizeof(script), "#!/bin/sh\ncat >> %s\n", f->mails);
    (void)snprintf(path, sizeof(path), "%s:/usr/bin:/bin", f->dir);
    assert_true(file_replace(f->program, 0755, script, strlen(script), &fault));
    assert_int_equal(setenv("PATH", path, 1), 0);
    settings_init(&f->settings);
    assert_true(live_init(&plan, &f->live, &fault));
    assert_true(alert_init(&f->settings, &f->alert, &fault));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    alert_deinit(&f->alert);
    live_deinit(&f->live);
    settings_deinit(&f->settings);
    (void)unlink(f->mails);
    (void)unlink(f->program);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static void test_the_first_failure_is_told_once_after_a_minute(void **state)
{
    struct fixture *f = *state;
    struct buffer mail;
    struct fault fault;
    str_list_add(&f->settings.notify, "mail:root");
    assert_int_equal(alert_look(f->alert, 1 * SEC, f->live, NULL), -1);
    alert_note(f->alert, 100 * SEC, "row 3 ann: failed");
    alert_note(f->alert, 130 * SEC, "row 4 bob: failed");
    assert_int_equal(alert_look(f->alert, 130 * SEC, f->live, NULL), 30001);
    assert_int_not_equal(access(f->mails, F_OK), 0);
    assert_int_equal(alert_look(f->alert, 160 * SEC, f->live, NULL), -1);
    assert_int_equal(alert_look(f->alert, 900 * SEC, f->live, NULL), -1);
    buffer_init(&mail, 100000);
    assert_true(file_read_limited(f->mails, 100000, &mail, &fault));
    const char *text = buffer_str(&mail);
    const char *subject = strstr(text, "Subject: ");
    assert_non_null(subject);
    assert_null(strstr(subject + 1, "Subject: ")); /* one mail */
    assert_non_null(strstr(subject, ": a mailbox has failed; the run goes on; 0 of 5 "));
    assert_non_null(strstr(text, "\nrow 3 ann: failed\n"));
    assert_null(strstr(text, "bob"));
    buffer_deinit(&mail);
}

static void test_nobody_to_tell(void **state)
{
    struct fixture *f = *state;
    alert_note(f->alert, 100 * SEC, "row 3 ann: failed");
    assert_int_equal(alert_look(f->alert, 900 * SEC, f->live, NULL), -1);
    assert_int_not_equal(access(f->mails, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_failure_is_told_once_after_a_minute, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nobody_to_tell, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
