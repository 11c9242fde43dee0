/* SPDX-License-Identifier: MIT */
#include "sync/folders/name.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name_map.h"

#define INBOX_SIZE 5

static bool name_starts_with_inbox(const char *name)
{
    return str_istarts_with(name, "INBOX");
}

static char name_guess_separator(const struct folder_list *list)
{
    size_t counts[256] = {0};
    char best = '\0';
    for (size_t i = 0; i < list->count; i++) {
        char c = list->items[i].separator;
        if (c != '\0' && ++counts[(unsigned char)c] > counts[(unsigned char)best])
            best = c;
    }
    return best;
}

/* "INBOX." or "INBOX/" if there is anything below INBOX and nothing beside it. */
static char *name_guess_prefix(const struct folder_list *list, char separator)
{
    bool has_children = false;
    if (separator == '\0')
        return mem_strdup("");
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i].name;
        if (name_is_inbox(name))
            continue;
        if (!name_starts_with_inbox(name) || name[INBOX_SIZE] != separator)
            return mem_strdup("");
        has_children = true;
    }
    return has_children ? mem_printf("INBOX%c", separator) : mem_strdup("");
}

char name_default_separator(const struct folder_list *list)
{
    return list->has_namespace && list->separator != '\0' ? list->separator
                                                          : name_guess_separator(list);
}

void name_style_init(struct name_style *style, const struct folder_list *list,
                     const struct settings_side *side)
{
    memset(style, 0, sizeof(*style));
    style->is_forced = side->sep != NULL;
    if (side->sep != NULL)
        style->separator = side->sep[0];
    else
        style->separator = name_default_separator(list);

    if (side->prefix != NULL)
        style->prefix = mem_strdup(side->prefix);
    else if (list->has_namespace)
        style->prefix = mem_strdup(list->prefix == NULL ? "" : list->prefix);
    else
        style->prefix = name_guess_prefix(list, style->separator);
}

void name_style_deinit(struct name_style *style)
{
    mem_free(style->prefix);
    style->prefix = NULL;
}

char name_separator(const struct name_style *style, const struct folder *folder)
{
    return style->is_forced ? style->separator : folder->separator;
}

/* Whether `name` starts with `start`, byte by byte; but a leading INBOX in any case. */
static bool name_starts_with(const char *name, const char *start, size_t start_size)
{
    size_t skip = 0;
    if (start_size >= INBOX_SIZE && name_starts_with_inbox(name) && name_starts_with_inbox(start) &&
        strchr("./\\", start[INBOX_SIZE]) != NULL) /* or its NUL; "INBOXES" is another name */
        skip = INBOX_SIZE;
    return strncmp(name + skip, start + skip, start_size - skip) == 0;
}

size_t name_prefix_size(const struct name_style *style, const char *name)
{
    size_t size = strlen(style->prefix);
    return name_starts_with(name, style->prefix, size) ? size : 0;
}

const char *name_below(const char *name, const char *parent, char separator)
{
    size_t size = strlen(parent);
    if (!name_starts_with(name, parent, size))
        return NULL;
    if (name[size] == '\0')
        return name + size;
    return separator != '\0' && name[size] == separator ? name + size + 1 : NULL;
}

bool name_is_foreign(const struct folder_list *list, const struct name_style *style,
                     const char *name)
{
    /* The longest prefix decides: shared folders may well hang below the personal prefix. */
    size_t own_size = name_prefix_size(style, name);
    if (name_is_inbox(name))
        return false;
    for (size_t i = 0; i < list->foreign_count; i++) {
        const char *prefix = list->foreign_prefixes[i];
        size_t size = strlen(prefix);
        if (size > own_size && name_starts_with(name, prefix, size))
            return true;
    }
    return false;
}

static bool name_is_ascii(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)name[i] >= 0x80)
            return false;
    }
    return true;
}

static bool name_is_valid(const char *name, size_t size)
{
    struct buffer ignored;
    buffer_init(&ignored, SIZE_MAX);
    bool is_valid = name_is_ascii(name, size) && mutf7_decode(name, size, &ignored);
    buffer_deinit(&ignored);
    return is_valid;
}

char *name_from_user(const struct folder_list *list, const char *text)
{
    size_t size = strlen(text);
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    bool is_raw = folder_list_find(list, text) != NULL || name_is_valid(text, size);
    char *raw = mem_strdup(!is_raw && mutf7_encode(text, size, &name) ? buffer_str(&name) : text);
    buffer_deinit(&name);
    return raw;
}

