/* SPDX-License-Identifier: MIT
 * The folder plan. A listing is written "INBOX|Sent \Sent\Subscribed", a plan
 * "source>destination" with marks: + is not there yet, ~ renamed, = merged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/folders/plan.h"

struct world {
    struct folder_list source;
    struct folder_list destination;
    struct settings settings;
    struct folder_plan *plan;
    struct fault fault;
    struct buffer text;
};

static void world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    folder_list_init(&world->source);
    folder_list_init(&world->destination);
    buffer_init(&world->text, SIZE_MAX);
    world->settings.mixfolders = true;
    world->settings.fixslash2 = true;
    world->settings.fixnames = true;
}

static void list_free(struct str_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i]);
    mem_free(list->items);
}

static void world_deinit(struct world *world)
{
    struct settings *s = &world->settings;
    struct str_list *lists[] = {&s->folder,      &s->folderrec,  &s->include, &s->exclude,
                                &s->folderfirst, &s->folderlast, &s->f1f2,    &s->regextrans2};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        list_free(lists[i]);
    folder_plan_deinit(&world->plan);
    folder_list_deinit(&world->source);
    folder_list_deinit(&world->destination);
    buffer_deinit(&world->text);
}

static unsigned int attributes_parse(const char *text)
{
    unsigned int attributes = 0;
    for (const char *p = strchr(text, '\\'); p != NULL; p = strchr(p + 1, '\\'))
        attributes |= folder_attribute_parse(p, 1 + strcspn(p + 1, "\\"));
    return attributes;
}

static void list_fill(struct folder_list *list, const char *prefix, char separator,
                      const char *folders)
{
    if (prefix != NULL) {
        list->has_namespace = true;
        list->prefix = mem_strdup(prefix);
        list->separator = separator;
    }
    while (*folders != '\0') {
        size_t size = strcspn(folders, "|");
        char *row = mem_strndup(folders, size);
        char *attributes = strstr(row, " \\");
        size_t name_size = attributes == NULL ? size : (size_t)(attributes - row);
        folder_list_add(list, row, name_size, separator,
                        attributes == NULL ? 0 : attributes_parse(attributes));
        mem_free(row);
        folders += size + (folders[size] == '|');
    }
}

static void list_set(struct str_list *list, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t size = strcspn(text, "\n");
        char *item = mem_strndup(text, size);
        str_list_add(list, item);
        mem_free(item);
        text += size + (text[size] == '\n');
    }
}

static bool world_build(struct world *world)
{
    return folder_plan_build(&world->source, &world->destination, &world->settings, &world->plan,
                             &world->fault);
}

static const char *entries_text(struct world *world)
{
    buffer_clear(&world->text);
    for (size_t i = 0; i < world->plan->count; i++) {
        const struct plan_entry *entry = &world->plan->entries[i];
        buffer_printf(&world->text, "%s%s>%s%s%s%s", i == 0 ? "" : "|", entry->source->name,
                      entry->destination, entry->exists ? "" : "+", entry->is_renamed ? "~" : "",
                      entry->is_merged ? "=" : "");
    }
    return buffer_str(&world->text);
}

static const char *skips_text(struct world *world)
{
    buffer_clear(&world->text);
    for (size_t i = 0; i < world->plan->skip_count; i++)
        buffer_printf(&world->text, "%s%s: %s", i == 0 ? "" : "|", world->plan->skips[i].name,
                      world->plan->skips[i].reason);
    return buffer_str(&world->text);
}

static const char *strings_text(struct world *world, char **strings, size_t count)
{
    buffer_clear(&world->text);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&world->text, "%s%s", i == 0 ? "" : "|", strings[i]);
    return buffer_str(&world->text);
}

static const char *creates_text(struct world *world)
{
    return strings_text(world, world->plan->creates, world->plan->create_count);
}

static const char *subscribes_text(struct world *world)
{
    return strings_text(world, world->plan->subscribes, world->plan->subscribe_count);
}

/* ---- faults ---- */

static void check_fault(struct world *world, enum fault_code code, const char *text)
{
    list_fill(&world->source, "", '/',
              "INBOX|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|Entw&APw-rfe");
    list_fill(&world->destination, "", '/', "INBOX");
    assert_false(world_build(world));
    assert_null(world->plan);
    assert_int_equal(world->fault.code, code);
    assert_int_equal(world->fault.scope, FAULT_SCOPE_MAILBOX);
    assert_int_equal(world->fault.advice, FAULT_ADVICE_NEVER);
    assert_string_equal(world->fault.text, text);
    world_deinit(world);
}

static void test_faults(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    list_set(&world.settings.include, "Sent\n(");
    check_fault(&world, FAULT_USAGE,
                "include \"(\" is not a valid expression: missing closing parenthesis "
                "(at character 1).");
    world_init(&world);
    list_set(&world.settings.exclude, "[b-a]");
    check_fault(&world, FAULT_USAGE,
                "exclude \"[b-a]\" is not a valid expression: range out of order in character "
                "class (at character 3).");
    world_init(&world);
    list_set(&world.settings.exclude, "(a+)+[0-9]");
    check_fault(&world, FAULT_USAGE,
                "exclude \"(a+)+[0-9]\" takes too long on the folder "
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\".");
    world_init(&world);
    list_set(&world.settings.include, "\\C");
    check_fault(&world, FAULT_USAGE,
                "include \"\\C\" is not a valid expression: using \\C is disabled by the "
                "application (at character 2).");
    world_init(&world);
    list_set(&world.settings.regextrans2, "s/^aa*$//");
    check_fault(&world, FAULT_USAGE,
                "regextrans2 \"s/^aa*$//\" leaves nothing of the folder name "
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; change the expression, or give "
                "this folder its name with --f1f2.");
    world_init(&world);
    world.settings.side[0].subfolder = mem_strdup("Nowhere");
    char *subfolder = world.settings.side[0].subfolder;
    check_fault(&world, FAULT_NO_SUBFOLDER,
                "The folder \"Nowhere\" given as --subfolder1 is not on the source.");
    mem_free(subfolder);
}

