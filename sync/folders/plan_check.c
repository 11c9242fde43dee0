/* SPDX-License-Identifier: MIT
 * What settings must hold for a folder plan. */
#include <string.h>

#include "sync/folders/pattern.h"
#include "sync/folders/plan.h"
#include "sync/folders/plan_select.h"
#include "sync/messages/expression.h"

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

static bool plan_check_edits(const struct str_list *texts, struct buffer *faults)
{
    struct expression_list list = {0};
    bool is_ok = expression_list_init(&list, texts, EXPRESSION_EDIT, "regextrans2", faults);
    expression_list_deinit(&list);
    return is_ok;
}

bool folder_plan_check_settings(const struct settings *settings, struct buffer *faults)
{
    bool is_ok = plan_check_expressions("include", &settings->include, faults);
    is_ok = plan_check_expressions("exclude", &settings->exclude, faults) && is_ok;
    is_ok = plan_check_f1f2(&settings->f1f2, faults) && is_ok;
    is_ok = plan_check_edits(&settings->regextrans2, faults) && is_ok;
    return plan_check_separators(settings, faults) && is_ok;
}
