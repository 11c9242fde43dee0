/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/folders/automap.h"
#include "sync/folders/lookup.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name.h"
#include "sync/folders/pattern.h"
#include "sync/folders/plan_select.h"

struct plan_builder {
    const struct folder_list *source;
    const struct folder_list *destination;
    const struct settings *settings;
    struct folder_lookup lookup; /* of the source */
    struct name_style source_style;
    struct name_style destination_style;
    char *subfolder1;       /* raw, with prefix; NULL when not given */
    char *subfolder2;       /* raw, without prefix; NULL when not given */
    char **f1f2;            /* for each source folder: the destination by --f1f2, or NULL */
    struct automap automap; /* empty when off */
    struct folder_plan *plan;
};

/* Turns the buffer into a string, owned by the caller. */
static char *plan_take_name(struct buffer *name)
{
    char *taken = mem_strdup(buffer_str(name));
    buffer_deinit(name);
    return taken;
}

/* ---- what the settings say, made ready ---- */

/* The text without separators at its ends; NULL if nothing is left. */
static char *plan_trim_subfolder(const char *text, char separator)
{
    if (text == NULL)
        return NULL;
    char *trimmed = str_trim(mem_strdup(text));
    char *start = trimmed;
    size_t size = strlen(start);
    while (separator != '\0' && size > 0 && start[size - 1] == separator)
        size--;
    while (separator != '\0' && size > 0 && *start == separator) {
        start++;
        size--;
    }
    char *result = size == 0 ? NULL : mem_strndup(start, size);
    mem_free(trimmed);
    return result;
}

/* The raw name of `text` when it, or something below it, is on the source; else NULL. */
static char *plan_find_tree(struct plan_builder *builder, const char *text)
{
    const struct folder *folder = folder_lookup_find(&builder->lookup, text);
    if (folder != NULL)
        return mem_strdup(folder->name);
    char *name = name_from_user(builder->source, text);
    for (size_t i = 0; i < builder->source->count; i++) {
        folder = &builder->source->items[i];
        if (name_below(folder->name, name, name_separator(&builder->source_style, folder)) != NULL)
            return name;
    }
    mem_free(name);
    return NULL;
}

/* --subfolder1 may be typed with or without the prefix of the namespace. */
static bool plan_find_subfolder1(struct plan_builder *builder, struct fault *fault_r)
{
    const struct name_style *style = &builder->source_style;
    char *text = plan_trim_subfolder(builder->settings->side[0].subfolder, style->separator);
    if (text == NULL)
        return true;
    builder->subfolder1 = plan_find_tree(builder, text);
    if (builder->subfolder1 == NULL) {
        char *prefixed = mem_printf("%s%s", style->prefix, text);
        builder->subfolder1 = plan_find_tree(builder, prefixed);
        mem_free(prefixed);
    }
    if (builder->subfolder1 == NULL)
        fault_set(fault_r, FAULT_NO_SUBFOLDER, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1,
                  "The folder \"%.200s\" given as --subfolder1 is not on the source.", text);
    mem_free(text);
    return builder->subfolder1 != NULL;
}

static void plan_prepare_subfolder2(struct plan_builder *builder)
{
    const struct name_style *style = &builder->destination_style;
    char *text = plan_trim_subfolder(builder->settings->side[1].subfolder, style->separator);
    if (text == NULL)
        return;
    char *name = name_from_user(builder->destination, text);
    builder->subfolder2 = mem_strdup(name + name_prefix_size(style, name));
    mem_free(name);
    mem_free(text);
}

/* --f1f2 a=b: both may hold a "=", so the first split whose left side is a folder counts.
   Of two rules for one folder the last one counts. */
static void plan_prepare_one_f1f2(struct plan_builder *builder, const char *rule)
{
    for (const char *split = strchr(rule, '='); split != NULL; split = strchr(split + 1, '=')) {
        char *from = mem_strndup(rule, (size_t)(split - rule));
        const struct folder *folder = folder_lookup_find(&builder->lookup, from);
        mem_free(from);
        if (folder == NULL || split[1] == '\0')
            continue;
        char **to = &builder->f1f2[folder - builder->source->items];
        mem_free(*to);
        *to = name_from_user(builder->destination, split + 1);
        return;
    }
}

