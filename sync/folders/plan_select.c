/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan_select.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/folders/pattern.h"

enum select_mark {
    SELECT_WANTED = 1 << 0,
    SELECT_ASKED = 1 << 1, /* by a name or an expression, not just as one of all */
};

struct select_order {
    const struct folder *folder;
    int place; /* -1 first, 0 in the middle, 1 last */
    size_t position;
};

struct select {
    struct folder_lookup *lookup;
    const struct folder_list *list;
    const struct name_style *style;
    const struct exchange_folders *own; /* NULL: the source is no Exchange */
    const struct settings *settings;
    struct folder_plan *plan;
    unsigned char *marks; /* one for each folder of the list */
};

static void select_skip(struct select *sel, const char *name, const char *reason)
{
    sel->plan->skips[sel->plan->skip_count++] = (struct plan_skip){name, reason};
}

static size_t select_index(const struct select *sel, const struct folder *folder)
{
    return (size_t)(folder - sel->list->items);
}

/* --folder: exactly this one. */
static void select_named(struct select *sel)
{
    for (size_t i = 0; i < sel->settings->folder.count; i++) {
        const char *text = sel->settings->folder.items[i];
        const struct folder *folder = folder_lookup_find(sel->lookup, text);
        if (folder == NULL)
            select_skip(sel, text, "not on the source");
        else
            sel->marks[select_index(sel, folder)] |= SELECT_WANTED | SELECT_ASKED;
    }
}

/* Marks a folder and what lies below it; the folder itself need not be listed. */
static bool select_tree(struct select *sel, const char *root)
{
    bool has_any = false;
    for (size_t i = 0; i < sel->list->count; i++) {
        const struct folder *folder = &sel->list->items[i];
        if (name_below(folder->name, root, name_separator(sel->style, folder)) == NULL)
            continue;
        sel->marks[i] |= SELECT_WANTED | SELECT_ASKED;
        has_any = true;
    }
    return has_any;
}

/* --folderrec: this one and all below. */
static void select_trees(struct select *sel)
{
    for (size_t i = 0; i < sel->settings->folderrec.count; i++) {
        const char *text = sel->settings->folderrec.items[i];
        const struct folder *folder = folder_lookup_find(sel->lookup, text);
        char *root = folder != NULL ? mem_strdup(folder->name) : name_from_user(sel->list, text);
        if (!select_tree(sel, root))
            select_skip(sel, text, "not on the source");
        mem_free(root);
    }
}

/* --subscribed: what the user subscribed to. */
static void select_subscribed(struct select *sel)
{
    for (size_t i = 0; sel->settings->subscribed && i < sel->list->count; i++) {
        if ((sel->list->items[i].attributes & FOLDER_SUBSCRIBED) != 0)
            sel->marks[i] |= SELECT_WANTED;
    }
}

/* Without any of these and without --include: everything, or everything below --subfolder1. */
static void select_default(struct select *sel, const char *subfolder1)
{
    const struct settings *settings = sel->settings;
    if (settings->folder.count > 0 || settings->folderrec.count > 0 || settings->subscribed ||
        settings->include.count > 0)
        return;
    if (subfolder1 != NULL) {
        (void)select_tree(sel, subfolder1);
        return;
    }
    for (size_t i = 0; i < sel->list->count; i++)
        sel->marks[i] |= SELECT_WANTED;
}

/* Matched on the raw name or on the decoded one. */
static enum pattern_result select_match(struct select *sel, struct pattern *pattern, size_t index)
{
    const char *raw = sel->list->items[index].name;
    const char *display = folder_lookup_display(sel->lookup, index);
    enum pattern_result result = pattern_match(pattern, raw);
    if (result != PATTERN_MISS || strcmp(raw, display) == 0)
        return result;
    return pattern_match(pattern, display);
}

