/* SPDX-License-Identifier: MIT */
#include "sync/folders/mutf7.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* "&" BASE64 "-" with "," for "/" and no padding. */
static const char mutf7_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* What stands for itself: printable ASCII. "&" is among it and treated apart. */
static bool mutf7_is_direct(uint32_t c)
{
    return c >= 0x20 && c <= 0x7e;
}

static int mutf7_base64_value(char c)
{
    const char *found = c == '\0' ? NULL : strchr(mutf7_alphabet, c);
    return found == NULL ? -1 : (int)(found - mutf7_alphabet);
}

static void mutf7_append_utf8(struct buffer *utf8, uint32_t c)
{
    if (c < 0x80) {
        buffer_append_byte(utf8, (unsigned char)c);
        return;
    }
    if (c < 0x800) {
        buffer_append_byte(utf8, (unsigned char)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        buffer_append_byte(utf8, (unsigned char)(0xe0 | c >> 12));
        buffer_append_byte(utf8, (unsigned char)(0x80 | (c >> 6 & 0x3f)));
    } else {
        buffer_append_byte(utf8, (unsigned char)(0xf0 | c >> 18));
        buffer_append_byte(utf8, (unsigned char)(0x80 | (c >> 12 & 0x3f)));
        buffer_append_byte(utf8, (unsigned char)(0x80 | (c >> 6 & 0x3f)));
    }
    buffer_append_byte(utf8, (unsigned char)(0x80 | (c & 0x3f)));
}

/* Takes UTF-16 units one by one; *high holds a high surrogate that waits for its other half. */
static bool mutf7_take_unit(uint32_t unit, uint32_t *high, struct buffer *utf8)
{
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (is_low != (*high != 0))
        return false;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        *high = unit;
        return true;
    }
    if (is_low)
        unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
    *high = 0;
    if (unit == 0 || mutf7_is_direct(unit))
        return false;
    mutf7_append_utf8(utf8, unit);
    return true;
}

/* Decodes what stands between "&" and "-". Returns how many bytes it took, "-" included; 0 when it
   is invalid. */
static size_t mutf7_decode_shift(const char *text, size_t size, struct buffer *utf8)
{
    uint32_t bits = 0;
    uint32_t high = 0;
    unsigned int bit_count = 0;
    size_t i = 0;
    for (; i < size && text[i] != '-'; i++) {
        int value = mutf7_base64_value(text[i]);
        if (value < 0)
            return 0;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count < 16)
            continue;
        bit_count -= 16;
        if (!mutf7_take_unit(bits >> bit_count & 0xffff, &high, utf8))
            return 0;
        bits &= (1U << bit_count) - 1;
    }
    bool is_complete = i < size && high == 0 && bit_count < 6 && bits == 0;
    return is_complete ? i + 1 : 0;
}

static bool mutf7_decode_into(const char *name, size_t size, struct buffer *utf8)
{
    bool was_shift = false;
    for (size_t i = 0; i < size;) {
        unsigned char c = (unsigned char)name[i++];
        if (c == '&' && i < size && name[i] == '-') {
            buffer_append_byte(utf8, '&');
            was_shift = false;
            i++;
        } else if (c == '&') {
            /* Two shifts in a row could have been one: "superfluous shift". */
            size_t taken = was_shift ? 0 : mutf7_decode_shift(name + i, size - i, utf8);
            if (taken == 0)
                return false;
            was_shift = true;
            i += taken;
        } else {
            if (c < 0x80 && !mutf7_is_direct(c))
                return false;
            buffer_append_byte(utf8, c);
            was_shift = false;
        }
    }
    return !utf8->has_failed && str_is_utf8((const char *)utf8->data, utf8->used);
}

bool mutf7_decode(const char *name, size_t size, struct buffer *utf8)
{
    /* UTF-8 is never longer than twice what it was encoded to. */
    struct buffer decoded;
    buffer_init(&decoded, size < SIZE_MAX / 2 - 8 ? size * 2 + 8 : SIZE_MAX);
    bool is_ok = mutf7_decode_into(name, size, &decoded) &&
                 (decoded.used == 0 || buffer_append(utf8, decoded.data, decoded.used));
    buffer_deinit(&decoded);
    return is_ok;
}

/* The character at *p, which is valid UTF-8; moves *p behind it. */
static uint32_t mutf7_next_char(const unsigned char **p)
{
    uint32_t c = *(*p)++;
    if (c < 0x80)
        return c;
    unsigned int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    c &= 0x3fU >> more;
    while (more-- > 0)
        c = c << 6 | (*(*p)++ & 0x3fU);
    return c;
}

/* The bits of a shift that do not fill a base64 digit yet. */
struct mutf7_shift {
    bool is_open;
    uint32_t bits;
    unsigned int bit_count;
};

static void mutf7_append_unit(struct buffer *name, struct mutf7_shift *shift, uint32_t unit)
{
    if (!shift->is_open)
        buffer_append_byte(name, '&');
    shift->is_open = true;
    shift->bits = shift->bits << 16 | unit;
    shift->bit_count += 16;
    while (shift->bit_count >= 6) {
        shift->bit_count -= 6;
        buffer_append_byte(name,
                           (unsigned char)mutf7_alphabet[shift->bits >> shift->bit_count & 0x3f]);
    }
    shift->bits &= (1U << shift->bit_count) - 1;
}

static void mutf7_close_shift(struct buffer *name, struct mutf7_shift *shift)
{
    if (!shift->is_open)
        return;
    if (shift->bit_count > 0)
        buffer_append_byte(
            name, (unsigned char)mutf7_alphabet[shift->bits << (6 - shift->bit_count) & 0x3f]);
    buffer_append_byte(name, '-');
    memset(shift, 0, sizeof(*shift));
}

static void mutf7_encode_into(const char *utf8, size_t size, struct buffer *name)
{
    struct mutf7_shift shift = {0};
    const unsigned char *p = (const unsigned char *)utf8;
    const unsigned char *end = p + size;
    while (p < end) {
        uint32_t c = mutf7_next_char(&p);
        if (mutf7_is_direct(c)) {
            mutf7_close_shift(name, &shift);
            buffer_append(name, c == '&' ? "&-" : (const char *)p - 1, c == '&' ? 2 : 1);
        } else if (c >= 0x10000) {
            mutf7_append_unit(name, &shift, 0xd800 + ((c - 0x10000) >> 10));
            mutf7_append_unit(name, &shift, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            mutf7_append_unit(name, &shift, c);
        }
    }
    mutf7_close_shift(name, &shift);
}

bool mutf7_encode(const char *utf8, size_t size, struct buffer *name)
{
    if (!str_is_utf8(utf8, size) || (size > 0 && memchr(utf8, '\0', size) != NULL))
        return false;
    /* At worst single non-ASCII characters alternate with ASCII: "&" and 3 digits and "-" for 1. */
    struct buffer encoded;
    buffer_init(&encoded, size < SIZE_MAX / 5 - 1 ? size * 5 + 5 : SIZE_MAX);
    mutf7_encode_into(utf8, size, &encoded);
    bool is_ok = !encoded.has_failed &&
                 (encoded.used == 0 || buffer_append(name, encoded.data, encoded.used));
    buffer_deinit(&encoded);
    return is_ok;
}

char *mutf7_to_display(const char *name)
{
    size_t size = strlen(name);
    struct buffer utf8;
    buffer_init(&utf8, SIZE_MAX);
    char *display = mem_strdup(mutf7_decode(name, size, &utf8) ? buffer_str(&utf8) : name);
    buffer_deinit(&utf8);
    return display;
}
