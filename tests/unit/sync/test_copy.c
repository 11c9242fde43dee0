/* SPDX-License-Identifier: MIT
 * The copy between two servers that are threads of this program and do as they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/copy.h"
#include "tests/unit/sync/copy_servers.h"
#include "tests/unit/sync/peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LARGE_BYTES  (SESSION_HOLD_MAX_BYTES + 100000)
#define CUT_BYTES    700

/* What is done to messages on their way. All tests but those of that must come out the same. */
static enum {
    NOTHING,
    LOOKED_AT, /* each as a whole, and left as it is */
    CUT,       /* to CUT_BYTES */
} change;

/* -- one copy -- */

struct bench {
    struct copy_server source;
    struct copy_server further; /* another connection to it, if has_further */
    bool has_further;
    struct copy_server destination;
    struct settings settings;
    struct pair_environment environment;
    struct pair pair;
    struct listing listing;
    struct notes notes;
    struct imap_mailbox permanent;
    struct copy_job job;
    const char *skipmess;
};

static void bench_connect(struct bench *bench, struct session *session, int side,
                          struct copy_server *server, void *(*main_function)(void *))
{
    struct imap_client_options options = {
        .side = side, .timeout_msecs = 20000, .hold_max_bytes = SESSION_HOLD_MAX_BYTES};
    session->side = side;
    session->loop = &bench->pair.loop;
    session->settings = &bench->settings;
    session->own = &bench->settings.side[side - 1];
    session->connection_options.host = "127.0.0.1";
    session->connection_options.side = side;
    server->listener = peer_listen(&session->connection_options.port);
    assert_int_equal(pthread_create(&server->thread, NULL, main_function, server), 0);
    session->client = imap_client_init(connection_init(&session->connection_options), &options);
    imap_loop_add(&bench->pair.loop, session->client);
    while (imap_client_state(session->client) != IMAP_STATE_AUTHENTICATED) {
        assert_true(imap_client_is_alive(session->client));
        imap_loop_turn(&bench->pair.loop);
    }
}

static void bench_list(struct bench *bench, const struct source_message *messages, size_t count)
{
    listing_init(&bench->listing, &bench->pair.source);
    bench->listing.messages = mem_alloc_array(count, sizeof(*bench->listing.messages));
    bench->listing.count = bench->listing.alloc = count;
    for (size_t i = 0; i < count; i++) {
        size_t size = messages[i].is_listed_small ? 10 : messages[i].body_bytes;
        bench->listing.messages[i].uid = messages[i].uid;
        bench->listing.messages[i].size_bytes = (uint32_t)size;
    }
}

static void bench_examine(struct bench *bench)
{
    struct imap_client *client = bench->pair.source.client;
    struct imap_answer answer = {0};
    struct fault fault;
    imap_client_mailbox_begin(client);
    imap_client_command(client, imap_answer_callback, &answer, "EXAMINE from");
    assert_true(imap_loop_await(&bench->pair.loop, client, &answer, &fault));
    imap_client_set_selected(client, true);
}

/* A second connection to the source that has just signed in. */
static void bench_add_source(struct bench *bench)
{
    struct source_set *set = &bench->pair.sources;
    bench->settings.lanes = 2;
    bench->settings.side[0].maxconnections = 2;
    bench->settings.side[1].maxconnections = 1;
    bench->further.messages = bench->source.messages;
    bench->further.message_count = bench->source.message_count;
    bench->further.capabilities = "";
    source_set_init(set, &bench->pair);
    bench_connect(bench, &set->sessions.items[0], 1, &bench->further, copy_source_main);
    set->sessions.items[0].step = SESSION_READY;
    set->sessions.count = 1;
    bench_examine(bench);
}

static void bench_end_source(struct bench *bench)
{
    source_set_deinit(&bench->pair.sources);
    assert_int_equal(pthread_join(bench->further.thread, NULL), 0);
}

static void bench_begin_change(struct bench *bench)
{
    struct buffer error;
    bench->settings.disarmreadreceipts = change == LOOKED_AT;
    bench->settings.truncmess = change == CUT ? CUT_BYTES : -1;
    if (bench->skipmess != NULL)
        str_list_add(&bench->settings.skipmess, bench->skipmess);
    if (!transform_is_wanted(&bench->settings))
        return;
    buffer_init(&error, 1000);
    bench->pair.transform = transform_init(&bench->settings, &error);
    assert_non_null(bench->pair.transform);
    buffer_deinit(&error);
}

