/* SPDX-License-Identifier: MIT
 * What is not ASCII in the value of a field. It is taken to be UTF-8, else Windows' Latin 1, which
 * is what old mail has. Each kind of field has its own way: encoded words between words (RFC 2047),
 * in names of people instead of quotes, in parameters %XX (RFC 2231); an id has none. */
#include <string.h>

#include "base/str.h"
#include "sync/messages/repair_private.h"

#define VALUE_MAX_BYTES ((size_t)16 * 1024 * 1024)
/* An encoded word has at most 75 bytes (RFC 2047 section 2). */
#define WORD_BYTES ((size_t)45)
#define WORD_BEGIN "=?UTF-8?B?"
#define WORD_END   "?="

/* -- characters -- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_high(char c)
{
    return ((unsigned char)c & 0x80) != 0;
}

static bool append_utf8(struct buffer *out, unsigned int point)
{
    unsigned char bytes[3];
    size_t size = 0;
    if (point < 0x800) {
        bytes[size++] = (unsigned char)(0xc0 | point >> 6);
    } else {
        bytes[size++] = (unsigned char)(0xe0 | point >> 12);
        bytes[size++] = (unsigned char)(0x80 | (point >> 6 & 0x3f));
    }
    bytes[size++] = (unsigned char)(0x80 | (point & 0x3f));
    return buffer_append(out, bytes, size);
}

/* What stands at 0x80 to 0x9f in windows-1252; 0: nothing, so the control character stays. */
static const unsigned short windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static void append_as_utf8(const char *text, size_t size, struct buffer *out)
{
    if (str_is_utf8(text, size)) {
        buffer_append(out, text, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        unsigned int point = byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte;
        if (byte < 0x80)
            buffer_append_byte(out, byte);
        else
            append_utf8(out, point == 0 ? byte : point);
    }
}

/* -- encoded words -- */

/* At most so many bytes, and no part of a character. */
static size_t piece_size(const char *text, size_t size)
{
    if (size <= WORD_BYTES)
        return size;
    size_t piece = WORD_BYTES;
    while (piece > WORD_BYTES - 3 && ((unsigned char)text[piece] & 0xc0) == 0x80)
        piece--;
    return piece;
}

/* All of the text; blanks between two encoded words are not shown. */
static void append_encoded(const char *text, size_t size, struct buffer *out)
{
    while (size > 0) {
        size_t piece = piece_size(text, size);
        buffer_append_str(out, WORD_BEGIN);
        if (!mime_encode(MIME_BASE64, text, piece, out))
            out->has_failed = true;
        if (out->used > 2 && memcmp(out->data + out->used - 2, "\r\n", 2) == 0)
            out->used -= 2;
        buffer_append_str(out, WORD_END);
        text += piece;
        size -= piece;
        if (size > 0)
            buffer_append_byte(out, ' ');
    }
}

/* Words that are not ASCII, those next to each other as one. */
static void append_text(const char *text, size_t size, struct buffer *out)
{
    size_t at = 0;
    while (at < size) {
        size_t begin = at;
        size_t high_end = 0; /* behind the last word of the run */
        while (at < size) {
            size_t word = at;
            while (word < size && is_blank(text[word]))
                word++;
            size_t word_end = word;
            while (word_end < size && !is_blank(text[word_end]))
                word_end++;
            bool is_ascii = repair_is_ascii(text + word, word_end - word);
            if (is_ascii && high_end > 0)
                break;
            at = word_end;
            if (is_ascii) {
                buffer_append(out, text + begin, at - begin);
                begin = at;
                continue;
            }
            if (high_end == 0) {
                buffer_append(out, text + begin, word - begin);
                begin = word;
            }
            high_end = word_end;
        }
        append_encoded(text + begin, high_end > begin ? high_end - begin : 0, out);
    }
}

/* -- addresses (RFC 5322 section 3.4) -- */

/* Behind the closing quote or bracket; `size` if there is none. */
static size_t find_close(const char *text, size_t size, char open, char close)
{
    size_t depth = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\' && open != '<') {
            i++;
        } else if (text[i] == close && (open == close ? i > 0 : true)) {
            if (open != '(' || --depth == 0)
                return i + 1;
        } else if (text[i] == open) {
            depth++;
        }
    }
    return size;
}

static void append_quoted(const char *text, size_t size, struct buffer *out)
{
    struct buffer bare;
    buffer_init(&bare, VALUE_MAX_BYTES);
    for (size_t i = 1; i < size && text[i] != '"'; i++) {
        if (text[i] == '\\' && i + 1 < size)
            i++;
        buffer_append_byte(&bare, (unsigned char)text[i]);
    }
    append_encoded(buffer_str(&bare), bare.used, out);
    buffer_deinit(&bare);
}

static void append_comment(const char *text, size_t size, struct buffer *out)
{
    size_t inner = size >= 2 && text[size - 1] == ')' ? size - 2 : size - 1;
    buffer_append_byte(out, '(');
    append_text(text + 1, inner, out);
    buffer_append(out, text + 1 + inner, size - 1 - inner);
}

