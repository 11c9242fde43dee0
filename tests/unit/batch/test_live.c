/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "batch/live.h"

#define SEC CLOCK_NSECS_PER_SEC

static struct live *live_of(size_t mailboxes)
{
    struct live_plan plan = {.run_id = "r",
                             .command = "batch",
                             .manifest = "m.csv",
                             .started_msecs = 1000,
                             .mailboxes = mailboxes};
    struct live *live;
    struct fault fault;
    assert_true(live_init(&plan, &live, &fault));
    return live;
}

static struct snapshot take(struct live *live, int64_t secs)
{
    struct snapshot snapshot;
    live_take(live, secs * SEC, secs * 1000, false, &snapshot);
    return snapshot;
}

static void copy_messages(struct pair_progress *progress, int count, uint64_t bytes)
{
    for (int i = 0; i < count; i++)
        pair_progress_settle(progress, bytes, true);
}

static void test_nothing_is_known_at_first(void **state)
{
    (void)state;
    struct live *live = live_of(3);
    struct snapshot snapshot = take(live, 1);
    assert_int_equal(snapshot.wanted, 3);
    assert_int_equal(snapshot.by_status[JOB_NOT_STARTED], 3);
    assert_int_equal(snapshot.messages, 0);
    assert_int_equal(snapshot.left_msecs, -1);
    assert_true(snapshot.is_guess);
    snapshot_deinit(&snapshot);
    live_deinit(&live);
}

static void test_what_is_to_come_is_guessed(void **state)
{
    (void)state;
    struct live *live = live_of(4);
    live_expect(live, 0, 100);
    live_expect(live, 1, 300);
    live_expect(live, 2, UINT64_MAX - 1); /* nobody has so many */
    struct snapshot snapshot = take(live, 1);
    assert_int_equal(snapshot.messages, 800); /* two of 200 each */
    snapshot_deinit(&snapshot);
    live_leave_out(live, 1);
    snapshot = take(live, 2);
    assert_int_equal(snapshot.messages, 300);
    assert_int_equal(snapshot.wanted, 3);
    assert_int_equal(snapshot.by_status[JOB_LEFT_OUT], 1);
    assert_int_equal(snapshot_ended(&snapshot), 0);
    snapshot_deinit(&snapshot);
    live_deinit(&live);
}

static void test_a_mailbox_through_its_attempts(void **state)
{
    (void)state;
    struct live *live = live_of(2);
    struct pair_progress progress;
    assert_true(pair_progress_init(&progress));
    live_start(live, 1, "ann", &progress);
    struct snapshot snapshot = take(live, 10);
    assert_int_equal(snapshot.running, 1);
    assert_int_equal(snapshot.mailboxes[0].state, SNAPSHOT_CONNECTING);
    assert_int_equal(snapshot.mailboxes[0].row, 2);
    snapshot_deinit(&snapshot);

    pair_progress_plan(&progress, 100);
    pair_progress_enter(&progress, "INBOX");
    pair_progress_list(&progress, 50, 40, 4000); /* 10 were there already */
    copy_messages(&progress, 20, 100);
    snapshot = take(live, 20);
    assert_int_equal(snapshot.mailboxes[0].state, SNAPSHOT_COPYING);
    assert_string_equal(snapshot.mailboxes[0].folder, "INBOX");
    assert_int_equal(snapshot.mailboxes[0].messages, 100);
    assert_int_equal(snapshot.mailboxes[0].messages_done, 30);
    assert_int_equal(snapshot.mailboxes[0].messages_copied, 20);
    assert_float_equal(snapshot.mailboxes[0].messages_per_sec, 2, 1e-9);
    assert_int_equal(snapshot.messages, 200); /* the other one is taken to be like it */
    assert_int_equal(snapshot.messages_done, 30);
    /* 2,000 copied, 2,000 to come, and 150 unseen at 80 bytes each */
    assert_int_equal(snapshot.bytes, 2000 + 2000 + 12000);
    /* 20 and 150 x 4/5 messages at 2 a second */
    assert_int_equal(snapshot.left_msecs, 70000);
    snapshot_deinit(&snapshot);

    live_stop(live, 1);
    live_wait(live, 1, 60000, true);
    pair_progress_deinit(&progress);
    snapshot = take(live, 30);
    assert_int_equal(snapshot.running, 0);
    assert_int_equal(snapshot.waiting, 1);
    assert_int_equal(snapshot.mailboxes[0].state, SNAPSHOT_THROTTLED);
    assert_int_equal(snapshot.mailboxes[0].messages_done, 30);
    snapshot_deinit(&snapshot);
    snapshot = take(live, 60);
    assert_int_equal(snapshot.mailboxes[0].state, SNAPSHOT_WAITING); /* for a worker */
    snapshot_deinit(&snapshot);

    /* The next attempt finds what the first one did. It never looks as if less were done. */
    assert_true(pair_progress_init(&progress));
    live_start(live, 1, "ann", &progress);
    snapshot = take(live, 61);
    assert_int_equal(snapshot.mailboxes[0].messages_done, 30);
    assert_int_equal(snapshot.messages_copied, 20);
    snapshot_deinit(&snapshot);
    pair_progress_plan(&progress, 110);
    pair_progress_list(&progress, 110, 80, 8000);
    copy_messages(&progress, 79, 100);
    pair_progress_settle(&progress, 100, false);
    pair_progress_error(&progress);
    snapshot = take(live, 70);
    assert_int_equal(snapshot.mailboxes[0].messages, 110);
    assert_int_equal(snapshot.mailboxes[0].messages_done, 110);
    assert_int_equal(snapshot.mailboxes[0].messages_copied, 99);
    assert_int_equal(snapshot.errors, 1);
    snapshot_deinit(&snapshot);
    live_stop(live, 1);
    live_end(live, 1, JOB_EXCEPTIONS);
    pair_progress_deinit(&progress);
    snapshot = take(live, 71);
    assert_int_equal(snapshot.mailboxes_count, 0);
    assert_int_equal(snapshot_ended(&snapshot), 1);
    assert_int_equal(snapshot.by_status[JOB_EXCEPTIONS], 1);
    assert_int_equal(snapshot.messages_done, 110);
    assert_int_equal(snapshot.messages_copied, 99);
    snapshot_deinit(&snapshot);
    live_deinit(&live);
}