static void test_settings_are_checked_before_the_run(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_true(folder_plan_check_settings(&world.settings, &world.text));
    list_set(&world.settings.include, "ok\n*a");
    list_set(&world.settings.exclude, "ok\n(?<=a+)");
    list_set(&world.settings.f1f2, "a=b\na\n=b\na=");
    char sep[] = "..";
    world.settings.side[1].sep = sep;
    assert_false(folder_plan_check_settings(&world.settings, &world.text));
    assert_string_equal(
        buffer_str(&world.text),
        "include \"*a\" is not a valid expression: quantifier does not follow a repeatable item "
        "(at character 0).\n"
        "exclude \"(?<=a+)\" is not a valid expression: lookbehind assertion is not fixed length "
        "(at character 0).\n"
        "f1f2 \"a\" is not of the form SOURCE=DESTINATION\n"
        "f1f2 \"=b\" is not of the form SOURCE=DESTINATION\n"
        "f1f2 \"a=\" is not of the form SOURCE=DESTINATION\n"
        "sep2 wants exactly one character\n");
    world_deinit(&world);
}

/* ---- selection ---- */

struct select_row {
    const char *about;
    const char *folder, *folderrec, *include, *exclude, *first, *last; /* "\n" between items */
    bool subscribed;
    const char *entries; /* sources only */
    const char *skips;
};

static const char select_folders[] =
    "b|INBOX|a/x|a \\Noselect|Sent \\Subscribed|Entw&APw-rfe|a/y \\Subscribed|shared/bob|"
    "shared/sub \\Subscribed|ab|Z";
#define FOREIGN "belongs to another user's or a shared namespace; name it with --folder to copy it"
#define SHARED  "shared/bob: " FOREIGN "|shared/sub: " FOREIGN

static const struct select_row select_rows[] = {
    {.about = "all of one's own, INBOX first, then by bytes",
     .entries = "INBOX|Entw&APw-rfe|Sent|Z|a/x|a/y|ab|b",
     .skips = "a: not selectable|" SHARED},
    {.about = "unknown names",
     .folder = "nope\nsent",
     .folderrec = "deep/er\nINBO",
     .skips = "nope: not on the source|sent: not on the source|deep/er: not on the source|"
              "INBO: not on the source"},
    {.about = "raw, readable and INBOX in any case",
     .folder = "Entwürfe\ninbox\nSent",
     .entries = "INBOX|Entw&APw-rfe|Sent"},
    {.about = "raw", .folder = "Entw&APw-rfe", .entries = "Entw&APw-rfe"},
    {.about = "a tree ends at a separator",
     .folderrec = "a",
     .entries = "a/x|a/y",
     .skips = "a: not selectable"},
    {.about = "subscribed, but not what is shared",
     .subscribed = true,
     .entries = "Sent|a/y",
     .skips = "shared/sub: " FOREIGN},
    {.about = "the three add up",
     .folder = "b",
     .folderrec = "a",
     .subscribed = true,
     .entries = "Sent|a/x|a/y|b",
     .skips = "a: not selectable|shared/sub: " FOREIGN},
    {.about = "shared ones when asked for by name",
     .folder = "shared/bob",
     .folderrec = "shared/sub",
     .entries = "shared/bob|shared/sub"},
    {.about = "shared ones when asked for by expression",
     .include = "^shared/b",
     .entries = "shared/bob"},
    {.about = "include alone",
     .include = "^a",
     .entries = "a/x|a/y|ab",
     .skips = "a: not selectable"},
    {.about = "include is case-sensitive and unanchored",
     .include = "ent\nNBO",
     .entries = "INBOX|Sent"},
    {.about = "include adds to folder", .folder = "b", .include = "^Z$", .entries = "Z|b"},
    {.about = "raw and decoded names both count",
     .include = "^Entw&APw-rfe$\nzzz",
     .entries = "Entw&APw-rfe"},
    {.about = "characters are characters", .include = "^Entw[üö]r.e$", .entries = "Entw&APw-rfe"},
    {.about = "exclude after include",
     .include = "^a",
     .exclude = "y$\n^a$",
     .entries = "a/x|ab",
     .skips = "a/y: left out by --exclude|a: left out by --exclude"},
    {.about = "exclude from all",
     .exclude = "a|b\n^[SZ]\nü",
     .entries = "INBOX",
     .skips = "b: left out by --exclude|a/x: left out by --exclude|a: left out by --exclude|"
              "a/y: left out by --exclude|shared/bob: left out by --exclude|"
              "shared/sub: left out by --exclude|ab: left out by --exclude|"
              "Sent: left out by --exclude|Z: left out by --exclude|"
              "Entw&APw-rfe: left out by --exclude"},
    {.about = "imapsync's examples",
     .include = "^Files$\nnt|b\n(?i)inbox\n\\[Gmail\\]$",
     .entries = "INBOX|Entw&APw-rfe|Sent|ab|b|shared/bob|shared/sub"},
    {.about = "and more of them",
     .exclude = "^INBOX/Trash\nKalender|Kontakte|Aufgaben|Notizen\n^MyFolder\n[ ]\nblanc\\ $\n"
                "^shared\\/\n^INBOX.blanc\\smiddle\n^Entw",
     .entries = "INBOX|Sent|Z|a/x|a/y|ab|b",
     .skips = "shared/bob: left out by --exclude|shared/sub: left out by --exclude|"
              "Entw&APw-rfe: left out by --exclude|a: not selectable"},
    {.about = "first and last move only what is there",
     .folderrec = "a",
     .folder = "INBOX\nb\nZ",
     .first = "Z\nnope\na/y\nSent",
     .last = "INBOX\na/x\nZ",
     .entries = "Z|a/y|b|INBOX|a/x",
     .skips = "a: not selectable"},
    {.about = "first by its readable name",
     .folder = "b\nEntwürfe\nINBOX",
     .first = "Entwürfe",
     .entries = "Entw&APw-rfe|INBOX|b"},
};

