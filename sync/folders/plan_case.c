/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan_case.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Nobody nests folders deeper; more levels are compared as they are. */
#define PLAN_CASE_MAX_LEVELS 32

struct plan_case {
    const struct folder_list *list;
    char **folded; /* one for each folder */
    struct name_map by_folded;
};

/* Letters of base64, between "&" and "-", keep their case. */
static char *plan_case_fold(const char *name)
{
    char *folded = mem_strdup(name);
    bool is_shifted = false;
    for (char *p = folded; *p != '\0'; p++) {
        is_shifted = is_shifted ? *p != '-' : *p == '&';
        if (!is_shifted)
            *p = str_lower(*p);
    }
    return folded;
}

struct plan_case *plan_case_init(const struct folder_list *list)
{
    struct plan_case *cases = mem_alloc(sizeof(*cases));
    cases->list = list;
    cases->folded = mem_alloc_array(list->count, sizeof(*cases->folded));
    name_map_init(&cases->by_folded);
    for (size_t i = 0; i < list->count; i++) {
        cases->folded[i] = plan_case_fold(list->items[i].name);
        (void)name_map_add(&cases->by_folded, cases->folded[i], i);
    }
    return cases;
}

void plan_case_deinit(struct plan_case **cases)
{
    if (*cases == NULL)
        return;
    name_map_deinit(&(*cases)->by_folded);
    for (size_t i = 0; i < (*cases)->list->count; i++)
        mem_free((*cases)->folded[i]);
    mem_free((*cases)->folded);
    mem_free(*cases);
    *cases = NULL;
}

const struct folder *plan_case_find(const struct plan_case *cases, const char *name)
{
    size_t index;
    char *folded = plan_case_fold(name);
    bool is_found = name_map_find(&cases->by_folded, folded, &index);
    mem_free(folded);
    return is_found ? &cases->list->items[index] : NULL;
}

/* The listed name of the level that ends at `size`, or NULL. */
static const char *plan_case_level(const struct plan_case *cases, const char *name, size_t size)
{
    char *level = mem_strndup(name, size);
    const struct folder *folder = folder_list_find(cases->list, level);
    if (folder == NULL)
        folder = plan_case_find(cases, level);
    mem_free(level);
    return folder == NULL ? NULL : folder->name;
}

char *plan_case_adapt(const struct plan_case *cases, const char *name, char separator)
{
    size_t size = strlen(name);
    for (size_t level = 0; size > 0 && level < PLAN_CASE_MAX_LEVELS; level++) {
        const char *listed = plan_case_level(cases, name, size);
        if (listed != NULL)
            return mem_printf("%s%s", listed, name + size);
        while (size > 0 && (separator == '\0' || name[size - 1] != separator))
            size--;
        size = size > 0 ? size - 1 : 0;
    }
    return mem_strdup(name);
}
