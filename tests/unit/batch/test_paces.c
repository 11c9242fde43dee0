/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "batch/paces.h"
#include "tests/unit/store/store_dir.h"

#define SEC   CLOCK_NSECS_PER_SEC
#define TODAY INT64_C(1795392000000) /* 2026-11-22 */
#define DAY   INT64_C(86400000)

struct fixture {
    struct store_dir dir;
    struct store *store;
    struct paces *paces;
    struct fault fault;
};

static void open_all(struct fixture *f)
{
    assert_true(store_open(f->dir.path, &f->store, &f->fault));
    assert_true(paces_init(f->store, &f->paces, &f->fault));
}

static void close_all(struct fixture *f)
{
    paces_deinit(&f->paces);
    assert_null(f->paces);
    assert_true(store_close(&f->store, &f->fault));
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    store_dir_make(&f->dir);
    open_all(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    close_all(f);
    store_dir_remove(&f->dir);
    free(f);
    return 0;
}

static struct paces_member *join(struct fixture *f, const char *source, const char *destination,
                                 int64_t now_msecs)
{
    const char *const accounts[2] = {source, destination};
    struct paces_member *member = paces_member_init(f->paces, accounts, now_msecs, &f->fault);
    assert_non_null(member);
    return member;
}

static void leave(struct fixture *f, struct paces_member *member)
{
    assert_true(paces_member_deinit(&member, TODAY, &f->fault));
    assert_null(member);
}

/* So many messages a second from `from` on for `secs` seconds, each when it may go. Returns when
   the last one went. */
static int64_t send(struct paces_member *member, int64_t from, int64_t secs, int64_t rate)
{
    int64_t now = from;
    for (int64_t i = 0; i < secs * rate; i++) {
        now += SEC / rate;
        int64_t at = paces_ask(member, now);
        now = at > now ? at : now;
        paces_note(member, now);
    }
    return now;
}

static void test_no_limit_at_first(void **state)
{
    struct fixture *f = *state;
    struct paces_member *member = join(f, "a anna", "b anna", TODAY);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(paces_ask(member, 0), 0);
        paces_note(member, 0);
    }
    leave(f, member);
}

static void test_a_throttle_stops_the_account_alone(void **state)
{
    struct fixture *f = *state;
    struct paces_member *anna = join(f, "a anna", "b anna", TODAY);
    struct paces_member *bert = join(f, "a bert", "b bert", TODAY);
    int64_t now = send(anna, 0, 30, 16);
    double rate = paces_throttled(anna, 2, now, 5000);
    assert_true(rate > 10 && rate < 15);
    assert_in_range(paces_ask(anna, now), now + 4 * SEC, now + 5 * SEC);
    assert_int_equal(paces_ask(bert, now), 0);
    /* the same account as the source of another pair: what goes down is counted apart */
    struct paces_member *back = join(f, "b anna", "c anna", TODAY);
    assert_int_equal(paces_ask(back, now), 0);
    /* and as the destination of another pair: it is one account */
    struct paces_member *merged = join(f, "d anna", "b anna", TODAY);
    assert_true(paces_ask(merged, now) > now);
    leave(f, anna);
    leave(f, bert);
    leave(f, back);
    leave(f, merged);
}

static void test_what_was_found_stays_for_the_run(void **state)
{
    struct fixture *f = *state;
    struct paces_member *member = join(f, "a anna", "b anna", TODAY);
    int64_t now = send(member, 0, 30, 16);
    (void)paces_throttled(member, 2, now, 5000);
    leave(f, member);
    member = join(f, "a anna", "b anna", TODAY);
    assert_in_range(paces_ask(member, now), now + 4 * SEC, now + 5 * SEC);
    leave(f, member);
}

static void test_and_for_the_next_one(void **state)
{
    static const struct {
        int64_t days;
        bool is_known;
    } rows[] = {{0, true}, {30, true}, {31, false}};
    struct fixture *f = *state;
    struct paces_member *member = join(f, "a anna", "b anna", TODAY);
    int64_t now = send(member, 0, 30, 16);
    double rate = paces_throttled(member, 2, now, 1000);
    leave(f, member);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        close_all(f);
        open_all(f);
        member = join(f, "a anna", "b anna", TODAY + rows[i].days * DAY);
        int64_t ended = send(member, 0, 10, 100);
        if (rows[i].is_known)
            assert_in_range(ended, (int64_t)(1000 / rate) * SEC * 95 / 100,
                            (int64_t)(1000 / rate) * SEC * 105 / 100);
        else
            assert_int_equal(ended, 10 * SEC);
        leave(f, member);
        member = join(f, "a anna", "c anna", TODAY);
        assert_int_equal(send(member, 0, 10, 100), 10 * SEC);
        leave(f, member);
    }
}

