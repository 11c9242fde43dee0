/* SPDX-License-Identifier: MIT
 * The second half of the folder plan: the destination's name of one source folder. */
#include <string.h>

#include "base/mem.h"
#include "sync/folders/plan_private.h"
#include "sync/settings_presets.h"

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
   Of two rules for one folder the last one counts. One for no folder is told: it may be mistyped,
   unless it is a preset's. */
static void plan_prepare_one_f1f2(struct plan_builder *builder, const char *rule)
{
    struct folder_plan *plan = builder->plan;
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
    if (!settings_preset_says(builder->settings, "f1f2", rule))
        plan->skips[plan->skip_count++] = (struct plan_skip){rule, "--f1f2 of no folder here"};
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
    const struct name_style *style = &builder->destination_style;
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    buffer_append_str(&name, pair->destination->name);
    buffer_append_byte(&name,
                       (unsigned char)(style->separator != '\0' ? style->separator : separator));
    (void)name_append_path(&name, below, separator, style);
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
static char *plan_name_by_subfolder(const struct plan_builder *builder, const struct folder *folder,
                                    const struct name_style *style)
{
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
    (void)name_append_path(&name, is_inbox ? "INBOX" : path, separator, style);
    return plan_take_name(&name);
}

/* Rule 3b: prefix off, separators swapped, prefix on. *is_altered_r: a character had to give way.
 */
static char *plan_name_by_style(const struct plan_builder *builder, const struct folder *folder,
                                const struct name_style *style, bool *is_altered_r)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    *is_altered_r = name_append_rooted(&name, plan_path(builder, folder),
                                       name_separator(&builder->source_style, folder), style);
    return plan_take_name(&name);
}

/* Rule 4, --regextrans2, on what rule 3 gives as the source wrote it. */
struct plan_edited {
    const struct plan_builder *builder;
    const struct folder *folder;
};

static void plan_told_edit(void *context, const char *expression, const char *name)
{
    const struct plan_edited *edited = context;
    plan_trace(edited->builder, edited->folder, expression, name);
}

static bool plan_edit_name(const struct plan_builder *builder, struct plan_entry *entry,
                           struct fault *fault_r)
{
    struct plan_edited edited = {builder, entry->source};
    bool is_edited;
    bool ignored;
    char *name = plan_name_by_subfolder(builder, entry->source, &builder->edit_style);
    if (name == NULL)
        name = plan_name_by_style(builder, entry->source, &builder->edit_style, &ignored);
    bool is_ok = plan_edits_apply(builder->edits, &name, builder->edit_style.separator,
                                  plan_told_edit, &edited, &is_edited, fault_r);
    if (is_ok && is_edited) {
        entry->rules |= PLAN_RULE_EXPRESSION;
        char *before = entry->destination;
        entry->destination = name;
        name = before;
    }
    mem_free(name);
    return is_ok;
}

/* Rule 5: names that Exchange refuses or keeps for itself. What --f1f2 says stays as it is. */
static void plan_fit_entry(const struct plan_builder *builder, struct plan_entry *entry,
                           unsigned int rule)
{
    bool is_escaped;
    bool is_reserved;
    if (!builder->is_fitting || rule == PLAN_RULE_F1F2)
        return;
    char *name = plan_fit_name(&builder->fit, entry->destination, rule == PLAN_RULE_ROLE,
                               &is_escaped, &is_reserved);
    entry->rules |= (is_escaped ? PLAN_RULE_CHARACTERS : 0) |
                    (is_reserved ? PLAN_RULE_RESERVED : 0);
    if (is_escaped || is_reserved)
        plan_trace(builder, entry->source, "Exchange's names", name);
    mem_free(entry->destination);
    entry->destination = name;
}

char *plan_root2(const struct plan_builder *builder)
{
    char *root = mem_printf("%s%s", builder->destination_style.prefix, builder->subfolder2);
    bool ignored[2];
    if (!builder->is_fitting)
        return root;
    char *fitted = plan_fit_name(&builder->fit, root, false, &ignored[0], &ignored[1]);
    mem_free(root);
    return fitted;
}

/* --nomixfolders on Exchange: whether `name` can only go into the folder `there`, which another
   folder goes to, or which is called otherwise. What is above it may well be under another case. */
static bool plan_is_another(const struct plan_builder *builder, const char *name, const char *there)
{
    char separator = builder->destination_style.separator;
    const char *leaf = separator == '\0' ? NULL : strrchr(name, separator);
    size_t offset = leaf == NULL ? 0 : (size_t)(leaf - name);
    return strlen(there) != strlen(name) || strcmp(there + offset, name + offset) != 0 ||
           plan_case_is_taken(builder->cases, there);
}

/* Rule 6, --mixfolders: a folder that is there under another case is that folder. On Exchange what
   the plan already has is there as well. */
