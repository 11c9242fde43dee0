/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/appender.h"
#include "tests/unit/sync/peer.h"

struct results {
    struct buffer text; /* "status:index,index;" per answer */
};

static void take_result(void *context, const struct append_item *items, size_t count,
                        const struct imap_reply *reply)
{
    struct results *results = context;
    buffer_printf(&results->text, "%d:", (int)reply->status);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&results->text, "%u,", items[i].index);
    buffer_append_byte(&results->text, ';');
}

struct fixture {
    struct peer peer;
    struct appender *appender;
    struct results results;
};

static void start(struct fixture *fixture, const char *capabilities)
{
    peer_start(&fixture->peer, capabilities);
    buffer_init(&fixture->results.text, 100000);
    fixture->appender = appender_init(fixture->peer.client, take_result);
    appender_aim(fixture->appender, "A b", &fixture->results);
}

static void stop(struct fixture *fixture)
{
    imap_client_deinit(&fixture->peer.client);
    appender_deinit(&fixture->appender);
    assert_null(fixture->appender);
    peer_stop(&fixture->peer);
    buffer_deinit(&fixture->results.text);
}

static void give(struct fixture *fixture, uint32_t index, const char *flags, const char *date,
                 const char *body)
{
    struct append_item item = {.index = index};
    appender_begin(fixture->appender, &item, flags, date, strlen(body));
    appender_add(fixture->appender, body, strlen(body));
    appender_end(fixture->appender);
}

static void test_one_message_to_a_command(void **state)
{
    struct fixture fixture;
    (void)state;
    start(&fixture, " LITERAL+");
    give(&fixture, 7, "\\Seen $x", "17-Jul-1996 02:44:25 -0700", "abc");
    give(&fixture, 8, "", "", "%s");
    peer_expect(&fixture.peer,
                "A1 APPEND \"A b\" (\\Seen $x) \"17-Jul-1996 02:44:25 -0700\" {3+}\r\nabc\r\n"
                "A2 APPEND \"A b\" () {2+}\r\n%s\r\n");
    assert_int_equal(appender_pending(fixture.appender), 2);
    assert_false(appender_flush(fixture.appender));
    peer_say(&fixture.peer, "A2 NO no\r\nA1 OK\r\n");
    assert_string_equal(buffer_str(&fixture.results.text), "2:8,;1:7,;");
    assert_int_equal(appender_pending(fixture.appender), 0);
    stop(&fixture);
}

static void test_several_messages_to_a_command(void **state)
{
    struct fixture fixture;
    (void)state;
    start(&fixture, " LITERAL+ MULTIAPPEND");
    assert_int_equal(appender_open_since_nsecs(fixture.appender), 0);
    give(&fixture, 3, "", "", "abc");
    give(&fixture, 1, "\\Draft", "", "d");
    assert_true(appender_open_since_nsecs(fixture.appender) > 0);
    assert_int_equal(appender_pending(fixture.appender), 1);
    appender_begin(fixture.appender, &(struct append_item){.index = 2}, "", "", 2);
    assert_false(appender_flush(fixture.appender)); /* never inside a message */
    appender_add(fixture.appender, "ef", 2);
    appender_end(fixture.appender);
    assert_true(appender_flush(fixture.appender));
    assert_int_equal(appender_open_since_nsecs(fixture.appender), 0);
    peer_expect(&fixture.peer,
                "A1 APPEND \"A b\" () {3+}\r\nabc (\\Draft) {1+}\r\nd () {2+}\r\nef\r\n");
    peer_say(&fixture.peer, "A1 OK\r\n");
    assert_string_equal(buffer_str(&fixture.results.text), "1:3,1,2,;");
    stop(&fixture);
}

static uint32_t give_until_sent(struct fixture *fixture, const char *body)
{
    uint32_t count = 0;
    do {
        assert_int_equal(appender_open_since_nsecs(fixture->appender) != 0, count > 0);
        give(fixture, count++, "", "", body);
    } while (appender_open_since_nsecs(fixture->appender) != 0);
    peer_settle(&fixture->peer);
    buffer_clear(&fixture->peer.got);
    return count;
}

static void test_batches_are_bounded(void **state)
{
    struct fixture fixture;
    char *body = calloc(1, 600 * 1024);
    (void)state;
    assert_non_null(body);
    memset(body, 'x', 600 * 1024 - 1);
    start(&fixture, " LITERAL+ MULTIAPPEND");
    assert_int_equal(give_until_sent(&fixture, "x"), 512);
    assert_int_equal(give_until_sent(&fixture, body), 14); /* 8 MiB */
    /* Where one was refused, less has to be sent again the next time. */
    peer_say(&fixture.peer, "A1 NO [LIMIT] no\r\n");
    assert_int_equal(give_until_sent(&fixture, "x"), 64);
    assert_int_equal(give_until_sent(&fixture, body), 2); /* 1 MiB */
    assert_int_equal(appender_pending(fixture.appender), 3);
    free(body);
    stop(&fixture);
}

