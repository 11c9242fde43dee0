/* SPDX-License-Identifier: MIT
 * Where a header block ends, and its fields one by one. */
#include <string.h>

#include "base/str.h"
#include "sync/messages/repair_private.h"

#define NAME_MAX_BYTES  100
#define FROM_LINE       "From "
#define ENCODING_FIELD  "Content-Transfer-Encoding"
#define BROKEN_LINE     "X-Broken-Header: "
#define FROM_LINE_FIELD "X-From: "

static bool is_folded(const struct repair_line *line)
{
    return line->size > 0 && (line->text[0] == ' ' || line->text[0] == '\t');
}

/* RFC 5322 section 2.2, and blanks before the colon (section 4.5). */
static size_t name_size(const struct repair_line *line)
{
    size_t size = 0;
    while (size < line->size && line->text[size] > ' ' && line->text[size] < 0x7f &&
           line->text[size] != ':')
        size++;
    size_t colon = size;
    while (colon < line->size && (line->text[colon] == ' ' || line->text[colon] == '\t'))
        colon++;
    return colon < line->size && line->text[colon] == ':' && size <= NAME_MAX_BYTES ? size : 0;
}

bool repair_is_field(const struct repair_line *line)
{
    return name_size(line) > 0;
}

/* No text of a letter begins so by chance. */
static bool is_known_field(const struct repair_line *line)
{
    static const char *const names[] = {
        "Received",
        "From",
        "To",
        "Cc",
        "Bcc",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "Sender",
        "In-Reply-To",
        "References",
        "Return-Path",
        "Importance",
        "MIME-Version",
        "Delivered-To",
        "Envelope-To",
        "User-Agent",
        "Precedence",
        "Organization",
        "Disposition-Notification-To",
        "Authentication-Results",
        "Auto-Submitted",
    };
    static const char *const beginnings[] = {"X-",   "Content-", "Resent-", "List-",
                                             "ARC-", "DKIM-",    "Thread-", "Received-"};
    size_t size = name_size(line);
    for (size_t i = 0; size > 0 && i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_iequals_n(line->text, size, names[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        size_t length = strlen(beginnings[i]);
        if (size > length && str_iequals_n(line->text, length, beginnings[i]))
            return true;
    }
    return false;
}

static bool is_from_line(const struct repair_line *line)
{
    size_t quote = line->size > 0 && line->text[0] == '>' ? 1 : 0;
    return line->size - quote > strlen(FROM_LINE) &&
           memcmp(line->text + quote, FROM_LINE, strlen(FROM_LINE)) == 0;
}

/* The known field that follows before the next empty line, or NULL. */
static const char *find_known(struct repair_lines lines)
{
    struct repair_line line;
    while (repair_lines_next(&lines, &line) && line.size > 0) {
        if (is_known_field(&line))
            return line.text;
    }
    return NULL;
}

void repair_header_find(const char *begin, const char *end, bool is_of_message,
                        struct repair_header *header_r)
{
    struct repair_lines lines;
    struct repair_line line;
    const char *known = begin; /* up to here all belongs to the block */
    *header_r = (struct repair_header){begin, end, end, false, is_of_message};
    repair_lines_begin(&lines, begin, end);
    while (repair_lines_next(&lines, &line)) {
        if (line.size == 0) {
            header_r->end = line.text;
            header_r->body = lines.at;
            return;
        }
        bool is_first = line.text == begin;
        if ((is_folded(&line) && !is_first) || repair_is_field(&line) || line.text < known ||
            (is_first && is_of_message && is_from_line(&line)))
            continue;
        known = find_known(lines);
        if (known != NULL)
            continue;
        header_r->end = header_r->body = line.text;
        header_r->lacks_blank = true;
        return;
    }
}

static bool is_encoding_field(const struct repair_line *line)
{
    return str_iequals_n(line->text, name_size(line), ENCODING_FIELD);
}

/* What makes a field of a line that is none. It is not put behind the field before it: that might
   be the Message-ID. */
static const char *prefix_of(const struct repair *repair, const struct repair_header *header,
                             const struct repair_line *line)
{
    if (repair_is_field(line) || !repair_is_whole(repair))
        return "";
    return line->text == header->begin && header->is_of_message && is_from_line(line)
               ? FROM_LINE_FIELD
               : BROKEN_LINE;
}

static void append_encoding(struct repair *repair, const struct repair_header *header,
                            const char *encoding, bool has_version)
{
    struct buffer *out = repair->out;
    if (out->used > 0 && header->end > header->begin && out->data[out->used - 1] != '\n')
        buffer_append(out, "\r\n", 2);
    if (header->is_of_message && !has_version)
        buffer_append_str(out, "MIME-Version: 1.0\r\n");
    buffer_printf(out, ENCODING_FIELD ": %s\r\n", encoding);
}

static void append_fields(struct repair *repair, const struct repair_header *header,
                          const char *encoding, bool *has_version_r)
{
    struct repair_lines lines;
    struct repair_line line;
    *has_version_r = false;
    repair_lines_begin(&lines, header->begin, header->end);
    bool has_line = repair_lines_next(&lines, &line);
    while (has_line) {
        struct repair_line first = line;
        const char *field_end = lines.at;
        while ((has_line = repair_lines_next(&lines, &line)) && is_folded(&line))
            field_end = lines.at;
        if (str_iequals_n(first.text, name_size(&first), "MIME-Version"))
            *has_version_r = true;
        if (encoding != NULL && is_encoding_field(&first))
            continue;
        const char *prefix = prefix_of(repair, header, &first);
        if (prefix[0] != '\0')
            repair_note(repair, CHANGE_HEADER_MENDED);
        repair_field_append(repair, prefix, first.text, field_end);
    }
}

void repair_header_append(struct repair *repair, const struct repair_header *header,
                          const char *encoding)
{
    bool has_version;
    bool is_crlf = header->body - header->end == 2;
    append_fields(repair, header, encoding, &has_version);
    if (encoding != NULL)
        append_encoding(repair, header, encoding, has_version);
    if (header->lacks_blank && repair_is_whole(repair)) {
        repair_note(repair, CHANGE_HEADER_MENDED);
        buffer_append(repair->out, "\r\n", 2);
    } else if (header->body > header->end && (is_crlf || repair_is_whole(repair))) {
        if (!is_crlf)
            repair_note(repair, CHANGE_LINES_ENDED);
        buffer_append(repair->out, "\r\n", 2);
    } else {
        buffer_append(repair->out, header->end, (size_t)(header->body - header->end));
    }
}
