/* SPDX-License-Identifier: MIT
 * Perl's quote-like operators (perlop, "Gory details of parsing quoted constructs"). */
#include <string.h>

#include "sync/messages/expression_private.h"

#define PART_MAX_BYTES ((size_t)64 * 1024)

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_letter(char c)
{
    return is_word(c) && (c < '0' || c > '9') && c != '_';
}

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
        p++;
    return p;
}

static char closing(char opening)
{
    static const char pairs[] = "()[]{}<>";
    const char *at = opening == '\0' ? NULL : strchr(pairs, opening);
    bool is_paired = at != NULL && (at - pairs) % 2 == 0;
    return is_paired ? at[1] : opening;
}

/* From behind the opening delimiter up to the closing one. Returns what is behind that, or NULL. */
static const char *part_take(const char *p, char open, bool keeps_escapes, struct buffer *part)
{
    char close = closing(open);
    size_t depth = 1;
    for (; *p != '\0'; p++) {
        bool is_delimiter = *p == open || *p == close;
        if (*p == '\\' && p[1] != '\0') {
            p++;
            is_delimiter = *p == open || *p == close;
            if (!is_delimiter || (keeps_escapes && open != close))
                buffer_append_byte(part, '\\');
        } else if (is_delimiter) {
            depth = *p == close ? depth - 1 : depth + 1;
            if (depth == 0)
                return p + 1;
        }
        buffer_append_byte(part, (unsigned char)*p);
    }
    return NULL;
}

static bool refuse(struct buffer *error, const char *text, const char *why)
{
    buffer_printf(error, "%.200s %s", text, why);
    return false;
}

/* The operator's letters; *at is behind them. A word that goes on is none of them. */
static bool operator_take(const char **at, enum expression_operator *operator_r)
{
    static const struct {
        const char *name;
        enum expression_operator operator;
    } operators[] = {{"tr", OPERATOR_TRANSLITERATE},
                     {"s", OPERATOR_SUBSTITUTE},
                     {"m", OPERATOR_MATCH},
                     {"y", OPERATOR_TRANSLITERATE}};
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        size_t size = strlen(operators[i].name);
        if (strncmp(*at, operators[i].name, size) != 0 || is_word((*at)[size]) ||
            (*at)[size] == '\0')
            continue;
        *at += size;
        *operator_r = operators[i].operator;
        return true;
    }
    *operator_r = OPERATOR_MATCH;
    return **at == '/';
}

static bool is_delimiter(char c)
{
    return c != '\0' && !is_word(c) && c != ' ' && c != '\'' && (unsigned char)c < 0x80;
}

static bool modifiers_check(const char *text, const struct expression_parts *parts,
                            struct buffer *error)
{
    const char *known = parts->operator== OPERATOR_TRANSLITERATE ? "cds" : "gimsxo";
    for (const char *p = parts->modifiers; *p != '\0'; p++) {
        if (*p == 'e' && parts->operator== OPERATOR_SUBSTITUTE)
            return refuse(error, text,
                          "needs Perl: the modifier e runs code. To keep only the flags that every "
                          "server knows, use --systemflagsonly");
        if (*p == ';' && p[1] == '\0')
            return true;
        if (strchr(known, *p) == NULL)
            return refuse(error, text, "ends in something that is no modifier known here");
    }
    return true;
}

bool expression_parse(const char *text, struct expression_parts *parts_r, struct buffer *error)
{
    const char *at = skip_blanks(text);
    buffer_init(&parts_r->first, PART_MAX_BYTES);
    buffer_init(&parts_r->second, PART_MAX_BYTES);
    parts_r->modifiers = "";
    if (!operator_take(&at, &parts_r->operator))
        return refuse(error, text, "is no expression of the form s/a/b/, m/a/ or tr/a/b/");
    bool keeps_escapes = parts_r->operator!= OPERATOR_TRANSLITERATE;
    const char *open = skip_blanks(at);
    /* Behind a blank Perl takes "#" for a comment. */
    if (!is_delimiter(*open) || (*open == '#' && open != at))
        return refuse(error, text, "has no delimiter behind its operator");
    at = part_take(open + 1, *open, keeps_escapes, &parts_r->first);
    if (at != NULL && parts_r->operator!= OPERATOR_MATCH) {
        bool is_paired = closing(*open) != *open;
        const char *second = is_paired ? skip_blanks(at) : at - 1;
        at = is_delimiter(*second) ? part_take(second + 1, *second, false, &parts_r->second) : NULL;
    }
    if (at == NULL)
        return refuse(error, text, "is not complete: a delimiter is missing");
    if (parts_r->first.has_failed || parts_r->second.has_failed)
        return refuse(error, text, "is too long");
    parts_r->modifiers = at;
    return modifiers_check(text, parts_r, error);
}