static void bench_run(struct bench *bench, const char *capabilities,
                      const struct source_message *messages, size_t count)
{
    bench->source.messages = bench->destination.messages = messages;
    bench->source.message_count = bench->destination.message_count = count;
    bench->source.capabilities = "";
    bench->destination.capabilities = capabilities;
    bench->destination.cut_bytes = change == CUT ? CUT_BYTES : 0;
    if (bench->destination.refusal == NULL)
        bench->destination.refusal = "NO [CANNOT] poison";
    settings_init(&bench->settings);
    bench->pair.settings = &bench->settings;
    bench->pair.environment = &bench->environment;
    imap_loop_init(&bench->pair.loop, NULL);
    bench_connect(bench, &bench->pair.source, 1, &bench->source, copy_source_main);
    bench_connect(bench, &bench->pair.destination, 2, &bench->destination, copy_destination_main);
    bench_list(bench, messages, count);
    bench->job.pair = &bench->pair;
    bench->job.listing = &bench->listing;
    bench->job.notes = &bench->notes;
    bench->job.source_name = "from";
    bench->job.source_mailbox = "from";
    bench->job.destination_name = "to";
    bench->job.destination_mailbox = "to";
    bench->job.permanent = &bench->permanent;
    lane_set_init(&bench->pair.lanes, &bench->pair, copy_append_answered);
    if (bench->has_further)
        bench_add_source(bench);
    bench_begin_change(bench);
    struct copy *copy = copy_init(&bench->job);
    assert_false(copy_run(copy, NULL));
    if (pair_is_ended(&bench->pair))
        lane_set_linger(&bench->pair.lanes);
    lane_set_deinit(&bench->pair.lanes);
    copy_deinit(&copy);
    flag_rules_deinit(&bench->pair.flag_rules);
    transform_deinit(&bench->pair.transform);
    /* The servers see the end of their connection and end themselves. */
    if (bench->has_further)
        bench_end_source(bench);
    imap_client_deinit(&bench->pair.source.client);
    imap_client_deinit(&bench->pair.destination.client);
    assert_int_equal(pthread_join(bench->source.thread, NULL), 0);
    assert_int_equal(pthread_join(bench->destination.thread, NULL), 0);
    assert_int_equal(bench->destination.wrong_bytes, 0);
    assert_int_equal(bench->destination.empty_literals, 0);
}

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    assert_non_null(bench);
    return bench;
}

static void bench_free(struct bench *bench)
{
    (void)close(bench->source.listener);
    if (bench->has_further)
        (void)close(bench->further.listener);
    (void)close(bench->destination.listener);
    listing_deinit(&bench->listing);
    notes_deinit(&bench->notes);
    settings_deinit(&bench->settings);
    free(bench);
}

static size_t stored_times(const struct bench *bench, uint32_t uid)
{
    size_t times = 0;
    for (size_t i = 0; i < bench->destination.stored_count; i++)
        times += bench->destination.stored[i] == uid;
    return times;
}

/* Each message is in the state it should be, stored once if that is COPIED and never else, and
   noted if it is lost. */
static void check_states(const struct bench *bench, const enum message_state *states)
{
    size_t lost = 0;
    for (size_t i = 0; i < bench->listing.count; i++) {
        const struct listed_message *message = &bench->listing.messages[i];
        if (message->state != states[i])
            fail_msg("UID %u: state %d, not %d", message->uid, message->state, (int)states[i]);
        size_t times = stored_times(bench, message->uid);
        if (times != (states[i] == MESSAGE_COPIED))
            fail_msg("UID %u is stored %zu times", message->uid, times);
        lost += states[i] != MESSAGE_COPIED && states[i] != MESSAGE_WANTED;
    }
    assert_int_equal(bench->notes.count, lost);
}

static const char *const capability_rows[] = {"", " LITERAL-", " LITERAL+", " MULTIAPPEND",
                                              " LITERAL+ MULTIAPPEND"};

/* -- tests -- */

static void test_a_source_that_dies_leaves_no_half_message(void **state)
{
    const struct source_message messages[] = {
        {.uid = 1}, {2, DIES_IN_BODY, LARGE_BYTES, false, false}, {.uid = 3}};
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct bench *bench = bench_new();
        int64_t began = clock_mono_nsecs();
        bench_run(bench, capability_rows[c], messages, COUNT(messages));
        assert_true(clock_mono_nsecs() - began < 10 * CLOCK_NSECS_PER_SEC);
        assert_int_equal(bench->pair.fault.code, FAULT_CLOSED);
        assert_int_equal(bench->pair.fault.side, 1);
        assert_int_equal(stored_times(bench, 2), 0);
        assert_true(bench->listing.messages[1].state < MESSAGE_COPIED);
        assert_int_equal(bench->notes.count, 0);
        bench_free(bench);
    }
}

