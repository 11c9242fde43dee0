/* SPDX-License-Identifier: MIT
 * Listings of a folder as servers give them: complete, short, out of order, twice, and how much
 * memory they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/listing.h"
#include "tests/unit/sync/peer.h"

static const struct adopt_secret secret = {.bytes = "sixteen bytes.."};
static const struct listing_role searched = {.secret = &secret, .is_searched = true};

/* A mailbox that is open on a server, and its listing. */
struct side {
    struct peer peer;
    struct imap_loop loop;
    struct session session;
    struct listing listing;
};

static void side_open(struct side *side, unsigned int exists)
{
    char line[100];
    memset(side, 0, sizeof(*side));
    peer_start(&side->peer, "");
    imap_loop_init(&side->loop, NULL);
    imap_loop_add(&side->loop, side->peer.client);
    side->session.client = side->peer.client;
    side->session.loop = &side->loop;
    side->session.side = 1;
    imap_client_mailbox_begin(side->peer.client);
    (void)snprintf(line, sizeof(line), "* %u EXISTS\r\n", exists);
    peer_say(&side->peer, line);
    imap_client_set_selected(side->peer.client, true);
    listing_init(&side->listing, &side->session);
}

static void side_close(struct side *side)
{
    listing_deinit(&side->listing);
    peer_stop(&side->peer);
}

static void side_ask(struct side *side, const struct listing_role *role)
{
    if (role != NULL)
        side->listing.role = *role;
    listing_send(&side->listing, role != NULL, false);
    listing_listen(&side->listing);
    peer_settle(&side->peer);
}

/* Says OK to the command; its tag is the first word that was sent. */
static bool side_end(struct side *side, struct fault *fault_r)
{
    char tag[20];
    char line[60];
    peer_settle(&side->peer);
    assert_int_equal(sscanf(buffer_str(&side->peer.got), "%19s", tag), 1);
    (void)snprintf(line, sizeof(line), "%s OK done\r\n", tag);
    peer_say(&side->peer, line);
    return listing_finish(&side->listing, "folder", fault_r);
}

static void add_message(struct buffer *text, unsigned int uid, unsigned int id)
{
    char header[100];
    int size = snprintf(header, sizeof(header), "Message-ID: <%u@example>\r\n\r\n", id);
    buffer_printf(text,
                  "* %u FETCH (UID %u RFC822.SIZE %u INTERNALDATE \"01-Jan-2024 10:%02u:00 +0000\" "
                  "BODY[HEADER.FIELDS (MESSAGE-ID)] {%d}\r\n%s)\r\n",
                  uid, uid, 1000 + uid, uid % 60, size, header);
}

static void side_say_message(struct side *side, unsigned int uid, unsigned int id)
{
    struct buffer text;
    buffer_init(&text, 1000);
    add_message(&text, uid, id);
    peer_say_bytes(&side->peer, text.data, text.used);
    buffer_deinit(&text);
}

/* Each with its UID as its id. */
static void side_say_many(struct side *side, unsigned int from, unsigned int to)
{
    struct buffer text;
    buffer_init(&text, (size_t)16 * 1024 * 1024);
    for (unsigned int uid = from; uid <= to; uid++)
        add_message(&text, uid, uid);
    assert_false(text.has_failed);
    peer_say_bytes(&side->peer, text.data, text.used);
    buffer_deinit(&text);
}

static void side_list(struct side *side, const unsigned int *uids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        side_say_message(side, uids[i], uids[i]);
}

#define LIST(side, ...)                                    \
    side_list((side), (const unsigned int[]){__VA_ARGS__}, \
              sizeof((const unsigned int[]){__VA_ARGS__}) / sizeof(unsigned int))

