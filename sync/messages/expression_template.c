/* SPDX-License-Identifier: MIT
 * The right half of s///: literal bytes, groups, and switches between upper and lower case. */
#include <string.h>

#include "base/mem.h"
#include "sync/messages/expression_private.h"

enum piece_type {
    PIECE_TEXT,
    PIECE_GROUP,
    PIECE_CASE, /* \L \U \Q \E \l \u */
};

struct piece {
    enum piece_type type;
    uint32_t group;
    char letter;
    size_t start; /* of the text, in `literals` */
    size_t size;
};

struct template
{
    struct buffer literals;
    struct piece *pieces;
    size_t count;
    size_t alloc;
};

struct template_state {
    char span;      /* 'L', 'U', or 0 */
    char next;      /* 'l', 'u', or 0: for one byte */
    bool is_quoted; /* \Q */
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool escape_hex(const char **at, const char *end, unsigned char *byte_r)
{
    const char *p = *at;
    unsigned int value = 0;
    bool has_braces = p < end && *p == '{';
    p += has_braces;
    for (int i = 0; p < end && hex_value(*p) >= 0 && (has_braces || i < 2); i++, p++)
        value = value * 16 + (unsigned int)hex_value(*p) % 16;
    if (has_braces && (p == end || *p++ != '}' || value > 0xff))
        return false;
    *byte_r = (unsigned char)value;
    *at = p;
    return true;
}

static unsigned char escape_octal(const char **at, const char *end)
{
    unsigned int value = 0;
    for (int i = 0; i < 3 && *at < end && **at >= '0' && **at <= '7'; i++, (*at)++)
        value = value * 8 + (unsigned int)(**at - '0');
    return (unsigned char)value;
}

bool expression_escape(const char **at, const char *end, unsigned char *byte_r)
{
    static const char letters[] = "nrtfae";
    static const char bytes[] = "\n\r\t\f\a\x1b";
    if (*at >= end)
        return false;
    char c = **at;
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter != NULL) {
        (*at)++;
        *byte_r = (unsigned char)bytes[letter - letters];
        return true;
    }
    if (c == 'x') {
        const char *p = *at + 1;
        if (!escape_hex(&p, end, byte_r))
            return false;
        *at = p;
        return true;
    }
    if (c == '0' || (c >= '1' && c <= '7' && end - *at >= 3 && (*at)[1] >= '0' && (*at)[1] <= '7' &&
                     (*at)[2] >= '0' && (*at)[2] <= '7')) {
        *byte_r = escape_octal(at, end);
        return true;
    }
    return false;
}

/* -- reading -- */

static struct piece *piece_add(struct template *template, enum piece_type type)
{
    MEM_GROW(template->pieces, template->count, template->alloc);
    struct piece *piece = &template->pieces[template->count++];
    *piece = (struct piece){.type = type, .start = template->literals.used};
    return piece;
}

static void piece_add_byte(struct template *template, unsigned char byte)
{
    struct piece *last = template->count == 0 ? NULL : &template->pieces[template->count - 1];
    if (last == NULL || last->type != PIECE_TEXT)
        last = piece_add(template, PIECE_TEXT);
    buffer_append_byte(&template->literals, byte);
    last->size++;
}

static bool piece_add_group(struct template *template, uint32_t group, uint32_t groups,
                            struct buffer *error)
{
    if (group > groups) {
        buffer_printf(error, "the replacement uses $%u, and the pattern has %u groups", group,
                      groups);
        return false;
    }
    piece_add(template, PIECE_GROUP)->group = group;
    return true;
}

/* Digits at *at. */
static bool number_take(const char **at, const char *end, uint32_t *number_r)
{
    const char *p = *at;
    *number_r = 0;
    while (p < end && *p >= '0' && *p <= '9' && *number_r < 1000)
        *number_r = *number_r * 10 + (uint32_t)(*p++ - '0');
    bool is_number = p > *at;
    *at = p;
    return is_number;
}