static void test_selection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(select_rows) / sizeof(select_rows[0]); i++) {
        const struct select_row *row = &select_rows[i];
        struct world world;
        world_init(&world);
        list_fill(&world.source, "", '/', select_folders);
        folder_list_add_foreign_prefix(&world.source, "shared/", 7);
        folder_list_add_foreign_prefix(&world.source, "", 0);
        list_fill(&world.destination, "", '/', "INBOX");
        list_set(&world.settings.folder, row->folder);
        list_set(&world.settings.folderrec, row->folderrec);
        list_set(&world.settings.include, row->include);
        list_set(&world.settings.exclude, row->exclude);
        list_set(&world.settings.folderfirst, row->first);
        list_set(&world.settings.folderlast, row->last);
        world.settings.subscribed = row->subscribed;
        assert_true(world_build(&world));
        print_message("selection: %s\n", row->about);
        buffer_clear(&world.text);
        for (size_t k = 0; k < world.plan->count; k++)
            buffer_printf(&world.text, "%s%s", k == 0 ? "" : "|",
                          world.plan->entries[k].source->name);
        assert_string_equal(buffer_str(&world.text), row->entries == NULL ? "" : row->entries);
        assert_string_equal(skips_text(&world), row->skips == NULL ? "" : row->skips);
        world_deinit(&world);
    }
}

/* ---- names ---- */

struct name_row {
    const char *about;
    const char *prefix1; /* NULL: no NAMESPACE */
    char separator1;
    const char *folders1;
    const char *prefix2;
    char separator2;
    const char *folders2;
    const char *sep1, *sep2, *force1, *force2, *subfolder1, *subfolder2, *f1f2;
    bool automap, nomixfolders, nofixslash2;
    const char *edits; /* --regextrans2, "\n" between them */
    const char *entries;
    const char *creates;
};

