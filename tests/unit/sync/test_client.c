/* SPDX-License-Identifier: MIT
 * The client: its connection, the commands it gives, time, secrets. What it hears:
 * test_client_input.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stop.h"
#include "sync/imap/loop.h"
#include "sync/imap/tls.h"
#include "tests/unit/sync/peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An APPEND that stays open for its literal. */
static void begin_append(struct peer *peer, uint64_t literal_bytes)
{
    imap_client_begin(peer->client, false);
    imap_client_add(peer->client, "APPEND x ");
    imap_client_add_literal(peer->client, literal_bytes);
}

/* The same with one literal at its end. */
static void give_literal(struct peer *peer, struct peer_answers *answers, uint32_t number,
                         const char *text, const char *literal)
{
    imap_client_begin(peer->client, false);
    imap_client_add(peer->client, "%s ", text);
    imap_client_add_literal(peer->client, strlen(literal));
    imap_client_add_bytes(peer->client, literal, strlen(literal));
    imap_client_end(peer->client, peer_answered, answers, number);
}

/* -- what is no IMAP -- */

static void test_greetings_that_are_none(void **state)
{
    static const char *const greetings[] = {
        "220 smtp.example.org ESMTP\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "\r\n",
        "* 3 EXISTS\r\n",
        "* NO\r\n",
        "* BAD x\r\n",
        "A1 OK x\r\n",
        "* CAPABILITY IMAP4rev1\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(greetings); i++) {
        struct peer peer;
        peer_connect(&peer, false, false);
        peer_say(&peer, greetings[i]);
        if (imap_client_is_alive(peer.client))
            fail_msg("row %zu was taken for a greeting", i);
        peer_is_closed_with(&peer, FAULT_PROTOCOL);
        peer_stop(&peer);
    }
}

static void test_garbage_later(void **state)
{
    static const char *const rows[] = {
        "rubbish\r\n",
        "* LIST (\r\n",
        "A7 OK nobody asked\r\n",
        "A0 NO x\r\n",
        "* 1 FETCH (BODY[] {99999999999999999999}\r\n",
        "* 1 FETCH (BODY[] {1099511627777}\r\n",
        "A1 OK\r\nA1 OK\r\n",
        "A1 FETCH\r\n",
        "\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer peer;
        struct peer_answers answers = {0};
        peer_start(&peer, "");
        peer_give(&peer, &answers, 1, "NOOP");
        peer_expect(&peer, "A1 NOOP\r\n");
        peer_say(&peer, rows[i]);
        if (imap_client_is_alive(peer.client))
            fail_msg("row %zu was taken for IMAP", i);
        peer_is_closed_with(&peer, FAULT_PROTOCOL);
        assert_int_equal(answers.count, 1); /* the command has not gone under */
        peer_stop(&peer);
    }
}

static void test_a_response_without_end(void **state)
{
    struct peer peer;
    (void)state;
    size_t size = 13 * 1024 * 1024;
    char *data = malloc(size);
    assert_non_null(data);
    memset(data, 'x', size);
    peer_start(&peer, "");
    for (size_t at = 0; at < size && imap_client_is_alive(peer.client); at += 65536) {
        (void)send(peer.fd, data, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)imap_client_pump(peer.client, clock_mono_nsecs());
    }
    for (int i = 0; i < PEER_PATIENCE && imap_client_is_alive(peer.client); i++) {
        (void)send(peer.fd, data, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)imap_client_pump(peer.client, clock_mono_nsecs());
    }
    peer_is_closed_with(&peer, FAULT_PROTOCOL);
    free(data);
    peer_stop(&peer);
}

/* -- the end of the connection -- */

