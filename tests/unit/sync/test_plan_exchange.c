/* SPDX-License-Identifier: MIT
 * The folder plan from and to Exchange. A listing is written "INBOX|Sent"; a plan
 * "source>destination" with marks: + is not there yet, r a reserved name, c characters, m case, =
 * merged. Each plan is made twice: the second time the destination has what the first one created.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/folders/exchange.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/plan.h"
#include "sync/folders/removable.h"

#define GERMAN  "Kalender|Kontakte|Aufgaben|Notizen|Journal|Postausgang"
#define ENGLISH "Calendar|Contacts|Tasks|Notes|Journal|Outbox"

static void list_fill(struct folder_list *list, bool is_exchange, char separator, const char *names)
{
    folder_list_init(list);
    list->is_exchange = is_exchange;
    list->has_namespace = true;
    list->prefix = mem_strdup(separator == '.' ? "INBOX." : "");
    list->separator = separator;
    while (*names != '\0') {
        size_t size = strcspn(names, "|");
        struct buffer raw;
        buffer_init(&raw, SIZE_MAX);
        if (memchr(names, '&', size) != NULL)
            buffer_append(&raw, names, size);
        else
            assert_true(mutf7_encode(names, size, &raw));
        folder_list_add(list, buffer_str(&raw), raw.used, separator, 0);
        buffer_deinit(&raw);
        names += size + (names[size] == '|');
    }
}

struct row {
    const char *title;
    const char *source;      /* "x:" in front: an Exchange; ".": below "INBOX." */
    const char *destination; /* always an Exchange, but "-" in front */
    const char *plan;
    const char *skips;
    const char *option, *value;
    const char *again; /* what the second plan says, if it is not the first without its "+" */
};

