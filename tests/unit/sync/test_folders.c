/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/folders/folders.h"
#include "sync/folders/roles.h"

static struct folder *add(struct folder_list *list, const char *name, unsigned int attributes)
{
    return folder_list_add(list, name, strlen(name), '/', attributes);
}

static void test_an_empty_list_finds_nothing(void **state)
{
    struct folder_list list;
    (void)state;
    folder_list_init(&list);
    assert_null(folder_list_find(&list, "INBOX"));
    folder_list_deinit(&list);
}

static void test_attributes_merge_and_names_are_exact(void **state)
{
    struct folder_list list;
    (void)state;
    folder_list_init(&list);
    folder_list_add(&list, "Sent", 4, '\0', FOLDER_SENT);
    add(&list, "Sent", FOLDER_SUBSCRIBED);
    add(&list, "sent", 0);
    assert_int_equal(list.count, 2);
    const struct folder *folder = folder_list_find(&list, "Sent");
    assert_int_equal(folder->attributes, FOLDER_SENT | FOLDER_SUBSCRIBED);
    assert_int_equal(folder->separator, '/');
    assert_int_equal(folder_list_find(&list, "sent")->attributes, 0);
    assert_null(folder_list_find(&list, "SENT"));
    assert_null(folder_list_find(&list, "Sen"));
    folder_list_deinit(&list);
}

static void test_inbox_is_one_in_any_case(void **state)
{
    struct folder_list list;
    (void)state;
    folder_list_init(&list);
    add(&list, "Inbox", 0);
    add(&list, "INBOX", FOLDER_SUBSCRIBED);
    add(&list, "inbox/a", 0);
    add(&list, "INBOX/a", 0);
    assert_int_equal(list.count, 3);
    assert_string_equal(folder_list_find(&list, "iNBOx")->name, "Inbox");
    assert_int_equal(folder_list_find(&list, "INBOX")->attributes, FOLDER_SUBSCRIBED);
    folder_list_deinit(&list);
}

static void test_over_long_names_are_cut_and_marked(void **state)
{
    struct folder_list list;
    (void)state;
    folder_list_init(&list);
    size_t size = 1000000;
    char *name = mem_alloc(size);
    memset(name, 'x', size);
    const struct folder *folder = folder_list_add(&list, name, size, '/', 0);
    assert_int_equal(strlen(folder->name), FOLDER_NAME_MAX_BYTES + 1);
    folder = folder_list_add(&list, name, FOLDER_NAME_MAX_BYTES, '/', 0);
    assert_int_equal(strlen(folder->name), FOLDER_NAME_MAX_BYTES);
    mem_free(name);
    folder_list_deinit(&list);
}

static void test_a_full_list_refuses(void **state)
{
    struct folder_list list;
    char name[FOLDER_NAME_MAX_BYTES];
    size_t count = 0;
    (void)state;
    folder_list_init(&list);
    memset(name, 'x', sizeof(name));
    for (; count < FOLDER_LIST_MAX_COUNT; count++) {
        int size = snprintf(name, sizeof(name), "%08zu", count);
        name[size] = 'x';
        if (folder_list_add(&list, name, sizeof(name), '/', 0) == NULL)
            break;
    }
    assert_int_equal(count, FOLDER_LIST_MAX_BYTES / (sizeof(name) + sizeof(struct folder)));
    assert_int_equal(list.count, count);
    /* What is there already can still be merged. */
    assert_non_null(folder_list_add(&list, list.items[0].name, sizeof(name), '/', 0));
    folder_list_deinit(&list);
}

static void test_large_listings_are_found_quickly(void **state)
{
    struct folder_list list;
    char name[32];
    (void)state;
    folder_list_init(&list);
    for (size_t i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "Folder/%zu", i);
        add(&list, name, 0)->messages = i;
    }
    for (size_t i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "Folder/%zu", i);
        assert_int_equal(folder_list_find(&list, name)->messages, i);
    }
    folder_list_deinit(&list);
}