static void test_bye_then_close(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    peer_give(&peer, &answers, 1, "NOOP");
    peer_give(&peer, &answers, 2, "NOOP");
    peer_say(&peer, "A1 BAD Request is throttled.\r\n* BYE Connection closed. 14\r\n");
    assert_true(imap_client_is_alive(peer.client));
    peer_hang_up(&peer);
    peer_is_closed_with(&peer, FAULT_CLOSED);
    assert_int_equal(imap_client_fault(peer.client)->advice, FAULT_ADVICE_RECONNECT);
    assert_string_equal(imap_client_fault(peer.client)->server, "Connection closed. 14");
    assert_int_equal(answers.count, 2);
    peer_answer_is(&answers, 0, 1, IMAP_STATUS_BAD, "Request is throttled.");
    peer_answer_is(&answers, 1, 2, IMAP_STATUS_NONE, "");
    /* What is given to a closed client is answered at once, and does no harm. */
    give_literal(&peer, &answers, 3, "APPEND x", "hello");
    peer_answer_is(&answers, 2, 3, IMAP_STATUS_NONE, "");
    assert_int_equal(imap_client_deadline(peer.client), 0);
    peer_stop(&peer);
}

/* Somebody was told of an OK that came just before. */
static void test_what_is_closed_stays_closed(void **state)
{
    struct peer peer;
    struct fault fault;
    (void)state;
    peer_start(&peer, "");
    fault_set(&fault, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1, "enough");
    imap_client_fail(peer.client, &fault);
    imap_client_set_selected(peer.client, true);
    assert_false(imap_client_is_alive(peer.client));
    imap_client_set_authenticated(peer.client);
    assert_int_equal(imap_client_state(peer.client), IMAP_STATE_CLOSED);
    peer_stop(&peer);
}

static void test_a_close_in_the_middle_of_a_response(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    peer_give(&peer, &answers, 1, "NOOP");
    peer_say(&peer, "A1 O");
    peer_hang_up(&peer);
    peer_is_closed_with(&peer, FAULT_CLOSED);
    peer_answer_is(&answers, 0, 1, IMAP_STATUS_NONE, "");
    peer_stop(&peer);
}

static void test_a_port_where_nobody_listens(void **state)
{
    struct connection_options options = {.host = "127.0.0.1", .side = 2};
    struct imap_client_options client_options = {.side = 2, .timeout_msecs = 60000};
    (void)state;
    assert_int_equal(close(peer_listen(&options.port)), 0);
    struct imap_client *client = imap_client_init(connection_init(&options), &client_options);
    for (int i = 0; i < PEER_PATIENCE && imap_client_is_alive(client); i++) {
        struct pollfd fd = {imap_client_fd(client), imap_client_poll_events(client), 0};
        if (!imap_client_pump(client, clock_mono_nsecs()))
            (void)poll(&fd, 1, 10);
    }
    assert_int_equal(imap_client_fault(client)->code, FAULT_CONNECT);
    assert_int_equal(imap_client_fault(client)->side, 2);
    imap_client_deinit(&client);
    assert_null(client);
}

/* -- commands in flight -- */

static void test_answers_in_any_order(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    for (uint32_t i = 1; i <= 4; i++)
        peer_give(&peer, &answers, i, "NOOP");
    peer_expect(&peer, "A1 NOOP\r\nA2 NOOP\r\nA3 NOOP\r\nA4 NOOP\r\n");
    assert_int_equal(imap_client_pending(peer.client), 4);
    peer_say(&peer, "A3 OK [X y] three\r\na1 no one\r\n* 3 EXISTS\r\nA4 BAD four\r\nA2 OK\r\n");
    assert_int_equal(answers.count, 4);
    peer_answer_is(&answers, 0, 3, IMAP_STATUS_OK, "three");
    assert_string_equal(answers.items[0].code, "X y");
    peer_answer_is(&answers, 1, 1, IMAP_STATUS_NO, "one");
    peer_answer_is(&answers, 2, 4, IMAP_STATUS_BAD, "four");
    peer_answer_is(&answers, 3, 2, IMAP_STATUS_OK, "");
    assert_int_equal(imap_client_pending(peer.client), 0);
    /* The list of commands is whole: one more comes and goes. */
    peer_give(&peer, &answers, 5, "NOOP");
    peer_expect(&peer, "A5 NOOP\r\n");
    peer_say(&peer, "A5 OK\r\n");
    assert_int_equal(answers.count, 5);
    peer_stop(&peer);
}