static const struct row rows[] = {
    /* reserved names */
    {"Files", "INBOX|Files|Files/a|Files2|a/Files|files", "INBOX",
     .plan = "INBOX>INBOX|Files>Files_renamed_by_imapsync+r=|files>Files_renamed_by_imapsync+rm=|"
             "Files/a>Files_renamed_by_imapsync/a+r|Files2>Files2+|a/Files>a/Files+"},
    {"Files of a server with a prefix", ".INBOX|INBOX.Files|INBOX.Files.a", "INBOX",
     .plan = "INBOX>INBOX|INBOX.Files>Files_renamed_by_imapsync+r|"
             "INBOX.Files.a>Files_renamed_by_imapsync/a+r"},
    {"Files is there", "Files", "INBOX|Files", .plan = "Files>Files_renamed_by_imapsync+r"},
    {"Files beside what it would be called", "Files|Files_renamed_by_imapsync", "INBOX",
     .plan = "Files>Files_renamed_by_imapsync_renamed_by_imapsync+r|"
             "Files_renamed_by_imapsync>Files_renamed_by_imapsync+"},
    {"Files by --f1f2 is what the user says", "Files|Files/a", "INBOX",
     .plan = "Files>Files+|Files/a>Files_renamed_by_imapsync/a+r", .option = "f1f2",
     .value = "Files=Files", .again = "Files>Files|Files/a>Files_renamed_by_imapsync/a r"},
    {"Files below a folder", "Files", "INBOX", .plan = "Files>Old/Files+", .option = "subfolder2",
     .value = "Old"},
    {"everything below Files", "a", "INBOX", .plan = "a>Files_renamed_by_imapsync/a+r",
     .option = "subfolder2", .value = "Files"},
    {"an expression that makes Files", "Data", "INBOX", .plan = "Data>Files_renamed_by_imapsync+r",
     .option = "regextrans2", .value = "s/Data/Files/"},
    {"--nofixnames", "Files| a |Notes", "INBOX|" ENGLISH,
     .plan = " a > a +|Files>Files+|Notes>Notes", .option = "nofixnames",
     .again = " a > a |Files>Files|Notes>Notes"},
    {"another server", "Files| a |a*|Notes", "-INBOX",
     .plan = " a > a +|Files>Files+|Notes>Notes+|a*>a*+",
     .again = " a > a |Files>Files|Notes>Notes|a*>a*"},
    {"a calendar's name", "Calendar|Kalender|Notes|Notizen|Notizen/a", "INBOX|" GERMAN,
     .plan = "Calendar>Calendar+|Kalender>Kalender_mail+r|Notes>Notes+|Notizen>Notizen_mail+r|"
             "Notizen/a>Notizen_mail/a+r"},
    {"all English names to a German mailbox", ENGLISH, "INBOX|" GERMAN,
     .plan =
         "Calendar>Calendar+|Contacts>Contacts+|Journal>Journal_mail+r|Notes>Notes+|Outbox>Outbox+|"
         "Tasks>Tasks+"},
    {"a mailbox of unknown language", "Notes|Kalender|tareas", "INBOX",
     .plan = "Kalender>Kalender_mail+r|Notes>Notes_mail+r|tareas>tareas_mail+r"},
    {"two of them would be the same", "Notes|Notes_mail", "INBOX|" ENGLISH,
     .plan = "Notes>Notes_mail_mail+r|Notes_mail>Notes_mail+"},
    {"from Exchange to Exchange", "x:INBOX|" GERMAN "|Notes", "INBOX|" GERMAN,
     .plan = "INBOX>INBOX|Notes>Notes+",
     .skips = "Aufgaben|Journal|Kalender|Kontakte|Notizen|Postausgang"},
    {"to an Exchange of another language", "x:INBOX|" GERMAN "|Notes", "INBOX|" ENGLISH,
     .plan = "INBOX>INBOX|Notes>Notes_mail+r",
     .skips = "Aufgaben|Journal|Kalender|Kontakte|Notizen|Postausgang"},

    /* characters */
    {"blanks", " a|a |a b|a/ b /c|  ", "INBOX",
     .plan = "  >=20=20+c| a>=20a+c|a >a=20+c|a b>a b+|a/ b /c>a/=20b=20/c+c"},
    {"forbidden ones", "a*b|50% off|a\\b|a:b?|ä*", "INBOX",
     .plan = "ä*>ä=2A+c|50% off>50=25 off+c|a*b>a=2Ab+c|a:b?>a:b?+|a\\b>a=5Cb+c"},
    {"no two become one", "a*|a=2A|a=3D2A|a=|a=b|=20| ", "INBOX",
     .plan = " >=20+c|=20>=3D20+c|a*>a=2A+c|a=>a=+|a=2A>a=3D2A+c|a=3D2A>a=3D3D2A+c|a=b>a=b+"},
    {"what is there stays", "a*|b*", "INBOX|a*", .plan = "a*>a*|b*>b=2A+c"},
    {"a level that is there stays", "a*/b*", "INBOX|a*", .plan = "a*/b*>a*/b=2A+c"},

    {"expressions see names before that: blanks", " a|b* ", "INBOX", .plan = " a>a+|b* >b=2A=20+c",
     .option = "regextrans2", .value = "s/^ //"},
    {"a raw expression", "a&AC8-b", "INBOX", .plan = "a&AC8-b>a-b+", .option = "regextrans2",
     .value = "s,&AC8-,-,g"},
    {"a decoded expression", "Größe*", "INBOX", .plan = "Größe*>Maße=2A+c", .option = "regextrans2",
     .value = "s,Größe,Maße,"},

    /* case */
    {"two that differ by case", "Trash|trash|TRASH", "INBOX",
     .plan = "TRASH>TRASH+=|Trash>TRASH+m=|trash>TRASH+m="},
    {"what is there decides", "Trash|trash", "INBOX|trash", .plan = "Trash>trash m=|trash>trash="},
    {"levels that differ by case", "WORK/a|Work/b|work", "INBOX",
     .plan = "WORK/a>WORK/a+|Work/b>WORK/b+m|work>WORK+m"},
    {"letters beyond ASCII", "GRÖSSE|Größe|größE|ЖУРНАЛ2|журнал2|ŁÓDŹ|Łódź|ΑΒ|αβ", "INBOX",
     .plan = "ΑΒ>ΑΒ+=|αβ>ΑΒ+m=|ŁÓDŹ>ŁÓDŹ+=|Łódź>ŁÓDŹ+m=|ЖУРНАЛ2>ЖУРНАЛ2+=|журнал2>ЖУРНАЛ2+m=|"
             "GRÖSSE>GRÖSSE+|Größe>Größe+=|größE>Größe+m="},
    {"a shift that hides a slash", "a&AC8-b|A/b", "INBOX", .plan = "A/b>A/b+|a&AC8-b>a&AC8-b+"},
    {"--nomixfolders", "Trash|trash|WORK/a|Work/a|Work/b", "INBOX",
     .plan = "Trash>Trash+|WORK/a>WORK/a+|Work/b>WORK/b+m", .skips = "Work/a|trash",
     .option = "nomixfolders"},
    {"--nomixfolders elsewhere", "Trash|trash", "-INBOX", .plan = "Trash>Trash+|trash>trash+",
     .option = "nomixfolders"},
    {"--mixfolders elsewhere", "Trash|trash", "-INBOX", .plan = "Trash>Trash+|trash>trash+"},

    /* a source */
    {"German",
     "x:INBOX|" GERMAN "|Synchronisierungsprobleme|Synchronisierungsprobleme/Konflikte|"
     "Kalender/Feiertage|Notes|Tasks|Projekt/Kalender|Files|Archiv",
     "-INBOX",
     .plan =
         "INBOX>INBOX|Archiv>Archiv+|Notes>Notes+|Projekt/Kalender>Projekt/Kalender+|Tasks>Tasks+",
     .skips = "Aufgaben|Files|Journal|Kalender|Kalender/Feiertage|Kontakte|Notizen|Postausgang|"
              "Synchronisierungsprobleme|Synchronisierungsprobleme/Konflikte"},
    {"nothing that tells the language", "x:INBOX|Notes|Tasks", "-INBOX",
     .plan = "INBOX>INBOX|Notes>Notes+|Tasks>Tasks+"},
    {"a source that is no Exchange", "INBOX|" ENGLISH, "-INBOX",
     .plan = "INBOX>INBOX|Calendar>Calendar+|Contacts>Contacts+|Journal>Journal+|Notes>Notes+|"
             "Outbox>Outbox+|Tasks>Tasks+"},
    {"one that is named", "x:INBOX|" ENGLISH, "-INBOX", .plan = "Calendar>Calendar+",
     .option = "folder", .value = "Calendar"},
    {"all that an expression names", "x:Calendar|Contacts|Notes", "-INBOX",
     .plan = "Calendar>Calendar+|Contacts>Contacts+", .option = "include", .value = "^C"},
};

