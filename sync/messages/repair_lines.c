/* SPDX-License-Identifier: MIT
 * Lines, whatever they end with. */
#include <string.h>

#include "sync/messages/repair_private.h"

void repair_lines_begin(struct repair_lines *lines, const char *begin, const char *end)
{
    *lines = (struct repair_lines){begin, end, NULL, begin};
}

/* What was found is kept, so that no byte is looked at more often than a few times. */
static const char *find_lf(struct repair_lines *lines)
{
    if (lines->lf == NULL || lines->lf < lines->at) {
        lines->lf = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
        if (lines->lf == NULL)
            lines->lf = lines->end;
    }
    return lines->lf;
}

bool repair_lines_next(struct repair_lines *lines, struct repair_line *line_r)
{
    if (lines->at == lines->end)
        return false;
    const char *lf = find_lf(lines);
    const char *cr = memchr(lines->at, '\r', (size_t)(lf - lines->at));
    const char *behind = cr;
    line_r->text = lines->at;
    if (cr != NULL && cr >= lines->lone_cr) {
        while (behind < lf && *behind == '\r')
            behind++;
        lines->lone_cr = behind == lf && lf < lines->end ? cr : behind;
    }
    bool is_lone = cr != NULL && cr < lines->lone_cr;
    const char *text_end = cr == NULL ? lf : cr;
    line_r->size = (size_t)(text_end - lines->at);
    line_r->is_ended = is_lone || lf < lines->end;
    line_r->is_crlf = !is_lone && lf < lines->end && cr != NULL && lf == cr + 1;
    if (is_lone)
        lines->at = cr + 1;
    else
        lines->at = lf < lines->end ? lf + 1 : lines->end;
    return true;
}

void repair_append_crlf(const char *begin, const char *end, struct buffer *out)
{
    struct repair_lines lines;
    struct repair_line line;
    repair_lines_begin(&lines, begin, end);
    while (repair_lines_next(&lines, &line)) {
        buffer_append(out, line.text, line.size);
        if (line.is_ended)
            buffer_append(out, "\r\n", 2);
    }
}

bool repair_has_byte(const char *text, size_t size, char byte)
{
    return size > 0 && memchr(text, byte, size) != NULL;
}

bool repair_is_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)text[i] & 0x80) != 0)
            return false;
    }
    return true;
}
