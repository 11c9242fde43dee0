/* SPDX-License-Identifier: MIT
 * The folder plan as people read it. */
#include <string.h>

#include "base/mem.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/plan.h"

struct remarks {
    struct buffer *text;
    size_t count;
};

/* Begins the next remark. */
static void remarks_next(struct remarks *remarks)
{
    buffer_append_str(remarks->text, remarks->count++ == 0 ? " (" : ", ");
}

static void append_rules(const struct plan_entry *entry, struct remarks *remarks)
{
    size_t count = 0;
    for (unsigned int rule = 1; entry->is_renamed && rule < PLAN_RULE_END; rule <<= 1) {
        if ((entry->rules & rule) == 0)
            continue;
        if (count++ == 0) {
            remarks_next(remarks);
            buffer_append_str(remarks->text, "renamed by ");
        } else {
            buffer_append_str(remarks->text, " and ");
        }
        if (rule == PLAN_RULE_CHARACTERS)
            buffer_append_str(remarks->text, "characters this server can't have in a name");
        else
            buffer_append_str(remarks->text, plan_rule_name(rule));
    }
}

static bool is_same_target(const struct folder_plan *plan, size_t a, size_t b)
{
    return strcmp(plan->entries[a].destination, plan->entries[b].destination) == 0;
}

/* Merged ones stand next to each other. */
static void append_merged(const struct folder_plan *plan, size_t index, struct remarks *remarks)
{
    size_t first = index;
    size_t end = index + 1;
    if (!plan->entries[index].is_merged)
        return;
    while (first > 0 && is_same_target(plan, first - 1, index))
        first--;
    while (end < plan->count && is_same_target(plan, end, index))
        end++;
    const struct plan_entry *other = &plan->entries[first == index ? first + 1 : first];
    remarks_next(remarks);
    buffer_printf(remarks->text, "merged with [%s]", other->source_label);
    if (end - first > 2)
        buffer_printf(remarks->text, " and %zu more", end - first - 2);
}

void folder_plan_append_entry(const struct folder_plan *plan, size_t index, struct buffer *text)
{
    const struct plan_entry *entry = &plan->entries[index];
    struct remarks remarks = {text, 0};
    char *to = mutf7_to_display(entry->destination);
    buffer_printf(text, "[%s] -> [%s]", entry->source_label, to);
    mem_free(to);
    if (!entry->exists) {
        remarks_next(&remarks);
        buffer_append_str(text, "to be created");
    }
    append_rules(entry, &remarks);
    append_merged(plan, index, &remarks);
    if (remarks.count > 0)
        buffer_append_byte(text, ')');
}
