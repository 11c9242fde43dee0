/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan_fit.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define SUFFIX_MAIL  "_mail"
#define SUFFIX_FILES "_renamed_by_imapsync" /* the same folder with --office2 and without */

/* ---- what is taken ---- */

/* In small ASCII letters: owned by the caller. */
static char *lowered(const char *text, size_t size)
{
    char *low = mem_strndup(text, size);
    for (char *at = low; *at != '\0'; at++)
        *at = str_lower(*at);
    return low;
}

static void take_tops(struct plan_fit *fit, const struct folder_list *source,
                      const struct name_style *source_style)
{
    for (size_t i = 0; i < source->count; i++) {
        const struct folder *folder = &source->items[i];
        const char *path = folder->name + name_prefix_size(source_style, folder->name);
        char separator = name_separator(source_style, folder);
        const char *end = separator == '\0' ? NULL : strchr(path, separator);
        char *top = lowered(path, end == NULL ? strlen(path) : (size_t)(end - path));
        str_list_add(&fit->tops, top);
        mem_free(top);
    }
    name_map_init(&fit->by_top);
    for (size_t i = 0; i < fit->tops.count; i++)
        (void)name_map_add(&fit->by_top, fit->tops.items[i], i);
}

void plan_fit_init(struct plan_fit *fit, const struct folder_list *destination,
                   const struct name_style *style, const struct folder_list *source,
                   const struct name_style *source_style, const struct exchange_folders *source_own)
{
    memset(fit, 0, sizeof(*fit));
    fit->destination = destination;
    fit->style = style;
    exchange_folders_init_target(&fit->own, destination, style, source, source_style, source_own);
    take_tops(fit, source, source_style);
}

void plan_fit_deinit(struct plan_fit *fit)
{
    name_map_deinit(&fit->by_top);
    str_list_deinit(&fit->tops);
}

/* ---- characters ---- */

static bool is_forbidden(char c)
{
    return c == '*' || c == '%' || c == '\\';
}

/* Whether what follows a "=" would be read as one of our codes. */
static bool is_code(const char *text, const char *end)
{
    static const char codes[][3] = {"20", "25", "2A", "3D", "5C"};
    for (size_t i = 0; end - text >= 2 && i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(text, codes[i], 2) == 0)
            return true;
    }
    return false;
}

static bool has_code(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '=' && is_code(text + i + 1, text + size))
            return true;
    }
    return false;
}

/* True if anything was written in another way. On the raw name: modified UTF-7 never hides what is
   ASCII (RFC 3501 section 5.1.3), and has none of these characters in its shifts. */
static bool append_escaped(struct buffer *name, const char *text, size_t size)
{
    const char *end = text + size;
    const char *first = text;
    const char *last = end;
    bool is_escaped = false;
    while (first < end && *first == ' ')
        first++;
    while (last > first && last[-1] == ' ')
        last--;
    for (const char *p = text; p < end; p++) {
        bool is_bad = is_forbidden(*p) || p < first || p >= last ||
                      (*p == '=' && is_code(p + 1, end));
        if (is_bad)
            buffer_printf(name, "=%02X", (unsigned int)(unsigned char)*p);
        else
            buffer_append_byte(name, (unsigned char)*p);
        is_escaped = is_escaped || is_bad;
    }
    return is_escaped;
}

/* Appends one more level. What is there stays, unless it may be there because an earlier run wrote
   another name like this. */
static bool append_level(const struct plan_fit *fit, struct buffer *name, const char *level,
                         size_t size)
{
    char *listed = mem_printf("%s%.*s", buffer_str(name), (int)size, level);
    bool is_listed = folder_list_find(fit->destination, listed) != NULL;
    mem_free(listed);
    if (!is_listed || has_code(level, size))
        return append_escaped(name, level, size);
    buffer_append(name, level, size);
    return false;
}

/* ---- reserved names ---- */

/* The top level is in the buffer, with the prefix. */
static bool append_suffix(const struct plan_fit *fit, struct buffer *name, size_t prefix_size)
{
    enum exchange_kind kind = exchange_folders_kind(&fit->own, buffer_str(name),
                                                    fit->style->separator);
    size_t ignored;
    bool is_taken = kind != EXCHANGE_MAIL;
    while (is_taken) {
        buffer_append_str(name, kind == EXCHANGE_FILES ? SUFFIX_FILES : SUFFIX_MAIL);
        const char *top = buffer_str(name) + prefix_size;
        char *low = lowered(top, strlen(top));
        is_taken = name_map_find(&fit->by_top, low, &ignored);
        mem_free(low);
    }
    return kind != EXCHANGE_MAIL;
}

/* ---- the whole ---- */

char *plan_fit_name(const struct plan_fit *fit, const char *name, bool keeps_top,
                    bool *is_escaped_r, bool *is_reserved_r)
{
    char separator = fit->style->separator;
    size_t prefix_size = name_prefix_size(fit->style, name);
    const char *level = name + prefix_size;
    struct buffer fitted;
    *is_escaped_r = *is_reserved_r = false;
    if (name_is_inbox(name))
        return mem_strdup("INBOX");
    buffer_init(&fitted, SIZE_MAX);
    buffer_append(&fitted, name, prefix_size);
    for (bool is_top = true;; is_top = false) {
        const char *end = separator == '\0' ? NULL : strchr(level, separator);
        size_t size = end == NULL ? strlen(level) : (size_t)(end - level);
        if (is_top && keeps_top)
            buffer_append(&fitted, level, size);
        else
            *is_escaped_r |= append_level(fit, &fitted, level, size);
        if (is_top && !keeps_top)
            *is_reserved_r = append_suffix(fit, &fitted, prefix_size);
        if (end == NULL)
            break;
        buffer_append_byte(&fitted, (unsigned char)separator);
        level = end + 1;
    }
    char *result = mem_strdup(buffer_str(&fitted));
    buffer_deinit(&fitted);
    return result;
}