struct world {
    struct folder_list source;
    struct folder_list destination;
    struct settings settings;
    struct folder_plan *plan;
    struct buffer text;
};

static void apply(struct settings *settings, const struct row *row)
{
    const char *option = row->option == NULL ? "" : row->option;
    settings->fixslash2 = true;
    settings->fixnames = strcmp(option, "nofixnames") != 0;
    settings->mixfolders = strcmp(option, "nomixfolders") != 0;
    if (strcmp(option, "f1f2") == 0)
        str_list_add(&settings->f1f2, row->value);
    if (strcmp(option, "regextrans2") == 0)
        str_list_add(&settings->regextrans2, row->value);
    if (strcmp(option, "folder") == 0)
        str_list_add(&settings->folder, row->value);
    if (strcmp(option, "include") == 0)
        str_list_add(&settings->include, row->value);
    if (strcmp(option, "subfolder2") == 0)
        settings->side[1].subfolder = mem_strdup(row->value);
}

static void world_init(struct world *world, const struct row *row)
{
    memset(world, 0, sizeof(*world));
    bool is_source = strncmp(row->source, "x:", 2) == 0;
    bool has_prefix = row->source[0] == '.';
    bool is_other = row->destination[0] == '-';
    list_fill(&world->source, is_source, has_prefix ? '.' : '/',
              row->source + (is_source ? 2 : 0) + (has_prefix ? 1 : 0));
    list_fill(&world->destination, !is_other, '/', row->destination + (is_other ? 1 : 0));
    buffer_init(&world->text, SIZE_MAX);
    apply(&world->settings, row);
}

