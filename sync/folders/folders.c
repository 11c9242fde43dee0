/* SPDX-License-Identifier: MIT */
#include "sync/folders/folders.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define FOREIGN_PREFIXES_MAX 64

void folder_list_init(struct folder_list *list)
{
    memset(list, 0, sizeof(*list));
    name_map_init(&list->by_name);
}

void folder_list_deinit(struct folder_list *list)
{
    name_map_deinit(&list->by_name);
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i].name);
    for (size_t i = 0; i < list->foreign_count; i++)
        mem_free(list->foreign_prefixes[i]);
    mem_free(list->items);
    mem_free(list->foreign_prefixes);
    mem_free(list->prefix);
    folder_list_init(list);
}

static char *folder_name_dup(const char *name, size_t name_size)
{
    if (name_size > FOLDER_NAME_MAX_BYTES + 1)
        name_size = FOLDER_NAME_MAX_BYTES + 1;
    return mem_strndup(name, strnlen(name, name_size));
}

static struct folder *folder_list_append(struct folder_list *list, char *name)
{
    size_t bytes = strlen(name) + sizeof(struct folder);
    if (list->count >= FOLDER_LIST_MAX_COUNT || bytes > FOLDER_LIST_MAX_BYTES - list->name_bytes)
        return NULL;
    list->name_bytes += bytes;
    MEM_GROW(list->items, list->count, list->alloc);
    (void)name_map_add(&list->by_name, name, list->count);
    struct folder *folder = &list->items[list->count++];
    memset(folder, 0, sizeof(*folder));
    folder->name = name;
    return folder;
}

struct folder *folder_list_add(struct folder_list *list, const char *name, size_t name_size,
                               char separator, unsigned int attributes)
{
    char *copy = folder_name_dup(name, name_size);
    struct folder *folder = folder_list_find(list, copy);
    if (folder == NULL)
        folder = folder_list_append(list, copy);
    if (folder == NULL || folder->name != copy)
        mem_free(copy);
    if (folder == NULL)
        return NULL;
    folder->attributes |= attributes;
    if (folder->separator == '\0')
        folder->separator = separator;
    return folder;
}

void folder_list_drop(struct folder_list *list, const bool *is_dropped)
{
    size_t kept = 0;
    name_map_deinit(&list->by_name);
    name_map_init(&list->by_name);
    for (size_t i = 0; i < list->count; i++) {
        if (is_dropped[i]) {
            mem_free(list->items[i].name);
            continue;
        }
        list->items[kept] = list->items[i];
        (void)name_map_add(&list->by_name, list->items[kept].name, kept);
        kept++;
    }
    list->count = kept;
}

struct folder *folder_list_find(const struct folder_list *list, const char *name)
{
    size_t index;
    return name_map_find(&list->by_name, name, &index) ? &list->items[index] : NULL;
}

void folder_list_add_foreign_prefix(struct folder_list *list, const char *prefix, size_t size)
{
    if (list->foreign_count >= FOREIGN_PREFIXES_MAX)
        return;
    MEM_GROW(list->foreign_prefixes, list->foreign_count, list->foreign_alloc);
    list->foreign_prefixes[list->foreign_count++] = folder_name_dup(prefix, size);
}

unsigned int folder_attribute_parse(const char *text, size_t size)
{
    static const struct {
        const char *text;
        unsigned int attribute;
    } attributes[] = {
        {"\\Noselect", FOLDER_NOSELECT},
        {"\\NonExistent", FOLDER_NOSELECT},
        {"\\Noinferiors", FOLDER_NOINFERIORS},
        {"\\Subscribed", FOLDER_SUBSCRIBED},
        {"\\All", FOLDER_ALL},
        {"\\Archive", FOLDER_ARCHIVE},
        {"\\Drafts", FOLDER_DRAFTS},
        {"\\Flagged", FOLDER_FLAGGED},
        {"\\Junk", FOLDER_JUNK},
        {"\\Sent", FOLDER_SENT},
        {"\\Trash", FOLDER_TRASH},
    };
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        if (str_iequals_n(text, size, attributes[i].text))
            return attributes[i].attribute;
    }
    return 0;
}
