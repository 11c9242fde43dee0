/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/diagnoses.h"
#include "batch/outage.h"
#include "batch/retry.h"

static struct pair_result ended(enum job_status status, enum fault_code code,
                                enum fault_advice advice, int64_t wait_msecs, uint64_t copied)
{
    struct pair_result result;
    memset(&result, 0, sizeof(result));
    result.status = status;
    result.fault.code = code;
    result.fault.advice = advice;
    result.fault.wait_msecs = wait_msecs;
    result.fault.is_wait_told = true;
    result.counts.copied = copied;
    result.counts.bytes_copied = copied * 10;
    return result;
}

static struct pair_result throttled(int64_t wait_msecs, uint64_t copied)
{
    return ended(JOB_PAUSED, FAULT_THROTTLED, FAULT_ADVICE_WAIT, wait_msecs, copied);
}

/* Where the server does not say how long, the waits grow, up to an hour; what is done begins anew.
 */
static void test_guessed_waits_grow(void **state)
{
    static const int64_t secs[RETRY_MAX_IN_VAIN] = {30,  60,   120,  240,  480,
                                                    960, 1920, 3600, 3600, 3600};
    const struct pair_result vain = throttled(30000, 0);
    const struct pair_result useful = throttled(30000, 1);
    struct retry retry;
    (void)state;
    memset(&retry, 0, sizeof(retry));
    for (int round = 0; round < 2; round++) {
        for (unsigned int i = 0; i < RETRY_MAX_IN_VAIN; i++) {
            struct pair_result guessed = vain;
            guessed.fault.is_wait_told = false;
            assert_int_equal(retry_after(&retry, &guessed, 0, 0), secs[i] * 1000);
        }
        struct pair_result guessed = useful;
        guessed.fault.is_wait_told = false;
        assert_int_equal(retry_after(&retry, &guessed, 0, 0), 30000);
    }
    retry_deinit(&retry);
}

/* Nothing was copied, but what can't be was found out, and is not tried again. */
static void test_what_is_given_up_is_a_step(void **state)
{
    const struct pair_result vain = throttled(1000, 0);
    const struct given_up_message message = {"INBOX", "unreadable",       "",   7,
                                             1,       MESSAGE_UNREADABLE, false};
    struct retry retry;
    (void)state;
    memset(&retry, 0, sizeof(retry));
    for (unsigned int i = 0; i < 3 * RETRY_MAX_IN_VAIN; i++) {
        if (i < 2 * RETRY_MAX_IN_VAIN)
            given_up_add(&retry.given_up, &message);
        assert_int_equal(retry_after(&retry, &vain, 0, 0), 1000);
    }
    assert_int_equal(retry_after(&retry, &vain, 0, 0), 0);
    retry_deinit(&retry);
}

static void test_given_up_messages(void **state)
{
    static const struct given_up_message messages[] = {
        {"INBOX", "a", "", 7, 1, MESSAGE_FAILED, false},
        {"Work", "b", "", 7, 1, MESSAGE_UNREADABLE, false},
        {"INBOX", "c", "", 8, 2, MESSAGE_TOO_BIG, false},
        {"INBOX", "d", "too-big", 7, 3, MESSAGE_TOO_BIG, false},
    };
    struct given_up given_up = {NULL, 0, 0};
    size_t position = 0;
    (void)state;
    assert_null(given_up_next(NULL, &position, "INBOX", 7));
    given_up_add(NULL, &messages[0]);
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        given_up_add(&given_up, &messages[i]);
    assert_string_equal(given_up_next(&given_up, &position, "INBOX", 7)->text, "a");
    const struct given_up_message *last = given_up_next(&given_up, &position, "INBOX", 7);
    assert_string_equal(last->text, "d");
    assert_string_equal(last->diagnosis, "too-big");
    assert_int_equal(last->uid, 3);
    assert_int_equal(last->state, MESSAGE_TOO_BIG);
    assert_null(given_up_next(&given_up, &position, "INBOX", 7));
    for (size_t i = given_up.count; i < GIVEN_UP_MAX + 5; i++)
        given_up_add(&given_up, &messages[0]);
    assert_int_equal(given_up.count, GIVEN_UP_MAX);
    given_up_deinit(&given_up);
    assert_int_equal(given_up.count, 0);
}

static void test_a_session_ends_with_its_token(void **state)
{
    struct pair_result expired = ended(JOB_FAILED, FAULT_CLOSED, FAULT_ADVICE_RECONNECT, 0, 5);
    struct retry retry;
    (void)state;
    memset(&retry, 0, sizeof(retry));
    expired.fault.side = 1;
    expired.fault.diagnosis = diagnosis_by_id("token-expired");
    expired.was_signed_in = true;
    /* At once, as often as it comes, whatever --reconnectretry says. */
    for (unsigned int i = 0; i < 20; i++)
        assert_int_equal(retry_after(&retry, &expired, 0, UINT32_MAX), 1);
    assert_int_equal(retry.reconnections[0], 20);
    assert_int_equal(retry.lost_in_vain, 0);
    /* Where nothing was done in between it is a lost connection like others. */
    expired.counts.copied = 0;
    assert_int_equal(retry_after(&retry, &expired, 1, 0), 1000);
    assert_int_equal(retry_after(&retry, &expired, 1, 0), 0);
    retry_deinit(&retry);
}