static bool take_dollar(struct template *template, const char **at, const char *end,
                        uint32_t groups, struct buffer *error)
{
    uint32_t group = 0;
    const char *p = *at;
    bool has_braces = p < end && *p == '{';
    p += has_braces;
    bool is_group = p < end && *p == '&' && !has_braces;
    if (is_group)
        p++;
    else
        is_group = number_take(&p, end, &group) && group > 0;
    if (has_braces && is_group)
        is_group = p < end && *p++ == '}';
    if (is_group) {
        *at = p;
        return piece_add_group(template, group, groups, error);
    }
    bool is_variable = *at < end && ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z') ||
                                     **at == '{' || **at == '_');
    if (is_variable) {
        buffer_append_str(error,
                          "the replacement uses a variable of Perl, and there are none here; "
                          "a dollar sign that stands for itself is \\$, inside single "
                          "quotes");
        return false;
    }
    piece_add_byte(template, '$');
    return true;
}

static bool take_backslash(struct template *template, const char **at, const char *end,
                           uint32_t groups, struct buffer *error)
{
    unsigned char byte;
    if (*at == end) {
        piece_add_byte(template, '\\');
        return true;
    }
    char c = **at;
    if (expression_escape(at, end, &byte)) {
        piece_add_byte(template, byte);
        return true;
    }
    (*at)++;
    if (c >= '1' && c <= '9')
        return piece_add_group(template, (uint32_t)(c - '0'), groups, error);
    if (strchr("LUQElu", c) != NULL)
        piece_add(template, PIECE_CASE)->letter = c;
    else
        piece_add_byte(template, (unsigned char)c);
    return true;
}

struct template *template_init(const struct buffer *text, uint32_t groups, struct buffer *error)
{
    struct template *template = mem_alloc(sizeof(*template));
    const char *at = text->used == 0 ? "" : (const char *)text->data;
    const char *end = at + text->used;
    bool is_good = true;
    buffer_init(&template->literals, text->used + 1);
    while (is_good && at < end) {
        char c = *at++;
        if (c == '$')
            is_good = take_dollar(template, &at, end, groups, error);
        else if (c == '\\')
            is_good = take_backslash(template, &at, end, groups, error);
        else
            piece_add_byte(template, (unsigned char)c);
    }
    if (!is_good)
        template_deinit(&template);
    return template;
}

void template_deinit(struct template **template_p)
{
    struct template *template = *template_p;
    if (template == NULL)
        return;
    *template_p = NULL;
    buffer_deinit(&template->literals);
    mem_free(template->pieces);
    mem_free(template);
}

/* -- writing -- */

static unsigned char to_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static unsigned char to_upper(unsigned char c)
{
    return c >= 'a' && c <= 'z' ? (unsigned char)(c - 'a' + 'A') : c;
}

static bool is_plain(unsigned char c)
{
    return to_lower(c) != to_upper(c) || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

static void append_cased(struct template_state *state, unsigned char c, struct buffer *result)
{
    if (state->span != 0)
        c = state->span == 'L' ? to_lower(c) : to_upper(c);
    if (state->next != 0)
        c = state->next == 'l' ? to_lower(c) : to_upper(c);
    state->next = 0;
    if (state->is_quoted && !is_plain(c))
        buffer_append_byte(result, '\\');
    buffer_append_byte(result, c);
}

static void append_piece(struct template_state *state, const void *text, size_t size,
                         struct buffer *result)
{
    const unsigned char *p = text;
    if (state->span == 0 && state->next == 0 && !state->is_quoted) {
        buffer_append(result, p, size);
        return;
    }
    for (size_t i = 0; i < size; i++)
        append_cased(state, p[i], result);
}

/* "\L\u" is as good as "\u\L". */
static void switch_case(struct template_state *state, char letter)
{
    if (letter == 'l' || letter == 'u')
        state->next = letter;
    else if (letter == 'Q')
        state->is_quoted = true;
    else if (letter == 'E')
        *state = (struct template_state){0};
    else
        state->span = letter;
}

bool template_append(const struct template *template, const char *subject, const size_t *ovector,
                     uint32_t pairs, struct buffer *result)
{
    struct template_state state = {0};
    for (size_t i = 0; i < template->count; i++) {
        const struct piece *piece = &template->pieces[i];
        if (piece->type == PIECE_CASE) {
            switch_case(&state, piece->letter);
        } else if (piece->type == PIECE_TEXT) {
            append_piece(&state, template->literals.data + piece->start, piece->size, result);
        } else if (piece->group < pairs && ovector[2 * piece->group] != SIZE_MAX) {
            size_t start = ovector[2 * piece->group];
            size_t end = ovector[2 * piece->group + 1];
            append_piece(&state, subject + start, end > start ? end - start : 0, result);
        }
    }
    return !result->has_failed;
}