static void test_foreign_prefixes(void **state)
{
    struct folder_list list;
    (void)state;
    folder_list_init(&list);
    folder_list_add_foreign_prefix(&list, "shared/ and more", 7);
    folder_list_add_foreign_prefix(&list, "", 0);
    assert_int_equal(list.foreign_count, 2);
    assert_string_equal(list.foreign_prefixes[0], "shared/");
    assert_string_equal(list.foreign_prefixes[1], "");
    for (size_t i = 0; i < 1000; i++)
        folder_list_add_foreign_prefix(&list, "x/", 2);
    assert_int_equal(list.foreign_count, 64);
    folder_list_deinit(&list);
}

static void test_attributes_are_parsed(void **state)
{
    static const struct {
        const char *text;
        unsigned int attribute;
    } rows[] = {
        {"", 0},
        {"Sent", 0},
        {"\\Marked", 0},
        {"\\HasNoChildren", 0},
        {"\\Sen", 0},
        {"\\Sentx", 0},
        {"\\Noselect", FOLDER_NOSELECT},
        {"\\NONEXISTENT", FOLDER_NOSELECT},
        {"\\NoInferiors", FOLDER_NOINFERIORS},
        {"\\subscribed", FOLDER_SUBSCRIBED},
        {"\\All", FOLDER_ALL},
        {"\\Archive", FOLDER_ARCHIVE},
        {"\\Drafts", FOLDER_DRAFTS},
        {"\\Flagged", FOLDER_FLAGGED},
        {"\\Junk", FOLDER_JUNK},
        {"\\sENT", FOLDER_SENT},
        {"\\Trash", FOLDER_TRASH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(folder_attribute_parse(rows[i].text, strlen(rows[i].text)),
                         rows[i].attribute);
    assert_int_equal(folder_attribute_parse("\\Sent)", 5), FOLDER_SENT);
}

static void test_roles_by_name(void **state)
{
    static const struct {
        const char *name;
        unsigned int role;
    } rows[] = {
        {"", 0},
        {"INBOX", 0},
        {"Projects", 0},
        {"Sent2", 0},
        {"Outbox", 0},
        {"Sent", FOLDER_SENT},
        {"SENT ITEMS", FOLDER_SENT},
        {"Gesendete Elemente", FOLDER_SENT},
        {"Éléments envoyés", FOLDER_SENT},
        {"Posta inviata", FOLDER_SENT},
        {"Отправленные", FOLDER_SENT},
        {"送信済みアイテム", FOLDER_SENT},
        {"已发送邮件", FOLDER_SENT},
        {"Entwürfe", FOLDER_DRAFTS},
        {"Concepten", FOLDER_DRAFTS},
        {"Wersje robocze", FOLDER_DRAFTS},
        {"deleted items", FOLDER_TRASH},
        {"Papelera", FOLDER_TRASH},
        {"Gelöschte Elemente", FOLDER_TRASH},
        {"Kosz", FOLDER_TRASH},
        {"Roskakori", FOLDER_TRASH},
        {"Junk E-mail", FOLDER_JUNK},
        {"junk email", FOLDER_JUNK},
        {"Skräppost", FOLDER_JUNK},
        {"Önemsiz E-posta", FOLDER_JUNK},
        {"Archiv", FOLDER_ARCHIVE},
        {"Arkiv", FOLDER_ARCHIVE},
        {"All Mail", FOLDER_ALL},
        {"Starred", FOLDER_FLAGGED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (role_by_name(rows[i].name, NULL) != rows[i].role)
            fail_msg("\"%s\" has another role", rows[i].name);
    }
    size_t usual;
    size_t unusual;
    (void)role_by_name("Sent", &usual);
    (void)role_by_name("Sent Items", &unusual);
    assert_true(usual < unusual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_list_finds_nothing),
        cmocka_unit_test(test_attributes_merge_and_names_are_exact),
        cmocka_unit_test(test_inbox_is_one_in_any_case),
        cmocka_unit_test(test_over_long_names_are_cut_and_marked),
        cmocka_unit_test(test_a_full_list_refuses),
        cmocka_unit_test(test_large_listings_are_found_quickly),
        cmocka_unit_test(test_foreign_prefixes),
        cmocka_unit_test(test_attributes_are_parsed),
        cmocka_unit_test(test_roles_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