static const struct name_row name_rows[] = {
    {"the same style", "", '/', "INBOX|a/b", "", '/', "INBOX|a/b",
     .entries = "INBOX>INBOX|a/b>a/b"},
    {"a prefix goes", "INBOX.", '.', "INBOX|INBOX.Sent|INBOX.a.b", "", '/', "INBOX|Sent",
     .entries = "INBOX>INBOX|INBOX.Sent>Sent|INBOX.a.b>a/b+", .creates = "a|a/b"},
    {"a prefix comes", "", '/', "INBOX|Sent|a/b", "INBOX.", '.', "INBOX",
     .entries = "INBOX>INBOX|Sent>INBOX.Sent+|a/b>INBOX.a.b+",
     .creates = "INBOX.Sent|INBOX.a|INBOX.a.b"},
    {"INBOX in any case", "INBOX.", '.', "Inbox|inbox.Sent", "", '/', "iNBOX",
     .entries = "Inbox>INBOX|inbox.Sent>Sent+", .creates = "Sent"},
    {"only INBOX is case-less", "INBOX.", '.', "INBOX|INBOXES.a", "", '.', "INBOX",
     .entries = "INBOX>INBOX|INBOXES.a>INBOXES.a+", .creates = "INBOXES|INBOXES.a"},
    {"a true child of INBOX goes below the prefix", "", '/', "INBOX|INBOX/Sub", "INBOX.", '.',
     "INBOX", .entries = "INBOX>INBOX|INBOX/Sub>INBOX.INBOX.Sub+", .creates = "INBOX.INBOX.Sub"},
    {"and comes back", "INBOX.", '.', "INBOX|INBOX.INBOX.Sub", "", '/', "INBOX",
     .entries = "INBOX>INBOX|INBOX.INBOX.Sub>INBOX/Sub+", .creates = "INBOX/Sub"},
    {"a child of INBOX without any prefix", "", '.', "INBOX.Sub", "", '/', "INBOX",
     .entries = "INBOX.Sub>INBOX/Sub+", .creates = "INBOX/Sub"},
    {"the other separator inside a component", "", '.', "a/b.c", "", '/', "INBOX",
     .entries = "a/b.c>a.b/c+~", .creates = "a.b|a.b/c"},
    {"but never a slash", "", '/', "a.b/c", "", '.', "INBOX", .entries = "a.b/c>a_b.c+~",
     .creates = "a_b|a_b.c"},
    {"a backslash stands in", "", '\\', "a/b\\c", "", '/', "INBOX", .entries = "a/b\\c>a\\b/c+~",
     .creates = "a\\b|a\\b/c"},
    {"a flat source", "", '\0', "a.b|c/d", "", '.', "INBOX", .entries = "a.b>a_b+~|c/d>c/d+",
     .creates = "a_b|c/d"},
    {"a flat destination", "", '/', "a/b", "", '\0', "INBOX", .entries = "a/b>a/b+",
     .creates = "a/b"},
    {"without NAMESPACE the prefix is guessed", NULL, '.', "INBOX|INBOX.a|INBOX.b", NULL, '/',
     "INBOX|Sent", .entries = "INBOX>INBOX|INBOX.a>a+|INBOX.b>b+", .creates = "a|b"},
    {"but not if one folder stands beside INBOX", NULL, '.', "INBOX|INBOX.a|b", NULL, '/', "INBOX",
     .entries = "INBOX>INBOX|INBOX.a>INBOX/a+|b>b+", .creates = "INBOX/a|b"},
    {"and not from INBOX alone", NULL, '/', "INBOX|a", NULL, '.', "INBOX",
     .entries = "INBOX>INBOX|a>a+", .creates = "a"},
    {"guessed for the destination", NULL, '/', "INBOX|a/b", NULL, '.', "INBOX|INBOX.Sent",
     .entries = "INBOX>INBOX|a/b>INBOX.a.b+", .creates = "INBOX.a|INBOX.a.b"},
    {"given separators and prefixes win", "INBOX.", '.', "INBOX|old/x/INBOX.y", "", '/', "INBOX",
     .sep1 = "/", .sep2 = ".", .force1 = "old/", .force2 = "new.",
     .entries = "INBOX>INBOX|old/x/INBOX.y>new.x.INBOX_y+~", .creates = "new.x|new.x.INBOX_y"},
    {"an empty prefix is a value", "INBOX.", '.', "INBOX.a", "INBOX.", '.', "INBOX", .force1 = "",
     .force2 = "", .entries = "INBOX.a>INBOX.a+", .creates = "INBOX.a"},
    {"a prefix without its separator", NULL, '.', "INBOX|INBOX.a", "", '/', "INBOX",
     .force1 = "INBOX", .entries = "INBOX>INBOX|INBOX.a>a+", .creates = "a"},
    {"f1f2 is exact and nothing else is applied", "INBOX.", '.', "INBOX|INBOX.a|INBOX.a.b",
     "INBOX.", '.', "INBOX", .f1f2 = "INBOX.a=x/y\nINBOX=Old\nINBOX.nope=z", .automap = true,
     .entries = "INBOX>Old+~|INBOX.a>x/y+~|INBOX.a.b>INBOX.a.b+",
     .creates = "Old|x/y|INBOX.a|INBOX.a.b"},
    {"f1f2 as people write, the last one counts", "", '/', "Entw&APw-rfe|a=b", "", '/',
     "INBOX|Gel&APY-scht", .f1f2 = "Entwürfe=x\nEntwürfe=Gelöscht\na=b=c=d",
     .entries = "Entw&APw-rfe>Gel&APY-scht~|a=b>c=d+~", .creates = "c=d"},
    {"f1f2 to the name it has anyway", "", '/', "a", "", '.', "INBOX", .f1f2 = "a=a",
     .entries = "a>a+", .creates = "a"},
    {"f1f2 to INBOX in any case", "", '/', "a|INBOX", "", '.', "INBOX", .f1f2 = "a=inbox",
     .entries = "INBOX>INBOX=|a>INBOX~=", .creates = ""},
    {"subfolder2 takes INBOX along", "", '/', "INBOX|Sent|INBOX/Sub", "INBOX.", '.', "INBOX",
     .subfolder2 = "Old mail", .automap = true,
     .entries = "INBOX>INBOX.Old mail.INBOX+~|INBOX/Sub>INBOX.Old mail.INBOX.Sub+~|"
                "Sent>INBOX.Old mail.Sent+~",
     .creates = "INBOX.Old mail|INBOX.Old mail.INBOX|INBOX.Old mail.INBOX.Sub|"
                "INBOX.Old mail.Sent"},
    {"subfolder2 typed with its prefix and a separator", "", '/', "a", "INBOX.", '.', "INBOX",
     .subfolder2 = "INBOX.Büro.", .entries = "a>INBOX.B&APw-ro.a+~",
     .creates = "INBOX.B&APw-ro|INBOX.B&APw-ro.a"},
    {"subfolder1 is undone", "INBOX.", '.',
     "INBOX|INBOX.Old|INBOX.Old.INBOX.Sub|INBOX.Old.Sent|INBOX.Older|INBOX.b.Old.c", "", '/',
     "INBOX", .subfolder1 = "Old", .automap = true,
     .entries = "INBOX.Old>INBOX~|INBOX.Old.INBOX.Sub>INBOX/Sub+~|INBOX.Old.Sent>Sent+~",
     .creates = "INBOX/Sub|Sent"},
    {"subfolder1 that is no folder itself", "", '/', "INBOX|B&APw-ro/x/a+b|B&APw-ro/xa", "", '/',
     "INBOX", .subfolder1 = "/Büro/x/", .entries = "B&APw-ro/x/a+b>a+b+~", .creates = "a+b"},
    {"subfolder1 to subfolder2", "", '/', "X/INBOX|X/a|X \\Noselect", "", '/', "INBOX",
     .subfolder1 = "X", .subfolder2 = "X", .entries = "X/INBOX>X/INBOX+|X/a>X/a+",
     .creates = "X|X/INBOX|X/a"},
    {"parents of what is not selectable", "", '/', "a \\Noselect|a/b \\Noselect|a/b/c", "", '.',
     "INBOX|a \\Noselect", .entries = "a/b/c>a.b.c+", .creates = "a.b|a.b.c"},
    {"a placeholder on the destination is created", "", '/', "a", "", '/', "INBOX|a \\NonExistent",
     .entries = "a>a+", .creates = "a"},
    {"nothing is created twice", "", '/', "b/c|b|b/d|b/c/e", "", '/', "INBOX",
     .entries = "b>b+|b/c>b/c+|b/c/e>b/c/e+|b/d>b/d+", .creates = "b|b/c|b/c/e|b/d"},
    {"two into one stand together", "", '/', "a.b|a_a|a_b|b", "", '.', "INBOX",
     .entries = "a.b>a_b+~=|a_b>a_b+=|a_a>a_a+|b>b+", .creates = "a_b|a_a|b"},
    {"INBOX below the prefix is INBOX", "INBOX.", '.', "INBOX|INBOX.a|INBOX.INBOX", "", '/',
     "INBOX", .entries = "INBOX>INBOX=|INBOX.INBOX>INBOX=|INBOX.a>a+", .creates = "a"},
    {"case matters where neither is there", "", '/', "trash|Trash", "", '/', "INBOX",
     .entries = "Trash>Trash+|trash>trash+", .creates = "Trash|trash"},
    {"and where both are", "", '/', "trash|Trash", "", '/', "INBOX|trash|Trash",
     .entries = "Trash>Trash|trash>trash"},
    {"a folder of another case is that folder", "", '/', "trash|Trash", "", '/', "INBOX|Trash",
     .entries = "Trash>Trash=|trash>Trash~="},
    {"and so are its parents", "", '/', "work/a|WORK/B|other", "INBOX.", '.',
     "INBOX|INBOX.Work|INBOX.wOrk.b",
     .entries = "WORK/B>INBOX.wOrk.b~|other>INBOX.other+|"
                "work/a>INBOX.Work.a+~",
     .creates = "INBOX.other|INBOX.Work.a"},
    {"base64 has its own case", "", '/', "&APw-x|&AOk-", "", '/', "INBOX|&apw-X|&APw-X",
     .entries = "&AOk->&AOk-+|&APw-x>&APw-X~", .creates = "&AOk-"},
    {"but not with --nomixfolders", "", '/', "trash|Trash|TRASH/x|a", "", '/',
     "INBOX|Trash|Trash/X", .nomixfolders = true, .entries = "Trash>Trash|a>a+", .creates = "a"},
    {"a slash inside a name, by --nofixslash2", "", '/', "a.b/c", "", '.', "INBOX",
     .nofixslash2 = true, .entries = "a.b/c>a/b.c+~", .creates = "a/b|a/b.c"},
    {"control characters give way", "", '/', "a\tb|c\x7f\r\nd", "", '/', "INBOX",
     .entries = "a\tb>a_b+~|c\x7f\r\nd>c___d+~", .creates = "a_b|c___d"},
    {"raw UTF-8 is encoded, its shifts kept", "", '/', "Entwürfe|Büro/&AOk-ü", "", '/', "INBOX",
     .entries = "Büro/&AOk-ü>B&APw-ro/&AOkA,A-+|Entwürfe>Entw&APw-rfe+",
     .creates = "B&APw-ro|B&APw-ro/&AOkA,A-|Entw&APw-rfe"},
    {"bytes that are nothing", "", '/', "a\xff", "", '/', "INBOX", .entries = "a\xff>a_+~",
     .creates = "a_"},
    {"a bare ampersand", "", '/', "R & D/x", "", '/', "INBOX", .entries = "R & D/x>R &- D/x+",
     .creates = "R &- D|R &- D/x"},
    {"expressions come behind separator and prefix", "", '/', "INBOX|a/b|Sent", "INBOX.", '.',
     "INBOX", .edits = "s/^INBOX\\.a\\.(.)/INBOX.$1$1/\ns/^INBOX$/INBOX.Old/",
     .entries = "INBOX>INBOX.Old+~|Sent>INBOX.Sent+|a/b>INBOX.bb+~",
     .creates = "INBOX.Old|INBOX.Sent|INBOX.bb"},
    {"and behind subfolder2", "", '/', "INBOX|a", "", '/', "INBOX", .subfolder2 = "Old",
     .edits = "s,^Old/,New/,", .entries = "INBOX>New/INBOX+~|a>New/a+~",
     .creates = "New|New/INBOX|New/a"},
    {"f1f2 and automap win", "", '/', "a|b|Sent \\Sent", "", '/', "INBOX|Gesendet \\Sent",
     .edits = "s/.*/x/", .f1f2 = "a=q", .automap = true, .entries = "Sent>Gesendet~|a>q+~|b>x+~",
     .creates = "q|x"},
    {"what the source wrote is what they see", "", '/', "1&AC8-2|x&AC8-y|z\tz|B\xc3\xbc/a", "", '/',
     "INBOX", .edits = "s,1&AC8-,1-,\ns,z\\tz,q,\ns,b(?=/),x,i",
     .entries = "1&AC8-2>1-2+~|B\xc3\xbc/a>B&APw-/a+|x&AC8-y>x&-AC8-y+|z\tz>q+~",
     .creates = "1-2|B&APw-|B&APw-/a|x&-AC8-y|q"},
    {"all into one", "", '/', "INBOX|a|a/b|c", "", '/', "INBOX", .edits = "s/.*/INBOX/",
     .entries = "INBOX>INBOX=|a>INBOX~=|a/b>INBOX~=|c>INBOX~="},
    {"INBOX in any case, by an expression", "", '/', "a", "", '/', "INBOX", .edits = "s/a/Inbox/",
     .entries = "a>INBOX~"},
    {"one that changes nothing renames nothing", "", '/', "a", "", '/', "INBOX",
     .edits = "s/a/a/\ns/b/c/", .entries = "a>a+", .creates = "a"},
    {"what it makes may be there under another case", "", '/', "a", "", '/', "INBOX|Box",
     .edits = "s/a/BOX/", .entries = "a>Box~"},
    {"empty levels", "", '/', "a//b|/c", "", '.', "INBOX", .entries = "/c>_.c+~|a//b>a._.b+~",
     .creates = "_|_.c|a|a._|a._.b"},
};

