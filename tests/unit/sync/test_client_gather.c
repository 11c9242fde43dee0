/* SPDX-License-Identifier: MIT
 * A client that has much to expect is woken for large pieces only, and for whatever there is when
 * no more comes, or the end; and what waits for its record goes when the source pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stop.h"
#include "sync/imap/loop.h"
#include "tests/unit/sync/peer.h"

#define BODY_BYTES ((size_t)1024 * 1024)

struct bodies {
    struct peer peer;
    struct peer_answers answers;
    struct imap_loop loop;
    size_t bytes; /* of literals that came */
};

static enum imap_taken begin_body(void *context, const struct imap_response *partial,
                                  uint64_t literal_bytes)
{
    (void)context;
    (void)partial;
    assert_int_equal(literal_bytes, BODY_BYTES);
    return IMAP_TAKEN;
}

static size_t take_body(void *context, const unsigned char *data, size_t size)
{
    struct bodies *bodies = context;
    (void)data;
    bodies->bytes += size;
    return size;
}

/* A FETCH is under way, and its literal has begun. */
static void bodies_start(struct bodies *bodies)
{
    memset(bodies, 0, sizeof(*bodies));
    const struct imap_events events = {
        .context = bodies, .literal_begin = begin_body, .literal_data = take_body};
    peer_start(&bodies->peer, "");
    imap_client_set_events(bodies->peer.client, &events);
    imap_loop_init(&bodies->loop, NULL);
    imap_loop_add(&bodies->loop, bodies->peer.client);
    peer_give(&bodies->peer, &bodies->answers, 1, "FETCH 1 BODY[]");
    peer_expect(&bodies->peer, "A1 FETCH 1 BODY[]\r\n");
    peer_say(&bodies->peer, "* 1 FETCH (BODY[] {1048576}\r\n");
    imap_client_set_ready(bodies->peer.client);
}

/* The server sends so much of it, and nobody reads it yet. */
static void send_part(struct bodies *bodies, size_t size)
{
    static char data[BODY_BYTES];
    memset(data, 'x', sizeof(data));
    assert_int_equal(send(bodies->peer.fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT), size);
}

static void take(struct bodies *bodies)
{
    while (imap_loop_pump(&bodies->loop))
        ;
}

static void wait_and_take(struct bodies *bodies)
{
    imap_loop_wait(&bodies->loop);
    take(bodies);
}

