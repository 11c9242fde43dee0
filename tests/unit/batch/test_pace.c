/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "batch/pace.h"

#define SEC  CLOCK_NSECS_PER_SEC
#define MSEC CLOCK_NSECS_PER_MSEC

/* -- a server that allows so many messages a second, and saves up an allowance -- */

#define IN_FLIGHT_MAX 8

struct server {
    double rate;
    double allowance_max;
    int64_t wait_msecs; /* what it asks for */
    double allowance;
    int64_t filled_nsecs;
};

struct outcome {
    unsigned int sent;
    unsigned int stored;
    unsigned int sent_late; /* after the first minute */
    unsigned int throttled_late;
};

struct message {
    int64_t answered_nsecs;
    bool is_stored;
};

/* A client with a distance of 50 ms, and its messages in flight. */
struct client {
    struct server *server;
    struct pace *pace;
    struct message in_flight[IN_FLIGHT_MAX];
    size_t count;
    int64_t resumes_nsecs;
    struct outcome outcome;
};

static bool server_stores(struct server *server, int64_t now_nsecs)
{
    server->allowance += server->rate * (double)(now_nsecs - server->filled_nsecs) / (double)SEC;
    server->filled_nsecs = now_nsecs;
    if (server->allowance > server->allowance_max)
        server->allowance = server->allowance_max;
    if (server->allowance < 1)
        return false;
    server->allowance -= 1;
    return true;
}

static void client_hear(struct client *client, int64_t now_nsecs)
{
    for (size_t i = 0; i < client->count;) {
        if (client->in_flight[i].answered_nsecs > now_nsecs) {
            i++;
            continue;
        }
        if (!client->in_flight[i].is_stored && now_nsecs >= client->resumes_nsecs) {
            pace_throttled(client->pace, now_nsecs, client->server->wait_msecs);
            client->resumes_nsecs = now_nsecs + client->server->wait_msecs * MSEC;
        }
        client->in_flight[i] = client->in_flight[--client->count];
    }
}

static void client_send(struct client *client, int64_t now_nsecs)
{
    bool is_stored = server_stores(client->server, now_nsecs);
    pace_note(client->pace, now_nsecs, 1);
    client->in_flight[client->count++] = (struct message){now_nsecs + 50 * MSEC, is_stored};
    client->outcome.sent++;
    client->outcome.stored += is_stored;
    if (now_nsecs > 60 * SEC) {
        client->outcome.sent_late++;
        client->outcome.throttled_late += !is_stored;
    }
}

static struct outcome simulate(struct server *server, struct pace *pace, int64_t secs)
{
    struct client client = {.server = server, .pace = pace};
    server->allowance = server->allowance_max;
    for (int64_t now = 0; now < secs * SEC;) {
        client_hear(&client, now);
        if (now >= client.resumes_nsecs && client.count < IN_FLIGHT_MAX &&
            pace_opens_at(pace) <= now)
            client_send(&client, now);
        else
            now += MSEC;
    }
    return client.outcome;
}

static void test_finds_what_a_server_allows(void **state)
{
    (void)state;
    static struct server servers[] = {
        {.rate = 4, .allowance_max = 20, .wait_msecs = 500},
        {.rate = 4, .allowance_max = 20, .wait_msecs = 2000},
        {.rate = 4, .allowance_max = 20, .wait_msecs = 5000},
        {.rate = 4, .allowance_max = 100, .wait_msecs = 500},
        {.rate = 4, .allowance_max = 100, .wait_msecs = 5000},
        {.rate = 4, .allowance_max = 5, .wait_msecs = 1000},
        {.rate = 30, .allowance_max = 100, .wait_msecs = 500},
        {.rate = 30, .allowance_max = 100, .wait_msecs = 5000},
    };
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        struct pace pace;
        pace_init(&pace, 0);
        struct outcome outcome = simulate(&servers[i], &pace, 300);
        double allowed = servers[i].rate * 300 + servers[i].allowance_max;
        double used = outcome.stored / allowed;
        double throttled = (double)outcome.throttled_late / outcome.sent_late;
        print_message("%g/s, saves %g, %lld ms: %.1f %% used, %.2f %% throttled\n", servers[i].rate,
                      servers[i].allowance_max, (long long)servers[i].wait_msecs, used * 100,
                      throttled * 100);
        assert_true(used >= 0.9);
        assert_true(throttled < 0.02);
    }
}

static void test_a_remembered_rate_is_held(void **state)
{
    (void)state;
    struct server server = {.rate = 4, .allowance_max = 3, .wait_msecs = 30000};
    struct pace pace;
    pace_init(&pace, 3.8);
    struct outcome outcome = simulate(&server, &pace, 55);
    assert_int_equal(outcome.stored, outcome.sent);
    assert_in_range(outcome.sent, 205, 212);
}

