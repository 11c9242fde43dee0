/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

bool str_to_uint64(const char *text, size_t size, uint64_t max, uint64_t *value_r)
{
    uint64_t value = 0;
    if (size == 0)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *value_r = value;
    return true;
}

/* Digits with single underscores between them; advances *text. */
static bool str_take_digits(const char **text, double unit_step, double *value_r)
{
    const char *p = *text;
    double unit = 1;
    if (*p < '0' || *p > '9')
        return false;
    for (;; p++) {
        if (*p >= '0' && *p <= '9') {
            if (unit_step == 1) {
                *value_r = *value_r * 10 + (*p - '0');
            } else {
                unit *= unit_step;
                *value_r += unit * (*p - '0');
            }
        } else if (*p != '_' || p[1] < '0' || p[1] > '9') {
            break;
        }
    }
    *text = p;
    return true;
}

static double str_scale_of(char suffix)
{
    switch (str_lower(suffix)) {
    case 'k':
        return 1e3;
    case 'm':
        return 1e6;
    case 'g':
        return 1e9;
    default:
        return 0;
    }
}

bool str_to_number(const char *text, bool may_scale, double *value_r)
{
    double value = 0;
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    bool has_digits = str_take_digits(&text, 1, &value);
    if (*text == '.') {
        text++;
        if (str_take_digits(&text, 0.1, &value))
            has_digits = true;
    }
    if (!has_digits)
        return false;
    if (*text != '\0' && may_scale) {
        double scale = str_scale_of(*text++);
        if (scale == 0)
            return false;
        value *= scale;
    }
    if (*text != '\0' || !isfinite(value))
        return false;
    *value_r = is_negative ? -value : value;
    return true;
}

bool str_to_integer(const char *text, bool may_scale, int64_t min, int64_t max, int64_t *value_r)
{
    double value;
    if (!str_to_number(text, may_scale, &value))
        return false;
    value = may_scale ? round(value * 1e3) / 1e3 : value;
    if (value != floor(value) || fabs(value) > 9e15)
        return false;
    int64_t whole = (int64_t)value;
    if (whole < min || whole > max)
        return false;
    *value_r = whole;
    return true;
}

char str_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_iequals(const char *a, const char *b)
{
    return str_iequals_n(a, strlen(a), b);
}

bool str_iequals_n(const char *a, size_t a_size, const char *b)
{
    for (size_t i = 0; i < a_size; i++) {
        if (b[i] == '\0' || (a[i] != b[i] && str_lower(a[i]) != str_lower(b[i])))
            return false;
    }
    return b[a_size] == '\0';
}

bool str_istarts_with(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; prefix++, text++) {
        if (*text == '\0' || str_lower(*text) != str_lower(*prefix))
            return false;
    }
    return true;
}

const char *str_ifind(const char *text, const char *needle)
{
    for (; *text != '\0'; text++) {
        if (str_istarts_with(text, needle))
            return text;
    }
    return *needle == '\0' ? text : NULL;
}

char *str_trim(char *text)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t start = strspn(text, blanks);
    size_t end = strlen(text);
    while (end > start && strchr(blanks, text[end - 1]) != NULL)
        end--;
    memmove(text, text + start, end - start);
    text[end - start] = '\0';
    return text;
}

/* Length of the valid UTF-8 sequence at p (1..4), or 0. RFC 3629 section 4. */
static size_t utf8_sequence(const unsigned char *p, size_t size)
{
    unsigned char c = p[0];
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t length;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        length = 2;
    else if (c >= 0xe0 && c <= 0xef)
        length = 3;
    else if (c >= 0xf0 && c <= 0xf4)
        length = 4;
    else
        return 0;
    if (c == 0xe0)
        low = 0xa0;
    else if (c == 0xed)
        high = 0x9f;
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f;
    if (size < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    }
    return length;
}

bool str_is_utf8(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        size_t length = utf8_sequence(p + i, size - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

/* How many bytes of printable ASCII it begins with: nearly all there is. */
static size_t ascii_run(const unsigned char *p, size_t size)
{
    size_t length = 0;
    while (length < size && p[length] >= 0x20 && p[length] < 0x7f)
        length++;
    return length;
}

void str_append_printable(struct buffer *buf, const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        size_t length = ascii_run(p + i, size - i);
        if (length == 0)
            length = utf8_sequence(p + i, size - i);
        bool is_control = length == 1 && (p[i] < 0x20 || p[i] == 0x7f);
        bool is_c1 = length == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0;
        if (length == 0 || is_control || is_c1) {
            length = length == 0 ? 1 : length;
            for (size_t k = 0; k < length; k++)
                buffer_printf(buf, "\\x%02x", p[i + k]);
        } else {
            buffer_append(buf, p + i, length);
        }
        i += length;
    }
}

const char *str_error(int error, char text_r[STR_ERROR_SIZE])
{
    if (strerror_r(error, text_r, STR_ERROR_SIZE) != 0)
        (void)snprintf(text_r, STR_ERROR_SIZE, "error %d", error);
    return text_r;
}

void str_list_add(struct str_list *list, const char *text)
{
    MEM_GROW(list->items, list->count, list->alloc);
    list->items[list->count++] = mem_strdup(text);
}

void str_list_copy(struct str_list *to, const struct str_list *from)
{
    memset(to, 0, sizeof(*to));
    for (size_t i = 0; i < from->count; i++)
        str_list_add(to, from->items[i]);
}

void str_list_deinit(struct str_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i]);
    mem_free(list->items);
    memset(list, 0, sizeof(*list));
}