static void test_a_short_listing_is_a_fault(void **state)
{
    struct side side;
    struct fault fault;
    (void)state;
    side_open(&side, 3);
    side_ask(&side, NULL);
    LIST(&side, 1, 2);
    assert_false(side_end(&side, &fault));
    assert_int_equal(fault.code, FAULT_LISTING);
    assert_int_equal(fault.scope, FAULT_SCOPE_FOLDER);
    side_close(&side);
}

/* What comes twice makes up for nothing. */
static void test_twice_is_once(void **state)
{
    struct side side;
    struct fault fault;
    (void)state;
    side_open(&side, 3);
    side_ask(&side, NULL);
    LIST(&side, 1, 2, 1);
    assert_false(side_end(&side, &fault));
    side_close(&side);
    side_open(&side, 3);
    side_ask(&side, NULL);
    LIST(&side, 9, 4, 9, 7, 4);
    assert_true(side_end(&side, &fault));
    assert_int_equal(side.listing.count, 3);
    assert_int_equal(listing_find(&side.listing, 4), 0);
    assert_int_equal(listing_find(&side.listing, 7), 1);
    assert_int_equal(listing_find(&side.listing, 9), 2);
    assert_int_equal(listing_find(&side.listing, 5), -1);
    assert_int_equal(side.listing.messages[1].size_bytes, 1007);
    assert_int_equal(side.listing.messages[1].place, ADOPT_NOWHERE);
    side_close(&side);
}

/* Listened to before it was sent: a server may talk of anything when a folder is opened. */
static void test_what_was_not_asked_for(void **state)
{
    struct side side;
    struct fault fault;
    (void)state;
    side_open(&side, 1);
    listing_listen(&side.listing);
    LIST(&side, 7);
    assert_int_equal(side.listing.count, 0);
    assert_int_equal(listing_memory_bytes(&side.listing), 0);
    side_ask(&side, &searched);
    LIST(&side, 1);
    assert_true(side_end(&side, &fault));
    assert_int_equal(side.listing.count, 1);
    side_close(&side);
}

/* A message without its header could not be recognised: the listing is short. */
static void test_a_header_that_is_missing(void **state)
{
    struct side side;
    struct fault fault;
    (void)state;
    side_open(&side, 2);
    side_ask(&side, &searched);
    LIST(&side, 1);
    peer_say(&side.peer, "* 2 FETCH (UID 2 RFC822.SIZE 5)\r\n");
    assert_false(side_end(&side, &fault));
    assert_int_equal(fault.code, FAULT_LISTING);
    side_close(&side);
}

/* Dates, keys and places stay with their messages when these are put in order; a message that the
   destination reports twice can't be two. */
static void test_order_is_made_on_both_sides(void **state)
{
    struct side destination;
    struct side source;
    struct fault fault;
    (void)state;
    side_open(&destination, 3);
    side_ask(&destination, &searched);
    LIST(&destination, 30, 10, 20, 10);
    assert_true(side_end(&destination, &fault));
    assert_int_equal(destination.listing.count, 3);
    assert_null(destination.listing.messages);
    const struct listing_role here = {
        .secret = &secret, .among = &destination.listing, .with_keys = true};
    side_open(&source, 5);
    side_ask(&source, &here);
    side_say_message(&source, 5, 10);
    side_say_message(&source, 4, 99);
    side_say_message(&source, 30, 30);
    side_say_message(&source, 1, 20);
    side_say_message(&source, 30, 30);
    side_say_message(&source, 2, 10);
    assert_true(side_end(&source, &fault));
    static const unsigned int uids[] = {1, 2, 4, 5, 30};
    static const unsigned int ids[] = {20, 10, 99, 10, 30};
    for (size_t i = 0; i < 5; i++) {
        char header[100];
        struct identity identity;
        int size = snprintf(header, sizeof(header), "Message-ID: <%u@example>\r\n\r\n", ids[i]);
        (void)identity_from_header(header, (size_t)size, &identity);
        const struct listed_message *message = &source.listing.messages[i];
        assert_int_equal(message->uid, uids[i]);
        assert_int_equal(message->size_bytes, 1000 + uids[i]);
        assert_int_equal(source.listing.keys[i], adopt_key(&secret, &identity));
        assert_int_equal(source.listing.traits[i].date,
                         adopt_date(1704103200 + 60 * (int64_t)uids[i]));
        if (ids[i] == 99)
            assert_int_equal(message->place, ADOPT_NOWHERE);
        else
            assert_int_equal(destination.listing.records[message->place].key,
                             source.listing.keys[i]);
    }
    const struct adopt_source from = listing_as_source(&source.listing);
    const struct adopt_destination to = listing_as_destination(&destination.listing);
    const struct adopt_rules rules = {&secret, true, false};
    adopt_match(&from, &to, &rules);
    static const enum message_state wanted[] = {MESSAGE_ALREADY, MESSAGE_ALREADY, MESSAGE_WANTED,
                                                MESSAGE_WANTED, MESSAGE_ALREADY};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(source.listing.messages[i].state, wanted[i]);
    side_close(&source);
    side_close(&destination);
}