/* -- the rules one by one -- */

static void assert_rate(const struct pace *pace, double rate)
{
    assert_true(fabs(pace->rate - rate) < 0.001 * rate);
}

static void test_no_limit_before_the_first_throttle(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    for (int64_t now = 0; now < 100 * SEC; now += SEC / 10) {
        assert_true(pace_opens_at(&pace) < now - 1000 * SEC);
        pace_note(&pace, now, 1);
    }
    assert_true(pace.rate == 0);
}

static void note_evenly(struct pace *pace, int64_t from, int64_t to, double rate)
{
    int64_t step = (int64_t)((double)SEC / rate);
    for (int64_t now = from; now < to; now += step)
        pace_note(pace, now, 1);
}

static void test_waits_as_long_as_it_was_told(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    note_evenly(&pace, 0, 5 * SEC, 10);
    pace_throttled(&pace, 5 * SEC, 7000);
    assert_in_range(pace_opens_at(&pace), 11 * SEC, 12 * SEC);
    assert_true(pace.rate > 0 && pace.rate < 10);
}

static void test_answers_that_belong_together_are_one(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    note_evenly(&pace, 0, 30 * SEC, 10);
    pace_throttled(&pace, 30 * SEC, 5000);
    struct pace once = pace;
    pace_throttled(&pace, 30 * SEC + 1, 5000);
    pace_throttled(&pace, 31 * SEC, 5000);
    assert_memory_equal(&pace, &once, sizeof(pace));
    pace_note(&pace, 36 * SEC, 1);
    pace_throttled(&pace, 36 * SEC, 5000);
    assert_true(pace.rate < once.rate);
}

/* A sign-in may be refused for a day, whatever the rate: who has sent nothing learns nothing. */
static void test_nothing_sent_nothing_learnt(void **state)
{
    (void)state;
    struct pace fresh;
    struct pace known;
    pace_init(&fresh, 0);
    pace_init(&known, 5);
    for (int i = 0; i < 20; i++) {
        pace_throttled(&fresh, i * 60 * SEC, 30000);
        pace_throttled(&known, i * 60 * SEC, 30000);
        assert_in_range(pace_opens_at(&known), i * 60 * SEC + 29 * SEC, i * 60 * SEC + 31 * SEC);
    }
    assert_true(fresh.rate == 0);
    assert_rate(&known, 5);
}

static void test_falls_to_what_was_good(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    pace.good = 2;
    pace.bad = 8;
    pace.rate = 4;
    pace_note(&pace, 0, 1);
    pace_throttled(&pace, 0, 1000);
    assert_rate(&pace, 2);
    assert_true(pace.bad == 4);
    /* what was good is too much now */
    pace_note(&pace, 2 * SEC, 1);
    pace_throttled(&pace, 3 * SEC, 1000);
    assert_rate(&pace, 1);
}

static void test_rises_to_the_middle_and_holds(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    pace.bad = 4;
    pace.good = 1;
    pace.rate = 1;
    note_evenly(&pace, 0, 11 * SEC, 1);
    assert_rate(&pace, 2);
    pace_init(&pace, 10);
    assert_true(pace.is_held);
    note_evenly(&pace, 0, 59 * SEC, 10);
    assert_rate(&pace, 10);
    note_evenly(&pace, 59 * SEC, 61 * SEC, 10);
    assert_true(pace.rate > 10 && pace.rate < 12);
}

static void test_who_sends_less_has_not_tried(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    pace.bad = 4;
    pace.good = 1;
    pace.rate = 2;
    note_evenly(&pace, 0, 100 * SEC, 1.2);
    assert_rate(&pace, 2);
}

static void test_never_stands_still(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0);
    for (int i = 0; i < 200; i++) {
        pace_note(&pace, i * 1000 * SEC, 1);
        pace_throttled(&pace, i * 1000 * SEC + 1, 1000);
    }
    assert_true(pace.rate >= 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_a_server_allows),
        cmocka_unit_test(test_a_remembered_rate_is_held),
        cmocka_unit_test(test_no_limit_before_the_first_throttle),
        cmocka_unit_test(test_waits_as_long_as_it_was_told),
        cmocka_unit_test(test_answers_that_belong_together_are_one),
        cmocka_unit_test(test_nothing_sent_nothing_learnt),
        cmocka_unit_test(test_falls_to_what_was_good),
        cmocka_unit_test(test_rises_to_the_middle_and_holds),
        cmocka_unit_test(test_who_sends_less_has_not_tried),
        cmocka_unit_test(test_never_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