void expression_parts_deinit(struct expression_parts *parts)
{
    buffer_deinit(&parts->first);
    buffer_deinit(&parts->second);
}

/* -- what shells leave -- */

/* Names that documents write with a backslash before them, which stands for itself there. */
static const char *const flag_names[] = {
    "Answered", "Flagged",  "Deleted",  "Seen",      "Draft",     "Recent",
    "Indexed",  "ATTACHED", "Attached", "FORWARDED", "Forwarded", "RECEIPTCHECKED",
    "JUNK",     "UNSEEN",   "PRIORITY", "READRCPT",  "X-",
};

static bool names_a_flag(const char *p, size_t size)
{
    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
        size_t length = strlen(flag_names[i]);
        if (length <= size && memcmp(p, flag_names[i], length) == 0)
            return true;
    }
    return false;
}

static bool refuse_mangled(struct buffer *error, const char *text, const char *what, size_t size)
{
    buffer_printf(error,
                  "%.200s holds \"%.*s\", which is not what was meant: inside double quotes the "
                  "shell eats backslashes. Put the expression into single quotes, as in "
                  "'s/\\\\Flagged//g' or 's/\\$MDNSent//g'",
                  text, size < 30 ? (int)size : 30, what);
    return false;
}

bool expression_check_pattern(const char *text, const struct buffer *pattern, struct buffer *error)
{
    const char *p = (const char *)pattern->data;
    size_t size = pattern->used;
    for (size_t i = 0; i < size; i++) {
        size_t left = size - i;
        if (p[i] == '\\' && left > 1) {
            if (names_a_flag(p + i + 1, left - 1)) {
                size_t length = 1;
                while (length < left && is_letter(p[i + length]))
                    length++;
                return refuse_mangled(error, text, p + i, length);
            }
            i++;
        } else if (p[i] == '$' && left > 1 && (is_letter(p[i + 1]) || p[i + 1] == '{')) {
            size_t length = 1;
            while (length < left && is_word(p[i + length]))
                length++;
            return refuse_mangled(error, text, p + i, length);
        }
    }
    return true;
}

/* "(." and a quantifier, the bracket not escaped. */
static bool catches_any_text(const struct buffer *pattern)
{
    const char *p = (const char *)pattern->data;
    for (size_t i = 0; i + 2 < pattern->used; i++) {
        if (p[i] == '\\')
            i++;
        else if (p[i] == '(' && p[i + 1] == '.' && strchr("{*+", p[i + 2]) != NULL)
            return true;
    }
    return false;
}

/* $1, ${1}, $& or \1. */
static bool names_a_group(const struct buffer *replacement)
{
    const char *p = (const char *)replacement->data;
    for (size_t i = 0; i + 1 < replacement->used; i++) {
        if ((p[i] == '$' && strchr("123456789{&", p[i + 1]) != NULL) ||
            (p[i] == '\\' && strchr("123456789", p[i + 1]) != NULL))
            return true;
        if (p[i] == '\\')
            i++;
    }
    return false;
}

bool expression_forgets_group(const char *text)
{
    struct expression_parts parts;
    struct buffer ignored;
    buffer_init(&ignored, 4096);
    bool forgets = expression_parse(text, &parts, &ignored) &&
                   parts.operator== OPERATOR_SUBSTITUTE && parts.second.used> 0 &&
                   catches_any_text(&parts.first) &&
                   !names_a_group(&parts.second);
    expression_parts_deinit(&parts);
    buffer_deinit(&ignored);
    return forgets;
}
