/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "batch/notify.h"
#include "tests/unit/batch/snapshots.h"

static void test_targets(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        bool is_fine;
    } rows[] = {
        {"mail:a@example.org", true},  {"mail:root", true},   {"https://h/x?y=z#1", true},
        {"https://[::1]:8443/", true}, {"", false},           {"mail:", false},
        {"mail:a,b", false},           {"mail:<a@b>", false}, {"mail:a\nBcc: b", false},
        {"mail:a b", false},           {"mail:-t", false},    {"mail:\xc3\xa4@b", false},
        {"http://h/", false},          {"https://", false},   {"https:///x", false},
        {"https://h/\r\n", false},     {"HTTPS://h/", false}, {"ftp://h/", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;
        struct buffer faults;
        settings_init(&settings);
        buffer_init(&faults, 10000);
        str_list_add(&settings.notify, rows[i].target);
        assert_int_equal(notify_check(&settings, &faults), rows[i].is_fine);
        assert_true((faults.used == 0) == rows[i].is_fine);
        settings_deinit(&settings);
        buffer_deinit(&faults);
    }
}

static void test_when(void **state)
{
    (void)state;
    struct settings settings;
    settings_init(&settings);
    assert_false(notify_is_wanted(&settings, 11)); /* nobody is to be told */
    str_list_add(&settings.notify, "mail:root");
    assert_string_equal(settings.notify_on, "always");
    assert_true(notify_is_wanted(&settings, 0));
    settings.notify_on[0] = '\0'; /* anything but "trouble" */
    assert_true(notify_is_wanted(&settings, 0));
    char *before = settings.notify_on;
    char trouble[] = "trouble";
    settings.notify_on = trouble;
    assert_false(notify_is_wanted(&settings, 0));
    assert_true(notify_is_wanted(&settings, 10));
    settings.notify_on = before;
    settings_deinit(&settings);
}

static struct snapshot ended(void)
{
    struct snapshot snapshot = snapshot_sample(NULL, 0);
    snapshot.phase = SNAPSHOT_ENDED;
    snapshot.ended_msecs = snapshot.taken_msecs = snapshot.started_msecs + 60000;
    snapshot.exit_code = 11;
    return snapshot;
}

static void test_mail(void **state)
{
    (void)state;
    struct snapshot snapshot = ended();
    struct notice notice = {&snapshot, 11, "h\xc3\xb6st\nBcc: x", "row 1: failed\n", "/srv/run"};
    struct buffer mail;
    buffer_init(&mail, NOTIFY_MAX_BYTES);
    notify_append_mail(&notice, "root", &mail);
    static const char head[] =
        "To: root\n"
        "Subject: mailconvoy on h??st\\x0aBcc: x: some mailboxes failed (exit code 11); 11 of 20 "
        "mailboxes complete, 600000 messages copied\n"
        "Auto-Submitted: auto-generated\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
        "\n"
        "mailconvoy on h\xc3\xb6st\\x0a";
    assert_memory_equal(buffer_str(&mail), head, sizeof(head) - 1);
    assert_non_null(strstr(buffer_str(&mail), "\nrow 1: failed\n"));
    assert_null(strstr(buffer_str(&mail), "/srv/run")); /* the trouble names it */
    buffer_clear(&mail);
    notice.trouble = "";
    notify_append_mail(&notice, "root", &mail);
    assert_non_null(strstr(buffer_str(&mail), "\nThe report is in /srv/run\n"));
    buffer_deinit(&mail);
}

static void test_json(void **state)
{
    (void)state;
    struct snapshot snapshot = ended();
    struct notice notice = {&snapshot, 0, "h", "", "/srv/run"};
    struct buffer json;
    buffer_init(&json, NOTIFY_MAX_BYTES);
    notify_append_json(&notice, &json);
    assert_string_equal(
        buffer_str(&json),
        "{\"text\": \"mailconvoy on h: all mailboxes are complete (exit code 0); 11 of 20 "
        "mailboxes complete, 600000 messages copied\", \"host\": \"h\", \"exit_code\": 0, "
        "\"is_trouble\": false, \"trouble\": \"\", \"run\": \"20261122T215146.123Z-1f3a\", "
        "\"command\": \"batch\", \"manifest\": \"users.csv\", \"version\": \"1.2\", \"seconds\": "
        "60, \"messages_copied\": 600000, \"bytes_copied\": 1073741824, \"mailboxes\": "
        "{\"not_started\": 4, \"complete\": 11, \"exceptions\": 1, \"paused\": 0, \"failed\": 1, "
        "\"left_out\": 0}}\n");
    buffer_clear(&json);
    notice = (struct notice){&snapshot, -1, "h", "row 3 ann: failed\n", ""};
    notify_append_json(&notice, &json);
    static const char alert[] =
        "{\"text\": \"mailconvoy on h: a mailbox has failed; the run goes on; 11 of 20 mailboxes "
        "complete, 600000 messages copied\", \"host\": \"h\", \"exit_code\": null, "
        "\"is_trouble\": true, \"trouble\": \"row 3 ann: failed\\n\", ";
    assert_memory_equal(buffer_str(&json), alert, sizeof(alert) - 1);
    buffer_clear(&json);
    notice = (struct notice){NULL, 75, "h", "busy\n", ""};
    notify_append_json(&notice, &json);
    assert_string_equal(buffer_str(&json),
                        "{\"text\": \"mailconvoy on h: the run could not start (exit code 75)\", "
                        "\"host\": \"h\", \"exit_code\": 75, \"is_trouble\": true, \"trouble\": "
                        "\"busy\\n\"}\n");
    buffer_deinit(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_mail),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
