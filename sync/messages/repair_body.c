/* SPDX-License-Identifier: MIT
 * The content of a part. */
#include <string.h>

#include "sync/messages/repair_private.h"

/* Of lines in base64 (RFC 2045 section 6.8) and in quoted-printable, whose soft end takes one. */
#define BASE64_LINE_BYTES ((size_t)76)
#define QUOTED_LINE_BYTES ((size_t)75)

struct look {
    bool is_long;
    bool is_bad_end;
    bool has_nul;
};

static struct look look(const struct repair *repair, const char *begin, const char *end)
{
    struct look found = {0};
    struct repair_lines lines;
    struct repair_line line;
    repair_lines_begin(&lines, begin, end);
    while (repair_lines_next(&lines, &line)) {
        if (line.size > repair->order->line_max_bytes)
            found.is_long = true;
        if (line.is_ended && !line.is_crlf)
            found.is_bad_end = true;
    }
    if (repair_is_whole(repair))
        found.has_nul = repair_has_byte(begin, (size_t)(end - begin), '\0');
    else
        found.is_bad_end = false;
    return found;
}

/* -- encoding -- */

bool repair_body_needs_encoding(const struct repair *repair, const struct repair_content *content,
                                enum mime_encoding *encoding_r)
{
    struct look found = look(repair, content->begin, content->end);
    bool is_binary = content->coding == REPAIR_CODING_BINARY;
    if (content->coding != REPAIR_CODING_PLAIN && !is_binary)
        return false;
    if (!found.is_long && !found.has_nul &&
        !(found.is_bad_end && (is_binary || content->is_unicode)))
        return false;
    bool is_readable = content->is_text && !content->is_unicode;
    *encoding_r = is_readable
                      ? mime_encoding_for(content->begin, (size_t)(content->end - content->begin))
                      : MIME_BASE64;
    return true;
}

void repair_body_encode(struct repair *repair, const struct repair_content *content,
                        enum mime_encoding encoding)
{
    struct look found = look(repair, content->begin, content->end);
    const void *data = content->begin;
    size_t size = (size_t)(content->end - content->begin);
    /* Bytes that are no lines stay what they are. */
    if (!content->is_unicode && (content->is_text || content->coding == REPAIR_CODING_PLAIN)) {
        buffer_clear(&repair->text);
        repair_append_crlf(content->begin, content->end, &repair->text);
        data = repair->text.data;
        size = repair->text.used;
        if (found.is_bad_end)
            repair_note(repair, CHANGE_LINES_ENDED);
    }
    if (found.has_nul)
        repair_note(repair, CHANGE_NULS_REPLACED);
    repair_note(repair, CHANGE_PART_ENCODED);
    if (!repair->text.has_failed && size > 0 && !mime_encode(encoding, data, size, repair->out) &&
        !repair->out->has_failed)
        repair->is_unable = true;
}

/* -- as it is -- */

/* A NUL means nothing in base64, is =00 in quoted-printable, and a blank elsewhere. */
static void append_byte(enum repair_coding coding, char byte, struct buffer *out)
{
    if (byte != '\0')
        buffer_append_byte(out, (unsigned char)byte);
    else if (coding == REPAIR_CODING_QUOTED)
        buffer_append_str(out, "=00");
    else if (coding != REPAIR_CODING_BASE64)
        buffer_append_byte(out, ' ');
}

static bool is_escape_begin(const char *text, size_t size)
{
    return size >= 3 && text[0] == '=' &&
           strspn((const char[]){text[1], text[2], '\0'}, "0123456789ABCDEFabcdef") == 2;
}

static void append_quoted_line(const struct repair_line *line, struct buffer *out)
{
    size_t column = 0;
    for (size_t i = 0; i < line->size;) {
        size_t unit = is_escape_begin(line->text + i, line->size - i) ? 3 : 1;
        size_t width = line->text[i] == '\0' ? 3 : unit;
        /* A soft end that is there already is the last thing on the line. */
        bool is_soft_end = unit == 1 && line->text[i] == '=' && i + 1 == line->size;
        if (column + width > QUOTED_LINE_BYTES && !is_soft_end) {
            buffer_append_str(out, "=\r\n");
            column = 0;
        }
        for (size_t k = 0; k < unit; k++)
            append_byte(REPAIR_CODING_QUOTED, line->text[i + k], out);
        column += width;
        i += unit;
    }
}

static void append_pieces(const struct repair_line *line, enum repair_coding coding, size_t most,
                          struct buffer *out)
{
    for (size_t i = 0; i < line->size; i++) {
        if (i > 0 && i % most == 0)
            buffer_append(out, "\r\n", 2);
        append_byte(coding, line->text[i], out);
    }
}

static void append_line(struct repair *repair, enum repair_coding coding, bool is_filler,
                        const struct repair_line *line)
{
    size_t max = repair->order->line_max_bytes;
    bool is_long = line->size > max;
    bool has_nul = repair_is_whole(repair) && repair_has_byte(line->text, line->size, '\0');
    if (coding == REPAIR_CODING_QUOTED && (is_long || has_nul))
        append_quoted_line(line, repair->out);
    else if (coding == REPAIR_CODING_BASE64 && is_long)
        append_pieces(line, coding, BASE64_LINE_BYTES, repair->out);
    else if (is_filler && is_long)
        append_pieces(line, coding, max, repair->out);
    else if (has_nul)
        append_pieces(line, coding, SIZE_MAX, repair->out);
    else
        buffer_append(repair->out, line->text, line->size);
    if (is_long && (is_filler || coding == REPAIR_CODING_BASE64 || coding == REPAIR_CODING_QUOTED))
        repair_note(repair, CHANGE_PART_ENCODED);
}

static void append_content(struct repair *repair, enum repair_coding coding, bool is_filler,
                           const char *begin, const char *end)
{
    struct look found = look(repair, begin, end);
    struct repair_lines lines;
    struct repair_line line;
    if (!found.is_long && !found.is_bad_end && !found.has_nul) {
        buffer_append(repair->out, begin, (size_t)(end - begin));
        return;
    }
    if (found.is_bad_end)
        repair_note(repair, CHANGE_LINES_ENDED);
    if (found.has_nul)
        repair_note(repair, CHANGE_NULS_REPLACED);
    repair_lines_begin(&lines, begin, end);
    while (repair_lines_next(&lines, &line)) {
        append_line(repair, coding, is_filler, &line);
        if (line.is_ended && repair_is_whole(repair))
            buffer_append(repair->out, "\r\n", 2);
        else
            buffer_append(repair->out, line.text + line.size,
                          (size_t)(lines.at - line.text) - line.size);
    }
}

void repair_body_append(struct repair *repair, const struct repair_content *content)
{
    append_content(repair, content->coding, false, content->begin, content->end);
}

void repair_filler_append(struct repair *repair, const char *begin, const char *end)
{
    append_content(repair, REPAIR_CODING_PLAIN, true, begin, end);
}