static void plan_prepare_f1f2(struct plan_builder *builder)
{
    builder->f1f2 = mem_alloc_array(builder->source->count, sizeof(*builder->f1f2));
    for (size_t i = 0; i < builder->settings->f1f2.count; i++)
        plan_prepare_one_f1f2(builder, builder->settings->f1f2.items[i]);
}

/* --automap is off together with --subfolder1 or --subfolder2, as in imapsync. */
static void plan_prepare_automap(struct plan_builder *builder)
{
    if (builder->settings->automap && builder->subfolder1 == NULL && builder->subfolder2 == NULL)
        automap_init(&builder->automap, builder->source, &builder->source_style,
                     builder->destination, &builder->destination_style);
}

/* ---- the name of one folder: the first rule that gives one wins ---- */

/* Rule 1, --f1f2: the whole destination name, nothing else is applied. */
static char *plan_name_by_f1f2(const struct plan_builder *builder, const struct folder *folder)
{
    const char *name = builder->f1f2[folder - builder->source->items];
    return name == NULL ? NULL : mem_strdup(name);
}

/* Rule 2, --automap: a folder of a known role, or one below it. */
static char *plan_name_by_role(const struct plan_builder *builder, const struct folder *folder)
{
    char separator = name_separator(&builder->source_style, folder);
    const char *below;
    const struct automap_pair *pair = automap_find(&builder->automap, folder->name, separator,
                                                   &below);
    if (pair == NULL)
        return NULL;
    if (*below == '\0')
        return mem_strdup(pair->destination->name);
    char destination_separator = builder->destination_style.separator;
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    buffer_append_str(&name, pair->destination->name);
    buffer_append_byte(
        &name, (unsigned char)(destination_separator != '\0' ? destination_separator : separator));
    (void)name_append_path(&name, below, separator, destination_separator);
    return plan_take_name(&name);
}

/* The source name without its prefix. */
static const char *plan_path(const struct plan_builder *builder, const struct folder *folder)
{
    const struct name_style *style = &builder->source_style;
    const char *path = folder->name + name_prefix_size(style, folder->name);
    /* --prefix1 INBOX is meant as "INBOX." */
    bool has_joint = path != folder->name && style->separator != '\0';
    return has_joint && *path == style->separator ? path + 1 : path;
}

/* Rule 3a, --subfolder1 and --subfolder2: the tree below the one is hung below the other. INBOX
   goes along, as "<subfolder2>/INBOX"; the folder --subfolder1 itself becomes INBOX. */
static char *plan_name_by_subfolder(const struct plan_builder *builder, const struct folder *folder)
{
    const struct name_style *style = &builder->destination_style;
    if (builder->subfolder1 == NULL && builder->subfolder2 == NULL)
        return NULL;
    char separator = name_separator(&builder->source_style, folder);
    const char *path = builder->subfolder1 != NULL
                           ? name_below(folder->name, builder->subfolder1, separator)
                           : plan_path(builder, folder);
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    if (builder->subfolder2 == NULL) {
        (void)name_append_rooted(&name, path, separator, style);
        return plan_take_name(&name);
    }
    bool is_inbox = *path == '\0' || name_is_inbox(path);
    buffer_printf(&name, "%s%s%c", style->prefix, builder->subfolder2,
                  style->separator != '\0' ? style->separator : '/');
    (void)name_append_path(&name, is_inbox ? "INBOX" : path, separator, style->separator);
    return plan_take_name(&name);
}

/* Rule 3b: prefix off, separators swapped, prefix on. *is_altered_r: a character had to give way.
 */
static char *plan_name_by_style(const struct plan_builder *builder, const struct folder *folder,
                                bool *is_altered_r)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    *is_altered_r = name_append_rooted(&name, plan_path(builder, folder),
                                       name_separator(&builder->source_style, folder),
                                       &builder->destination_style);
    return plan_take_name(&name);
}

static bool plan_destination_exists(const struct plan_builder *builder, const char *name)
{
    if (name_is_inbox(name))
        return true;
    const struct folder *folder = folder_list_find(builder->destination, name);
    return folder != NULL && (folder->attributes & FOLDER_NOSELECT) == 0;
}

