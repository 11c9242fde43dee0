/* SPDX-License-Identifier: MIT
 * What the client hears: untagged data, back-pressure, literals that stream, the mailbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sync/peer.h"

struct sink {
    size_t refusals; /* so many times "not now" */
    size_t offers;
    size_t piece;        /* literal_data takes so much at a time; 0: all */
    struct buffer taken; /* "NAME number;" and literal bytes */
    bool is_refusing_data;
};

static enum imap_taken sink_untagged(void *context, const struct imap_response *response)
{
    struct sink *sink = context;
    sink->offers++;
    if (sink->refusals > 0) {
        sink->refusals--;
        return IMAP_NOT_NOW;
    }
    buffer_printf(&sink->taken, "%.*s %llu;", (int)response->name_size, response->name,
                  (unsigned long long)response->number);
    return IMAP_TAKEN;
}

static enum imap_taken sink_begin(void *context, const struct imap_response *partial,
                                  uint64_t literal_bytes)
{
    struct sink *sink = context;
    sink->offers++;
    if (sink->refusals > 0) {
        sink->refusals--;
        return IMAP_NOT_NOW;
    }
    buffer_printf(&sink->taken, "<%llu %zu:%llu>", (unsigned long long)partial->number,
                  partial->token_count, (unsigned long long)literal_bytes);
    return IMAP_TAKEN;
}

static size_t sink_data(void *context, const unsigned char *data, size_t size)
{
    struct sink *sink = context;
    sink->is_refusing_data = sink->piece != 0 && !sink->is_refusing_data;
    if (sink->is_refusing_data)
        return 0;
    if (sink->piece != 0 && size > sink->piece)
        size = sink->piece;
    buffer_append(&sink->taken, data, size);
    return size;
}

static void sink_end(void *context, const struct imap_parser *remainder)
{
    struct sink *sink = context;
    buffer_printf(&sink->taken, "</%zu>", remainder->count);
}

static void sink_start(struct sink *sink, struct peer *peer)
{
    struct imap_events events = {sink, sink_untagged, sink_begin, sink_data, sink_end, NULL};
    memset(sink, 0, sizeof(*sink));
    buffer_init(&sink->taken, 10000000);
    imap_client_set_events(peer->client, &events);
}

static void test_what_is_not_taken_now_is_offered_again(void **state)
{
    struct peer peer;
    struct sink sink;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    sink_start(&sink, &peer);
    peer_give(&peer, &answers, 1, "NOOP");
    sink.refusals = SIZE_MAX;
    peer_say(&peer, "* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n* 2 FETCH ()\r\n* SEARCH\r\nA1 OK\r\n");
    /* Blocked: the socket is not read any more, and no answer is due meanwhile. */
    assert_int_equal(imap_client_poll_events(peer.client), 0);
    assert_int_equal(imap_client_deadline(peer.client), 0);
    assert_int_equal(sink.taken.used, 0);
    assert_true(sink.offers > 0);
    assert_int_equal(answers.count, 0);
    sink.refusals = 2;
    peer_settle(&peer);
    assert_string_equal(buffer_str(&sink.taken), "FETCH 1;FETCH 2;SEARCH 0;");
    assert_int_equal(answers.count, 1);
    assert_int_equal(imap_client_poll_events(peer.client), POLLIN);
    buffer_deinit(&sink.taken);
    peer_stop(&peer);
}