static void test_a_large_body_of_another_message_is_not_stored(void **state)
{
    const struct source_message messages[] = {{1, UID_OF_ANOTHER, LARGE_BYTES, false, false}};
    struct bench *bench = bench_new();
    (void)state;
    bench_run(bench, " LITERAL+", messages, COUNT(messages));
    assert_int_equal(bench->pair.fault.code, FAULT_PROTOCOL);
    assert_int_equal(bench->destination.stored_count, 0);
    assert_true(bench->listing.messages[0].state < MESSAGE_COPIED);
    bench_free(bench);
}

static void test_a_full_mailbox_ends_the_pair(void **state)
{
    struct source_message messages[50];
    struct bench *bench = bench_new();
    (void)state;
    for (uint32_t i = 0; i < COUNT(messages); i++)
        messages[i] = (struct source_message){i + 1, DELIVERED, 0, true, false};
    bench->destination.refusal = "NO [OVERQUOTA] full";
    bench_run(bench, " LITERAL+", messages, COUNT(messages));
    assert_int_equal(bench->pair.fault.code, FAULT_QUOTA);
    assert_int_equal(bench->destination.stored_count, 0);
    assert_int_equal(bench->notes.count, 0); /* no message is to blame */
    for (size_t i = 0; i < COUNT(messages); i++)
        assert_int_equal(bench->listing.messages[i].state, MESSAGE_WANTED);
    bench_free(bench);
}

static void test_a_folder_that_is_gone_ends_only_the_folder(void **state)
{
    struct source_message messages[50];
    struct bench *bench = bench_new();
    (void)state;
    for (uint32_t i = 0; i < COUNT(messages); i++)
        messages[i] = (struct source_message){i + 1, DELIVERED, 0, true, false};
    bench->destination.refusal = "NO [TRYCREATE] gone";
    bench_run(bench, " LITERAL+ MULTIAPPEND", messages, COUNT(messages));
    assert_int_equal(bench->pair.fault.code, FAULT_NONE);
    assert_int_equal(bench->job.folder_fault.code, FAULT_APPEND);
    assert_int_equal(bench->job.folder_fault.scope, FAULT_SCOPE_FOLDER);
    assert_int_equal(bench->notes.count, 0);
    bench_free(bench);
}

static void test_a_refused_batch_is_halved_down_to_the_guilty(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct bench *bench = bench_new();
        struct source_message messages[200];
        enum message_state states[COUNT(messages)];
        for (uint32_t i = 0; i < COUNT(messages); i++) {
            bool is_poison = i == 0 || i == 77 || i == 78 || i == 199;
            messages[i] = (struct source_message){i + 1, DELIVERED, 0, is_poison, false};
            states[i] = is_poison ? MESSAGE_FAILED : MESSAGE_COPIED;
        }
        bench_run(bench, capability_rows[c], messages, COUNT(messages));
        check_states(bench, states);
        assert_int_equal(bench->pair.errors, 4);
        assert_string_equal(notes_text(&bench->notes, 0)->words, "[CANNOT] poison");
        assert_string_equal(notes_text(&bench->notes, 0)->diagnosis, "message-refused");
        bool is_batched = strstr(capability_rows[c], "MULTIAPPEND") != NULL;
        assert_in_range(bench->destination.largest_batch, is_batched ? 2 : 1, is_batched ? 200 : 1);
        /* Each of the guilty is found in about 2 log2(200) steps. */
        assert_in_range(bench->destination.commands, 2, 200);
        bench_free(bench);
    }
}

static void test_too_big_is_its_own_state(void **state)
{
    const struct source_message messages[] = {
        {.uid = 1}, {.uid = 2, .is_poison = true}, {.uid = 3}};
    const enum message_state states[] = {MESSAGE_COPIED, MESSAGE_TOO_BIG, MESSAGE_COPIED};
    struct bench *bench = bench_new();
    (void)state;
    bench->destination.refusal = "NO [TOOBIG] too large";
    bench_run(bench, " LITERAL+ MULTIAPPEND", messages, COUNT(messages));
    check_states(bench, states);
    assert_int_equal(bench->pair.errors, 0);
    bench_free(bench);
}