static const char *plan_mix_name(const struct plan_builder *builder, struct plan_entry *entry)
{
    bool is_exchange = builder->destination->is_exchange;
    const char *there = plan_case_find(builder->cases, entry->destination);
    bool is_exact = name_is_inbox(entry->destination) ||
                    folder_list_find(builder->destination, entry->destination) != NULL ||
                    (there != NULL && strcmp(there, entry->destination) == 0);
    if (is_exact)
        return NULL;
    if (!builder->settings->mixfolders && there != NULL &&
        (!is_exchange || plan_is_another(builder, entry->destination, there)))
        return "the destination has it under another case (--nomixfolders)";
    if (!builder->settings->mixfolders && !is_exchange)
        return NULL;
    char *name = plan_case_adapt(builder->cases, entry->destination);
    if (strcmp(name, entry->destination) != 0) {
        entry->rules |= PLAN_RULE_CASE;
        plan_trace(builder, entry->source, "mixfolders", name);
    }
    mem_free(entry->destination);
    entry->destination = name;
    return NULL;
}

static bool plan_destination_exists(const struct plan_builder *builder, const char *name)
{
    if (name_is_inbox(name))
        return true;
    const struct folder *folder = folder_list_find(builder->destination, name);
    return folder != NULL && (folder->attributes & FOLDER_NOSELECT) == 0;
}

/* Rules 1 to 3; `plain` is what 3b gives. Owned by the caller. */
static char *plan_first_name(const struct plan_builder *builder, const struct folder *folder,
                             const char *plain, unsigned int *rule_r)
{
    char *name = plan_name_by_f1f2(builder, folder);
    *rule_r = PLAN_RULE_F1F2;
    if (name != NULL)
        return name;
    name = plan_name_by_role(builder, folder);
    *rule_r = PLAN_RULE_ROLE;
    if (name != NULL)
        return name;
    name = plan_name_by_subfolder(builder, folder, &builder->destination_style);
    *rule_r = PLAN_RULE_SUBFOLDER;
    if (name != NULL)
        return name;
    *rule_r = 0;
    return mem_strdup(plain);
}

bool plan_name_entry(const struct plan_builder *builder, struct plan_entry *entry,
                     const char **skip_r, struct fault *fault_r)
{
    bool is_altered;
    bool is_ok = true;
    unsigned int rule;
    char *plain = plan_name_by_style(builder, entry->source, &builder->destination_style,
                                     &is_altered);
    entry->destination = plan_first_name(builder, entry->source, plain, &rule);
    bool is_renamed = strcmp(entry->destination, plain) != 0;
    entry->rules = (is_renamed ? rule : 0) | (is_altered ? PLAN_RULE_CHARACTERS : 0);
    plan_trace(builder, entry->source, plan_rule_name(rule), entry->destination);
    if ((rule & (PLAN_RULE_F1F2 | PLAN_RULE_ROLE)) == 0)
        is_ok = plan_edit_name(builder, entry, fault_r);
    if (is_ok)
        plan_fit_entry(builder, entry, rule);
    *skip_r = is_ok ? plan_mix_name(builder, entry) : NULL;
    if (is_ok && *skip_r == NULL && builder->destination->is_exchange)
        plan_case_take(builder->cases, entry->destination);
    if (name_is_inbox(entry->destination))
        memcpy(entry->destination, "INBOX", strlen("INBOX"));
    entry->is_renamed = is_altered || strcmp(entry->destination, plain) != 0;
    entry->exists = plan_destination_exists(builder, entry->destination);
    mem_free(plain);
    return is_ok;
}

/* ---- life ---- */

static void plan_prepare_exchange(struct plan_builder *builder)
{
    const struct exchange_folders *source_own = NULL;
    if (builder->source->is_exchange) {
        exchange_folders_init(&builder->source_own, builder->source, &builder->source_style);
        source_own = &builder->source_own;
    }
    builder->is_fitting = builder->destination->is_exchange && builder->settings->fixnames;
    if (builder->is_fitting)
        plan_fit_init(&builder->fit, builder->destination, &builder->destination_style,
                      builder->source, &builder->source_style, source_own);
}

bool plan_names_init(struct plan_builder *builder, struct fault *fault_r)
{
    builder->edits = plan_edits_init(&builder->settings->regextrans2, fault_r);
    if (builder->edits == NULL || !plan_find_subfolder1(builder, fault_r))
        return false;
    plan_prepare_f1f2(builder);
    plan_prepare_subfolder2(builder);
    plan_prepare_automap(builder);
    plan_prepare_exchange(builder);
    builder->cases = plan_case_init(builder->destination, builder->destination_style.separator);
    return true;
}

void plan_names_deinit(struct plan_builder *builder)
{
    for (size_t i = 0; builder->f1f2 != NULL && i < builder->source->count; i++)
        mem_free(builder->f1f2[i]);
    mem_free(builder->f1f2);
    mem_free(builder->subfolder1);
    mem_free(builder->subfolder2);
    if (builder->is_fitting)
        plan_fit_deinit(&builder->fit);
    plan_edits_deinit(&builder->edits);
    plan_case_deinit(&builder->cases);
}