static void append_addresses(const char *text, size_t size, struct buffer *out)
{
    size_t at = 0;
    while (at < size) {
        char c = text[at];
        size_t rest = size - at;
        size_t length = c == '"'   ? find_close(text + at, rest, '"', '"')
                        : c == '(' ? find_close(text + at, rest, '(', ')')
                        : c == '<' ? find_close(text + at, rest, '<', '>')
                                   : 1;
        if (strchr("\"(<,;:", c) == NULL || c == '\0') {
            while (length < rest && strchr("\"(<,;:", text[at + length]) == NULL)
                length++;
        }
        bool is_address = at + length < size && text[at + length] == '@';
        if (repair_is_ascii(text + at, length) || is_address || c == '<' ||
            (c != '"' && c != '(' && repair_has_byte(text + at, length, '@')))
            buffer_append(out, text + at, length);
        else if (c == '"')
            append_quoted(text + at, length, out);
        else if (c == '(')
            append_comment(text + at, length, out);
        else
            append_text(text + at, length, out);
        at += length;
    }
}

/* -- parameters (RFC 2231 section 4) -- */

static size_t parameter_end(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && text[at] != ';')
        at += text[at] == '"' ? find_close(text + at, size - at, '"', '"') : 1;
    return at < size ? at : size;
}

static void append_percent(const char *value, size_t size, struct buffer *out)
{
    static const char hex[] = "0123456789ABCDEF";
    bool is_quoted = size > 0 && value[0] == '"';
    for (size_t i = is_quoted ? 1 : 0; i < size && !(is_quoted && value[i] == '"'); i++) {
        if (is_quoted && value[i] == '\\' && i + 1 < size)
            i++;
        unsigned char byte = (unsigned char)value[i];
        bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                        (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '-' || byte == '_';
        if (is_plain) {
            buffer_append_byte(out, byte);
        } else {
            buffer_append_byte(out, '%');
            buffer_append_byte(out, (unsigned char)hex[byte >> 4]);
            buffer_append_byte(out, (unsigned char)hex[byte & 15]);
        }
    }
}

static void append_parameter(const char *text, size_t size, struct buffer *out)
{
    const char *equals = memchr(text, '=', size);
    size_t name = equals == NULL ? 0 : (size_t)(equals - text);
    while (name > 0 && is_blank(text[name - 1]))
        name--;
    if (name == 0 || repair_is_ascii(text, size) || !repair_is_ascii(text, name) ||
        repair_has_byte(text, name, '*')) {
        buffer_append(out, text, size);
        return;
    }
    const char *value = equals + 1;
    const char *end = text + size;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    buffer_append(out, text, name);
    buffer_append_str(out, "*=utf-8''");
    append_percent(value, (size_t)(end - value), out);
}

static void append_parameters(const char *text, size_t size, struct buffer *out)
{
    size_t at = parameter_end(text, size);
    buffer_append(out, text, at);
    while (at < size) {
        size_t length = parameter_end(text + at + 1, size - at - 1);
        buffer_append_byte(out, ';');
        append_parameter(text + at + 1, length, out);
        at += 1 + length;
    }
}

/* -- by field -- */

static bool is_one_of(const char *name, size_t size, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (str_iequals_n(name, size, *names))
            return true;
    }
    return false;
}

/* As everybody who compares ids takes them: see header_append_normal(). */
static void append_id(const char *text, size_t size, struct buffer *out)
{
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(out, is_high(text[i]) ? 'X' : (unsigned char)text[i]);
}

void repair_words_append(const char *name, size_t name_size, const char *value, size_t size,
                         struct buffer *out)
{
    static const char *const ids[] = {"Message-ID", "In-Reply-To",       "References",
                                      "Content-ID", "Resent-Message-ID", NULL};
    static const char *const addresses[] = {"From",        "To",
                                            "Cc",          "Bcc",
                                            "Sender",      "Reply-To",
                                            "Resent-From", "Resent-To",
                                            "Resent-Cc",   "Resent-Sender",
                                            "Return-Path", "Disposition-Notification-To",
                                            NULL};
    static const char *const parametrised[] = {"Content-Type", "Content-Disposition", NULL};
    struct buffer text;
    if (is_one_of(name, name_size, ids)) {
        append_id(value, size, out);
        return;
    }
    buffer_init(&text, VALUE_MAX_BYTES);
    append_as_utf8(value, size, &text);
    const char *whole = buffer_str(&text);
    if (is_one_of(name, name_size, addresses))
        append_addresses(whole, text.used, out);
    else if (is_one_of(name, name_size, parametrised))
        append_parameters(whole, text.used, out);
    else
        append_text(whole, text.used, out);
    if (text.has_failed)
        out->has_failed = true;
    buffer_deinit(&text);
}