static void test_a_blocked_client_reads_a_bounded_amount(void **state)
{
    static char flood[4 * 1024 * 1024];
    struct peer peer;
    struct sink sink;
    (void)state;
    for (size_t i = 0; i + 8 <= sizeof(flood); i += 8)
        memcpy(flood + i, "* 1 X \r\n", 8);
    peer_start(&peer, "");
    sink_start(&sink, &peer);
    sink.refusals = SIZE_MAX;
    size_t sent = 0;
    for (int i = 0; i < 20; i++) {
        ssize_t put = send(peer.fd, flood, sizeof(flood), MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += put > 0 ? (size_t)put - (size_t)put % 8 : 0;
        peer_settle(&peer);
        if (put <= 0)
            break;
    }
    /* The system's buffers fill up, so the server has to wait. */
    assert_true(sent < 20 * sizeof(flood));
    assert_int_equal(sink.taken.used, 0);
    buffer_deinit(&sink.taken);
    peer_stop(&peer);
}

static void test_a_large_literal_streams(void **state)
{
    struct peer peer;
    struct sink sink;
    struct buffer response;
    char literal[5000];
    (void)state;
    for (size_t piece = 0; piece < 3000; piece = piece == 0 ? 700 : piece * 4) {
        peer_start(&peer, "");
        sink_start(&sink, &peer);
        sink.piece = piece;
        sink.refusals = 3;
        buffer_init(&response, 10000);
        for (size_t i = 0; i < sizeof(literal); i++)
            literal[i] = "A1 OK\r\n)"[i % 8];
        buffer_append_str(&response, "* 9 FETCH (BODY[] {5000}\r\n");
        buffer_append(&response, literal, sizeof(literal));
        buffer_append_str(&response, " UID 5)\r\n* 7 X\r\n");
        for (size_t i = 0; i < response.used; i += 1000)
            peer_say_bytes(&peer, response.data + i,
                           response.used - i < 1000 ? response.used - i : 1000);
        for (int i = 0; i < PEER_PATIENCE; i++)
            (void)imap_client_pump(peer.client, clock_mono_nsecs());
        const char *taken = buffer_str(&sink.taken);
        assert_int_equal(sink.taken.used, strlen("<9 2:5000>") + 5000 + strlen("</2>X 7;"));
        assert_int_equal(strncmp(taken, "<9 2:5000>", 10), 0);
        assert_memory_equal(taken + 10, literal, sizeof(literal));
        assert_string_equal(taken + 10 + sizeof(literal), "</2>X 7;");
        buffer_deinit(&response);
        buffer_deinit(&sink.taken);
        peer_stop(&peer);
    }
}

static void test_a_large_literal_nobody_wants_is_passed_over(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    char literal[5000];
    (void)state;
    memset(literal, 'x', sizeof(literal));
    peer_start(&peer, "");
    peer_give(&peer, &answers, 1, "NOOP");
    peer_say(&peer, "* 9 FETCH (BODY[] {5000}\r\n");
    peer_say_bytes(&peer, literal, sizeof(literal));
    peer_say(&peer, " UID 5)\r\nA1 OK\r\n");
    assert_int_equal(answers.count, 1);
    assert_true(imap_client_is_alive(peer.client));
    peer_stop(&peer);
}

static void test_two_large_literals_in_one_response(void **state)
{
    struct peer peer;
    struct sink sink;
    char literal[200];
    (void)state;
    memset(literal, 'x', sizeof(literal));
    peer_start(&peer, "");
    sink_start(&sink, &peer);
    peer_say(&peer, "* 9 FETCH (BODY[] {200}\r\n");
    peer_say_bytes(&peer, literal, sizeof(literal));
    peer_say(&peer, " BODY[TEXT] {200}\r\n");
    peer_is_closed_with(&peer, FAULT_PROTOCOL);
    buffer_deinit(&sink.taken);
    peer_stop(&peer);
}

/* Who is in the middle of a response must get it whole, though the connection ended behind it. */
static void test_the_end_waits_for_what_came_before_it(void **state)
{
    struct peer peer;
    struct sink sink = {.refusals = 20};
    static const char text[] = "* 1 EXISTS\r\n* 2 FETCH ()\r\n* 3 FETCH ()\r\n* 4 FET";
    (void)state;
    peer_start(&peer, "");
    buffer_init(&sink.taken, 4096);
    struct imap_events events = {&sink, sink_untagged, NULL, NULL, NULL, NULL};
    imap_client_set_events(peer.client, &events);
    assert_int_equal(send(peer.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    assert_int_equal(close(peer.fd), 0);
    peer.fd = -1;
    for (int i = 0; i < 5; i++) {
        (void)poll(NULL, 0, 2);
        (void)imap_client_pump(peer.client, clock_mono_nsecs());
    }
    assert_true(imap_client_is_alive(peer.client));
    assert_false(imap_client_pump(peer.client, clock_mono_nsecs())); /* and nothing spins */
    assert_int_equal(imap_client_poll_events(peer.client), 0);
    sink.refusals = 0;
    peer_settle(&peer);
    assert_string_equal(buffer_str(&sink.taken), "FETCH 2;FETCH 3;");
    peer_is_closed_with(&peer, FAULT_CLOSED);
    buffer_deinit(&sink.taken);
    peer_stop(&peer);
}

static void test_the_mailbox(void **state)
{
    struct peer peer;
    struct peer_answers answers = {0};
    (void)state;
    peer_start(&peer, "");
    imap_client_mailbox_begin(peer.client);
    peer_give(&peer, &answers, 1, "SELECT x");
    peer_say(&peer,
             "* 10 EXISTS\r\n* FLAGS (\\Seen)\r\n"
             "* OK [PERMANENTFLAGS (\\Seen $x \\*)] ok\r\n* OK [UIDVALIDITY 4294967295] ok\r\n"
             "* OK [UIDNEXT 4294967296] no\r\n* OK [UNSEEN] ok\r\n* OK [] ok\r\n"
             "A1 OK [READ-WRITE] ok\r\n");
    const struct imap_mailbox *mailbox = imap_client_mailbox(peer.client);
    assert_true(mailbox->has_exists && mailbox->has_permanentflags && mailbox->may_create_keywords);
    assert_string_equal(mailbox->permanentflags, " \\Seen $x \\* ");
    assert_int_equal(mailbox->exists_at_open, 10);
    assert_int_equal(mailbox->uidvalidity, UINT32_MAX);
    assert_int_equal(mailbox->uidnext, 0);
    peer_say(&peer, "* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 12 EXISTS\r\n");
    assert_int_equal(mailbox->exists, 12);
    assert_int_equal(mailbox->exists_at_open, 10);
    assert_int_equal(mailbox->expunged, 2);
    /* The next one is opened behind a FETCH of this one, which is left with the answer to that. */
    peer_give(&peer, &answers, 2, "FETCH y");
    imap_client_mailbox_begin(peer.client);
    peer_give(&peer, &answers, 3, "EXAMINE z");
    peer_settle(&peer);
    assert_int_equal(mailbox->exists, 12);
    peer_say(&peer, "* 1 EXPUNGE\r\n* OK [UIDVALIDITY 9] late\r\nA2 OK\r\n");
    assert_false(mailbox->has_exists || mailbox->has_permanentflags);
    assert_int_equal(mailbox->uidvalidity, 0);
    peer_say(&peer, "* 4 EXISTS\r\n* OK [UIDVALIDITY 8] z\r\nA3 OK\r\n");
    assert_int_equal(mailbox->exists_at_open, 4);
    assert_int_equal(mailbox->uidvalidity, 8);
    imap_client_mailbox_begin(peer.client);
    assert_false(mailbox->has_exists || mailbox->has_permanentflags);
    peer_say(&peer, "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n");
    assert_int_equal(mailbox->exists, 0);
    peer_stop(&peer);
}

/* RFC 7162 section 3.2.10: what EXPUNGE says. With EARLIER it is an answer to whoever asked. */
static void test_vanished(void **state)
{
    static const struct {
        const char *said;
        uint64_t exists; /* of 10 */
        uint64_t expunged;
        const char *heard;
    } rows[] = {
        {"* VANISHED 5\r\n", 9, 1, ""},
        {"* vanished 405,407,410:411\r\n", 6, 4, ""},
        {"* VANISHED 3\r\n* 2 EXPUNGE\r\n* 12 EXISTS\r\n* VANISHED 4:5\r\n", 10, 4, ""},
        {"* VANISHED 1:4294967295\r\n", 0, 4294967295, ""},
        {"* VANISHED (EARLIER) 1:8\r\n", 10, 0, "VANISHED 0;"},
        {"* VANISHED\r\n", 10, 0, "VANISHED 0;"},
        {"* VANISHED 5 6\r\n", 10, 0, "VANISHED 0;"},
        {"* VANISHED NIL\r\n* VANISHED *\r\n* VANISHED 0\r\n", 10, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer;
        struct sink sink;
        peer_start(&peer, "");
        sink_start(&sink, &peer);
        imap_client_mailbox_begin(peer.client);
        peer_say(&peer, "* 10 EXISTS\r\n");
        peer_say(&peer, rows[i].said);
        const struct imap_mailbox *mailbox = imap_client_mailbox(peer.client);
        if (mailbox->exists != rows[i].exists || mailbox->expunged != rows[i].expunged ||
            strcmp(buffer_str(&sink.taken), rows[i].heard) != 0)
            fail_msg("row %zu: %llu, %llu expunged, %s", i, (unsigned long long)mailbox->exists,
                     (unsigned long long)mailbox->expunged, buffer_str(&sink.taken));
        assert_true(imap_client_is_alive(peer.client));
        buffer_deinit(&sink.taken);
        peer_stop(&peer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_taken_now_is_offered_again),
        cmocka_unit_test(test_a_blocked_client_reads_a_bounded_amount),
        cmocka_unit_test(test_a_large_literal_streams),
        cmocka_unit_test(test_a_large_literal_nobody_wants_is_passed_over),
        cmocka_unit_test(test_two_large_literals_in_one_response),
        cmocka_unit_test(test_the_end_waits_for_what_came_before_it),
        cmocka_unit_test(test_the_mailbox),
        cmocka_unit_test(test_vanished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