static void plan_name_entry(const struct plan_builder *builder, struct plan_entry *entry)
{
    bool is_altered;
    char *plain = plan_name_by_style(builder, entry->source, &is_altered);
    char *name = plan_name_by_f1f2(builder, entry->source);
    if (name == NULL)
        name = plan_name_by_role(builder, entry->source);
    if (name == NULL)
        name = plan_name_by_subfolder(builder, entry->source);
    if (name == NULL)
        name = mem_strdup(plain);
    if (name_is_inbox(name))
        memcpy(name, "INBOX", strlen("INBOX"));
    entry->destination = name;
    entry->is_renamed = is_altered || strcmp(name, plain) != 0;
    entry->exists = plan_destination_exists(builder, name);
    mem_free(plain);
}

static void plan_name_all(struct plan_builder *builder, const struct plan_selection *selection)
{
    struct folder_plan *plan = builder->plan;
    plan->entries = mem_alloc_array(selection->count, sizeof(*plan->entries));
    for (size_t i = 0; i < selection->count; i++) {
        struct plan_entry *entry = &plan->entries[plan->count];
        entry->source = selection->folders[i];
        plan_name_entry(builder, entry);
        if (strlen(entry->destination) <= FOLDER_NAME_MAX_BYTES) {
            plan->count++;
            continue;
        }
        mem_free(entry->destination);
        memset(entry, 0, sizeof(*entry));
        plan->skips[plan->skip_count++] = (struct plan_skip){selection->folders[i]->name,
                                                             "name too long"};
    }
}

/* ---- several folders into one ---- */

struct plan_group {
    struct plan_entry entry;
    size_t first; /* the first entry with the same destination */
    size_t position;
};

static int plan_compare_groups(const void *a, const void *b)
{
    const struct plan_group *left = a;
    const struct plan_group *right = b;
    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    return left->position < right->position ? -1 : 1;
}

/* Puts entries with one destination side by side, where the first of them stands. */
static void plan_join_merged(struct folder_plan *plan)
{
    struct plan_group *groups = mem_alloc_array(plan->count, sizeof(*groups));
    struct name_map by_destination;
    name_map_init(&by_destination);
    for (size_t i = 0; i < plan->count; i++) {
        size_t first = name_map_add(&by_destination, plan->entries[i].destination, i);
        groups[i] = (struct plan_group){plan->entries[i], first, i};
        if (first != i)
            groups[i].entry.is_merged = groups[first].entry.is_merged = true;
    }
    name_map_deinit(&by_destination);
    qsort(groups, plan->count, sizeof(*groups), plan_compare_groups);
    for (size_t i = 0; i < plan->count; i++)
        plan->entries[i] = groups[i].entry;
    mem_free(groups);
}

/* ---- names for people ---- */

/* Two names may read alike: raw UTF-8 beside modified UTF-7, or odd spellings of the latter.
   Reports tell folders apart by their label, so the second one gets its raw name and a number. */
static void plan_label_all(struct folder_plan *plan)
{
    struct name_map by_label;
    name_map_init(&by_label);
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_entry *entry = &plan->entries[i];
        entry->source_label = mutf7_to_display(entry->source->name);
        if (name_map_add(&by_label, entry->source_label, i) == i)
            continue;
        mem_free(entry->source_label);
        entry->source_label = mem_printf("%s (folder %llu)", entry->source->name,
                                         (unsigned long long)i + 1);
        (void)name_map_add(&by_label, entry->source_label, i);
    }
    name_map_deinit(&by_label);
}

/* ---- what has to be created and subscribed ---- */

struct plan_creates {
    const struct plan_builder *builder;
    struct str_list names;
    struct name_map seen;
    size_t bytes;
};

static bool plan_creates_add(struct plan_creates *creates, const char *name)
{
    size_t size = strlen(name) + sizeof(struct folder);
    if (size > FOLDER_LIST_MAX_BYTES - creates->bytes)
        return false;
    creates->bytes += size;
    str_list_add(&creates->names, name);
    (void)name_map_add(&creates->seen, creates->names.items[creates->names.count - 1],
                       creates->names.count);
    return true;
}

/* Whether `name` is `prefix`, or a level above it, without the separator at its end. */
static bool plan_is_above_prefix(const char *name, const char *prefix, char separator)
{
    return name_below(prefix, name, separator) != NULL;
}

/* Levels that are there without being folders to create: INBOX, the roots of namespaces, and INBOX
   as a level below the prefix ("INBOX.INBOX"), which servers refuse or take for INBOX. */