static void test_another_mailbox_begins_another_command(void **state)
{
    struct fixture fixture;
    struct results other;
    (void)state;
    start(&fixture, " LITERAL+ MULTIAPPEND");
    memset(&other, 0, sizeof(other));
    buffer_init(&other.text, 1000);
    give(&fixture, 1, "", "", "ab");
    appender_aim(fixture.appender, "C", &other);
    assert_int_equal(appender_open_since_nsecs(fixture.appender), 0);
    give(&fixture, 1, "", "", "cd");
    appender_aim(fixture.appender, "C", &other); /* the same one goes on */
    give(&fixture, 2, "", "", "ef");
    assert_true(appender_flush(fixture.appender));
    peer_settle(&fixture.peer);
    assert_string_equal(buffer_str(&fixture.peer.got),
                        "A1 APPEND \"A b\" () {2+}\r\nab\r\n"
                        "A2 APPEND \"C\" () {2+}\r\ncd () {2+}\r\nef\r\n");
    peer_say(&fixture.peer, "A2 NO second\r\nA1 OK first\r\n");
    assert_string_equal(buffer_str(&fixture.results.text), "1:1,;");
    assert_string_equal(buffer_str(&other.text), "2:1,2,;");
    buffer_deinit(&other.text);
    stop(&fixture);
}

static void test_a_backlog_makes_it_wait(void **state)
{
    struct fixture fixture;
    char *body = calloc(1, 1024 * 1024 + 1);
    (void)state;
    assert_non_null(body);
    memset(body, 'x', 1024 * 1024);
    start(&fixture, ""); /* the literal is not invited: nothing is sent */
    assert_true(appender_is_ready(fixture.appender));
    give(&fixture, 1, "", "", body);
    assert_false(appender_is_ready(fixture.appender));
    peer_settle(&fixture.peer);
    assert_false(appender_is_ready(fixture.appender));
    peer_say(&fixture.peer, "A1 NO [TOOBIG] no\r\n");
    assert_true(appender_is_ready(fixture.appender));
    assert_string_equal(buffer_str(&fixture.results.text), "2:1,;");
    free(body);
    stop(&fixture);
}

static void test_answers_due_make_it_wait(void **state)
{
    struct fixture fixture;
    uint32_t count = 0;
    (void)state;
    start(&fixture, " LITERAL+");
    for (; count < 1000 && appender_is_ready(fixture.appender); count++)
        give(&fixture, count, "", "", "x");
    assert_int_equal(count, 64);
    peer_say(&fixture.peer, "A5 OK\r\n");
    assert_true(appender_is_ready(fixture.appender));
    stop(&fixture);
}

static void test_a_connection_that_ends_answers_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    start(&fixture, " LITERAL+ MULTIAPPEND");
    give(&fixture, 1, "", "", "a");
    (void)appender_flush(fixture.appender);
    give(&fixture, 2, "", "", "b");
    appender_begin(fixture.appender, &(struct append_item){.index = 3}, "", "", 10);
    appender_add(fixture.appender, "half", 4);
    peer_hang_up(&fixture.peer);
    assert_string_equal(buffer_str(&fixture.results.text), "0:1,;");
    /* The open command is told when it ends; nothing of it can have been stored. */
    appender_add(fixture.appender, " of it", 6);
    appender_end(fixture.appender);
    assert_true(appender_flush(fixture.appender));
    assert_string_equal(buffer_str(&fixture.results.text), "0:1,;0:2,3,;");
    assert_int_equal(appender_pending(fixture.appender), 0);
    stop(&fixture);
}

static void test_a_batch_refused_at_its_second_literal(void **state)
{
    struct fixture fixture;
    (void)state;
    start(&fixture, " MULTIAPPEND");
    give(&fixture, 1, "", "", "a");
    give(&fixture, 2, "", "", "b");
    give(&fixture, 3, "", "", "c");
    peer_expect(&fixture.peer, "A1 APPEND \"A b\" () {1}\r\n");
    peer_say(&fixture.peer, "+\r\n");
    peer_expect(&fixture.peer, "a () {1}\r\n");
    peer_say(&fixture.peer, "A1 NO [OVERQUOTA] full\r\n");
    assert_true(appender_flush(fixture.appender));
    assert_string_equal(buffer_str(&fixture.results.text), "2:1,2,3,;");
    give(&fixture, 4, "", "", "d");
    peer_expect(&fixture.peer, "A2 APPEND \"A b\" () {1}\r\n");
    stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_message_to_a_command),
        cmocka_unit_test(test_several_messages_to_a_command),
        cmocka_unit_test(test_batches_are_bounded),
        cmocka_unit_test(test_another_mailbox_begins_another_command),
        cmocka_unit_test(test_a_backlog_makes_it_wait),
        cmocka_unit_test(test_answers_due_make_it_wait),
        cmocka_unit_test(test_a_connection_that_ends_answers_nothing),
        cmocka_unit_test(test_a_batch_refused_at_its_second_literal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
