/* SPDX-License-Identifier: MIT
 * What a folder plan has to create and to subscribe. */
#include <string.h>

#include "base/mem.h"
#include "sync/folders/plan_private.h"

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
bool plan_list_creates(const struct plan_builder *builder, struct fault *fault_r)
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

/* --subscribe: what is subscribed on the source and not yet on the destination; --subscribeall: all
   of it. */
static bool plan_wants_subscription(const struct plan_builder *builder,
                                    const struct plan_entry *entry)
{
    const struct settings *settings = builder->settings;
    const struct folder *target = folder_list_find(builder->destination, entry->destination);
    if (target != NULL && (target->attributes & FOLDER_SUBSCRIBED) != 0)
        return false;
    return settings->subscribeall ||
           (settings->subscribe && (entry->source->attributes & FOLDER_SUBSCRIBED) != 0);
}

void plan_list_subscribes(const struct plan_builder *builder)
{
    struct folder_plan *plan = builder->plan;
    struct str_list names = {0};
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        /* Merged ones stand side by side. */
        bool is_again = names.count > 0 &&
                        strcmp(names.items[names.count - 1], entry->destination) == 0;
        if (!is_again && plan_wants_subscription(builder, entry))
            str_list_add(&names, entry->destination);
    }
    plan->subscribes = names.items;
    plan->subscribe_count = names.count;
}