static bool plan_is_root(const struct plan_builder *builder, const char *name)
{
    const struct name_style *style = &builder->destination_style;
    if (name_is_inbox(name) || name_is_inbox(name + name_prefix_size(style, name)) ||
        plan_is_above_prefix(name, style->prefix, style->separator))
        return true;
    for (size_t i = 0; i < builder->destination->foreign_count; i++) {
        const char *prefix = builder->destination->foreign_prefixes[i];
        if (plan_is_above_prefix(name, prefix, style->separator))
            return true;
    }
    return false;
}

static bool plan_is_known_parent(const struct plan_creates *creates, const char *name)
{
    size_t ignored;
    return folder_list_find(creates->builder->destination, name) != NULL ||
           name_map_find(&creates->seen, name, &ignored) || plan_is_root(creates->builder, name);
}

/* The length of the deepest parent that is there or will be; 0 if none is. Going up from below
   keeps hostile trees cheap: a known parent has known parents. */
static size_t plan_known_depth(const struct plan_creates *creates, char *name, char separator)
{
    for (size_t i = strlen(name); i-- > 1;) {
        if (name[i] != separator)
            continue;
        name[i] = '\0';
        bool is_known = plan_is_known_parent(creates, name);
        name[i] = separator;
        if (is_known)
            return i;
    }
    return 0;
}

static bool plan_creates_add_parents(struct plan_creates *creates, char *name)
{
    char separator = creates->builder->destination_style.separator;
    if (separator == '\0')
        return true;
    bool is_ok = true;
    for (size_t i = plan_known_depth(creates, name, separator) + 1; is_ok && name[i] != '\0'; i++) {
        if (name[i] != separator || name[i - 1] == separator)
            continue;
        name[i] = '\0';
        is_ok = plan_creates_add(creates, name);
        name[i] = separator;
    }
    return is_ok;
}

static bool plan_creates_add_all(struct plan_creates *creates)
{
    const struct folder_plan *plan = creates->builder->plan;
    for (size_t i = 0; i < plan->count; i++) {
        char *name = plan->entries[i].destination;
        size_t ignored;
        if (plan->entries[i].exists || name_map_find(&creates->seen, name, &ignored))
            continue;
        if (!plan_creates_add_parents(creates, name) || !plan_creates_add(creates, name))
            return false;
    }
    return true;
}

/* Missing folders in the order of the plan, missing parents in front of them. */
static bool plan_list_creates(const struct plan_builder *builder, struct fault *fault_r)
{
    struct plan_creates creates = {.builder = builder};
    name_map_init(&creates.seen);
    bool is_ok = plan_creates_add_all(&creates);
    if (!is_ok)
        fault_set(fault_r, FAULT_LISTING, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1,
                  "The folders of the source are nested too deeply to be created.");
    name_map_deinit(&creates.seen);
    builder->plan->creates = creates.names.items;
    builder->plan->create_count = creates.names.count;
    return is_ok;
}

/* --subscribe: what is subscribed on the source and not yet on the destination. */
static void plan_list_subscribes(const struct plan_builder *builder)
{
    struct folder_plan *plan = builder->plan;
    struct str_list names = {0};
    for (size_t i = 0; builder->settings->subscribe && i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        const struct folder *target = folder_list_find(builder->destination, entry->destination);
        bool is_done = target != NULL && (target->attributes & FOLDER_SUBSCRIBED) != 0;
        /* Merged ones stand side by side. */
        bool is_again = names.count > 0 &&
                        strcmp(names.items[names.count - 1], entry->destination) == 0;
        if ((entry->source->attributes & FOLDER_SUBSCRIBED) != 0 && !is_done && !is_again)
            str_list_add(&names, entry->destination);
    }
    plan->subscribes = names.items;
    plan->subscribe_count = names.count;
}

/* ---- the whole ---- */

static void plan_builder_init(struct plan_builder *builder, const struct folder_list *source,
                              const struct folder_list *destination,
                              const struct settings *settings)
{
    memset(builder, 0, sizeof(*builder));
    builder->source = source;
    builder->destination = destination;
    builder->settings = settings;
    folder_lookup_init(&builder->lookup, source);
    name_style_init(&builder->source_style, source, &settings->side[0]);
    name_style_init(&builder->destination_style, destination, &settings->side[1]);
    builder->plan = mem_alloc(sizeof(*builder->plan));
    /* A folder is skipped once, and so is a name that is not on the source. */
    builder->plan->skips = mem_alloc_array(source->count + settings->folder.count +
                                               settings->folderrec.count,
                                           sizeof(*builder->plan->skips));
    plan_prepare_f1f2(builder);
}