static void world_deinit(struct world *world)
{
    folder_plan_deinit(&world->plan);
    folder_list_deinit(&world->source);
    folder_list_deinit(&world->destination);
    str_list_deinit(&world->settings.f1f2);
    str_list_deinit(&world->settings.regextrans2);
    str_list_deinit(&world->settings.folder);
    str_list_deinit(&world->settings.include);
    mem_free(world->settings.side[1].subfolder);
    buffer_deinit(&world->text);
}

static const char *plan_text(struct world *world)
{
    buffer_clear(&world->text);
    for (size_t i = 0; i < world->plan->count; i++) {
        const struct plan_entry *entry = &world->plan->entries[i];
        char *from = mutf7_to_display(entry->source->name);
        char *to = mutf7_to_display(entry->destination);
        char marks[8] = "";
        snprintf(marks, sizeof(marks), "%s%s%s%s", (entry->rules & PLAN_RULE_RESERVED) ? "r" : "",
                 (entry->rules & PLAN_RULE_CHARACTERS) ? "c" : "",
                 (entry->rules & PLAN_RULE_CASE) ? "m" : "", entry->is_merged ? "=" : "");
        bool is_marked = marks[0] != '\0' && marks[0] != '=';
        buffer_printf(&world->text, "%s%s>%s%s%s", i == 0 ? "" : "|", from, to,
                      !entry->exists ? "+"
                      : is_marked    ? " "
                                     : "",
                      marks);
        assert_true(entry->is_renamed || !is_marked);
        mem_free(from);
        mem_free(to);
    }
    return buffer_str(&world->text);
}

/* The names alone, sorted. */
static const char *skips_text(struct world *world)
{
    buffer_clear(&world->text);
    const char *last = "";
    for (size_t done = 0; done < world->plan->skip_count; done++) {
        const char *next = NULL;
        for (size_t i = 0; i < world->plan->skip_count; i++) {
            const char *name = world->plan->skips[i].name;
            if (strcmp(name, last) > 0 && (next == NULL || strcmp(name, next) < 0))
                next = name;
        }
        assert_non_null(next);
        buffer_printf(&world->text, "%s%s", done == 0 ? "" : "|", next);
        last = next;
    }
    return buffer_str(&world->text);
}

static void build(struct world *world)
{
    struct fault fault;
    folder_plan_deinit(&world->plan);
    assert_true(folder_plan_build(&world->source, &world->destination, &world->settings,
                                  &world->plan, &fault));
}

/* "+" with another mark behind it becomes a blank, else it goes. */
static char *without_pluses(const char *text)
{
    char *result = mem_strdup(text);
    char *to = result;
    for (const char *from = text; *from != '\0'; from++) {
        bool is_alone = from[1] == '\0' || from[1] == '|' || from[1] == '=';
        if (*from != '+')
            *to++ = *from;
        else if (!is_alone)
            *to++ = ' ';
    }
    *to = '\0';
    return result;
}

static void test_plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct world world;
        print_message("%s\n", row->title);
        world_init(&world, row);
        build(&world);
        assert_string_equal(plan_text(&world), row->plan);
        assert_string_equal(skips_text(&world), row->skips == NULL ? "" : row->skips);
        for (size_t k = 0; k < world.plan->create_count; k++)
            folder_list_add(&world.destination, world.plan->creates[k],
                            strlen(world.plan->creates[k]), '/', 0);
        build(&world);
        char *again = without_pluses(row->plan);
        assert_string_equal(plan_text(&world), row->again != NULL ? row->again : again);
        mem_free(again);
        assert_string_equal(skips_text(&world), row->skips == NULL ? "" : row->skips);
        assert_int_equal(world.plan->create_count, 0);
        world_deinit(&world);
    }
}

