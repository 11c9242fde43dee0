/* SPDX-License-Identifier: MIT
 * Which destination folders --delete2folders may remove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/folders/removable.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Names between blanks; "!" in front: \Noselect, "~": \Drafts. The first word is the separator,
   the second the personal prefix ("-": none), the third another user's namespace. */
static void list_init(struct folder_list *list, const char *text)
{
    char *copy = mem_strdup(text);
    char *rest = copy;
    char *word;
    folder_list_init(list);
    list->separator = copy[0];
    list->has_namespace = true;
    (void)strtok_r(rest, " ", &rest);
    word = strtok_r(NULL, " ", &rest);
    list->prefix = mem_strdup(word[0] == '-' ? "" : word);
    word = strtok_r(NULL, " ", &rest);
    if (word[0] != '-')
        folder_list_add_foreign_prefix(list, word, strlen(word));
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        unsigned int attributes = word[0] == '!'   ? FOLDER_NOSELECT
                                  : word[0] == '~' ? FOLDER_DRAFTS
                                                   : 0;
        word += attributes != 0;
        (void)folder_list_add(list, word, strlen(word), list->separator, attributes);
    }
    mem_free(copy);
}

struct fixture {
    struct folder_list source;
    struct folder_list destination;
    struct settings settings;
    struct folder_plan *plan;
    struct removable removable;
};

static void fixture_init(struct fixture *f, const char *source, const char *destination,
                         const char *subfolder2, const char *f1f2)
{
    struct fault fault;
    list_init(&f->source, source);
    list_init(&f->destination, destination);
    settings_init(&f->settings);
    if (subfolder2[0] != '\0')
        f->settings.side[1].subfolder = mem_strdup(subfolder2);
    if (f1f2[0] != '\0')
        str_list_add(&f->settings.f1f2, f1f2);
    assert_true(folder_plan_build(&f->source, &f->destination, &f->settings, &f->plan, &fault));
    removable_init(&f->removable, &f->source, &f->destination, f->plan, &f->settings);
}

static void fixture_deinit(struct fixture *f)
{
    removable_deinit(&f->removable);
    folder_plan_deinit(&f->plan);
    settings_deinit(&f->settings);
    folder_list_deinit(&f->source);
    folder_list_deinit(&f->destination);
}

/* As they would be deleted. */
static void append_removed(const struct removable *removable, struct buffer *text)
{
    for (size_t i = removable->count; i-- > 0;) {
        if (!removable->items[i].is_kept)
            buffer_printf(text, "%s%s", text->used > 0 ? " " : "", removable->items[i].name);
    }
}

