/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/columns.h"
#include "base/str.h"
#include "batch/screen.h"
#include "tests/unit/batch/snapshots.h"

#define TAKEN_MSECS (SNAPSHOT_BEGAN_MSECS + 3723000)

static struct snapshot_mailbox sample_mailboxes[] = {
    {.row = 3,
     .title = (char *)"ann@example.org",
     .folder = (char *)"INBOX/\xe9\x82\xae\xe4\xbb\xb6",
     .state = SNAPSHOT_COPYING,
     .messages = 5678,
     .messages_done = 1234,
     .messages_copied = 1200,
     .messages_per_sec = 12.5,
     .bytes_per_sec = 1.5 * 1024 * 1024},
    {.row = 7, .title = (char *)"bob\x1b[2J", .folder = (char *)"", .state = SNAPSHOT_CONNECTING},
    {.row = 9,
     .title = (char *)"cyd",
     .folder = (char *)"",
     .state = SNAPSHOT_THROTTLED,
     .until_msecs = TAKEN_MSECS + 252000,
     .messages = 10,
     .messages_done = 5},
};

static void assert_screen(const struct snapshot *snapshot, size_t columns, size_t rows,
                          const char *expected)
{
    struct buffer text;
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append(snapshot, columns, rows, &text);
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

static void test_wide(void **state)
{
    (void)state;
    struct snapshot snapshot = snapshot_sample(sample_mailboxes, 3);
    assert_screen(
        &snapshot, 100, 24,
        "mailconvoy batch users.csv                                                           "
        "running 1:02:03\n"
        "messages  [###############...............]  50 %  617,283 of about 1,234,566\n"
        "bytes     [#######.......................]  25 %  1.0 GiB of about 4.0 GiB\n"
        "mailboxes 11 complete, 1 with exceptions, 1 failed, 2 running, 1 waiting, 4 to come\n"
        "rate      12.5/s of 20.0/s allowed, 1.5 MiB/s\n"
        "left      about 21:40, until 2026-11-18 12:30\n"
        "\n"
        "ann@example.org  INBOX/\xe9\x82\xae\xe4\xbb\xb6                                      "
        "1,234/5,678    12.5/s     1.5 MiB/s\n"
        "bob\\x1b[2J       connecting                                              0/?     0.0/s   "
        "      0 B/s\n"
        "cyd              throttled 4:12                                         5/10\n");
}

static void test_small(void **state)
{
    (void)state;
    struct snapshot snapshot = snapshot_sample(sample_mailboxes, 3);
    snapshot.mailboxes_hidden = 40;
    assert_screen(&snapshot, 40, 9,
                  "mailconvoy batch users.\xe2\x80\xa6 running 1:02:03\n"
                  "messages  [###############.............\xe2\x80\xa6\n"
                  "bytes     [#######.....................\xe2\x80\xa6\n"
                  "mailboxes 11 complete, 1 with exception\xe2\x80\xa6\n"
                  "rate      12.5/s of 20.0/s allowed, 1.5\xe2\x80\xa6\n"
                  "left      about 21:40, until 2026-11-18\xe2\x80\xa6\n"
                  "\n"
                  "ann@exam\xe2\x80\xa6  INBOX/\xe9\x82\xae\xe2\x80\xa6         1,234/5,678\n"
                  "and 42 more\n");
    assert_screen(&snapshot, 40, 0, "");
    assert_screen(&snapshot, 40, 1, "mailconvoy batch users.\xe2\x80\xa6 running 1:02:03\n");
    assert_screen(&snapshot, 0, 2, "\n\n");
}

static void test_ends(void **state)
{
    (void)state;
    struct snapshot snapshot = snapshot_sample(NULL, 0);
    snapshot.phase = SNAPSHOT_ENDED;
    snapshot.is_guess = false;
    snapshot.ended_msecs = TAKEN_MSECS;
    snapshot.exit_code = 10;
    snapshot.taken_msecs = TAKEN_MSECS + 99000;
    snapshot.running = snapshot.waiting = snapshot.by_status[JOB_NOT_STARTED] = 0;
    snapshot.messages = snapshot.messages_done = 0;
    snapshot.bytes = snapshot.bytes_copied = 0;
    assert_screen(
        &snapshot, 70, 24,
        "mailconvoy batch users.csv                         ended after 1:02:03\n"
        "messages  [..............................]   0 %  0 of 0\n"
        "bytes     [..............................]   0 %  0 B of 0 B\n"
        "mailboxes 11 complete, 1 with exceptions, 1 failed, 0 running, 0 to c\xe2\x80\xa6\n"
        "rate      12.5/s of 20.0/s allowed, 1.5 MiB/s\n"
        "left      nothing; exit code 10, see mailconvoy report\n");
}

static void test_spans(void **state)
{
    (void)state;
    static const struct {
        int64_t msecs;
        const char *text;
    } rows[] = {
        {-5000, "0:00"},
        {0, "0:00"},
        {499, "0:00"},
        {500, "0:01"},
        {59499, "0:59"},
        {59500, "1:00"},
        {3599000, "59:59"},
        {3600000, "1:00:00"},
        {86399000, "23:59:59"},
        {86400000, "1 d 0:00:00"},
        {200000000, "2 d 7:33:20"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct snapshot_mailbox mailbox = {.title = (char *)"x",
                                           .folder = (char *)"",
                                           .state = SNAPSHOT_THROTTLED,
                                           .until_msecs = TAKEN_MSECS + rows[i].msecs};
        struct snapshot snapshot = snapshot_sample(&mailbox, 1);
        struct buffer text;
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "throttled %s ", rows[i].text);
        buffer_init(&text, SCREEN_MAX_BYTES);
        screen_append(&snapshot, 100, 24, &text);
        assert_non_null(strstr(buffer_str(&text), expected));
        buffer_deinit(&text);
    }
}

static void test_states(void **state)
{
    (void)state;
    struct snapshot_mailbox mailbox = {.title = (char *)"x",
                                       .folder = (char *)"",
                                       .state = SNAPSHOT_WAITING,
                                       .until_msecs = TAKEN_MSECS + 3000};
    struct snapshot snapshot = snapshot_sample(&mailbox, 1);
    snapshot.phase = SNAPSHOT_STOPPING;
    snapshot.left_msecs = -1;
    struct buffer text;
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append(&snapshot, 100, 24, &text);
    assert_non_null(strstr(buffer_str(&text), " stopping, 1:02:03\n"));
    assert_non_null(strstr(buffer_str(&text), "\nleft      not known yet\n"));
    assert_non_null(strstr(buffer_str(&text), "  tries again in 0:03 "));
    buffer_clear(&text);
    snapshot.mailboxes[0].until_msecs = TAKEN_MSECS - 1000;
    snapshot.phase = SNAPSHOT_CUT_OFF;
    screen_append(&snapshot, 100, 24, &text);
    assert_non_null(strstr(buffer_str(&text), " cut off after 1:02:03\n"));
    assert_non_null(strstr(buffer_str(&text), "\nleft      run the same command again to go on\n"));
    assert_non_null(strstr(buffer_str(&text), "  waits for its turn "));
    buffer_deinit(&text);
}

static void test_line(void **state)
{
    (void)state;
    struct snapshot snapshot = snapshot_sample(sample_mailboxes, 3);
    struct buffer text;
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append_line(&snapshot, &text);
    assert_string_equal(buffer_str(&text),
                        "1:02:03 11 complete, 1 with exceptions, 1 failed, 2 running, 1 waiting, 4 "
                        "to come; 600,000 messages and 1.0 GiB copied, 50 % done; 12.5/s of 20.0/s "
                        "allowed, 1.5 MiB/s; left about 21:40, until 2026-11-18 12:30");
    buffer_deinit(&text);
}

/* Whatever stands in a snapshot, each line fits and none is too many. */
static void test_any_size_and_text(void **state)
{
    (void)state;
    struct snapshot_mailbox mailboxes[30];
    uint32_t seed = 7;
    for (size_t i = 0; i < 30; i++) {
        char *name = malloc(40);
        assert_non_null(name);
        for (size_t k = 0; k < 39; k++) {
            seed = seed * 1664525 + 1013904223;
            name[k] = (char)((seed >> 24) != 0 ? seed >> 24 : 1);
        }
        name[39] = '\0';
        mailboxes[i] = (struct snapshot_mailbox){
            .title = name,
            .folder = name,
            .state = (enum snapshot_state)(i % SNAPSHOT_STATE_COUNT),
            .until_msecs = INT64_MAX / 2,
            .messages = UINT64_MAX,
            .messages_done = UINT64_MAX,
            .messages_per_sec = 1e300,
            .bytes_per_sec = 1e300,
        };
    }
    struct snapshot snapshot = snapshot_sample(mailboxes, 30);
    for (size_t columns = 0; columns < 140; columns += 7) {
        for (size_t rows = 0; rows < 45; rows += 4) {
            struct buffer text;
            size_t lines = 0;
            buffer_init(&text, SCREEN_MAX_BYTES);
            screen_append(&snapshot, columns, rows, &text);
            for (const char *line = buffer_str(&text); *line != '\0'; lines++) {
                char piece[2000];
                size_t size = strcspn(line, "\n");
                assert_true(size < sizeof(piece));
                memcpy(piece, line, size);
                piece[size] = '\0';
                assert_true(str_is_utf8(piece, size));
                assert_true(columns_of(piece) <= columns);
                assert_null(strpbrk(piece, "\x1b\r\x07\x7f"));
                line += size + 1;
            }
            assert_true(lines <= rows);
            buffer_deinit(&text);
        }
    }
    for (size_t i = 0; i < 30; i++)
        free(mailboxes[i].title);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_any_size_and_text),
    };
    if (setenv("TZ", "UTC", 1) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