static const struct name_row role_rows[] = {
    {"off unless asked for", "", '/', "Sent \\Sent", "", '/', "INBOX|Sent Items \\Sent",
     .entries = "Sent>Sent+", .creates = "Sent"},
    {"by attribute on both, with children", "", '/', "Sent|Gesendet \\Sent|Gesendet/2020/a.b",
     "INBOX.", '.', "INBOX|INBOX.Sent|INBOX.Sent Items \\Sent", .automap = true,
     .entries = "Gesendet>INBOX.Sent Items~|Gesendet/2020/a.b>INBOX.Sent Items.2020.a_b+~|"
                "Sent>INBOX.Sent",
     .creates = "INBOX.Sent Items.2020|INBOX.Sent Items.2020.a_b"},
    {"attribute here, name there", "INBOX.", '.', "INBOX.x \\Trash", "", '/', "INBOX|Deleted Items",
     .automap = true, .entries = "INBOX.x>Deleted Items~"},
    {"name here, attribute there", "INBOX.", '.', "INBOX.Entw&APw-rfe", "", '/',
     "INBOX|Drafts|y \\Drafts", .automap = true, .entries = "INBOX.Entw&APw-rfe>y~"},
    {"names on both", "", '/', "JUNK E-MAIL|Posta inviata", "", '/', "INBOX|Spam|Sent Items",
     .automap = true, .entries = "JUNK E-MAIL>Spam~|Posta inviata>Sent Items~"},
    {"no such folder there", "", '/', "Sent \\Sent|Sent/a", "", '/', "INBOX", .automap = true,
     .entries = "Sent>Sent+|Sent/a>Sent/a+", .creates = "Sent|Sent/a"},
    {"a name below another folder has no role", "", '/', "a/Sent", "", '/', "INBOX|Sent Items",
     .automap = true, .entries = "a/Sent>a/Sent+", .creates = "a|a/Sent"},
    {"the first of a role, the others stay", "", '/', "b \\Sent|a \\Sent", "", '/',
     "INBOX|y \\Sent|x \\Sent", .automap = true, .entries = "a>a+|b>y~", .creates = "a"},
    {"the usual name before others", "", '/', "Sent Items|Sent", "", '/', "INBOX|x \\Sent",
     .automap = true, .entries = "Sent>x~|Sent Items>Sent Items+", .creates = "Sent Items"},
    {"a name that may stay stays", "", '/', "Sent Items", "", '/', "INBOX|Sent|Sent Items",
     .automap = true, .entries = "Sent Items>Sent Items"},
    {"an attribute outweighs the name", "", '/', "Archive \\Trash", "", '/', "INBOX|Archive|Trash",
     .automap = true, .entries = "Archive>Trash~"},
    {"the folder keeping its name is not renamed", "INBOX.", '.', "INBOX.Sent \\Sent", "", '/',
     "INBOX|Sent \\Sent", .automap = true, .entries = "INBOX.Sent>Sent"},
    {"two into one", "", '/', "Sent Items|Gesendet \\Sent|aaa", "", '/', "INBOX|Sent Items \\Sent",
     .automap = true, .entries = "Gesendet>Sent Items~=|Sent Items>Sent Items=|aaa>aaa+",
     .creates = "aaa"},
    {"INBOX and placeholders have no role", "", '/', "INBOX \\Sent|a \\Trash\\Noselect|Trash", "",
     '/', "INBOX \\Archive|Sent|x \\Trash\\Noselect|Bin", .automap = true,
     .entries = "INBOX>INBOX|Trash>Bin~"},
    {"f1f2 before automap, also for the child", "", '/', "Sent \\Sent|Sent/a", "", '/',
     "INBOX|x \\Sent", .automap = true, .f1f2 = "Sent/a=q", .entries = "Sent>x~|Sent/a>q+~",
     .creates = "q"},
};