static void test_habits_of_sources(void **state)
{
    static const struct {
        enum source_habit habit;
        enum message_state state;
    } rows[] = {
        {DELIVERED, MESSAGE_COPIED},         {UID_BEHIND_BODY, MESSAGE_COPIED},
        {DELIVERED_TWICE, MESSAGE_COPIED},   {BODY_IS_NIL, MESSAGE_UNREADABLE},
        {BODY_IS_EMPTY, MESSAGE_UNREADABLE}, {OK_WITHOUT_DATA, MESSAGE_UNREADABLE},
        {VANISHED, MESSAGE_VANISHED},        {ONLY_ALONE, MESSAGE_COPIED},
        {DELIVERED, MESSAGE_COPIED},
    };
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(capability_rows); i++) {
        struct bench *bench = bench_new();
        struct source_message messages[COUNT(rows)];
        enum message_state states[COUNT(rows)];
        size_t body_bytes = i % 2 == 0 ? 0 : LARGE_BYTES;
        for (uint32_t m = 0; m < COUNT(rows); m++) {
            messages[m] = (struct source_message){10 + 3 * m, rows[m].habit, body_bytes, false,
                                                  false};
            states[m] = rows[m].state;
        }
        bench_run(bench, capability_rows[i / 2], messages, COUNT(rows));
        assert_int_equal(bench->pair.fault.code, FAULT_NONE);
        check_states(bench, states);
        bench_free(bench);
    }
}

/* The size that is listed is an estimate on some servers. */
static void test_a_message_larger_than_it_said(void **state)
{
    const struct source_message messages[] = {{.uid = 1},
                                              {2, DELIVERED, LARGE_BYTES, false, true},
                                              {3, UID_BEHIND_BODY, LARGE_BYTES, false, true},
                                              {.uid = 4}};
    const enum message_state states[] = {MESSAGE_COPIED, MESSAGE_COPIED, MESSAGE_COPIED,
                                         MESSAGE_COPIED};
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct bench *bench = bench_new();
        bench_run(bench, capability_rows[c], messages, COUNT(messages));
        check_states(bench, states);
        bench_free(bench);
    }
}

/* A budget that says "wait" each time before it grants. */
struct stubborn_gate {
    bool has_refused;
    uint64_t asked;
    uint64_t messages;
    uint64_t bytes;
};

static int64_t stubborn_ask(void *context, int64_t now_nsecs, uint32_t messages, uint64_t bytes)
{
    struct stubborn_gate *gate = context;
    uint64_t asked = ((uint64_t)messages << 32) | bytes;
    if (!gate->has_refused) {
        gate->has_refused = true;
        gate->asked = asked;
        return now_nsecs + 20000;
    }
    assert_int_equal(asked, gate->asked); /* the very same must be asked again */
    gate->has_refused = false;
    gate->messages += messages;
    gate->bytes += bytes;
    return 0;
}

static void test_a_budget_loses_nothing(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct stubborn_gate counter = {0};
        struct gate gate = {.context = &counter, .ask = stubborn_ask};
        struct bench *bench = bench_new();
        struct source_message messages[60];
        enum message_state states[COUNT(messages)];
        for (uint32_t i = 0; i < COUNT(messages); i++) {
            messages[i] = (struct source_message){.uid = i + 1};
            messages[i].body_bytes = i == 30 ? LARGE_BYTES : (size_t)i * 300;
            states[i] = MESSAGE_COPIED;
        }
        bench->environment.gate = &gate;
        bench_run(bench, capability_rows[c], messages, COUNT(messages));
        check_states(bench, states);
        assert_int_equal(counter.messages, COUNT(messages));
        assert_int_equal(counter.bytes, bench->job.copied_bytes);
        bench_free(bench);
    }
}

/* -- two connections to the source -- */

#define TWO_COUNT 400

static struct bench *bench_new_two(struct source_message *messages, enum message_state *states)
{
    struct bench *bench = bench_new();
    bench->has_further = true;
    bench->source.uidvalidity = bench->further.uidvalidity = 7;
    bench->source.awaited = &bench->further;
    for (uint32_t i = 0; i < TWO_COUNT; i++) {
        messages[i] = (struct source_message){.uid = 2 * i + 1, .body_bytes = (i % 50) * 300};
        states[i] = MESSAGE_COPIED;
    }
    return bench;
}