/* Three accounts that were settled, of five. */
static void test_a_crowd_slows_its_server(void **state)
{
    struct fixture *f = *state;
    struct paces_member *members[5];
    char names[5][24];
    for (int i = 0; i < 5; i++) {
        struct store_pace known = {names[i], 2, 10, TODAY};
        (void)snprintf(names[i], sizeof(names[i]), "b user%d", i);
        assert_true(store_pace_put(f->store, &known, &f->fault));
        members[i] = join(f, "a anna", names[i], TODAY);
    }
    int64_t now = 0;
    for (int i = 0; i < 5; i++) {
        int64_t ended = send(members[i], 0, 30, 10);
        now = ended > now ? ended : now;
    }
    struct paces_member *other = join(f, "a anna", "b other", TODAY);
    (void)paces_throttled(members[0], 2, now, 1000);
    (void)paces_throttled(members[1], 2, now, 1000);
    assert_int_equal(paces_ask(other, now + SEC), 0);
    (void)paces_throttled(members[2], 2, now, 1000);
    /* fifty a second were too many for the server */
    assert_in_range(send(other, now + SEC, 1, 1000), now + 15 * SEC, now + 40 * SEC);
    for (int i = 0; i < 5; i++)
        leave(f, members[i]);
    leave(f, other);
}

/* -- forty mailboxes on a server that allows each of them four messages a second -- */

#define MAILBOXES 40

struct mailbox {
    struct paces_member *member;
    double allowance;
    int64_t answers_nsecs; /* when a message under way is refused; 0: none is */
    int64_t resumes_nsecs;
    unsigned int stored;
    unsigned int sent_late; /* after the first minute */
    unsigned int refused_late;
};

static void mailbox_step(struct mailbox *box, int64_t now, int64_t step)
{
    box->allowance += 4 * (double)step / (double)SEC;
    box->allowance = box->allowance > 20 ? 20 : box->allowance;
    if (box->answers_nsecs != 0 && now >= box->answers_nsecs) {
        (void)paces_throttled(box->member, 2, now, 3000);
        box->answers_nsecs = 0;
        box->resumes_nsecs = now + 3 * SEC;
    }
    if (now < box->resumes_nsecs || paces_ask(box->member, now) != 0)
        return;
    paces_note(box->member, now);
    bool is_stored = box->allowance >= 1;
    box->allowance -= is_stored ? 1 : 0;
    box->stored += is_stored;
    box->sent_late += now > 60 * SEC;
    box->refused_late += now > 60 * SEC && !is_stored;
    if (!is_stored && box->answers_nsecs == 0)
        box->answers_nsecs = now + SEC / 20;
}

static void test_forty_mailboxes(void **state)
{
    struct fixture *f = *state;
    struct mailbox boxes[MAILBOXES];
    const int64_t step = SEC / 100;
    memset(boxes, 0, sizeof(boxes));
    for (int i = 0; i < MAILBOXES; i++) {
        char source[24], destination[24];
        (void)snprintf(source, sizeof(source), "a user%d", i);
        (void)snprintf(destination, sizeof(destination), "b user%d", i);
        boxes[i].member = join(f, source, destination, TODAY);
        boxes[i].allowance = 20;
    }
    for (int64_t now = SEC; now < 301 * SEC; now += step) {
        for (int i = 0; i < MAILBOXES; i++)
            mailbox_step(&boxes[i], now, step);
    }
    unsigned int stored = 0, sent_late = 0, refused_late = 0;
    for (int i = 0; i < MAILBOXES; i++) {
        stored += boxes[i].stored;
        sent_late += boxes[i].sent_late;
        refused_late += boxes[i].refused_late;
        leave(f, boxes[i].member);
    }
    double used = stored / (MAILBOXES * (4 * 300.0 + 20));
    double refused = (double)refused_late / sent_late;
    print_message("%.1f %% used, %.2f %% throttled\n", used * 100, refused * 100);
    assert_true(used >= 0.9);
    assert_true(refused < 0.02);
}

int main(void)
{
#define PACES_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        PACES_TEST(test_no_limit_at_first),
        PACES_TEST(test_a_throttle_stops_the_account_alone),
        PACES_TEST(test_what_was_found_stays_for_the_run),
        PACES_TEST(test_and_for_the_next_one),
        PACES_TEST(test_a_crowd_slows_its_server),
        PACES_TEST(test_forty_mailboxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