static void test_what_an_earlier_run_found(void **state)
{
    (void)state;
    static const struct {
        uint64_t expected; /* by the earlier run; 0: there was none */
        uint64_t planned;  /* by the server; 0: it does not tell */
        uint64_t listed;
        uint64_t messages;
    } rows[] = {
        {0, 0, 0, 0},   {0, 0, 7, 7},    {0, 50, 7, 50},  {0, 50, 60, 60}, {90, 0, 0, 90},
        {90, 0, 7, 90}, {90, 0, 99, 99}, {90, 50, 0, 50}, {90, 50, 7, 50}, {90, 50, 60, 60},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct live *live = live_of(1);
        struct pair_progress progress;
        assert_true(pair_progress_init(&progress));
        if (rows[i].expected > 0)
            live_expect(live, 0, rows[i].expected);
        live_start(live, 0, "ann", &progress);
        pair_progress_plan(&progress, rows[i].planned);
        pair_progress_list(&progress, rows[i].listed, rows[i].listed, 100);
        struct snapshot snapshot = take(live, 1);
        assert_int_equal(snapshot.mailboxes[0].messages, rows[i].messages);
        assert_int_equal(snapshot.messages, rows[i].messages);
        snapshot_deinit(&snapshot);
        live_deinit(&live);
        pair_progress_deinit(&progress);
    }
}

static void test_the_end(void **state)
{
    (void)state;
    struct live *live = live_of(3);
    struct pair_progress progress;
    static const size_t by_status[JOB_STATUS_COUNT] = {[JOB_COMPLETE] = 1, [JOB_PAUSED] = 2};
    assert_true(pair_progress_init(&progress));
    live_start(live, 0, "ann", &progress);
    pair_progress_list(&progress, 10, 10, 1000);
    copy_messages(&progress, 10, 100);
    live_stop(live, 0);
    live_end(live, 0, JOB_COMPLETE);
    live_end(live, 1, JOB_FAILED); /* before its pair could start */
    pair_progress_deinit(&progress);
    live_finish(live, 99000, 12, by_status);
    struct snapshot snapshot = take(live, 100);
    assert_int_equal(snapshot.phase, SNAPSHOT_ENDED);
    assert_int_equal(snapshot.ended_msecs, 99000);
    assert_int_equal(snapshot.exit_code, 12);
    assert_int_equal(snapshot.by_status[JOB_PAUSED], 2);
    assert_int_equal(snapshot.messages, 10);
    assert_int_equal(snapshot.bytes, 1000);
    assert_int_equal(snapshot.left_msecs, 0);
    assert_false(snapshot.is_guess);
    snapshot_deinit(&snapshot);
    live_deinit(&live);
}

static void test_many_at_once(void **state)
{
    (void)state;
    enum {
        COUNT = SNAPSHOT_MAILBOXES_MAX + 50
    };
    struct live *live = live_of(COUNT);
    struct pair_progress *progress = mem_alloc_array(COUNT, sizeof(*progress));
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(pair_progress_init(&progress[i]));
        live_start(live, i, "x", &progress[i]);
    }
    /* The first ones wait, the last of them the shortest. */
    for (size_t i = 0; i < 60; i++) {
        live_stop(live, i);
        live_wait(live, i, (int64_t)(1000000 - i), false);
    }
    struct snapshot snapshot = take(live, 5);
    assert_int_equal(snapshot.running, COUNT - 60);
    assert_int_equal(snapshot.waiting, 60);
    assert_int_equal(snapshot.mailboxes_count, SNAPSHOT_MAILBOXES_MAX);
    assert_int_equal(snapshot.mailboxes_hidden, 50);
    assert_int_equal(snapshot.mailboxes[0].row, 61);
    assert_int_equal(snapshot.mailboxes[COUNT - 61].row, COUNT);
    assert_int_equal(snapshot.mailboxes[COUNT - 60].row, 60);
    assert_int_equal(snapshot.mailboxes[COUNT - 60].state, SNAPSHOT_WAITING);
    snapshot_deinit(&snapshot);
    for (size_t i = 0; i < COUNT; i++)
        pair_progress_deinit(&progress[i]);
    mem_free(progress);
    live_deinit(&live); /* with mailboxes that have not ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_known_at_first),
        cmocka_unit_test(test_what_is_to_come_is_guessed),
        cmocka_unit_test(test_a_mailbox_through_its_attempts),
        cmocka_unit_test(test_what_an_earlier_run_found),
        cmocka_unit_test(test_the_end),
        cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