static void test_only_a_throttle_comes_back(void **state)
{
    (void)state;
    static const struct {
        enum job_status status;
        enum fault_code code;
        enum fault_advice advice;
    } rows[] = {
        {JOB_COMPLETE, FAULT_NONE, FAULT_ADVICE_NEVER},
        {JOB_PAUSED, FAULT_STOPPED, FAULT_ADVICE_WAIT},
        {JOB_PAUSED, FAULT_TRANSFER_LIMIT, FAULT_ADVICE_WAIT},
        {JOB_PAUSED, FAULT_BUSY, FAULT_ADVICE_WAIT},
        {JOB_PAUSED, FAULT_THROTTLED, FAULT_ADVICE_NEVER},
        {JOB_FAILED, FAULT_THROTTLED, FAULT_ADVICE_WAIT},
        {JOB_EXCEPTIONS, FAULT_THROTTLED, FAULT_ADVICE_WAIT},
        {JOB_FAILED, FAULT_CLOSED, FAULT_ADVICE_RECONNECT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct retry retry = {0};
        struct pair_result result = ended(rows[i].status, rows[i].code, rows[i].advice, 1000, 0);
        assert_int_equal(retry_after(&retry, &result, 3, 0), 0);
        assert_int_equal(retry.attempts, 1);
    }
}

static void test_wait_and_jitter(void **state)
{
    (void)state;
    static const struct {
        int64_t asked;
        uint32_t random;
        int64_t waits;
    } rows[] = {
        {1000, 0, 1000},
        {1000, UINT32_MAX, 1100},
        {1000, UINT32_MAX / 2, 1049},
        {9, UINT32_MAX, 9},
        {0, UINT32_MAX, 1},
        {-5, 0, 1},
        {86400000, UINT32_MAX, 86400000 + 8640000},
        {INT64_MAX, UINT32_MAX, 86400000 + 8640000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct retry retry = {0};
        struct pair_result result = throttled(rows[i].asked, 0);
        assert_int_equal(retry_after(&retry, &result, 3, rows[i].random), rows[i].waits);
    }
}

static void test_ten_times_in_vain(void **state)
{
    (void)state;
    struct retry retry = {0};
    struct pair_result nothing = throttled(500, 0);
    struct pair_result some = throttled(500, 3);
    for (int i = 0; i < 9; i++)
        assert_int_equal(retry_after(&retry, &nothing, 3, 0), 500);
    assert_int_equal(retry_after(&retry, &some, 3, 0), 500); /* patience begins anew */
    for (int i = 0; i < 10; i++)
        assert_int_equal(retry_after(&retry, &nothing, 3, 0), 500);
    assert_int_equal(retry_after(&retry, &nothing, 3, 0), 0);
    assert_int_equal(retry.attempts, 21);
    assert_int_equal(retry.copied, 3);
    assert_int_equal(retry.bytes_copied, 30);
}

static struct pair_result lost(uint64_t copied)
{
    struct pair_result result = ended(JOB_FAILED, FAULT_CLOSED, FAULT_ADVICE_RECONNECT, 0, copied);
    result.was_signed_in = true;
    return result;
}

static void test_a_lost_connection_comes_back_later_each_time(void **state)
{
    (void)state;
    static const int64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000, 64000};
    struct retry retry = {0};
    struct pair_result nothing = lost(0);
    struct pair_result some = lost(1);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        assert_int_equal(retry_after(&retry, &nothing, 9, 0), waits[i]);
    assert_int_equal(retry_after(&retry, &nothing, 9, 0), 0);
    assert_int_equal(retry_after(&retry, &some, 9, 0), 1000);
    assert_int_equal(retry_after(&retry, &nothing, 9, UINT32_MAX), 3000); /* and half more */
    assert_int_equal(retry_after(&retry, &nothing, 2, 0), 0);
}

/* A wrong name or password is no lost connection, unless it was right before. */
static void test_who_never_got_in_does_not_come_back(void **state)
{
    (void)state;
    struct retry retry = {0};
    struct pair_result outside = lost(0);
    struct pair_result inside = lost(0);
    struct pair_result refused = ended(JOB_FAILED, FAULT_AUTH, FAULT_ADVICE_NEVER, 0, 0);
    outside.was_signed_in = false;
    assert_int_equal(retry_after(&retry, &outside, 3, 0), 0);
    assert_int_equal(retry_after(&retry, &inside, 3, 0), 1000);
    assert_int_equal(retry_after(&retry, &outside, 3, 0), 2000);
    assert_int_equal(retry_after(&retry, &refused, 3, 0), 0);
    assert_int_equal(retry_after(&retry, &inside, 0, 0), 0);
}

/* Too many connections look like a wrong password. */
static void test_a_late_refusal_is_tried_twice(void **state)
{
    (void)state;
    struct retry retry = {0};
    struct pair_result refused = ended(JOB_FAILED, FAULT_AUTH, FAULT_ADVICE_NEVER, 0, 0);
    assert_int_equal(retry_after(&retry, &refused, 5, 0), 0);
    retry = (struct retry){.was_signed_in = true};
    assert_int_equal(retry_after(&retry, &refused, 5, 0), 1000);
    assert_int_equal(retry_after(&retry, &refused, 5, 0), 2000);
    assert_int_equal(retry_after(&retry, &refused, 5, 0), 0);
    retry = (struct retry){.was_signed_in = true};
    assert_int_equal(retry_after(&retry, &refused, 0, 0), 0);
}

/* Exchange signs in first and looks for the mailbox afterwards. */
static void test_a_mailbox_not_opened_is_tried_again(void **state)
{
    (void)state;
    struct retry retry = {0};
    struct pair_result result = ended(JOB_FAILED, FAULT_SELECT, FAULT_ADVICE_RECONNECT, 0, 0);
    assert_int_equal(retry_after(&retry, &result, 3, 0), 0);
    result.fault.diagnosis = diagnosis_by_id("not-connected");
    retry = (struct retry){0};
    assert_int_equal(retry_after(&retry, &result, 3, 0), 1000);
    assert_int_equal(retry_after(&retry, &result, 3, 0), 2000);
    assert_int_equal(retry_after(&retry, &result, 3, 0), 4000);
    assert_int_equal(retry_after(&retry, &result, 3, 0), 0);
}

static void test_outages(void **state)
{
    (void)state;
    static const struct {
        const char *mailboxes; /* a letter for each: how it ended */
        bool is_on;            /* at side 2 of route 7 */
    } rows[] = {
        {"", false},       {"22", false},      {"222", true},    {"222ww", true},
        {"222www", false}, {"2221", true},     {"222wl1", true}, {"111", false},
        {"22o", false},    {"222ooooo", true}, {"222nnn", true}, {"22ww2l", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct outage_mailbox mailboxes[10] = {{0, 0, false, 0}};
        size_t count = strlen(rows[i].mailboxes);
        for (size_t k = 0; k < count; k++) {
            char how = rows[i].mailboxes[k];
            struct pair_result result = ended(JOB_FAILED, FAULT_SELECT, FAULT_ADVICE_RECONNECT, 0,
                                              0);
            mailboxes[k].route = how == 'o' ? 8 : 7; /* other servers */
            result.fault.side = how == '1' ? 1 : 2;
            if (how != 'n' && how != 'w') /* refused, for another reason */
                result.fault.diagnosis = diagnosis_by_id("not-connected");
            if (how == 'w')
                result.status = JOB_COMPLETE;
            /* 'l': it was let in, and refused later; '1': the source is open to it */
            result.was_signed_in = how == 'w';
            outage_note(&mailboxes[k], &result, 1);
            if (how == 'l') {
                result.was_signed_in = true;
                result.fault.diagnosis = NULL;
                outage_note(&mailboxes[k], &result, 1);
            }
        }
        if (outage_is_on(mailboxes, count, 7, 2) != rows[i].is_on)
            fail_msg("row %zu (%s)", i, rows[i].mailboxes);
    }
    struct fault fault;
    outage_set_fault(2, &fault);
    assert_string_equal(diagnosis_id(fault.diagnosis), "outage");
    assert_int_equal(fault.code, FAULT_THROTTLED);
    const struct diagnosis *found[2];
    assert_int_equal(diagnosis_explain(fault.text, found, 2), 1);
    assert_string_equal(found[0]->id, "outage");
}

static void test_suspects(void **state)
{
    (void)state;
    struct suspects suspects = {NULL, 0, 0};
    suspects_strike(&suspects, "A", 7);
    suspects_strike(&suspects, "B", 7);
    assert_false(suspects_is_given_up(&suspects, "A", 7));
    suspects_strike(&suspects, "A", 7);
    assert_true(suspects_is_given_up(&suspects, "A", 7));
    assert_false(suspects_is_given_up(&suspects, "B", 7));
    assert_false(suspects_is_given_up(&suspects, "A", 8));
    for (uint32_t uid = 10; uid < 1000; uid++)
        suspects_strike(&suspects, "C", uid);
    assert_int_equal(suspects.count, SUSPECTS_MAX);
    suspects_deinit(&suspects);
    assert_int_equal(suspects.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guessed_waits_grow),
        cmocka_unit_test(test_what_is_given_up_is_a_step),
        cmocka_unit_test(test_given_up_messages),
        cmocka_unit_test(test_a_session_ends_with_its_token),
        cmocka_unit_test(test_only_a_throttle_comes_back),
        cmocka_unit_test(test_wait_and_jitter),
        cmocka_unit_test(test_ten_times_in_vain),
        cmocka_unit_test(test_a_lost_connection_comes_back_later_each_time),
        cmocka_unit_test(test_who_never_got_in_does_not_come_back),
        cmocka_unit_test(test_a_late_refusal_is_tried_twice),
        cmocka_unit_test(test_a_mailbox_not_opened_is_tried_again),
        cmocka_unit_test(test_outages),
        cmocka_unit_test(test_suspects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