struct pattern *plan_compile(const char *option, const char *expression, struct buffer *fault)
{
    struct buffer error;
    buffer_init(&error, 1024);
    struct pattern *pattern = pattern_init(expression, &error);
    if (pattern == NULL)
        buffer_printf(fault, "%s \"%.200s\" is not a valid expression: %s.", option, expression,
                      buffer_str(&error));
    buffer_deinit(&error);
    return pattern;
}

typedef void select_hit_t(struct select *sel, size_t index);

/* Calls `hit` for every folder of the source that the expression matches. */
static bool select_by_expression(struct select *sel, const char *option, const char *expression,
                                 select_hit_t *hit, struct fault *fault_r)
{
    struct buffer error;
    buffer_init(&error, 1024);
    struct pattern *pattern = plan_compile(option, expression, &error);
    for (size_t i = 0; pattern != NULL && i < sel->list->count; i++) {
        enum pattern_result result = select_match(sel, pattern, i);
        if (result == PATTERN_HIT) {
            hit(sel, i);
        } else if (result == PATTERN_TOO_HARD) {
            buffer_printf(&error, "%s \"%.200s\" takes too long on the folder \"%.100s\".", option,
                          expression, folder_lookup_display(sel->lookup, i));
            pattern_deinit(&pattern);
        }
    }
    bool is_ok = pattern != NULL;
    if (!is_ok)
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0, "%s",
                  buffer_str(&error));
    pattern_deinit(&pattern);
    buffer_deinit(&error);
    return is_ok;
}

static void select_hit_include(struct select *sel, size_t index)
{
    sel->marks[index] |= SELECT_WANTED | SELECT_ASKED;
}

static void select_hit_exclude(struct select *sel, size_t index)
{
    if ((sel->marks[index] & SELECT_WANTED) == 0)
        return;
    sel->marks[index] = 0;
    select_skip(sel, sel->list->items[index].name, "left out by --exclude");
}

/* --include adds, --exclude removes. */
static bool select_expressions(struct select *sel, struct fault *fault_r)
{
    const struct str_list *include = &sel->settings->include;
    const struct str_list *exclude = &sel->settings->exclude;
    for (size_t i = 0; i < include->count; i++) {
        if (!select_by_expression(sel, "include", include->items[i], select_hit_include, fault_r))
            return false;
    }
    for (size_t i = 0; i < exclude->count; i++) {
        if (!select_by_expression(sel, "exclude", exclude->items[i], select_hit_exclude, fault_r))
            return false;
    }
    return true;
}

/* Why a folder of an Exchange that is copied only if it is named holds no mail, or NULL. */
static const char *select_own_reason(const struct select *sel, const struct folder *folder)
{
    static const char *const reasons[EXCHANGE_KINDS] = {
#define OWN(what) "Exchange keeps " what " here, no mail; name it with --folder to copy it"
        [EXCHANGE_CALENDAR] = OWN("the calendar"),
        [EXCHANGE_CONTACTS] = OWN("contacts"),
        [EXCHANGE_TASKS] = OWN("tasks"),
        [EXCHANGE_NOTES] = OWN("notes"),
        [EXCHANGE_JOURNAL] = OWN("the journal"),
        [EXCHANGE_OUTBOX] = OWN("what waits to be sent"),
        [EXCHANGE_SYNC_ISSUES] = OWN("Outlook's logs"),
        [EXCHANGE_SETTINGS] = OWN("settings"),
        [EXCHANGE_FILES] = OWN("copies of attachments"),
#undef OWN
    };
    char separator = name_separator(sel->style, folder);
    return sel->own == NULL ? NULL
                            : reasons[exchange_folders_kind(sel->own, folder->name, separator)];
}