static void test_removable(void **state)
{
    static const struct {
        const char *source;
        const char *destination;
        const char *subfolder2;
        const char *f1f2;
        const char *removed;
    } rows[] = {
        {"/ - - INBOX A A/B", "/ - - INBOX A A/B", "", "", ""},
        {"/ - - INBOX", "/ - - INBOX inbox A A/B", "", "", "A/B A"},
        /* other separators and prefixes */
        {"/ - - INBOX A A/B", ". INBOX. - INBOX INBOX.A INBOX.A.B INBOX.A.C INBOX.X", "", "",
         "INBOX.X INBOX.A.C"},
        /* what stays keeps what is above it, also if it is yet to be created */
        {"/ - - INBOX A/B/C", "/ - - INBOX A A/B A/B/C A/X", "", "", "A/X"},
        {"/ - - INBOX A/B/C", "/ - - INBOX A A/B A-X A/X A0", "", "", "A0 A-X A/X"},
        {"/ - - INBOX", "/ - - INBOX A !A/B", "", "", ""},
        /* the same but for case */
        {"/ - - INBOX Work", "/ - - INBOX work WORK Work Worker", "", "", "Worker"},
        /* it has a source folder's name, though that goes elsewhere */
        {"/ - - INBOX A", "/ - - INBOX A B", "", "A=B", ""},
        {"/ - - INBOX !A A/B", "/ - - INBOX A A/B", "", "A/B=C", ""},
        /* other users' folders */
        {"/ - - INBOX", "/ - Other/ INBOX Other/Ada Others", "", "", "Others"},
        {"/ - - INBOX", "/ - - INBOX !A B", "", "", "B"},
        {"/ - - INBOX", "/ - - INBOX ~D", "", "", "D"},
        /* below a folder: nothing else has to do with it */
        {"/ - - INBOX A", "/ - - INBOX Old Keep Old/A Old/B Old/INBOX OldX", "Old", "", "Old/B"},
        {"/ - - INBOX A", ". INBOX. - INBOX INBOX.Old INBOX.Old.B INBOX.K", "Old", "",
         "INBOX.Old.B"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct buffer text;
        buffer_init(&text, 4096);
        fixture_init(&f, rows[i].source, rows[i].destination, rows[i].subfolder2, rows[i].f1f2);
        append_removed(&f.removable, &text);
        if (strcmp(buffer_str(&text), rows[i].removed) != 0)
            fail_msg("row %zu: [%s] instead of [%s]", i, buffer_str(&text), rows[i].removed);
        buffer_deinit(&text);
        fixture_deinit(&f);
    }
}

static void test_parents_of_what_was_kept_later(void **state)
{
    struct fixture f;
    struct buffer text;
    (void)state;
    buffer_init(&text, 4096);
    fixture_init(&f, "/ - - INBOX", "/ - - INBOX A A/B A/B/C A/D", "", "");
    for (size_t i = 0; i < f.removable.count; i++) {
        if (strcmp(f.removable.items[i].name, "A/B/C") == 0)
            f.removable.items[i].is_kept = true;
    }
    removable_keep_parents(&f.removable);
    append_removed(&f.removable, &text);
    assert_string_equal(buffer_str(&text), "A/D");
    buffer_deinit(&text);
    fixture_deinit(&f);
}

static void test_special(void **state)
{
    static const struct {
        const char *name;
        bool is_special;
    } rows[] = {
        {"INBOX.D", true}, {"INBOX.Sent", true}, {"INBOX.Gesendet", true}, {"INBOX.Sentry", false}};
    struct fixture f;
    (void)state;
    fixture_init(&f, "/ - - INBOX",
                 ". INBOX. - INBOX ~INBOX.D INBOX.Sent INBOX.Gesendet INBOX.Sentry", "", "");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct folder *folder = folder_list_find(&f.destination, rows[i].name);
        assert_int_equal(removable_is_special(&f.destination, &f.settings, folder),
                         rows[i].is_special);
    }
    fixture_deinit(&f);
}

static void test_of_the_source(void **state)
{
    struct fixture f;
    struct removable removable;
    struct buffer text;
    (void)state;
    buffer_init(&text, 4096);
    fixture_init(&f, "/ - Other/ INBOX A A/B Other/X !N", "/ - - INBOX", "", "");
    removable_init_source(&removable, &f.source, f.plan, &f.settings);
    append_removed(&removable, &text);
    assert_string_equal(buffer_str(&text), "A/B A");
    removable_deinit(&removable);
    buffer_deinit(&text);
    fixture_deinit(&f);
}

static void test_dropped_from_a_list(void **state)
{
    static const bool is_dropped[] = {false, true, false, true, false};
    struct folder_list list;
    (void)state;
    list_init(&list, "/ - - INBOX A B C D");
    folder_list_drop(&list, is_dropped);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].name, "INBOX");
    assert_string_equal(list.items[1].name, "B");
    assert_string_equal(list.items[2].name, "D");
    assert_null(folder_list_find(&list, "A"));
    assert_ptr_equal(folder_list_find(&list, "D"), &list.items[2]);
    folder_list_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_removable),
        cmocka_unit_test(test_parents_of_what_was_kept_later),
        cmocka_unit_test(test_special),
        cmocka_unit_test(test_of_the_source),
        cmocka_unit_test(test_dropped_from_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