static void test_nothing_is_sent_before_the_greeting(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_connect(&peer, false, false);
    peer_settle(&peer);
    peer_give(&peer, &answers, 1, "CAPABILITY");
    peer_expect(&peer, "");
    assert_int_equal(imap_client_state(peer.client), IMAP_STATE_GREETING);
    peer_say(&peer, "* OK hello {5}\r\n");
    assert_int_equal(imap_client_state(peer.client), IMAP_STATE_NOT_AUTHENTICATED);
    assert_false(imap_client_knows_capabilities(peer.client));
    assert_string_equal(imap_client_greeting(peer.client), "hello {5}");
    peer_expect(&peer, "A1 CAPABILITY\r\n");
    peer_say(&peer, "* CAPABILITY IMAP4rev1 literal+ AUTH=PLAIN UIDPLUSX\r\nA1 OK\r\n");
    assert_true(imap_client_knows_capabilities(peer.client));
    assert_true(imap_client_can(peer.client, IMAP_CAP_LITERAL_PLUS));
    assert_true(imap_client_can(peer.client, IMAP_CAP_AUTH_PLAIN));
    assert_false(imap_client_can(peer.client, IMAP_CAP_UIDPLUS));
    imap_client_forget_capabilities(peer.client);
    assert_false(imap_client_can(peer.client, IMAP_CAP_LITERAL_PLUS));
    peer_stop(&peer);
}

