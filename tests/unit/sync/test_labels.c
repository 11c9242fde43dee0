/* SPDX-License-Identifier: MIT
 * Gmail's labels, as they come and as they are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sync/messages/flags.h"
#include "sync/messages/labels.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void canonical(const char *labels, struct buffer *text)
{
    struct imap_parser parser = {NULL, 0, 0};
    assert_true(imap_parser_tokens(&parser, labels, strlen(labels)));
    labels_append_canonical(parser.tokens, parser.count, text);
    imap_parser_deinit(&parser);
}

static void test_the_same_labels_are_the_same_text(void **state)
{
    static const struct {
        const char *labels;
        const char *text;
    } rows[] = {
        {"", ""},
        {"\"\"", ""},
        {"(a b) c", "%c"},
        {"\"a\x01\" b", "%b"},
        {"foo", "%foo"},
        {"b a b \"a\"", "%a %b"},
        {"\\Inbox \"\\\\Sent\" Important", "%Important %\\Inbox %\\Sent"},
        {"\"\\\\Inbox\" \\Inbox", "%\\Inbox"},
        {"\"Muy Importante\" {3}\r\nx y", "%Muy%20Importante %x%20y"},
        {"\"say \\\"hi\\\"\" \"100%\" a/b", "%100%25 %a/b %say%20\"hi\""},
        {"Gr&APYA3w-e \"gr\xc3\xb6\"", "%Gr&APYA3w-e %gr%C3%B6"},
        {"NIL Nil", "%NIL %Nil"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer text;
        buffer_init(&text, 1000);
        canonical(rows[i].labels, &text);
        if (strcmp(buffer_str(&text), rows[i].text) != 0)
            fail_msg("row %zu: \"%s\"", i, buffer_str(&text));
        buffer_deinit(&text);
    }
}

static void test_labels_stand_behind_flags(void **state)
{
    static const struct {
        const char *text;
        size_t flags_size;
    } rows[] = {
        {"", 0}, {"\\Seen", 5}, {"%a", 0}, {"%a %b", 0}, {"\\Seen %a %b", 5}, {"$a \\Seen %b", 8},
    };
    struct buffer text;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(labels_flags_size(rows[i].text), rows[i].flags_size);
    buffer_init(&text, 1000);
    buffer_append_str(&text, "\\Seen");
    canonical("b a", &text);
    assert_string_equal(buffer_str(&text), "\\Seen %a %b");
    buffer_deinit(&text);
}

static void test_labels_that_came_or_went(void **state)
{
    static const struct {
        const char *text;
        const char *other;
        const char *missing; /* one a line */
    } rows[] = {
        {"", "", ""},
        {"\\Seen a", "", ""},
        {"", "%a", ""},
        {"%a %b", "%a %b", ""},
        {"\\Seen %a %b %c", "\\Draft %b", "a\nc\n"},
        {"%ab", "%a %abc", "ab\n"},
        {"%a", "a", "a\n"},
        {"%Muy%20Importante %100%25 %gr%C3%B6", "", "Muy Importante\n100%\ngr\xc3\xb6\n"},
        {"%\\Inbox", "\\Inbox", "\\Inbox\n"},
        {"%%2", "", "%2\n"}, /* from a damaged store */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char found[100] = "";
        const char *text = rows[i].text;
        struct buffer label;
        buffer_init(&label, LABEL_MAX_BYTES + 1);
        while (labels_next_missing(&text, rows[i].other, &label)) {
            size_t used = strlen(found);
            (void)snprintf(found + used, sizeof(found) - used, "%s\n", buffer_str(&label));
        }
        if (strcmp(found, rows[i].missing) != 0)
            fail_msg("row %zu: \"%s\"", i, found);
        buffer_deinit(&label);
    }
}

static void test_more_labels_than_are_looked_at(void **state)
{
    struct imap_token tokens[LABELS_MAX + 2];
    char names[LABELS_MAX + 2][8];
    char longest[LABEL_MAX_BYTES + 2];
    struct buffer text;
    (void)state;
    buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < COUNT(tokens); i++) {
        (void)snprintf(names[i], sizeof(names[i]), "l%04u", (unsigned int)i);
        tokens[i] = (struct imap_token){IMAP_TOKEN_ATOM, names[i], strlen(names[i]), 0};
    }
    labels_append_canonical(tokens, COUNT(tokens), &text);
    assert_int_equal(text.used, LABELS_MAX * strlen("%l0000 ") - 1);
    memset(longest, 'x', sizeof(longest));
    tokens[0] = (struct imap_token){IMAP_TOKEN_ATOM, longest, LABEL_MAX_BYTES + 1, 0};
    buffer_clear(&text);
    labels_append_canonical(tokens, 1, &text);
    assert_int_equal(text.used, 0);
    tokens[0].size = LABEL_MAX_BYTES;
    labels_append_canonical(tokens, 1, &text);
    assert_int_equal(text.used, LABEL_MAX_BYTES + 1);
    buffer_deinit(&text);
}

static void test_system_labels(void **state)
{
    static const struct {
        const char *label;
        bool is_system;
    } rows[] = {
        {"\\Inbox", true}, {"\\sent", true},    {"Inbox", false}, {"\\", false},
        {"", false},       {"\\Two w.", false}, {"\\a\"", false}, {"\\\\Inbox", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(label_is_system(rows[i].label), rows[i].is_system);
}

static void test_leaving_out_a_flag(void **state)
{
    static const char given[] = "\\Seen \\FLAGGED x \\Flagged";
    struct imap_parser parser = {NULL, 0, 0};
    struct imap_token kept[FLAGS_MAX];
    (void)state;
    assert_true(imap_parser_tokens(&parser, given, strlen(given)));
    assert_int_equal(flags_leave_out(parser.tokens, parser.count, "\\Flagged", kept), 2);
    assert_true(imap_token_is(&kept[0], "\\Seen"));
    assert_true(imap_token_is(&kept[1], "x"));
    imap_parser_deinit(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_labels_are_the_same_text),
        cmocka_unit_test(test_labels_stand_behind_flags),
        cmocka_unit_test(test_labels_that_came_or_went),
        cmocka_unit_test(test_more_labels_than_are_looked_at),
        cmocka_unit_test(test_system_labels),
        cmocka_unit_test(test_leaving_out_a_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
