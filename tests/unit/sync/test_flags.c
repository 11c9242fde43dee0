/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/messages/flag_rules.h"
#include "sync/messages/flags.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* -- the rules of a run without any option -- */

static struct settings settings;
static struct flag_rules rules;

static int setup(void **state)
{
    struct buffer faults;
    (void)state;
    buffer_init(&faults, 1000);
    settings_init(&settings);
    return flag_rules_init(&rules, &settings, &faults) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    flag_rules_deinit(&rules);
    settings_deinit(&settings);
    return 0;
}

static void test_flags_that_are_kept(void **state)
{
    static const struct {
        const char *flags;
        const char *permanent; /* NULL: the server gave no rule */
        bool may_create;
        const char *kept;
        size_t dropped;
    } rows[] = {
        {"", NULL, false, "", 0},
        {"\\Seen \\Recent", NULL, false, "\\Seen", 0},
        {"\\recent \\SEEN \\answered", NULL, false, "\\Answered \\Seen", 0},
        {"$Junk work", NULL, false, "$Junk work", 0},
        {"$Junk work", " \\Seen ", false, "", 2},
        {"$Junk work", " \\Seen $junk ", false, "$Junk", 1},
        {"$Junk work", " \\Seen \\* ", true, "$Junk work", 0},
        {"\\Seen \\Draft", " \\Draft ", true, "\\Draft", 1},
        {"\\Seen", " \\seen ", false, "\\Seen", 0},
        {"wor", " work ", false, "", 1},
        {"work", " wor works ", false, "", 1},
        /* no flags at all */
        {"\\Weird", NULL, false, "", 1},
        {"\"quoted\"", NULL, false, "", 0},
        {"NIL", NULL, false, "", 0},
        {"a]b", NULL, false, "", 0},
        {"a%b", NULL, false, "", 0},
        {"t\xc3\xa4g", NULL, false, "", 0},
        {"{9}\r\nx) \"y\" (z", NULL, false, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_mailbox mailbox = {0};
        char permanent[64];
        struct buffer kept;
        buffer_init(&kept, 1000);
        if (rows[i].permanent != NULL) {
            mailbox.has_permanentflags = true;
            mailbox.permanentflags = strcpy(permanent, rows[i].permanent);
            mailbox.may_create_keywords = rows[i].may_create;
        }
        assert_true(imap_parser_tokens(&parser, rows[i].flags, strlen(rows[i].flags)));
        struct buffer canonical;
        buffer_init(&canonical, 1000);
        flags_append_canonical(parser.tokens, parser.count, &canonical);
        size_t dropped = flag_rules_append(&rules, buffer_str(&canonical), &mailbox, &kept);
        buffer_deinit(&canonical);
        if (dropped != rows[i].dropped || strcmp(buffer_str(&kept), rows[i].kept) != 0)
            fail_msg("row %zu: \"%s\", %zu dropped", i, buffer_str(&kept), dropped);
        buffer_deinit(&kept);
        imap_parser_deinit(&parser);
    }
}

static void test_the_same_flags_are_the_same_text(void **state)
{
    static const struct {
        const char *flags;
        const char *text;
    } rows[] = {
        {"", ""},
        {"\\Recent", ""},
        {"\\Seen \\Recent \\Answered", "\\Answered \\Seen"},
        {"\\SEEN \\answered", "\\Answered \\Seen"},
        {"\\Seen \\seen \\SEEN", "\\Seen"},
        {"work $Junk Work WORK", "$Junk WORK"},
        {"NonJunk $Label1 \\Flagged", "$Label1 \\Flagged NonJunk"},
        {"ab a abc", "a ab abc"},
        {"a_b aZ", "a_b aZ"}, /* by the lower case, wherever "_" stands */
        {"\\Draft \\Deleted \\Flagged", "\\Deleted \\Draft \\Flagged"},
        /* no flags at all */
        {"\\Weird \"quoted\" {9}\r\nx) \"y\" (z t\xc3\xa4g a%b", "\\Weird"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct buffer text;
        buffer_init(&text, 1000);
        assert_true(imap_parser_tokens(&parser, rows[i].flags, strlen(rows[i].flags)));
        flags_append_canonical(parser.tokens, parser.count, &text);
        if (strcmp(buffer_str(&text), rows[i].text) != 0)
            fail_msg("row %zu: \"%s\"", i, buffer_str(&text));
        buffer_deinit(&text);
        imap_parser_deinit(&parser);
    }
}

static void test_what_changed_in_flags(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        const char *permanent; /* NULL: the server gave no rule */
        bool may_create;
        const char *added;
        const char *removed;
    } rows[] = {
        {"", "", NULL, false, "", ""},
        {"\\Seen", "\\Seen", NULL, false, "", ""},
        {"", "\\Flagged \\Seen", NULL, false, "\\Flagged \\Seen", ""},
        {"\\Flagged \\Seen", "", NULL, false, "", "\\Flagged \\Seen"},
        {"$a \\Seen b", "$c \\Seen b d", NULL, false, "$c d", "$a"},
        {"ab", "a abc", NULL, false, "a abc", "ab"},
        {"nonjunk", "NonJunk $x", NULL, false, "$x", ""}, /* case never matters */
        {"\\Weird a", "\\Odd a", NULL, false, "", ""},
        /* what the destination can't keep */
        {"", "\\Flagged \\Seen work", " \\Seen ", false, "\\Seen", ""},
        {"\\Flagged \\Seen work", "", " \\Seen ", false, "", "\\Seen"},
        {"", "other work", " \\Seen Work ", false, "work", ""},
        {"", "\\Flagged work", " \\Seen \\* ", true, "work", ""},
        {"$a", "\\Draft", " ", false, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_mailbox mailbox = {0};
        char permanent[64];
        struct buffer added, removed;
        buffer_init(&added, 1000);
        buffer_init(&removed, 1000);
        if (rows[i].permanent != NULL) {
            mailbox.has_permanentflags = true;
            mailbox.permanentflags = strcpy(permanent, rows[i].permanent);
            mailbox.may_create_keywords = rows[i].may_create;
        }
        flag_rules_append_changes(&rules, rows[i].before, rows[i].after, &mailbox, &added,
                                  &removed);
        if (strcmp(buffer_str(&added), rows[i].added) != 0 ||
            strcmp(buffer_str(&removed), rows[i].removed) != 0)
            fail_msg("row %zu: +(%s) -(%s)", i, buffer_str(&added), buffer_str(&removed));
        buffer_deinit(&added);
        buffer_deinit(&removed);
    }
}

/* What flags changed is not said of labels. */
static void test_labels_are_no_flags(void **state)
{
    struct imap_mailbox mailbox = {.may_create_keywords = true};
    struct buffer added, removed;
    (void)state;
    buffer_init(&added, 1000);
    buffer_init(&removed, 1000);
    flag_rules_append_changes(&rules, "\\Seen %a", "\\Draft x %b", &mailbox, &added, &removed);
    assert_string_equal(buffer_str(&added), "\\Draft x");
    assert_string_equal(buffer_str(&removed), "\\Seen");
    buffer_deinit(&added);
    buffer_deinit(&removed);
}

/* -- with options -- */

static void assert_kept(const char *const *edits, const char *flags, const char *permanent,
                        const char *kept)
{
    struct imap_mailbox mailbox = {0};
    struct flag_rules edited;
    struct buffer faults, text;
    char listed[64];
    buffer_init(&faults, 1000);
    buffer_init(&text, 1000);
    if (permanent != NULL) {
        mailbox.has_permanentflags = true;
        mailbox.permanentflags = strcpy(listed, permanent);
        mailbox.may_create_keywords = strstr(permanent, "\\*") != NULL;
    }
    for (; *edits != NULL; edits++)
        str_list_add(&settings.regexflag, *edits);
    assert_true(flag_rules_init(&edited, &settings, &faults));
    (void)flag_rules_append(&edited, flags, &mailbox, &text);
    if (strcmp(buffer_str(&text), kept) != 0)
        fail_msg("(%s) becomes (%s), not (%s)", flags, buffer_str(&text), kept);
    flag_rules_deinit(&edited);
    buffer_deinit(&text);
    buffer_deinit(&faults);
}

/* The documents' expressions, with their purpose. */
static void test_edited_flags(void **state)
{
    static const struct {
        const char *edits[3];
        const char *flags;
        const char *permanent;
        const char *kept;
    } rows[] = {
        {{"s,\\\\Seen,,"}, "\\Answered \\Seen", NULL, "\\Answered"},
        {{"s,,\\\\Seen ,"}, "\\Answered", NULL, "\\Seen \\Answered"},
        {{"s,,\\\\Seen ,"}, "", NULL, "\\Seen"},
        {{"s,,\\\\Seen ,"}, "\\Seen", NULL, "\\Seen"}, /* each once */
        {{"s/IMPORTANT/CANWAIT/g"}, "IMPORTANT \\Seen", NULL, "CANWAIT \\Seen"},
        {{"s/NonJunk//g"}, "NonJunk \\Seen", NULL, "\\Seen"},
        {{"s/\\$MDNSent//g"}, "$MDNSent \\Seen", NULL, "\\Seen"},
        {{"s/\\\\Flagged//g"}, "\\Flagged \\Seen", NULL, "\\Seen"},
        {{"s/\\\\Indexed/Indexed/"}, "\\Indexed", NULL, "Indexed"},
        {{"s/\\\\Answered/\\$Forwarded/g"}, "\\Answered", NULL, "$Forwarded"},
        {{"s/(.*)/$1 jrdH8u/", "s/jrdH8u *//"}, "\\Seen", NULL, "\\Seen"},
        {{"s/.*/PasGlop \\\\PasGlopRe/"}, "\\Seen", NULL, "PasGlop"},
        /* what is left is filtered */
        {{"s/a/$&b/"}, "a", " \\Seen ab ", "ab"},
        {{"s/a/b/"}, "a", " \\Seen a ", ""},
        {{"s/\\\\Seen/\\\\seen/"}, "\\Seen", NULL, "\\Seen"},
        {{"s/\\\\Seen/\\\\Recent/"}, "\\Seen", NULL, ""},
        /* labels are none of its business */
        {{"s/%x/y/"}, "a %x", NULL, "a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        str_list_deinit(&settings.regexflag);
        assert_kept(rows[i].edits, rows[i].flags, rows[i].permanent, rows[i].kept);
    }
}

static void test_other_options(void **state)
{
    static const char *const nothing[] = {NULL};
    (void)state;
    settings.filterbuggyflags = true;
    assert_kept(nothing, "\\FORWARDED \\forward \\$Forwarded a", NULL, "a");
    settings.filterflags = false;
    assert_kept(nothing, "\\Odd \\INDEXED b \\Seen \\Unseenly", " \\Seen ",
                "\\Odd b \\Seen \\Unseenly");
    settings.filterbuggyflags = false;
    assert_kept(nothing, "\\INDEXED \\Recent b", " \\Seen ", "\\INDEXED b");
    settings.systemflagsonly = true;
    assert_kept(nothing, "\\Odd b \\Seen \\Draft", NULL, "\\Seen \\Draft");
    settings.filterflags = true;
    assert_kept(nothing, "\\Odd b \\Seen \\Draft", " \\Seen \\* ", "\\Seen");
}

static void test_an_expression_that_gives_up_changes_nothing(void **state)
{
    static const char *const edits[] = {"s/(\\S+)/$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1/g",
                                        "s/(.*)/$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1/",
                                        "s/(.*)/$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1/",
                                        "s/(.*)/$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1/", NULL};
    (void)state;
    assert_kept(edits, "abc \\Seen", NULL, "abc \\Seen");
}

static void test_equal_sets(void **state)
{
    (void)state;
    assert_true(flags_are_equal("", ""));
    assert_true(flags_are_equal("\\Seen a", "A \\seen"));
    assert_false(flags_are_equal("a", ""));
    assert_false(flags_are_equal("", "a"));
    assert_false(flags_are_equal("a b", "a c"));
}

int main(void)
{
#define FLAGS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        FLAGS_TEST(test_flags_that_are_kept),
        FLAGS_TEST(test_the_same_flags_are_the_same_text),
        FLAGS_TEST(test_what_changed_in_flags),
        FLAGS_TEST(test_labels_are_no_flags),
        FLAGS_TEST(test_edited_flags),
        FLAGS_TEST(test_other_options),
        FLAGS_TEST(test_an_expression_that_gives_up_changes_nothing),
        FLAGS_TEST(test_equal_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