static void world_from_row(struct world *world, const struct name_row *row, char subfolder[2][64])
{
    world_init(world);
    list_fill(&world->source, row->prefix1, row->separator1, row->folders1);
    list_fill(&world->destination, row->prefix2, row->separator2, row->folders2);
    struct settings_side *side = world->settings.side;
    const char *subfolders[] = {row->subfolder1, row->subfolder2};
    for (size_t i = 0; i < 2; i++) {
        const char *text = subfolders[i];
        (void)snprintf(subfolder[i], 64, "%s", text == NULL ? "" : text);
        side[i].subfolder = text == NULL ? NULL : subfolder[i];
    }
    side[0].sep = (char *)(uintptr_t)row->sep1;
    side[1].sep = (char *)(uintptr_t)row->sep2;
    side[0].prefix = (char *)(uintptr_t)row->force1;
    side[1].prefix = (char *)(uintptr_t)row->force2;
    list_set(&world->settings.f1f2, row->f1f2);
    list_set(&world->settings.regextrans2, row->edits);
    world->settings.automap = row->automap;
    world->settings.mixfolders = !row->nomixfolders;
    world->settings.fixslash2 = !row->nofixslash2;
}

static void check_names(const struct name_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct world world;
        char subfolder[2][64];
        print_message("names: %s\n", rows[i].about);
        world_from_row(&world, &rows[i], subfolder);
        assert_true(world_build(&world));
        assert_string_equal(entries_text(&world), rows[i].entries);
        assert_string_equal(creates_text(&world), rows[i].creates == NULL ? "" : rows[i].creates);
        world_deinit(&world);
    }
}

static void test_names(void **state)
{
    (void)state;
    check_names(name_rows, sizeof(name_rows) / sizeof(name_rows[0]));
}

static void test_roles(void **state)
{
    (void)state;
    check_names(role_rows, sizeof(role_rows) / sizeof(role_rows[0]));
}

