/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

/* One safe name and how often it was asked for. '~' is not in a safe name, so "name~2" can't meet
   the safe name of another user: counting is enough, nothing has to be tried. */
struct file_name {
    char *name; /* NULL: a free place */
    uint64_t uses;
};

struct file_names {
    struct file_name *places; /* hash table with open addressing, at most half full */
    size_t place_count;       /* a power of two */
    size_t used;
    struct str_list given;
};

static bool file_name_char_is_safe(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("@._+-=", c) != NULL);
}

bool file_safe_name(const char *user, struct buffer *name)
{
    if (*user == '\0')
        return buffer_append_byte(name, '_');
    for (size_t i = 0; i < FILE_SAFE_NAME_MAX_BYTES && user[i] != '\0'; i++) {
        bool is_safe = file_name_char_is_safe(user[i]) && !(i == 0 && user[i] == '.');
        buffer_append_byte(name, is_safe ? (unsigned char)user[i] : '_');
    }
    return !name->has_failed;
}

struct file_names *file_names_init(void)
{
    struct file_names *names = mem_alloc(sizeof(*names));
    names->place_count = 64;
    names->places = mem_alloc_array(names->place_count, sizeof(*names->places));
    return names;
}

void file_names_deinit(struct file_names **names_p)
{
    struct file_names *names = *names_p;
    if (names == NULL)
        return;
    *names_p = NULL;
    for (size_t i = 0; i < names->place_count; i++)
        mem_free(names->places[i].name);
    mem_free(names->places);
    str_list_deinit(&names->given);
    mem_free(names);
}

/* FNV-1a over the lower-case name. */
static uint64_t file_name_hash(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)str_lower(*name)) * UINT64_C(1099511628211);
    return hash;
}

/* The place of the name, or the free one where it belongs. */
static struct file_name *file_names_find(struct file_names *names, const char *name)
{
    size_t i = (size_t)file_name_hash(name) & (names->place_count - 1);
    while (names->places[i].name != NULL && !str_iequals(names->places[i].name, name))
        i = (i + 1) & (names->place_count - 1);
    return &names->places[i];
}

static void file_names_grow(struct file_names *names)
{
    struct file_name *old = names->places;
    size_t old_count = names->place_count;
    names->place_count = old_count * 2;
    names->places = mem_alloc_array(names->place_count, sizeof(*names->places));
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].name != NULL)
            *file_names_find(names, old[i].name) = old[i];
    }
    mem_free(old);
}

const char *file_names_add(struct file_names *names, const char *user)
{
    char text[FILE_SAFE_NAME_MAX_BYTES + 24];
    struct buffer safe;
    buffer_init(&safe, sizeof(text));
    (void)file_safe_name(user, &safe);
    if (names->used * 2 >= names->place_count)
        file_names_grow(names);
    struct file_name *place = file_names_find(names, buffer_str(&safe));
    if (place->name == NULL) {
        place->name = mem_strdup(buffer_str(&safe));
        names->used++;
    }
    place->uses++;
    if (place->uses > 1)
        buffer_printf(&safe, "~%llu", (unsigned long long)place->uses);
    str_list_add(&names->given, buffer_str(&safe));
    buffer_deinit(&safe);
    return names->given.items[names->given.count - 1];
}
