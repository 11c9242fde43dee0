/* SPDX-License-Identifier: MIT
 * tr/// and y/// (perlop, "Quote-Like Operators"), on bytes. */
#include <string.h>

#include "sync/messages/expression_private.h"

#define SET_MAX 256

struct byte_set {
    unsigned char bytes[SET_MAX * 4];
    size_t count;
};

/* One byte of a half, with its escape resolved. */
static unsigned char set_byte(const char **at, const char *end)
{
    unsigned char byte;
    if (**at == '\\' && *at + 1 < end) {
        const char *p = *at + 1;
        if (expression_escape(&p, end, &byte)) {
            *at = p;
            return byte;
        }
        *at += 1;
    }
    return (unsigned char)*(*at)++;
}

static bool set_init(struct byte_set *set, const struct buffer *text)
{
    const char *at = text->used == 0 ? "" : (const char *)text->data;
    const char *end = at + text->used;
    set->count = 0;
    while (at < end) {
        unsigned char first = set_byte(&at, end);
        unsigned char last = first;
        if (at + 1 < end && *at == '-') {
            at++;
            last = set_byte(&at, end);
        }
        if (last < first || set->count + (size_t)(last - first) + 1 > sizeof(set->bytes))
            return false;
        for (unsigned int byte = first; byte <= last; byte++)
            set->bytes[set->count++] = (unsigned char)byte;
    }
    return true;
}

static void set_complement(struct byte_set *set)
{
    bool is_there[256] = {false};
    for (size_t i = 0; i < set->count; i++)
        is_there[set->bytes[i]] = true;
    set->count = 0;
    for (unsigned int byte = 0; byte < 256; byte++) {
        if (!is_there[byte])
            set->bytes[set->count++] = (unsigned char)byte;
    }
}

/* Where the right side is shorter its last byte stands for the rest, or, with d, nothing. Of two
   that are the same on the left the first counts. */
static void map_bytes(struct transliteration *tr, const struct byte_set *from,
                      const struct byte_set *to, bool is_deleting)
{
    for (size_t i = 0; i < from->count; i++) {
        int16_t *place = &tr->to[from->bytes[i]];
        if (*place != TRANSLITERATION_NONE)
            continue;
        if (i < to->count)
            *place = to->bytes[i];
        else if (is_deleting)
            *place = TRANSLITERATION_DELETE;
        else
            *place = to->count == 0 ? from->bytes[i] : to->bytes[to->count - 1];
    }
}

bool transliteration_init(struct transliteration *tr, const struct expression_parts *parts,
                          struct buffer *error)
{
    struct byte_set from, to;
    for (size_t i = 0; i < 256; i++)
        tr->to[i] = TRANSLITERATION_NONE;
    tr->is_squeezed = strchr(parts->modifiers, 's') != NULL;
    if (!set_init(&from, &parts->first) || !set_init(&to, &parts->second)) {
        buffer_append_str(error, "tr has a range that goes down, or too many bytes");
        return false;
    }
    if (strchr(parts->modifiers, 'c') != NULL)
        set_complement(&from);
    map_bytes(tr, &from, &to, strchr(parts->modifiers, 'd') != NULL);
    return true;
}

bool transliteration_append(const struct transliteration *tr, const unsigned char *text,
                            size_t size, struct buffer *result)
{
    bool has_changed = false;
    int last = -1; /* the byte that came from a translated one just before */
    for (size_t i = 0; i < size && !result->has_failed; i++) {
        int16_t to = tr->to[text[i]];
        if (to == TRANSLITERATION_NONE) {
            buffer_append_byte(result, text[i]);
            last = -1;
        } else if (to == TRANSLITERATION_DELETE || (tr->is_squeezed && to == last)) {
            has_changed = true;
        } else {
            has_changed = has_changed || to != text[i];
            buffer_append_byte(result, (unsigned char)to);
            last = to;
        }
    }
    return has_changed && !result->has_failed;
}
