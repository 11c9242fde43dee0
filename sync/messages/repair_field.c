/* SPDX-License-Identifier: MIT
 * One field of a header block. */
#include <string.h>

#include "sync/messages/repair_private.h"

/* Where a line that has to be folded is folded, if there is a blank. */
#define FOLD_BYTES ((size_t)78)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* -- folding -- */

/* The last blank of those between two words, in (0, most]; 0: none. */
static size_t last_seam(const char *text, size_t most)
{
    for (size_t i = most; i > 1; i--) {
        if (is_blank(text[i - 1]) && !is_blank(text[i]) && !is_blank(text[i - 2]))
            return i - 1;
    }
    return 0;
}

static size_t first_seam(const char *text, size_t from, size_t size)
{
    for (size_t i = from; i + 1 < size; i++) {
        if (i > 0 && is_blank(text[i]) && !is_blank(text[i + 1]) && !is_blank(text[i - 1]))
            return i;
    }
    return 0;
}

/* Between words none was found: behind a comma or the like, else anywhere but inside a character of
   UTF-8. */
static size_t hard_seam(const char *text, size_t most)
{
    for (size_t i = most; i > most / 2; i--) {
        if (strchr(",;>", text[i - 1]) != NULL && text[i - 1] != '\0')
            return i;
    }
    size_t at = most;
    while (at > most - 3 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

void repair_fold(struct repair *repair, const char *text, size_t size)
{
    struct buffer *out = repair->out;
    size_t max = repair->order->line_max_bytes;
    size_t most = max > FOLD_BYTES ? FOLD_BYTES : max;
    bool is_first = true;
    while (size > most) {
        /* The name of a field stays with its first word: else some find an empty value. */
        size_t from = is_first ? (size_t)strcspn(text, ":") + 2 : 1;
        size_t seam = last_seam(text, most);
        is_first = false;
        if (seam < from)
            seam = first_seam(text, from < most ? most : from, size < max + 2 ? size : max + 2);
        if (seam == 0 && size <= max)
            break;
        bool is_hard = seam == 0 || seam > max;
        if (is_hard)
            seam = hard_seam(text, max - 1);
        buffer_append(out, text, seam);
        buffer_append_str(out, is_hard ? "\r\n " : "\r\n");
        text += seam;
        size -= seam;
    }
    buffer_append(out, text, size);
}

/* -- the field -- */

/* What is to be done to it. */
struct field {
    const char *begin;
    const char *end;
    bool has_nul;
    bool is_ascii;
    bool is_long;    /* a line of it */
    bool is_bad_end; /* of a line */
    bool is_unended; /* its last line has no end */
};

static void look(const struct repair *repair, size_t prefix_size, struct field *field)
{
    struct repair_lines lines;
    struct repair_line line;
    size_t before = prefix_size;
    repair_lines_begin(&lines, field->begin, field->end);
    while (repair_lines_next(&lines, &line)) {
        if (before + line.size > repair->order->line_max_bytes)
            field->is_long = true;
        if (line.is_ended && !line.is_crlf)
            field->is_bad_end = true;
        field->is_unended = !line.is_ended;
        before = 0;
    }
    size_t size = (size_t)(field->end - field->begin);
    field->has_nul = repair_has_byte(field->begin, size, '\0');
    field->is_ascii = repair_is_ascii(field->begin, size);
}

/* Into one line: each fold keeps the blanks it begins with. NUL becomes a blank, as in imapsync's
 * documentation (s/\000/ /g). */
static void unfold(const char *prefix, const struct field *field, struct buffer *text)
{
    struct repair_lines lines;
    struct repair_line line;
    buffer_clear(text);
    buffer_append_str(text, prefix);
    repair_lines_begin(&lines, field->begin, field->end);
    while (repair_lines_next(&lines, &line)) {
        buffer_append(text, line.text, line.size);
    }
    for (size_t i = 0; i < text->used; i++) {
        if (text->data[i] == '\0')
            text->data[i] = ' ';
    }
}

/* Line by line, so that folds stay where they are. */
static void append_lines(struct repair *repair, const char *prefix, const struct field *field)
{
    struct repair_lines lines;
    struct repair_line line;
    repair_lines_begin(&lines, field->begin, field->end);
    while (repair_lines_next(&lines, &line)) {
        bool is_first = line.text == field->begin;
        size_t begin = repair->out->used;
        buffer_append_str(repair->out, is_first ? prefix : "");
        buffer_append(repair->out, line.text, line.size);
        for (size_t i = begin; i < repair->out->used; i++) {
            if (repair->out->data[i] == '\0')
                repair->out->data[i] = ' ';
        }
        if (line.is_ended)
            buffer_append(repair->out, "\r\n", 2);
    }
}

static void append_unfolded(struct repair *repair, const char *prefix, const struct field *field)
{
    struct buffer *text = &repair->text;
    unfold(prefix, field, text);
    const char *whole = buffer_str(text);
    size_t name_size = strcspn(whole, ": \t");
    size_t value = strcspn(whole, ":");
    value += whole[value] == ':' ? 1 : 0;
    if (!field->is_ascii && repair_is_whole(repair)) {
        struct buffer *out = &repair->value;
        buffer_clear(out);
        buffer_append(out, whole, value);
        repair_words_append(whole, name_size, whole + value, text->used - value, out);
        whole = buffer_str(out);
        text = out;
        repair_note(repair, CHANGE_HEADER_ENCODED);
    }
    if (field->is_long)
        repair_note(repair, CHANGE_HEADER_FOLDED);
    repair_fold(repair, whole, text->used);
    if (!field->is_unended)
        buffer_append(repair->out, "\r\n", 2);
}

void repair_field_append(struct repair *repair, const char *prefix, const char *begin,
                         const char *end)
{
    struct field field = {.begin = begin, .end = end};
    bool is_whole = repair_is_whole(repair);
    look(repair, strlen(prefix), &field);
    if (is_whole && field.has_nul)
        repair_note(repair, CHANGE_NULS_REPLACED);
    if (is_whole && field.is_bad_end)
        repair_note(repair, CHANGE_LINES_ENDED);
    if (field.is_long || (is_whole && !field.is_ascii))
        append_unfolded(repair, prefix, &field);
    else if (is_whole && (field.has_nul || field.is_bad_end || prefix[0] != '\0'))
        append_lines(repair, prefix, &field);
    else
        buffer_append(repair->out, begin, (size_t)(end - begin));
}
