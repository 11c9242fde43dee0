/* SPDX-License-Identifier: MIT
 * What a run after the first has to do, from what is remembered and what the source tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "sync/delta.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RULES        77

static const struct store_mark usual = {
    .uid_validity = 10, .uid_next = 20, .messages = 5, .mod_seq = 40};

/* A folder that the last run brought to its end, with these marks. */
static struct store_map_folder finished(struct store_mark mark)
{
    struct store_map_folder folder = {
        .id = 1, .source_name = "a", .destination_name = "b", .source = mark, .rules = RULES};
    folder.counts.source = mark.messages;
    folder.counts.already = mark.messages;
    return folder;
}

static void test_marks(void **state)
{
    static const struct {
        struct store_mark then;
        struct store_mark now;
        enum delta delta;
    } rows[] = {
        {{10, 20, 5, 40}, {10, 20, 5, 40}, DELTA_UNCHANGED},
        /* each alone */
        {{10, 20, 5, 40}, {11, 20, 5, 40}, DELTA_LIST},
        {{10, 20, 5, 40}, {10, 21, 5, 40}, DELTA_CHANGED},
        {{10, 20, 5, 40}, {10, 20, 4, 40}, DELTA_CHANGED},
        {{10, 20, 5, 40}, {10, 20, 6, 40}, DELTA_CHANGED},
        {{10, 20, 5, 40}, {10, 20, 5, 41}, DELTA_CHANGED},
        {{10, 20, 5, 40}, {10, 20, 5, 39}, DELTA_CHANGED},
        /* UIDs never go back (RFC 9051 section 2.3.1.1) */
        {{10, 20, 5, 40}, {10, 19, 5, 40}, DELTA_LIST},
        /* not told */
        {{10, 20, 5, 40}, {0, 0, 0, 0}, DELTA_LIST},
        {{10, 20, 5, 40}, {0, 20, 5, 40}, DELTA_LIST},
        {{10, 20, 5, 40}, {10, 0, 5, 40}, DELTA_LIST},
        {{0, 20, 5, 40}, {0, 20, 5, 40}, DELTA_LIST},
        {{10, 0, 5, 40}, {10, 0, 5, 40}, DELTA_LIST},
        /* no CONDSTORE, then or now */
        {{10, 20, 5, 0}, {10, 20, 5, 0}, DELTA_FLAGS},
        {{10, 20, 5, 40}, {10, 20, 5, 0}, DELTA_FLAGS},
        {{10, 20, 5, 0}, {10, 20, 5, 40}, DELTA_FLAGS},
        {{10, 20, 5, 0}, {10, 21, 6, 0}, DELTA_CHANGED},
        {{10, 20, 5, 0}, {10, 20, 4, 0}, DELTA_CHANGED},
        /* nothing there has flags */
        {{10, 20, 0, 0}, {10, 20, 0, 0}, DELTA_UNCHANGED},
        {{10, 1, 0, 0}, {10, 1, 0, 0}, DELTA_UNCHANGED},
        {{10, 1, 0, 40}, {10, 1, 0, 40}, DELTA_UNCHANGED},
        {{10, 20, 0, 0}, {10, 22, 0, 0}, DELTA_CHANGED},
        {{10, 20, 0, 40}, {10, 20, 0, 41}, DELTA_CHANGED},
        /* the largest */
        {{UINT32_MAX, UINT32_MAX, UINT32_MAX, INT64_MAX},
         {UINT32_MAX, UINT32_MAX, UINT32_MAX, INT64_MAX},
         DELTA_UNCHANGED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct store_map_folder known = finished(rows[i].then);
        enum delta delta = delta_judge(&known, &rows[i].now, RULES);
        if (delta != rows[i].delta)
            fail_msg("row %zu: %d", i, delta);
    }
}

/* Whatever the marks say. */
static void test_all_is_listed(void **state)
{
    struct store_map_folder known;
    (void)state;
    memset(&known, 0, sizeof(known));
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_LIST); /* never seen */
    known = finished(usual);
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_UNCHANGED);
    assert_int_equal(delta_judge(&known, &usual, RULES + 1), DELTA_LIST);
    known.id = 0;
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_LIST);
    known = finished(usual);
    known.rules = 0; /* set aside, or never finished */
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_LIST);
    known = finished(usual);
    known.bracket_uid_next = 1;
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_LIST);
    known = finished(usual);
    known.counts.failed = 1;
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_LIST);
    known = finished(usual);
    known.counts.unreadable = 1;
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_LIST);
    /* What the rules leave out is not tried again. */
    known = finished(usual);
    known.counts.too_big = 2;
    known.counts.excluded = 3;
    assert_int_equal(delta_judge(&known, &usual, RULES), DELTA_UNCHANGED);
}

static void test_the_mark_of_a_folder(void **state)
{
    struct folder folder = {.messages = 7, .uid_validity = 8, .uid_next = 9, .mod_seq = UINT64_MAX};
    (void)state;
    struct store_mark mark = delta_mark_of(&folder);
    assert_true(mark.messages == 7 && mark.uid_validity == 8 && mark.uid_next == 9);
    assert_true(mark.mod_seq == UINT64_MAX);
    folder.messages = (uint64_t)UINT32_MAX + 8; /* not 7 again */
    assert_int_equal(delta_mark_of(&folder).messages, UINT32_MAX);
}

/* -- fingerprints -- */

static void set(struct settings *settings, const char *name, const char *value)
{
    struct buffer faults;
    buffer_init(&faults, 10000);
    if (!settings_set_column(settings, name, value, &faults))
        fail_msg("%s: %s", name, buffer_str(&faults));
    buffer_deinit(&faults);
}