static void test_foreign_roots_are_never_created(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    list_fill(&world.source, "", '/', "a");
    list_fill(&world.destination, "mail/", '/', "INBOX");
    folder_list_add_foreign_prefix(&world.destination, "shared/all/", 11);
    list_set(&world.settings.f1f2, "a=shared/all/x/y");
    assert_true(world_build(&world));
    assert_string_equal(creates_text(&world), "shared/all/x|shared/all/x/y");
    world_deinit(&world);
}

static void test_subscriptions(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    list_fill(
        &world.source, "", '/',
        "INBOX \\Subscribed|a \\Subscribed|b|c.d \\Subscribed|c_d \\Subscribed|e \\Subscribed");
    list_fill(&world.destination, "", '.', "INBOX \\Subscribed|a|e");
    assert_true(world_build(&world));
    assert_int_equal(world.plan->subscribe_count, 0);
    folder_plan_deinit(&world.plan);
    world.settings.subscribe = true;
    list_set(&world.settings.exclude, "e");
    assert_true(world_build(&world));
    assert_string_equal(subscribes_text(&world), "a|c_d");
    world_deinit(&world);
}

static void test_all_are_subscribed(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    list_fill(&world.source, "", '/', "INBOX|a \\Subscribed|b|c|d");
    list_fill(&world.destination, "", '/', "INBOX|b \\Subscribed");
    list_set(&world.settings.f1f2, "c=a");
    list_set(&world.settings.exclude, "d");
    world.settings.subscribeall = true;
    assert_true(world_build(&world));
    assert_string_equal(subscribes_text(&world), "INBOX|a");
    world_deinit(&world);
}

static void test_empty_folders_may_be_left_out(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    list_fill(&world.source, "", '/', "INBOX|a|b|c|c/d");
    list_fill(&world.destination, "", '/', "INBOX");
    for (size_t i = 0; i < world.source.count; i++) {
        world.source.items[i].has_status = i != 2; /* nothing is known of "b" */
        world.source.items[i].messages = i == 4;
    }
    assert_true(world_build(&world));
    assert_int_equal(world.plan->count, 5);
    folder_plan_deinit(&world.plan);
    world.settings.skipemptyfolders = true;
    assert_true(world_build(&world));
    assert_string_equal(entries_text(&world), "b>b+|c/d>c/d+");
    assert_string_equal(skips_text(&world),
                        "INBOX: empty (--skipemptyfolders)|a: empty (--skipemptyfolders)|"
                        "c: empty (--skipemptyfolders)");
    world_deinit(&world);
}

static void test_what_has_another_case_may_be_left_out(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    list_fill(&world.source, "", '/', "INBOX|trash|Trash|a");
    list_fill(&world.destination, "", '/', "iNbox|Trash|A");
    world.settings.mixfolders = false;
    assert_true(world_build(&world));
    assert_string_equal(entries_text(&world), "INBOX>INBOX|Trash>Trash");
    assert_string_equal(skips_text(&world),
                        "a: the destination has it under another case (--nomixfolders)|"
                        "trash: the destination has it under another case (--nomixfolders)");
    world_deinit(&world);
}

/* What people read of the plan, and the trace of --debugfolders. */
static void test_the_plan_as_text(void **state)
{
    static const char *const lines[] = {
        "[INBOX] -> [INBOX] (merged with [B\xc3\xbcro] and 2 more)",
        "[B\xc3\xbcro] -> [INBOX] (renamed by regextrans2, merged with [INBOX] and 2 more)",
        "[Sent] -> [INBOX] (renamed by f1f2, merged with [INBOX] and 2 more)",
        "[b] -> [INBOX] (renamed by regextrans2, merged with [INBOX] and 2 more)",
        "[Gone] -> [Trash] (renamed by automap)",
        "[c.d] -> [c_d] (to be created, renamed by characters this server can't have in a name, "
        "merged with [c_d])",
        "[c_d] -> [c_d] (to be created, merged with [c.d])",
        "[news] -> [NEWS] (renamed by mixfolders)",
        "[plain] -> [plain] (to be created)",
    };
    struct world world;
    (void)state;
    world_init(&world);
    list_fill(&world.source, "", '/', "INBOX|B&APw-ro|Gone \\Trash|Sent|b|c.d|c_d|news|plain");
    list_fill(&world.destination, "", '.', "INBOX|Trash \\Trash|NEWS");
    list_set(&world.settings.f1f2, "Sent=INBOX\nSnet=INBOX\nx==");
    list_set(&world.settings.regextrans2, "s/^[Bb].*/INBOX/");
    world.settings.automap = true;
    world.settings.debugfolders = true;
    assert_true(world_build(&world));
    assert_int_equal(world.plan->count, sizeof(lines) / sizeof(lines[0]));
    for (size_t i = 0; i < world.plan->count; i++) {
        buffer_clear(&world.text);
        folder_plan_append_entry(world.plan, i, &world.text);
        assert_string_equal(buffer_str(&world.text), lines[i]);
    }
    assert_string_equal(skips_text(&world),
                        "Snet=INBOX: --f1f2 of no folder here|x==: --f1f2 of no folder here");
    assert_string_equal(
        strings_text(&world, world.plan->trace.items, world.plan->trace.count),
        "[INBOX] by prefix and separator: [INBOX]|[B&APw-ro] by prefix and separator: [B&APw-ro]|"
        "[B&APw-ro] by s/^[Bb].*/INBOX/: [INBOX]|[Gone] by automap: [Trash]|"
        "[Sent] by f1f2: [INBOX]|[b] by prefix and separator: [b]|"
        "[b] by s/^[Bb].*/INBOX/: [INBOX]|[c.d] by prefix and separator: [c_d]|"
        "[c_d] by prefix and separator: [c_d]|[news] by prefix and separator: [news]|"
        "[news] by mixfolders: [NEWS]|[plain] by prefix and separator: [plain]");
    world_deinit(&world);
}