/* What the loop would be told at once. */
static bool is_reported(const struct bodies *bodies)
{
    struct pollfd fd = {imap_client_fd(bodies->peer.client), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

static void test_large_pieces_are_reported(void **state)
{
    struct bodies bodies;
    (void)state;
    bodies_start(&bodies);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    assert_true(imap_client_is_gathering(bodies.peer.client));
    send_part(&bodies, 1000);
    assert_false(is_reported(&bodies));
    send_part(&bodies, 40000);
    assert_false(is_reported(&bodies));
    send_part(&bodies, 30000);
    assert_true(is_reported(&bodies));
    wait_and_take(&bodies);
    assert_int_equal(bodies.bytes, 71000);
    assert_true(imap_client_is_gathering(bodies.peer.client));
    peer_stop(&bodies.peer);
}

/* A source that pauses: its few bytes are taken though they were not reported, and so is a single
   one that comes later, since nothing is gathered any more after a wait in vain. */
static void test_what_there_is_is_taken_when_no_more_comes(void **state)
{
    struct bodies bodies;
    (void)state;
    bodies_start(&bodies);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    send_part(&bodies, 1000);
    imap_loop_wait(&bodies.loop);
    assert_int_equal(bodies.bytes, 0);
    take(&bodies);
    assert_int_equal(bodies.bytes, 1000);
    assert_false(imap_client_is_gathering(bodies.peer.client));
    imap_client_expect(bodies.peer.client, BODY_BYTES - 1000);
    assert_true(imap_client_is_gathering(bodies.peer.client));
    wait_and_take(&bodies);
    imap_client_expect(bodies.peer.client, BODY_BYTES - 1000);
    assert_false(imap_client_is_gathering(bodies.peer.client));
    send_part(&bodies, 1);
    assert_true(is_reported(&bodies));
    wait_and_take(&bodies);
    assert_int_equal(bodies.bytes, 1001);
    imap_client_expect(bodies.peer.client, BODY_BYTES - 1001);
    assert_true(imap_client_is_gathering(bodies.peer.client));
    peer_stop(&bodies.peer);
}

/* Another connection that is never silent for so long makes no difference. */
static void test_one_that_talks_does_not_make_another_wait(void **state)
{
    struct bodies bodies;
    struct peer talker;
    (void)state;
    bodies_start(&bodies);
    peer_start(&talker, "");
    imap_loop_add(&bodies.loop, talker.client);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    take(&bodies);
    send_part(&bodies, 1000);
    (void)poll(NULL, 0, IMAP_GATHER_MSECS + 1);
    assert_int_equal(send(talker.fd, "* OK hm\r\n", 9, MSG_NOSIGNAL), 9);
    wait_and_take(&bodies);
    assert_int_equal(bodies.bytes, 1000);
    peer_stop(&talker);
    peer_stop(&bodies.peer);
}

static void test_the_last_bytes_are_not_gathered(void **state)
{
    struct bodies bodies;
    (void)state;
    bodies_start(&bodies);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    assert_true(imap_client_is_gathering(bodies.peer.client));
    imap_client_expect(bodies.peer.client, 100000);
    assert_false(imap_client_is_gathering(bodies.peer.client));
    send_part(&bodies, 1);
    assert_true(is_reported(&bodies));
    peer_stop(&bodies.peer);
}

static void test_the_end_is_reported_at_once(void **state)
{
    struct bodies bodies;
    (void)state;
    bodies_start(&bodies);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    send_part(&bodies, 1000);
    assert_int_equal(close(bodies.peer.fd), 0);
    bodies.peer.fd = -1;
    assert_true(is_reported(&bodies));
    wait_and_take(&bodies);
    assert_int_equal(bodies.bytes, 1000);
    peer_is_closed_with(&bodies.peer, FAULT_CLOSED);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    assert_false(imap_client_is_gathering(bodies.peer.client));
    peer_stop(&bodies.peer);
}

/* -- the other side -- */

/* Of an open APPEND, what fills no record is held as long as the source has more at once; meanwhile
   nobody waits for room in the socket, and when the source pauses, it goes. */
static void test_what_is_held_goes_when_the_source_pauses(void **state)
{
    struct bodies bodies;
    struct peer destination;
    (void)state;
    bodies_start(&bodies);
    peer_start(&destination, " LITERAL+");
    imap_loop_add(&bodies.loop, destination.client);
    imap_client_set_ready(destination.client);
    imap_client_begin(destination.client, false);
    imap_client_add(destination.client, "APPEND x ");
    imap_client_add_literal(destination.client, 5);
    imap_client_add_bytes(destination.client, "abc", 3);
    imap_client_expect(bodies.peer.client, BODY_BYTES);
    take(&bodies);
    assert_false(peer_receive(&destination));
    assert_int_equal(imap_client_poll_events(destination.client), POLLIN);
    wait_and_take(&bodies);
    assert_true(peer_receive(&destination));
    assert_string_equal(buffer_str(&destination.got), "A1 APPEND x {5+}\r\nabc");
    peer_stop(&destination);
    peer_stop(&bodies.peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_pieces_are_reported),
        cmocka_unit_test(test_what_there_is_is_taken_when_no_more_comes),
        cmocka_unit_test(test_one_that_talks_does_not_make_another_wait),
        cmocka_unit_test(test_the_last_bytes_are_not_gathered),
        cmocka_unit_test(test_the_end_is_reported_at_once),
        cmocka_unit_test(test_what_is_held_goes_when_the_source_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