static void test_two_sources_share_a_folder(void **state)
{
    struct source_message messages[TWO_COUNT];
    enum message_state states[TWO_COUNT];
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct bench *bench = bench_new_two(messages, states);
        messages[100].body_bytes = LARGE_BYTES;
        messages[200].body_bytes = LARGE_BYTES;
        messages[300].habit = ONLY_ALONE;
        messages[301].habit = VANISHED;
        states[301] = MESSAGE_VANISHED;
        messages[302].habit = OK_WITHOUT_DATA;
        states[302] = MESSAGE_UNREADABLE;
        messages[303].is_poison = true;
        states[303] = MESSAGE_FAILED;
        bench_run(bench, capability_rows[c], messages, TWO_COUNT);
        assert_int_equal(bench->pair.fault.code, FAULT_NONE);
        check_states(bench, states);
        assert_true(bench->source.given > 0);
        assert_true(bench->further.given > 0);
        bench_free(bench);
    }
}

/* What it owed is fetched over the other one, and what of its gifts was lost on the way. */
static void test_a_further_source_that_dies_is_only_a_lane_less(void **state)
{
    static const size_t deaths[] = {1, 2, 30};
    struct source_message messages[TWO_COUNT];
    enum message_state states[TWO_COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT(deaths) * COUNT(capability_rows); i++) {
        struct bench *bench = bench_new_two(messages, states);
        bench->further.dies_in_body = deaths[i % COUNT(deaths)];
        bench_run(bench, capability_rows[i / COUNT(deaths)], messages, TWO_COUNT);
        if (bench->pair.fault.code != FAULT_NONE)
            fail_msg("row %zu: %s", i, bench->pair.fault.text);
        check_states(bench, states);
        assert_int_equal(bench->further.given, deaths[i % COUNT(deaths)]);
        assert_in_range(bench->source.given, TWO_COUNT + 1 - bench->further.given, TWO_COUNT);
        bench_free(bench);
    }
}

/* The destination has a part of the message already. */
static void test_a_further_source_that_dies_in_a_stream(void **state)
{
    struct source_message messages[TWO_COUNT];
    enum message_state states[TWO_COUNT];
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct bench *bench = bench_new_two(messages, states);
        messages[0].body_bytes = messages[1].body_bytes = LARGE_BYTES;
        messages[1].habit = DIES_IN_BODY;
        bench_run(bench, capability_rows[c], messages, 2);
        assert_int_equal(bench->pair.fault.code, FAULT_CLOSED);
        assert_int_equal(bench->pair.fault.side, 1);
        assert_int_equal(stored_times(bench, messages[1].uid), 0);
        assert_true(bench->listing.messages[1].state < MESSAGE_COPIED);
        assert_int_equal(bench->notes.count, 0);
        bench_free(bench);
    }
}

/* Each time it says "wait" it must be asked the very same, though two have something to ask. */
static void test_a_budget_for_two_sources(void **state)
{
    struct source_message messages[TWO_COUNT];
    enum message_state states[TWO_COUNT];
    (void)state;
    for (size_t c = 0; c < COUNT(capability_rows); c++) {
        struct stubborn_gate counter = {0};
        struct gate gate = {.context = &counter, .ask = stubborn_ask};
        struct bench *bench = bench_new_two(messages, states);
        bench->environment.gate = &gate;
        bench_run(bench, capability_rows[c], messages, TWO_COUNT);
        check_states(bench, states);
        assert_true(bench->further.given > 0);
        assert_int_equal(counter.messages, TWO_COUNT);
        assert_int_equal(counter.bytes, bench->job.copied_bytes);
        bench_free(bench);
    }
}

static void test_another_folder_is_not_fetched_from(void **state)
{
    static const struct {
        uint32_t first;
        uint32_t further;
        bool is_refused;
    } rows[] = {{7, 8, false}, {7, 0, false}, {0, 7, false}, {0, 0, false}, {7, 7, true}};
    struct source_message messages[TWO_COUNT];
    enum message_state states[TWO_COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench *bench = bench_new_two(messages, states);
        bench->source.awaited = NULL;
        bench->source.uidvalidity = rows[i].first;
        bench->further.uidvalidity = rows[i].further;
        bench->further.refuses_examine = rows[i].is_refused;
        bench_run(bench, " LITERAL+", messages, TWO_COUNT);
        assert_int_equal(bench->pair.fault.code, FAULT_NONE);
        check_states(bench, states);
        assert_int_equal(atomic_load(&bench->further.fetches), 0);
        bench_free(bench);
    }
}

/* -- messages that turn out not to be wanted -- */