static void test_strings_as_they_are_sent(void **state)
{
    static char long_text[1001];
    static const struct {
        const char *text;
        const char *sent;
    } rows[] = {
        {"", "\"\""},
        {"INBOX", "\"INBOX\""},
        {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
        {"a\r\nA9 LOGOUT", "{12+}\r\na\r\nA9 LOGOUT"},
        {"a\n", "{2+}\r\na\n"},
        {"t\xc3\xa4g", "{4+}\r\nt\xc3\xa4g"},
        {"100%s", "\"100%s\""},
        {"{5}", "\"{5}\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char expected[100];
        struct peer peer;
        peer_start(&peer, " LITERAL+");
        imap_client_begin(peer.client, false);
        imap_client_add(peer.client, "X ");
        imap_client_add_string(peer.client, rows[i].text);
        imap_client_end(peer.client, NULL, NULL, 0);
        (void)snprintf(expected, sizeof(expected), "A1 X %s\r\n", rows[i].sent);
        peer_expect(&peer, expected);
        peer_stop(&peer);
    }
    struct peer peer;
    memset(long_text, 'x', 1000);
    peer_start(&peer, "");
    imap_client_begin(peer.client, false);
    imap_client_add_string(peer.client, long_text);
    imap_client_end(peer.client, NULL, NULL, 0);
    peer_expect(&peer, "A1 {1000}\r\n");
    peer_stop(&peer);
}

static void test_more_than_fits_closes(void **state)
{
    static char piece[1024 * 1024];
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, " LITERAL+");
    imap_client_begin(peer.client, false);
    imap_client_add_literal(peer.client, 1000 * sizeof(piece));
    for (int i = 0; i < 1000 && imap_client_is_alive(peer.client); i++)
        imap_client_add_bytes(peer.client, piece, sizeof(piece));
    peer_is_closed_with(&peer, FAULT_INTERNAL);
    assert_true(imap_client_unsent_bytes(peer.client) <= 16 * sizeof(piece));
    imap_client_end(peer.client, peer_answered, &answers, 9);
    peer_answer_is(&answers, 0, 9, IMAP_STATUS_NONE, "");
    peer_stop(&peer);
}

/* -- literals -- */

static void test_a_literal_waits_for_its_invitation(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    give_literal(&peer, &answers, 1, "APPEND x", "hello");
    give_literal(&peer, &answers, 2, "APPEND y", "you");
    peer_give(&peer, &answers, 3, "NOOP");
    peer_expect(&peer, "A1 APPEND x {5}\r\n");
    assert_int_equal(imap_client_poll_events(peer.client), POLLIN);
    peer_say(&peer, "* 5 EXISTS\r\n");
    peer_expect(&peer, "");
    peer_say(&peer, "+ go on\r\n");
    peer_expect(&peer, "hello\r\nA2 APPEND y {3}\r\n");
    peer_say(&peer, "A1 OK\r\n+\r\n");
    peer_expect(&peer, "you\r\nA3 NOOP\r\n");
    peer_say(&peer, "A3 OK\r\nA2 OK\r\n");
    assert_int_equal(answers.count, 3);
    assert_int_equal(imap_client_unsent_bytes(peer.client), 0);
    peer_stop(&peer);
}

static void test_literals_that_need_no_invitation(void **state)
{
    static const struct {
        const char *capabilities;
        size_t size;
        const char *line;
        bool is_sent;
    } rows[] = {
        {"", 1, "A1 APPEND x {1}\r\n", false},
        {" LITERAL-", 4097, "A1 APPEND x {4097}\r\n", false},
        {" LITERAL-", 4096, "A1 APPEND x {4096+}\r\n", true},
        {" LITERAL+", 4097, "A1 APPEND x {4097+}\r\n", true},
        {" LITERAL- LITERAL+", 4097, "A1 APPEND x {4097+}\r\n", true},
        {" LITERAL+", 4500, "A1 APPEND x {4500+}\r\n", true},
        /* with a server that may refuse what it was sent unasked */
        {" LITERAL+", 4501, "A1 APPEND x {4501}\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char literal[5000] = {0};
        struct peer peer;
        struct peer_answers answers = {0};
        memset(literal, 'x', rows[i].size);
        peer_start(&peer, rows[i].capabilities);
        imap_client_set_unasked_max(peer.client, 4500);
        give_literal(&peer, &answers, 1, "APPEND x", literal);
        peer_settle(&peer);
        size_t expected = strlen(rows[i].line) + (rows[i].is_sent ? rows[i].size + 2 : 0);
        if (peer.got.used != expected ||
            memcmp(peer.got.data, rows[i].line, strlen(rows[i].line)) != 0)
            fail_msg("row %zu: %zu bytes: %.30s", i, peer.got.used, buffer_str(&peer.got));
        peer_stop(&peer);
    }
}

static void test_a_command_refused_at_its_literal_is_cut_out(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    give_literal(&peer, &answers, 1, "APPEND x", "hello");
    give_literal(&peer, &answers, 2, "APPEND y", "you");
    peer_give(&peer, &answers, 3, "NOOP");
    peer_expect(&peer, "A1 APPEND x {5}\r\n");
    peer_say(&peer, "A1 NO [TRYCREATE] not there\r\n");
    peer_expect(&peer, "A2 APPEND y {3}\r\n");
    peer_answer_is(&answers, 0, 1, IMAP_STATUS_NO, "not there");
    peer_say(&peer, "+ \r\n");
    peer_expect(&peer, "you\r\nA3 NOOP\r\n");
    peer_stop(&peer);
}

/* A second literal of the same command goes with it. */
static void test_a_command_of_two_literals_is_cut_out_as_a_whole(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    begin_append(&peer, 3);
    imap_client_add_bytes(peer.client, "one", 3);
    imap_client_add(peer.client, " ");
    imap_client_add_literal(peer.client, 3);
    imap_client_add_bytes(peer.client, "two", 3);
    imap_client_end(peer.client, peer_answered, &answers, 1);
    give_literal(&peer, &answers, 2, "APPEND y", "you");
    peer_expect(&peer, "A1 APPEND x {3}\r\n");
    peer_say(&peer, "A1 NO\r\n");
    peer_expect(&peer, "A2 APPEND y {3}\r\n");
    peer_say(&peer, "+ \r\n");
    peer_expect(&peer, "you\r\n");
    peer_stop(&peer);
}

/* Refused while its bytes are still being given: the rest is swallowed, the answer comes once. */
static void test_an_open_command_is_refused(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    begin_append(&peer, 10);
    imap_client_add_bytes(peer.client, "hel", 3);
    peer_expect(&peer, "A1 APPEND x {10}\r\n");
    peer_say(&peer, "A1 NO [OVERQUOTA] full\r\n");
    assert_int_equal(answers.count, 0);
    imap_client_add_bytes(peer.client, "lo ", 3);
    imap_client_add_bytes(peer.client, "you!", 4);
    imap_client_add(peer.client, " () ");
    imap_client_add_literal(peer.client, 2);
    imap_client_add_bytes(peer.client, "ab", 2);
    imap_client_end(peer.client, peer_answered, &answers, 7);
    peer_answer_is(&answers, 0, 7, IMAP_STATUS_NO, "full");
    assert_string_equal(answers.items[0].code, "OVERQUOTA");
    give_literal(&peer, &answers, 8, "APPEND y", "you");
    peer_expect(&peer, "A2 APPEND y {3}\r\n");
    peer_say(&peer, "+ \r\n");
    peer_expect(&peer, "you\r\n");
    peer_say(&peer, "A2 OK\r\n");
    assert_int_equal(answers.count, 2);
    peer_stop(&peer);
}

/* The same before its first byte was given. */
static void test_an_open_command_is_refused_at_once(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    begin_append(&peer, 3);
    peer_expect(&peer, "A1 APPEND x {3}\r\n");
    peer_say(&peer, "A1 NO full\r\n");
    imap_client_add_bytes(peer.client, "abc", 3);
    imap_client_end(peer.client, peer_answered, &answers, 1);
    peer_answer_is(&answers, 0, 1, IMAP_STATUS_NO, "full");
    peer_give(&peer, &answers, 2, "NOOP");
    peer_expect(&peer, "A2 NOOP\r\n");
    peer_stop(&peer);
}

/* With LITERAL+ the server goes on reading what it has refused. */
static void test_an_open_command_is_refused_while_it_streams(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, " LITERAL+");
    begin_append(&peer, 10);
    imap_client_add_bytes(peer.client, "hel", 3);
    peer_expect(&peer, "A1 APPEND x {10+}\r\nhel");
    peer_say(&peer, "A1 NO full\r\n");
    imap_client_add_bytes(peer.client, "lo you!", 7);
    imap_client_end(peer.client, peer_answered, &answers, 1);
    peer_give(&peer, &answers, 2, "NOOP");
    peer_expect(&peer, "lo you!\r\nA2 NOOP\r\n");
    peer_say(&peer, "A2 OK\r\n");
    assert_int_equal(answers.count, 2);
    peer_answer_is(&answers, 0, 1, IMAP_STATUS_NO, "full");
    peer_stop(&peer);
}

static void test_answers_that_come_too_early(void **state)
{
    /* A1 waits at its literal, A2 behind it */
    static const char *const rows[] = {"A1 OK\r\n", "A2 OK\r\n", "A2 NO\r\n", "A2 BAD\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer peer;
        struct peer_answers answers = {0};
        peer_start(&peer, "");
        give_literal(&peer, &answers, 1, "APPEND x", "hello");
        peer_give(&peer, &answers, 2, "NOOP");
        peer_expect(&peer, "A1 APPEND x {5}\r\n");
        peer_say(&peer, rows[i]);
        if (imap_client_is_alive(peer.client))
            fail_msg("row %zu was believed", i);
        peer_is_closed_with(&peer, FAULT_PROTOCOL);
        assert_int_equal(answers.count, 2);
        peer_answer_is(&answers, 0, 1, IMAP_STATUS_NONE, "");
        peer_answer_is(&answers, 1, 2, IMAP_STATUS_NONE, "");
        peer_stop(&peer);
    }
    struct peer peer;
    peer_start(&peer, " LITERAL+");
    imap_client_begin(peer.client, false);
    imap_client_add_literal(peer.client, 10);
    peer_expect(&peer, "A1 {10+}\r\n");
    peer_say(&peer, "A1 OK\r\n");
    peer_is_closed_with(&peer, FAULT_PROTOCOL);
    peer_stop(&peer);
}

/* -- time -- */

static void test_silence_has_an_end(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    int64_t timeout_nsecs = 60000 * CLOCK_NSECS_PER_MSEC;
    (void)state;
    peer_start(&peer, "");
    assert_int_equal(imap_client_deadline(peer.client), 0);
    int64_t before = clock_mono_nsecs();
    peer_give(&peer, &answers, 1, "NOOP");
    assert_in_range(imap_client_deadline(peer.client), before + timeout_nsecs,
                    clock_mono_nsecs() + timeout_nsecs);
    peer_settle(&peer);
    int64_t first = imap_client_deadline(peer.client);
    peer_say(&peer, "* OK still here\r\n");
    assert_true(imap_client_deadline(peer.client) > first);
    imap_client_time_out(peer.client, imap_client_deadline(peer.client));
    peer_is_closed_with(&peer, FAULT_TIMEOUT);
    peer_answer_is(&answers, 0, 1, IMAP_STATUS_NONE, "");
    peer_stop(&peer);
}

/* A literal that is never invited is silence too. */
static void test_a_missing_invitation_has_a_deadline(void **state)
{
    struct peer peer;
    (void)state;
    peer_start(&peer, "");
    imap_client_begin(peer.client, false);
    imap_client_add_literal(peer.client, 3);
    imap_client_add_bytes(peer.client, "abc", 3);
    peer_expect(&peer, "A1 {3}\r\n");
    assert_true(imap_client_deadline(peer.client) > 0);
    peer_stop(&peer);
}

static void test_the_loop_waits_no_longer_than_allowed(void **state)
{
    struct peer peer;
    struct imap_loop loop;
    struct imap_answer answer = {0};
    struct stop stop;
    struct fault fault;
    (void)state;
    assert_true(stop_init(&stop));
    peer_start(&peer, "");
    imap_loop_init(&loop, &stop);
    imap_loop_add(&loop, peer.client);
    imap_client_command(peer.client, imap_answer_callback, &answer, "NOOP");
    /* Somebody wants to be woken: the wait ends although nothing happens. */
    (void)imap_loop_pump(&loop);
    loop.wake_at_nsecs = clock_mono_nsecs() + 5 * CLOCK_NSECS_PER_MSEC;
    imap_loop_wait(&loop);
    assert_true(clock_mono_nsecs() >= loop.wake_at_nsecs);
    stop_request(&stop);
    assert_false(imap_loop_await(&loop, peer.client, &answer, &fault));
    assert_int_equal(fault.code, FAULT_STOPPED);
    assert_true(imap_client_is_alive(peer.client));
    loop.stop = NULL;
    assert_int_equal(send(peer.fd, "A1 NO [X] no\r\n", 14, MSG_NOSIGNAL), 14);
    assert_true(imap_loop_await(&loop, peer.client, &answer, &fault));
    assert_int_equal(answer.status, IMAP_STATUS_NO);
    assert_string_equal(answer.code, "X");
    assert_string_equal(answer.text, "no");
    memset(&answer, 0, sizeof(answer));
    imap_client_command(peer.client, imap_answer_callback, &answer, "NOOP");
    assert_int_equal(close(peer.fd), 0);
    peer.fd = -1;
    assert_false(imap_loop_await(&loop, peer.client, &answer, &fault));
    assert_int_equal(fault.code, FAULT_CLOSED);
    stop_deinit(&stop);
    peer_stop(&peer);
}

/* -- TLS -- */

static void test_a_server_that_speaks_no_tls(void **state)
{
    struct peer peer;
    (void)state;
    struct tls_contexts *tls = tls_contexts_init();
    assert_non_null(tls);
    peer_connect(&peer, true, false);
    peer.connection_options.tls = tls;
    peer_say(&peer, "* OK hello, in clear\r\n");
    peer_is_closed_with(&peer, FAULT_TLS);
    assert_int_equal(imap_client_fault(peer.client)->advice, FAULT_ADVICE_RETRY);
    peer_stop(&peer);
    /* Without its CAs nothing is connected. */
    peer_connect(&peer, true, false);
    peer.connection_options.tls = tls;
    peer.connection_options.tls_options.cafile = "/nowhere/ca.pem";
    peer_settle(&peer);
    peer_is_closed_with(&peer, FAULT_TLS);
    assert_int_equal(imap_client_fault(peer.client)->advice, FAULT_ADVICE_NEVER);
    assert_non_null(strstr(imap_client_fault(peer.client)->text, "/nowhere/ca.pem"));
    peer_stop(&peer);
    tls_contexts_deinit(&tls);
    assert_null(tls);
}

/* -- secrets -- */

static void test_the_trace_shows_no_secret(void **state)
{
    static const char *const secrets[] = {"hunter2", "hunt\"er2", "hunt\r\ner2", "hunt\xc3\xa4r2"};
    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++) {
        struct peer peer;
        struct peer_answers answers = {0};
        struct buffer trace;
        struct fault fault;
        char echo[200];
        peer_connect(&peer, false, true);
        peer_say(&peer, "* OK [CAPABILITY IMAP4rev1 LITERAL+] hello\r\n");
        imap_client_begin(peer.client, true);
        imap_client_add(peer.client, "LOGIN ");
        imap_client_add_string(peer.client, "ann");
        imap_client_add(peer.client, " %s", "AHVudGVyMg==");
        imap_client_add_string(peer.client, secrets[i]);
        imap_client_end(peer.client, peer_answered, &answers, 1);
        imap_client_send_line(peer.client, "AHVudGVyMg==");
        peer_settle(&peer);
        /* The server repeats all it heard. */
        (void)snprintf(echo, sizeof(echo), "* hunter2 AHVudGVyMg==\r\n* OK hunter2\r\n");
        peer_say(&peer, echo);
        peer_say(&peer, "A1 NO LOGIN ann hunter2 AHVudGVyMg==\r\n");
        peer_give(&peer, &answers, 2, "NOOP visible");
        peer_settle(&peer);
        log_flush(peer.trace);
        buffer_init(&trace, 1000000);
        assert_true(file_read_limited(peer.trace_path, 1000000, &trace, &fault));
        const char *text = buffer_str(&trace);
        if (strstr(text, "hunt") != NULL || strstr(text, "er2") != NULL ||
            strstr(text, "AHVudGVy") != NULL)
            fail_msg("row %zu: %s", i, text);
        assert_non_null(strstr(text, "NOOP visible"));
        assert_non_null(strstr(text, "A1 NO"));
        assert_int_equal(answers.items[0].status, IMAP_STATUS_NO);
        buffer_deinit(&trace);
        peer_stop(&peer);
    }
}

