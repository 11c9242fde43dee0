/* SPDX-License-Identifier: MIT
 * A snapshot as JSON and back, and for Prometheus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "batch/metrics.h"
#include "tests/unit/batch/snapshots.h"

static struct snapshot_mailbox sample_mailboxes[] = {
    {.row = 3,
     .title = (char *)"ann \"A\"\n",
     .folder = (char *)"INBOX",
     .state = SNAPSHOT_COPYING,
     .messages = 5678,
     .messages_done = 1234,
     .messages_copied = 1200,
     .bytes_copied = 99,
     .errors = 2,
     .messages_per_sec = 12.5,
     .bytes_per_sec = 1000.125},
    {.row = 9,
     .title = (char *)"cyd",
     .folder = (char *)"",
     .state = SNAPSHOT_THROTTLED,
     .until_msecs = 17},
};

static void test_round_trip(void **state)
{
    (void)state;
    for (int in_one_line = 0; in_one_line < 2; in_one_line++) {
        struct snapshot before = snapshot_sample(sample_mailboxes, 2);
        struct snapshot after;
        struct fault fault;
        struct buffer text;
        struct buffer again;
        buffer_init(&text, SNAPSHOT_JSON_MAX);
        buffer_init(&again, SNAPSHOT_JSON_MAX);
        snapshot_append_json(&before, in_one_line == 1, &text);
        const char *end = strchr(buffer_str(&text), '\n');
        assert_non_null(end);
        assert_true((end[1] == '\0') == (in_one_line == 1));
        assert_true(snapshot_read_json(buffer_str(&text), text.used, &after, &fault));
        assert_string_equal(after.mailboxes[0].title, "ann \"A\"\n");
        assert_int_equal(after.mailboxes[1].until_msecs, 17);
        assert_int_equal(after.exit_code, -1);
        assert_int_equal(after.messages, 1234566);
        snapshot_append_json(&after, in_one_line == 1, &again);
        assert_string_equal(buffer_str(&again), buffer_str(&text));
        snapshot_deinit(&after);
        buffer_deinit(&text);
        buffer_deinit(&again);
    }
}

static void test_round_trip_of_phases(void **state)
{
    (void)state;
    for (int phase = 0; phase < SNAPSHOT_PHASE_COUNT; phase++) {
        struct snapshot before = snapshot_sample(NULL, 0);
        struct snapshot after;
        struct fault fault;
        struct buffer text;
        before.phase = (enum snapshot_phase)phase;
        before.exit_code = phase == SNAPSHOT_ENDED ? 12 : -1;
        before.left_msecs = phase == SNAPSHOT_RUNNING ? -1 : 0;
        buffer_init(&text, SNAPSHOT_JSON_MAX);
        snapshot_append_json(&before, true, &text);
        assert_true(snapshot_read_json(buffer_str(&text), text.used, &after, &fault));
        assert_int_equal(after.phase, phase);
        assert_int_equal(after.exit_code, before.exit_code);
        assert_int_equal(after.left_msecs, before.left_msecs);
        snapshot_deinit(&after);
        buffer_deinit(&text);
    }
}

static void test_hostile_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_read;
    } rows[] = {
        {"", false},
        {"{", false},
        {"[]", false},
        {"null", false},
        {"{\"schema\": 0}", false},
        {"{\"schema\": \"1\"}", false},
        {"{\"schema\": 1}", true},
        {"{\"schema\": 1, \"mailboxes\": 7, \"by_status\": [], \"wanted\": -4, \"phase\": 9, "
         "\"exit_code\": 123456689012, \"bytes_per_second\": -1e300, \"run\": null}",
         true},
        {"{\"schema\": 1, \"mailboxes\": [null, 3, {\"state\": \"asleep\", \"title\": 5}]}", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct snapshot snapshot;
        struct fault fault;
        bool is_read = snapshot_read_json(rows[i].text, strlen(rows[i].text), &snapshot, &fault);
        assert_int_equal(is_read, rows[i].is_read);
        if (!is_read)
            assert_int_equal(fault.code, FAULT_FILE);
        assert_int_equal(snapshot.wanted, 0);
        if (is_read) {
            assert_int_equal(snapshot.exit_code, -1);
            assert_string_equal(snapshot.run_id, "");
            for (size_t k = 0; k < snapshot.mailboxes_count; k++)
                assert_string_equal(snapshot.mailboxes[k].title, "");
        }
        snapshot_deinit(&snapshot);
    }
}

static void test_ended(void **state)
{
    (void)state;
    struct snapshot snapshot = snapshot_sample(NULL, 0);
    assert_int_equal(snapshot_ended(&snapshot), 13); /* 20 - 4 to come - 2 running - 1 waiting */
    snapshot.wanted = 3;
    assert_int_equal(snapshot_ended(&snapshot), 0);
}

static void test_metrics(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "mailconvoy_run_info{run=\"20261122T215146.123Z-1f3a\",command=\"batch\",manifest="
        "\"a\\\\x0a"
        "\\\"b\\\\\",version=\"1.2\"} 1\n",
        "# TYPE mailconvoy_mailboxes gauge\nmailconvoy_mailboxes{status=\"not_started\"} 4\n",
        "mailconvoy_mailboxes{status=\"running\"} 2\n",
        "# TYPE mailconvoy_messages_copied_total counter\nmailconvoy_messages_copied_total "
        "600000\n",
        "mailconvoy_copied_bytes_total 1073741824\n",
        "mailconvoy_errors_total 7\n",
        "mailconvoy_run_start_time_seconds 1795000000\n",
        "mailconvoy_last_update_time_seconds 1795003723\n",
        "mailconvoy_messages_per_second 12.5\n",
        "mailconvoy_remaining_seconds 1300\n",
        "mailconvoy_run_running 1\n",
    };
    struct snapshot snapshot = snapshot_sample(NULL, 0);
    struct buffer text;
    snapshot.manifest = (char *)"a\n\"b\\";
    buffer_init(&text, METRICS_MAX_BYTES);
    metrics_append(&snapshot, &text);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_non_null(strstr(buffer_str(&text), lines[i]));
    assert_null(strstr(buffer_str(&text), "exit_code"));
    snapshot.phase = SNAPSHOT_ENDED;
    snapshot.ended_msecs = SNAPSHOT_BEGAN_MSECS + 1500;
    snapshot.exit_code = 11;
    snapshot.left_msecs = -1;
    buffer_clear(&text);
    metrics_append(&snapshot, &text);
    assert_non_null(strstr(buffer_str(&text), "mailconvoy_run_running 0\n"));
    assert_non_null(strstr(buffer_str(&text), "mailconvoy_run_exit_code 11\n"));
    assert_non_null(strstr(buffer_str(&text), "mailconvoy_run_end_time_seconds 1795000001.5\n"));
    assert_null(strstr(buffer_str(&text), "remaining"));
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_round_trip_of_phases),
        cmocka_unit_test(test_hostile_files), cmocka_unit_test(test_ended),
        cmocka_unit_test(test_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
