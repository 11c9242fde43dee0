/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/plan_private.h"
#include "sync/folders/plan_select.h"

/* ---- names ---- */

const char *plan_rule_name(unsigned int rule)
{
    switch (rule) {
    case PLAN_RULE_F1F2:
        return "f1f2";
    case PLAN_RULE_ROLE:
        return "automap";
    case PLAN_RULE_SUBFOLDER:
        return "subfolder";
    case PLAN_RULE_EXPRESSION:
        return "regextrans2";
    case PLAN_RULE_CASE:
        return "mixfolders";
    case PLAN_RULE_CHARACTERS:
        return "characters";
    case PLAN_RULE_RESERVED:
        return "a name that Exchange keeps for itself";
    default:
        return "prefix and separator";
    }
}

void plan_trace(const struct plan_builder *builder, const struct folder *folder, const char *rule,
                const char *name)
{
    if (!builder->settings->debugfolders)
        return;
    char *line = mem_printf("[%s] by %s: [%s]", folder->name, rule, name);
    str_list_add(&builder->plan->trace, line);
    mem_free(line);
}

static void plan_skip(struct folder_plan *plan, const struct folder *folder, const char *reason)
{
    plan->skips[plan->skip_count++] = (struct plan_skip){folder->name, reason};
}

static bool plan_name_all(struct plan_builder *builder, const struct plan_selection *selection,
                          struct fault *fault_r)
{
    struct folder_plan *plan = builder->plan;
    plan->entries = mem_alloc_array(selection->count, sizeof(*plan->entries));
    for (size_t i = 0; i < selection->count; i++) {
        struct plan_entry *entry = &plan->entries[plan->count];
        const char *reason;
        entry->source = selection->folders[i];
        bool is_ok = plan_name_entry(builder, entry, &reason, fault_r);
        if (is_ok && reason == NULL && strlen(entry->destination) > FOLDER_NAME_MAX_BYTES)
            reason = "name too long";
        if (is_ok && reason == NULL) {
            plan->count++;
            continue;
        }
        mem_free(entry->destination);
        memset(entry, 0, sizeof(*entry));
        if (!is_ok)
            return false;
        plan_skip(plan, selection->folders[i], reason);
    }
    return true;
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
    builder->destination_style.keeps_slash = !settings->fixslash2;
    builder->edit_style = builder->destination_style;
    builder->edit_style.is_raw = true;
    builder->plan = mem_alloc(sizeof(*builder->plan));
    /* A folder is skipped once, and so is a name that is not on the source. */
    builder->plan->skips = mem_alloc_array(source->count + settings->folder.count +
                                               settings->folderrec.count + settings->f1f2.count,
                                           sizeof(*builder->plan->skips));
}

static void plan_builder_deinit(struct plan_builder *builder)
{
    plan_names_deinit(builder);
    name_style_deinit(&builder->source_style);
    name_style_deinit(&builder->destination_style);
    folder_lookup_deinit(&builder->lookup);
    folder_plan_deinit(&builder->plan);
}

static bool plan_build(struct plan_builder *builder, struct fault *fault_r)
{
    struct plan_selection selection;
    if (!plan_names_init(builder, fault_r))
        return false;
    if (builder->subfolder2 != NULL)
        builder->plan->root2 = plan_root2(builder);
    if (!plan_select(&builder->lookup, &builder->source_style, builder->subfolder1,
                     builder->source->is_exchange ? &builder->source_own : NULL, builder->settings,
                     builder->plan, &selection, fault_r))
        return false;
    bool is_ok = plan_name_all(builder, &selection, fault_r);
    mem_free(selection.folders);
    if (!is_ok)
        return false;
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
    str_list_deinit(&(*plan)->trace);
    mem_free(*plan);
    *plan = NULL;
}