/* Why a wanted folder can't be synced after all, or NULL. */
static const char *select_obstacle(const struct select *sel, size_t index, const char *subfolder1)
{
    const struct folder *folder = &sel->list->items[index];
    char separator = name_separator(sel->style, folder);
    if (strlen(folder->name) > FOLDER_NAME_MAX_BYTES)
        return "name too long";
    if (*folder->name == '\0')
        return "no name";
    if (subfolder1 != NULL && name_below(folder->name, subfolder1, separator) == NULL)
        return "not below --subfolder1";
    if ((folder->attributes & FOLDER_NOSELECT) != 0)
        return "not selectable";
    if (sel->settings->skipemptyfolders && folder->has_status && folder->messages == 0)
        return "empty (--skipemptyfolders)";
    if ((sel->marks[index] & SELECT_ASKED) == 0 &&
        name_is_foreign(sel->list, sel->style, folder->name))
        return "belongs to another user's or a shared namespace; name it with --folder to copy it";
    return (sel->marks[index] & SELECT_ASKED) == 0 ? select_own_reason(sel, folder) : NULL;
}

static void select_drop_unusable(struct select *sel, const char *subfolder1)
{
    for (size_t i = 0; i < sel->list->count; i++) {
        if ((sel->marks[i] & SELECT_WANTED) == 0)
            continue;
        const char *reason = select_obstacle(sel, i, subfolder1);
        if (reason == NULL)
            continue;
        sel->marks[i] = 0;
        select_skip(sel, sel->list->items[i].name, reason);
    }
}

static int select_compare(const void *a, const void *b)
{
    const struct select_order *left = a;
    const struct select_order *right = b;
    if (left->place != right->place)
        return left->place < right->place ? -1 : 1;
    if (left->place != 0)
        return left->position < right->position ? -1 : 1;
    bool is_left_inbox = name_is_inbox(left->folder->name);
    if (is_left_inbox != name_is_inbox(right->folder->name))
        return is_left_inbox ? -1 : 1;
    return strcmp(left->folder->name, right->folder->name);
}

/* The first mention counts. */
static void select_place(struct select *sel, const struct str_list *names, int place,
                         struct select_order *orders)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct folder *folder = folder_lookup_find(sel->lookup, names->items[i]);
        struct select_order *order = folder == NULL ? NULL : &orders[select_index(sel, folder)];
        if (order == NULL || order->place != 0)
            continue;
        order->place = place;
        order->position = i;
    }
}

/* --folderfirst and --folderlast in their own order, between them INBOX and the rest by bytes. */
static void select_order_wanted(struct select *sel, struct plan_selection *selection)
{
    struct select_order *orders = mem_alloc_array(sel->list->count, sizeof(*orders));
    select_place(sel, &sel->settings->folderfirst, -1, orders);
    select_place(sel, &sel->settings->folderlast, 1, orders);
    size_t count = 0;
    for (size_t i = 0; i < sel->list->count; i++) {
        if ((sel->marks[i] & SELECT_WANTED) == 0)
            continue;
        orders[i].folder = &sel->list->items[i];
        orders[count++] = orders[i];
    }
    qsort(orders, count, sizeof(*orders), select_compare);
    selection->folders = mem_alloc_array(count, sizeof(*selection->folders));
    selection->count = count;
    for (size_t i = 0; i < count; i++)
        selection->folders[i] = orders[i].folder;
    mem_free(orders);
}

bool plan_select(struct folder_lookup *source, const struct name_style *style,
                 const char *subfolder1, const struct exchange_folders *own,
                 const struct settings *settings, struct folder_plan *plan,
                 struct plan_selection *selection_r, struct fault *fault_r)
{
    struct select sel = {
        .lookup = source,
        .list = source->list,
        .style = style,
        .own = own,
        .settings = settings,
        .plan = plan,
        .marks = mem_alloc(source->list->count),
    };
    memset(selection_r, 0, sizeof(*selection_r));
    select_named(&sel);
    select_trees(&sel);
    select_subscribed(&sel);
    select_default(&sel, subfolder1);
    bool is_ok = select_expressions(&sel, fault_r);
    if (is_ok) {
        select_drop_unusable(&sel, subfolder1);
        select_order_wanted(&sel, selection_r);
    }
    mem_free(sel.marks);
    return is_ok;
}