/* Makes a component fit for any server: control characters (and bytes that are no UTF-8) become
   "_", and what is not modified UTF-7 already is encoded. True if a character was lost. */
static bool name_clean_component(struct buffer *clean, const char *text, size_t size)
{
    if (name_is_valid(text, size)) {
        buffer_append(clean, text, size);
        return false;
    }
    bool is_altered = false;
    bool is_utf8 = str_is_utf8(text, size);
    struct buffer plain;
    buffer_init(&plain, SIZE_MAX);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_bad = c < 0x20 || c == 0x7f || (c >= 0x80 && !is_utf8);
        buffer_append_byte(&plain, is_bad ? '_' : c);
        is_altered = is_altered || is_bad;
    }
    /* Raw UTF-8 beside real shifts is decoded first, so that the shifts are not encoded twice. */
    struct buffer utf8;
    buffer_init(&utf8, SIZE_MAX);
    const struct buffer *source = mutf7_decode((const char *)plain.data, plain.used, &utf8)
                                      ? &utf8
                                      : &plain;
    mutf7_encode((const char *)source->data, source->used, clean);
    buffer_deinit(&utf8);
    buffer_deinit(&plain);
    return is_altered;
}

/* What stands for the destination's separator inside a component, as in imapsync: the source's
   separator, which the destination does not treat as one. But "/" becomes "_" (fixslash2), as does
   what would break modified UTF-7. */
static unsigned char name_stand_in(char source_separator, bool keeps_slash)
{
    unsigned char c = (unsigned char)source_separator;
    return c <= 0x20 || c >= 0x7f || (c == '/' && !keeps_slash) || c == '&' ? '_' : c;
}

/* True if it was altered. */
static bool name_append_component(struct buffer *name, const char *text, size_t size,
                                  char source_separator, const struct name_style *destination)
{
    if (size == 0) {
        /* "a//b": an empty level can't be created anywhere. */
        buffer_append_byte(name, '_');
        return true;
    }
    struct buffer clean;
    buffer_init(&clean, SIZE_MAX);
    bool is_altered = false;
    if (destination->is_raw)
        buffer_append(&clean, text, size);
    else
        is_altered = name_clean_component(&clean, text, size);
    unsigned char stand_in = name_stand_in(source_separator, destination->keeps_slash);
    for (size_t i = 0; i < clean.used; i++) {
        bool is_taken = destination->separator != '\0' &&
                        clean.data[i] == (unsigned char)destination->separator;
        buffer_append_byte(name, is_taken ? stand_in : clean.data[i]);
        is_altered = is_altered || is_taken;
    }
    buffer_deinit(&clean);
    return is_altered;
}

bool name_append_path(struct buffer *name, const char *path, char source_separator,
                      const struct name_style *destination)
{
    /* A server without hierarchy takes the separator for an ordinary character. */
    char joint = destination->separator != '\0' ? destination->separator : source_separator;
    bool is_altered = false;
    for (;;) {
        const char *end = source_separator == '\0' ? NULL : strchr(path, source_separator);
        size_t size = end == NULL ? strlen(path) : (size_t)(end - path);
        is_altered |= name_append_component(name, path, size, source_separator, destination);
        if (end == NULL)
            return is_altered;
        buffer_append_byte(name, (unsigned char)joint);
        path = end + 1;
    }
}

bool name_append_rooted(struct buffer *name, const char *path, char source_separator,
                        const struct name_style *destination)
{
    if (*path == '\0' || name_is_inbox(path)) {
        buffer_append_str(name, "INBOX");
        return false;
    }
    buffer_append_str(name, destination->prefix);
    return name_append_path(name, path, source_separator, destination);
}

void name_append_tidy(struct buffer *tidy, const char *name, char separator)
{
    size_t levels = 0;
    for (;;) {
        const char *end = separator == '\0' ? NULL : strchr(name, separator);
        size_t size = end == NULL ? strlen(name) : (size_t)(end - name);
        if (size > 0 && levels++ > 0)
            buffer_append_byte(tidy, (unsigned char)separator);
        if (size > 0)
            (void)name_clean_component(tidy, name, size);
        if (end == NULL)
            return;
        name = end + 1;
    }
}
