/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan_case.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/folders/mutf7.h"

/* Nobody nests folders deeper; more levels are compared as they are. */
#define PLAN_CASE_MAX_LEVELS 32

struct plan_case {
    const struct folder_list *list;
    char separator;
    struct str_list names;  /* of the list, then those that were taken */
    struct str_list folded; /* one for each */
    struct name_map by_folded;
    struct name_map taken; /* of the folded names */
};

/* ---- names without case ---- */

/* Letters of base64, between "&" and "-", keep their case. */
static char *plan_case_fold_ascii(const char *name)
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

/* The small letter of the Latin, Greek and Cyrillic capitals of two UTF-8 bytes; others as they
   are. Exchange knows more, but nobody has two folders of such names. */
static unsigned int fold_letter(unsigned int c)
{
    bool is_latin = c >= 0xc0 && c <= 0xde && c != 0xd7;
    bool is_greek = c >= 0x391 && c <= 0x3a9;
    bool is_cyrillic = c >= 0x410 && c <= 0x42f;
    if (is_latin || is_greek || is_cyrillic)
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40f)
        return c + 0x50;
    if (c == 0x178)
        return 0xff;
    /* Pairs of Latin Extended-A: an even capital, but an odd one in two of its parts. */
    bool has_odd_capitals = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    bool has_pairs = (c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) ||
                     (c >= 0x14a && c <= 0x177) || has_odd_capitals;
    return has_pairs && (c & 1) == (has_odd_capitals ? 1u : 0u) ? c + 1 : c;
}

static void fold_utf8(struct buffer *folded, const char *text, char separator)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p >= 0xc2 && *p <= 0xdf && (p[1] & 0xc0) == 0x80) {
            unsigned int c = fold_letter((*p & 0x1fu) << 6 | (p[1] & 0x3fu));
            buffer_append_byte(folded, (unsigned char)(0xc0 | c >> 6));
            buffer_append_byte(folded, (unsigned char)(0x80 | (c & 0x3f)));
            p++;
        } else {
            /* A separator that is decoded is none. */
            bool is_separator = separator != '\0' && *p == (unsigned char)separator;
            buffer_append_byte(folded, is_separator ? '\1' : (unsigned char)str_lower((char)*p));
        }
    }
}

/* Level by level, decoded. */
static char *plan_case_fold_all(const char *name, char separator)
{
    struct buffer folded;
    buffer_init(&folded, SIZE_MAX);
    for (;;) {
        const char *end = separator == '\0' ? NULL : strchr(name, separator);
        char *level = mem_strndup(name, end == NULL ? strlen(name) : (size_t)(end - name));
        char *display = mutf7_to_display(level);
        fold_utf8(&folded, display, separator);
        mem_free(display);
        mem_free(level);
        if (end == NULL)
            break;
        buffer_append_byte(&folded, (unsigned char)separator);
        name = end + 1;
    }
    char *result = mem_strdup(buffer_str(&folded));
    buffer_deinit(&folded);
    return result;
}

static char *plan_case_fold(const struct plan_case *cases, const char *name)
{
    return cases->list->is_exchange ? plan_case_fold_all(name, cases->separator)
                                    : plan_case_fold_ascii(name);
}

/* ---- the names ---- */

static void add_name(struct plan_case *cases, const char *name)
{
    char *folded = plan_case_fold(cases, name);
    str_list_add(&cases->names, name);
    str_list_add(&cases->folded, folded);
    mem_free(folded);
    size_t index = cases->names.count - 1;
    (void)name_map_add(&cases->by_folded, cases->folded.items[index], index);
}

struct plan_case *plan_case_init(const struct folder_list *list, char separator)
{
    struct plan_case *cases = mem_alloc(sizeof(*cases));
    cases->list = list;
    cases->separator = separator;
    name_map_init(&cases->by_folded);
    name_map_init(&cases->taken);
    for (size_t i = 0; i < list->count; i++)
        add_name(cases, list->items[i].name);
    return cases;
}

void plan_case_deinit(struct plan_case **cases)
{
    if (*cases == NULL)
        return;
    name_map_deinit(&(*cases)->by_folded);
    name_map_deinit(&(*cases)->taken);
    str_list_deinit(&(*cases)->names);
    str_list_deinit(&(*cases)->folded);
    mem_free(*cases);
    *cases = NULL;
}

static bool find_index(const struct plan_case *cases, const char *name, size_t *index_r)
{
    char *folded = plan_case_fold(cases, name);
    bool is_found = name_map_find(&cases->by_folded, folded, index_r);
    mem_free(folded);
    return is_found;
}

const char *plan_case_find(const struct plan_case *cases, const char *name)
{
    size_t index;
    return find_index(cases, name, &index) ? cases->names.items[index] : NULL;
}

bool plan_case_is_taken(const struct plan_case *cases, const char *name)
{
    size_t ignored;
    char *folded = plan_case_fold(cases, name);
    bool is_taken = name_map_find(&cases->taken, folded, &ignored);
    mem_free(folded);
    return is_taken;
}

/* How long the name is without its last level; 0: it has one. */
static size_t size_above(const struct plan_case *cases, const char *name, size_t size)
{
    while (size > 0 && (cases->separator == '\0' || name[size - 1] != cases->separator))
        size--;
    return size > 0 ? size - 1 : 0;
}

void plan_case_take(struct plan_case *cases, const char *name)
{
    size_t size = strlen(name);
    size_t index;
    if (!find_index(cases, name, &index)) {
        index = cases->names.count;
        add_name(cases, name);
    }
    (void)name_map_add(&cases->taken, cases->folded.items[index], index);
    size = size_above(cases, name, size);
    for (size_t level = 1; size > 0 && level < PLAN_CASE_MAX_LEVELS; level++) {
        char *above = mem_strndup(name, size);
        bool is_known = plan_case_find(cases, above) != NULL;
        if (!is_known)
            add_name(cases, above);
        mem_free(above);
        if (is_known)
            return;
        size = size_above(cases, name, size);
    }
}

/* The written name of the level that ends at `size`, or NULL. */
static const char *plan_case_level(const struct plan_case *cases, const char *name, size_t size)
{
    char *level = mem_strndup(name, size);
    const struct folder *folder = folder_list_find(cases->list, level);
    const char *written = folder != NULL ? folder->name : plan_case_find(cases, level);
    mem_free(level);
    return written;
}

char *plan_case_adapt(const struct plan_case *cases, const char *name)
{
    size_t size = strlen(name);
    for (size_t level = 0; size > 0 && level < PLAN_CASE_MAX_LEVELS; level++) {
        const char *written = plan_case_level(cases, name, size);
        if (written != NULL)
            return mem_printf("%s%s", written, name + size);
        size = size_above(cases, name, size);
    }
    return mem_strdup(name);
}