/* As much as the room for one more than there are; checked at every stage. */
static void memory_is(const struct listing *listing, size_t count, size_t each)
{
    assert_int_equal(listing_memory_bytes(listing), (count + 1) * each);
}

static void test_memory_for_each_message(void **state)
{
    enum {
        MANY = 20000
    };
    struct side destination;
    struct side source;
    struct fault fault;
    (void)state;
    side_open(&destination, MANY);
    side_ask(&destination, &searched);
    side_say_many(&destination, 1, MANY);
    memory_is(&destination.listing, MANY, 32);
    assert_true(side_end(&destination, &fault));
    memory_is(&destination.listing, MANY, 20);
    const struct listing_role here = {.secret = &secret, .among = &destination.listing};
    side_open(&source, MANY);
    side_ask(&source, &here);
    side_say_many(&source, 1, MANY);
    assert_true(side_end(&source, &fault));
    /* the peak */
    memory_is(&source.listing, MANY, 16);
    assert_true(listing_memory_bytes(&source.listing) +
                    listing_memory_bytes(&destination.listing) <=
                36 * (MANY + 1)); /* for two messages, one here and one there */
    /* the copy */
    listing_forget_identities(&destination.listing);
    listing_forget_identities(&source.listing);
    memory_is(&destination.listing, MANY, 0);
    memory_is(&source.listing, MANY, 12);
    side_close(&source);
    side_close(&destination);
}

/* A server that says more than it has gets no memory for it beyond a limit. */
static void test_memory_is_not_given_for_words(void **state)
{
    struct side side;
    struct fault fault;
    (void)state;
    side_open(&side, 4000000000u);
    side_ask(&side, NULL);
    LIST(&side, 1, 2, 3);
    assert_true(listing_memory_bytes(&side.listing) < 1000 * sizeof(struct listed_message));
    assert_false(side_end(&side, &fault));
    side_close(&side);
}

/* Mail arrives while the list is read: more than was said at first. */
static void test_more_than_was_said(void **state)
{
    struct side side;
    struct fault fault;
    (void)state;
    side_open(&side, 2);
    side_ask(&side, NULL);
    LIST(&side, 1, 2);
    peer_say(&side.peer, "* 200 EXISTS\r\n");
    side_say_many(&side, 3, 200);
    assert_true(side_end(&side, &fault));
    assert_int_equal(side.listing.count, 200);
    memory_is(&side.listing, 200, 12);
    side_close(&side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_short_listing_is_a_fault),
        cmocka_unit_test(test_twice_is_once),
        cmocka_unit_test(test_what_was_not_asked_for),
        cmocka_unit_test(test_a_header_that_is_missing),
        cmocka_unit_test(test_order_is_made_on_both_sides),
        cmocka_unit_test(test_memory_for_each_message),
        cmocka_unit_test(test_memory_is_not_given_for_words),
        cmocka_unit_test(test_more_than_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