static void test_messages_that_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(capability_rows); i++) {
        struct bench *bench = bench_new();
        size_t body_bytes = i % 2 == 0 ? 0 : LARGE_BYTES;
        const struct source_message messages[] = {
            {1, DELIVERED, body_bytes, false, false},
            {2, DELIVERED, body_bytes, true, false},
            {3, UID_BEHIND_BODY, body_bytes, true, false},
            {4, ONLY_ALONE, body_bytes, true, false},
            {5, DELIVERED, LARGE_BYTES, true, true},
            {6, UID_BEHIND_BODY, body_bytes, false, false},
        };
        const enum message_state states[] = {MESSAGE_COPIED,   MESSAGE_EXCLUDED, MESSAGE_EXCLUDED,
                                             MESSAGE_EXCLUDED, MESSAGE_EXCLUDED, MESSAGE_COPIED};
        bench->skipmess = "m/poison/";
        bench_run(bench, capability_rows[i / 2], messages, COUNT(messages));
        assert_int_equal(bench->pair.fault.code, FAULT_NONE);
        check_states(bench, states);
        assert_int_equal(bench->pair.errors, 0);
        assert_string_equal(notes_text(&bench->notes, 0)->words, "rule: --skipmess m/poison/");
        assert_string_equal(notes_text(&bench->notes, 0)->diagnosis, "");
        bench_free(bench);
    }
}

/* The rule is about the message that was asked for, and this is another one. */
static void test_another_message_is_not_left_out_instead(void **state)
{
    const struct source_message messages[] = {{1, UID_OF_ANOTHER, LARGE_BYTES, true, false}};
    const enum message_state states[] = {MESSAGE_UNREADABLE};
    struct bench *bench = bench_new();
    (void)state;
    bench->skipmess = "m/poison/";
    bench_run(bench, " LITERAL+", messages, COUNT(messages));
    check_states(bench, states);
    bench_free(bench);
}

static void test_cut_messages_are_counted(void **state)
{
    struct source_message messages[40];
    struct bench *bench = bench_new();
    (void)state;
    for (uint32_t i = 0; i < COUNT(messages); i++)
        messages[i] = (struct source_message){.uid = i + 1, .body_bytes = i % 2 == 0 ? 0 : 5000};
    messages[7].body_bytes = LARGE_BYTES;
    bench_run(bench, " LITERAL+ MULTIAPPEND", messages, COUNT(messages));
    assert_int_equal(bench->job.changed[CHANGE_TRUNCATED], 20);
    assert_int_equal(bench->job.changed[CHANGE_DISARMED], 0);
    assert_true(bench->job.copied_bytes < 40 * CUT_BYTES);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_source_that_dies_leaves_no_half_message),
        cmocka_unit_test(test_a_large_body_of_another_message_is_not_stored),
        cmocka_unit_test(test_a_full_mailbox_ends_the_pair),
        cmocka_unit_test(test_a_folder_that_is_gone_ends_only_the_folder),
        cmocka_unit_test(test_a_refused_batch_is_halved_down_to_the_guilty),
        cmocka_unit_test(test_too_big_is_its_own_state),
        cmocka_unit_test(test_habits_of_sources),
        cmocka_unit_test(test_a_message_larger_than_it_said),
        cmocka_unit_test(test_a_budget_loses_nothing),
        cmocka_unit_test(test_two_sources_share_a_folder),
        cmocka_unit_test(test_a_further_source_that_dies_is_only_a_lane_less),
        cmocka_unit_test(test_a_further_source_that_dies_in_a_stream),
        cmocka_unit_test(test_a_budget_for_two_sources),
        cmocka_unit_test(test_another_folder_is_not_fetched_from),
        cmocka_unit_test(test_messages_that_are_left_out),
        cmocka_unit_test(test_another_message_is_not_left_out_instead),
    };
    const struct CMUnitTest tests_of_changes[] = {
        cmocka_unit_test(test_a_refused_batch_is_halved_down_to_the_guilty),
        cmocka_unit_test(test_a_message_larger_than_it_said),
        cmocka_unit_test(test_a_budget_loses_nothing),
        cmocka_unit_test(test_two_sources_share_a_folder),
        cmocka_unit_test(test_cut_messages_are_counted),
    };
    int failed = cmocka_run_group_tests_name("as they are", tests, NULL, NULL);
    change = LOOKED_AT;
    failed += cmocka_run_group_tests_name("looked at", tests, NULL, NULL);
    change = CUT;
    return failed + cmocka_run_group_tests_name("cut", tests_of_changes, NULL, NULL);
}