static void test_too_long_names_are_skipped(void **state)
{
    struct world world;
    char name[FOLDER_NAME_MAX_BYTES + 100];
    (void)state;
    world_init(&world);
    memset(name, 'x', sizeof(name));
    folder_list_add(&world.source, name, sizeof(name), '/', 0);
    folder_list_add(&world.source, name, FOLDER_NAME_MAX_BYTES, '/', 0);
    folder_list_add(&world.source, name, FOLDER_NAME_MAX_BYTES - 6, '/', 0);
    folder_list_add(&world.source, "", 0, '/', 0);
    list_fill(&world.destination, "INBOX.", '.', "INBOX");
    assert_true(world_build(&world));
    assert_int_equal(world.plan->count, 1);
    assert_int_equal(strlen(world.plan->entries[0].destination), FOLDER_NAME_MAX_BYTES);
    assert_int_equal(world.plan->skip_count, 3);
    assert_string_equal(world.plan->skips[0].reason, "name too long");
    assert_string_equal(world.plan->skips[1].reason, "no name");
    assert_string_equal(world.plan->skips[2].reason, "name too long");
    assert_ptr_equal(world.plan->skips[2].name, world.source.items[1].name);
    world_deinit(&world);
}

static void test_a_tree_that_is_too_deep_is_a_fault(void **state)
{
    struct world world;
    char name[FOLDER_NAME_MAX_BYTES];
    (void)state;
    world_init(&world);
    for (size_t i = 0; i < 200; i++) {
        memset(name, '/', sizeof(name));
        for (size_t k = 0; k < sizeof(name); k += 2)
            name[k] = (char)('A' + i % 26);
        name[0] = (char)('a' + i / 26);
        name[sizeof(name) - 1] = 'x';
        folder_list_add(&world.source, name, sizeof(name), '/', 0);
    }
    list_fill(&world.destination, "", '/', "INBOX");
    assert_false(world_build(&world));
    assert_int_equal(world.fault.code, FAULT_LISTING);
    assert_null(world.plan);
    world_deinit(&world);
}

static void test_large_listings(void **state)
{
    struct world world;
    char name[64];
    (void)state;
    world_init(&world);
    for (size_t i = 0; i < 100000; i++) {
        (void)snprintf(name, sizeof(name), "Sent/%zu/%zu/&AOk-.%zu", i % 100, i % 1000, i);
        folder_list_add(&world.source, name, strlen(name), '/', 0);
    }
    list_fill(&world.source, "", '/', "INBOX|Sent \\Sent");
    list_fill(&world.destination, "INBOX.", '.', "INBOX|INBOX.Gesendet \\Sent");
    list_set(&world.settings.folderfirst, "Sent/7/7/é.7");
    list_set(&world.settings.exclude, "^Sent/1/");
    world.settings.automap = true;
    assert_true(world_build(&world));
    assert_int_equal(world.plan->count, 100002 - 1000);
    assert_int_equal(world.plan->skip_count, 1000);
    assert_int_equal(world.plan->create_count, 99000 + 99 + 990);
    assert_string_equal(world.plan->entries[0].destination, "INBOX.Gesendet.7.7.&AOk-_7");
    assert_string_equal(world.plan->creates[0], "INBOX.Gesendet.7");
    assert_string_equal(world.plan->entries[1].destination, "INBOX");
    world_deinit(&world);
}

/* Whatever a server lists, the plan holds: each folder is an entry or a skip, and parents stand
   before their children. */
static void test_rubbish_in_names(void **state)
{
    static const char alphabet[] = "abINBOX./&-,+_\\ \t\n\xc3\xa9\xff";
    uint32_t random = 1;
    (void)state;
    for (size_t round = 0; round < 200; round++) {
        struct world world;
        world_init(&world);
        list_fill(&world.source,
                  round % 3 == 0   ? "INBOX."
                  : round % 3 == 1 ? ""
                                   : NULL,
                  '.', "INBOX");
        list_fill(&world.destination, round % 2 == 0 ? "INBOX/" : NULL, '/', "INBOX");
        for (size_t i = 0; i < 50; i++) {
            char name[24];
            size_t size = 0;
            while (size < sizeof(name) && (size == 0 || random >> 28 != 0)) {
                random = random * 1664525 + 1013904223;
                name[size++] = alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
            }
            folder_list_add(&world.source, name, size, '.', i % 7 == 0 ? FOLDER_SENT : 0);
        }
        world.settings.automap = true;
        assert_true(world_build(&world));
        assert_int_equal(world.plan->count + world.plan->skip_count, world.source.count);
        for (size_t i = 0; i < world.plan->count; i++) {
            const char *name = world.plan->entries[i].destination;
            assert_true(*name != '\0');
            for (; *name != '\0'; name++)
                assert_true(*name >= 0x20 && *name < 0x7f);
        }
        for (size_t i = 0; i < world.plan->create_count; i++) {
            const char *name = world.plan->creates[i];
            assert_true(strcmp(name, "INBOX") != 0 && name[strlen(name) - 1] != '/');
        }
        world_deinit(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_settings_are_checked_before_the_run),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_foreign_roots_are_never_created),
        cmocka_unit_test(test_subscriptions),
        cmocka_unit_test(test_all_are_subscribed),
        cmocka_unit_test(test_empty_folders_may_be_left_out),
        cmocka_unit_test(test_what_has_another_case_may_be_left_out),
        cmocka_unit_test(test_the_plan_as_text),
        cmocka_unit_test(test_too_long_names_are_skipped),
        cmocka_unit_test(test_a_tree_that_is_too_deep_is_a_fault),
        cmocka_unit_test(test_large_listings),
        cmocka_unit_test(test_rubbish_in_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