static uint64_t rules_with(const char *name, const char *value)
{
    struct settings settings;
    settings_init(&settings);
    if (name != NULL)
        set(&settings, name, value);
    uint64_t rules = delta_rules(delta_message_rules(&settings), false, false);
    settings_deinit(&settings);
    return rules;
}

static void test_the_rules_of_messages(void **state)
{
    uint64_t none = rules_with(NULL, NULL);
    (void)state;
    assert_true(none != 0 && none == rules_with(NULL, NULL));
    assert_true(rules_with("maxsize", "1000") != none);
    assert_true(rules_with("maxsize", "1000") != rules_with("maxsize", "1001"));
    assert_true(rules_with("maxsize", "1000") != rules_with("minsize", "1000"));
    assert_true(rules_with("maxsize", "1000") == rules_with("maxsize", "1_000"));
    assert_true(rules_with("addheader", "yes") != none);
    /* These don't touch what is copied. */
    assert_true(rules_with("password1", "secret") == none);
    assert_true(rules_with("timeout", "7") == none);
    assert_true(rules_with("exclude", "Junk") == none);
    assert_true(rules_with("label", "x") == none);
}

static void test_how_the_plan_treats_a_folder(void **state)
{
    struct settings settings;
    (void)state;
    settings_init(&settings);
    for (int i = 0; i < 4; i++) {
        bool is_renamed = (i & 1) != 0;
        bool is_merged = (i & 2) != 0;
        uint64_t rules = delta_rules(delta_message_rules(&settings), is_renamed, is_merged);
        assert_int_equal(delta_rules_is_renamed(rules), is_renamed);
        assert_int_equal(delta_rules_is_merged(rules), is_merged);
        assert_int_equal(rules == delta_rules(delta_message_rules(&settings), false, false),
                         i == 0);
    }
    settings_deinit(&settings);
}

/* A source with INBOX and one folder. */
struct source {
    struct settings settings;
    struct folder_list list;
    struct folder *folder;
};

static void source_init(struct source *source)
{
    settings_init(&source->settings);
    folder_list_init(&source->list);
    (void)folder_list_add(&source->list, "INBOX", 5, '/', 0);
    source->folder = folder_list_add(&source->list, "Work", 4, '/', FOLDER_SUBSCRIBED);
}

/* The fingerprint after a change, and the end of the source. */
static uint64_t source_rules(struct source *source)
{
    uint64_t rules = delta_plan_rules(&source->settings, &source->list);
    folder_list_deinit(&source->list);
    settings_deinit(&source->settings);
    return rules;
}

static void test_the_rules_of_the_plan(void **state)
{
    struct source source;
    (void)state;
    source_init(&source);
    uint64_t usual_rules = source_rules(&source);
    assert_true(usual_rules != 0);
    /* What STATUS tells is no part of the plan, nor are the rules of messages. */
    source_init(&source);
    source.folder->messages = source.folder->uid_next = source.folder->uid_validity = 7;
    source.folder->mod_seq = 7;
    source.folder->has_status = true;
    set(&source.settings, "maxsize", "1000");
    assert_true(source_rules(&source) == usual_rules);
    source_init(&source);
    source.folder->attributes |= FOLDER_SENT;
    assert_true(source_rules(&source) != usual_rules);
    source_init(&source);
    source.folder->separator = '.';
    assert_true(source_rules(&source) != usual_rules);
    source_init(&source);
    source.folder->name[0] = 'w';
    assert_true(source_rules(&source) != usual_rules);
    source_init(&source);
    (void)folder_list_add(&source.list, "Work/x", 6, '/', 0);
    assert_true(source_rules(&source) != usual_rules);
    source_init(&source);
    folder_list_add_foreign_prefix(&source.list, "Public/", 7);
    assert_true(source_rules(&source) != usual_rules);
    source_init(&source);
    set(&source.settings, "exclude", "Work");
    assert_true(source_rules(&source) != usual_rules);
    source_init(&source);
    set(&source.settings, "automap", "yes");
    assert_true(source_rules(&source) != usual_rules);
}

/* --skipemptyfolders: a folder that gets its first message comes into the plan. */
static uint64_t rules_with_empty(bool is_skipped, bool has_status, uint64_t messages)
{
    struct source source;
    source_init(&source);
    set(&source.settings, "skipemptyfolders", is_skipped ? "yes" : "no");
    source.folder->has_status = has_status;
    source.folder->messages = messages;
    return source_rules(&source);
}

static void test_empty_folders_in_the_plan(void **state)
{
    (void)state;
    assert_true(rules_with_empty(true, true, 0) != rules_with_empty(true, true, 1));
    assert_true(rules_with_empty(true, true, 1) == rules_with_empty(true, true, 2));
    assert_true(rules_with_empty(true, false, 0) == rules_with_empty(true, true, 1));
    assert_true(rules_with_empty(false, true, 0) == rules_with_empty(false, true, 1));
}

static void test_edits_in_the_plan(void **state)
{
    struct source source;
    (void)state;
    source_init(&source);
    set(&source.settings, "regextrans2", "s/a/b/");
    uint64_t rules = source_rules(&source);
    source_init(&source);
    set(&source.settings, "regextrans2", "s/a/c/");
    assert_true(source_rules(&source) != rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_all_is_listed),
        cmocka_unit_test(test_the_mark_of_a_folder),
        cmocka_unit_test(test_the_rules_of_messages),
        cmocka_unit_test(test_how_the_plan_treats_a_folder),
        cmocka_unit_test(test_the_rules_of_the_plan),
        cmocka_unit_test(test_empty_folders_in_the_plan),
        cmocka_unit_test(test_edits_in_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