/* What --delete2folders would take away. */
static void test_own_folders_are_not_removed(void **state)
{
    (void)state;
    static const struct {
        const char *source, *destination, *removed;
    } cases[] = {
        {"INBOX|Notizen", "INBOX|" GERMAN "|Notizen_mail|Notes|Files|Old", "Notes|Old|"},
        {"x:INBOX|" GERMAN, "INBOX|" GERMAN "|Kalender/Feiertage|Old", "Old|"},
        {"INBOX", "-INBOX|Calendar|Contacts", "Calendar|Contacts|"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct row row = {.source = cases[i].source, .destination = cases[i].destination};
        struct world world;
        struct removable removable;
        world_init(&world, &row);
        str_list_add(&world.settings.include, "^");
        build(&world);
        removable_init(&removable, &world.source, &world.destination, world.plan, &world.settings);
        buffer_clear(&world.text);
        for (size_t k = 0; k < removable.count; k++) {
            if (!removable.items[k].is_kept)
                buffer_printf(&world.text, "%s|", removable.items[k].name);
        }
        assert_string_equal(buffer_str(&world.text), cases[i].removed);
        removable_deinit(&removable);
        world_deinit(&world);
    }
}

/* What a mailbox of each language keeps apart from mail. */
static void test_languages(void **state)
{
    (void)state;
    static const char *const mailboxes[] = {
        "Calendar|Contacts|Tasks|Notes|Journal|Outbox|Sync Issues",
        "Kalender|Kontakte|Aufgaben|Notizen|Journal|Postausgang|Synchronisierungsprobleme",
        "Calendrier|Contacts|Tâches|Notes|Journal|Boîte d'envoi|Problèmes de synchronisation",
        "Calendario|Contactos|Tareas|Notas|Diario|Bandeja de salida|Problemas de sincronización",
        "Calendario|Contatti|Attività|Note|Diario|Posta in uscita|Problemi di sincronizzazione",
        "Agenda|Contactpersonen|Taken|Notities|Logboek|Postvak UIT|Synchronisatieproblemen",
        "Calendário|Contatos|Tarefas|Anotações|Diário|Caixa de saída|Problemas de Sincronização",
        "Calendário|Contactos|Tarefas|Notas|Diário|A Enviar|Problemas de Sincronização",
        "Kalendarz|Kontakty|Zadania|Notatki|Dziennik|Skrzynka nadawcza|Problemy z synchronizacją",
        "Kalender|Kontaktpersoner|Opgaver|Noter|Journal|Udbakke",
        "Kalender|Kontakter|Uppgifter|Anteckningar|Journal|Utkorgen",
        "Календарь|Контакты|Задачи|Заметки|Дневник|Исходящие",
        "予定表|連絡先|タスク|メモ|履歴|送信トレイ",
        "日历|联系人|任务|便笺|日记|发件箱",
    };
    for (size_t i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++) {
        struct folder_list list;
        struct name_style style;
        struct settings_side side = {0};
        struct exchange_folders own;
        list_fill(&list, true, '/', mailboxes[i]);
        name_style_init(&style, &list, &side);
        exchange_folders_init(&own, &list, &style);
        for (size_t k = 0; k < list.count; k++) {
            char *below = mem_printf("%s/x", list.items[k].name);
            char *above = mem_printf("x/%s", list.items[k].name);
            assert_int_equal(exchange_folders_kind(&own, list.items[k].name, '/'),
                             EXCHANGE_CALENDAR + (int)k);
            assert_int_equal(exchange_folders_kind(&own, below, '/'), EXCHANGE_CALENDAR + (int)k);
            assert_int_equal(exchange_folders_kind(&own, above, '/'), EXCHANGE_MAIL);
            mem_free(below);
            mem_free(above);
        }
        assert_int_equal(exchange_folders_kind(&own, "INBOX", '/'), EXCHANGE_MAIL);
        assert_int_equal(exchange_folders_kind(&own, "Files", '/'), EXCHANGE_FILES);
        name_style_deinit(&style);
        folder_list_deinit(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_own_folders_are_not_removed),
        cmocka_unit_test(test_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