static void plan_builder_deinit(struct plan_builder *builder)
{
    for (size_t i = 0; i < builder->source->count; i++)
        mem_free(builder->f1f2[i]);
    mem_free(builder->f1f2);
    mem_free(builder->subfolder1);
    mem_free(builder->subfolder2);
    name_style_deinit(&builder->source_style);
    name_style_deinit(&builder->destination_style);
    folder_lookup_deinit(&builder->lookup);
    folder_plan_deinit(&builder->plan);
}

static bool plan_build(struct plan_builder *builder, struct fault *fault_r)
{
    struct plan_selection selection;
    if (!plan_find_subfolder1(builder, fault_r))
        return false;
    plan_prepare_subfolder2(builder);
    if (builder->subfolder2 != NULL)
        builder->plan->root2 = mem_printf("%s%s", builder->destination_style.prefix,
                                          builder->subfolder2);
    plan_prepare_automap(builder);
    if (!plan_select(&builder->lookup, &builder->source_style, builder->subfolder1,
                     builder->settings, builder->plan, &selection, fault_r))
        return false;
    plan_name_all(builder, &selection);
    mem_free(selection.folders);
    plan_join_merged(builder->plan);
    plan_label_all(builder->plan);
    plan_list_subscribes(builder);
    return plan_list_creates(builder, fault_r);
}

bool folder_plan_build(const struct folder_list *source, const struct folder_list *destination,
                       const struct settings *settings, struct folder_plan **plan_r,
                       struct fault *fault_r)
{
    struct plan_builder builder;
    plan_builder_init(&builder, source, destination, settings);
    bool is_ok = plan_build(&builder, fault_r);
    *plan_r = NULL;
    if (is_ok) {
        *plan_r = builder.plan;
        builder.plan = NULL;
    }
    plan_builder_deinit(&builder);
    return is_ok;
}

static void plan_free_strings(char **strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(strings[i]);
    mem_free(strings);
}

void folder_plan_deinit(struct folder_plan **plan)
{
    if (*plan == NULL)
        return;
    for (size_t i = 0; i < (*plan)->count; i++) {
        mem_free((*plan)->entries[i].source_label);
        mem_free((*plan)->entries[i].destination);
    }
    mem_free((*plan)->entries);
    mem_free((*plan)->skips);
    mem_free((*plan)->root2);
    plan_free_strings((*plan)->creates, (*plan)->create_count);
    plan_free_strings((*plan)->subscribes, (*plan)->subscribe_count);
    mem_free(*plan);
    *plan = NULL;
}

/* ---- before a run ---- */

static bool plan_check_expressions(const char *option, const struct str_list *expressions,
                                   struct buffer *faults)
{
    bool is_ok = true;
    for (size_t i = 0; i < expressions->count; i++) {
        struct pattern *pattern = plan_compile(option, expressions->items[i], faults);
        if (pattern == NULL) {
            buffer_append_byte(faults, '\n');
            is_ok = false;
        }
        pattern_deinit(&pattern);
    }
    return is_ok;
}

static bool plan_check_f1f2(const struct str_list *rules, struct buffer *faults)
{
    bool is_ok = true;
    for (size_t i = 0; i < rules->count; i++) {
        const char *split = strchr(rules->items[i], '=');
        if (split != NULL && split != rules->items[i] && split[1] != '\0')
            continue;
        buffer_printf(faults, "f1f2 \"%.200s\" is not of the form SOURCE=DESTINATION\n",
                      rules->items[i]);
        is_ok = false;
    }
    return is_ok;
}

static bool plan_check_separators(const struct settings *settings, struct buffer *faults)
{
    bool is_ok = true;
    for (int side = 0; side < 2; side++) {
        const char *sep = settings->side[side].sep;
        if (sep == NULL || strlen(sep) == 1)
            continue;
        buffer_printf(faults, "sep%d wants exactly one character\n", side + 1);
        is_ok = false;
    }
    return is_ok;
}

bool folder_plan_check_settings(const struct settings *settings, struct buffer *faults)
{
    bool is_ok = plan_check_expressions("include", &settings->include, faults);
    is_ok = plan_check_expressions("exclude", &settings->exclude, faults) && is_ok;
    is_ok = plan_check_f1f2(&settings->f1f2, faults) && is_ok;
    return plan_check_separators(settings, faults) && is_ok;
}