static void test_a_continuation_that_no_literal_waits_for(void **state)
{
    struct peer peer;
    (void)state;
    peer_start(&peer, "");
    peer_say(&peer, "+ nobody asked\r\n* 3 EXISTS\r\n");
    assert_true(imap_client_is_alive(peer.client));
    assert_int_equal(imap_client_mailbox(peer.client)->exists, 3);
    peer_stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greetings_that_are_none),
        cmocka_unit_test(test_garbage_later),
        cmocka_unit_test(test_a_response_without_end),
        cmocka_unit_test(test_bye_then_close),
        cmocka_unit_test(test_what_is_closed_stays_closed),
        cmocka_unit_test(test_a_close_in_the_middle_of_a_response),
        cmocka_unit_test(test_a_port_where_nobody_listens),
        cmocka_unit_test(test_answers_in_any_order),
        cmocka_unit_test(test_nothing_is_sent_before_the_greeting),
        cmocka_unit_test(test_strings_as_they_are_sent),
        cmocka_unit_test(test_more_than_fits_closes),
        cmocka_unit_test(test_a_literal_waits_for_its_invitation),
        cmocka_unit_test(test_literals_that_need_no_invitation),
        cmocka_unit_test(test_a_command_refused_at_its_literal_is_cut_out),
        cmocka_unit_test(test_a_command_of_two_literals_is_cut_out_as_a_whole),
        cmocka_unit_test(test_an_open_command_is_refused),
        cmocka_unit_test(test_an_open_command_is_refused_at_once),
        cmocka_unit_test(test_an_open_command_is_refused_while_it_streams),
        cmocka_unit_test(test_answers_that_come_too_early),
        cmocka_unit_test(test_silence_has_an_end),
        cmocka_unit_test(test_a_missing_invitation_has_a_deadline),
        cmocka_unit_test(test_the_loop_waits_no_longer_than_allowed),
        cmocka_unit_test(test_a_server_that_speaks_no_tls),
        cmocka_unit_test(test_the_trace_shows_no_secret),
        cmocka_unit_test(test_a_continuation_that_no_literal_waits_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
