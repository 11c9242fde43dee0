/* SPDX-License-Identifier: MIT
 * A message and its parts. GMime's own writer would make all of it anew, so the parts are found
 * here, by their boundaries, and what is around them is passed on. */
#include "sync/messages/repair.h"

#include <string.h>

#include "base/str.h"
#include "sync/messages/header.h"
#include "sync/messages/repair_private.h"

/* RFC 2045 wants lines of up to 76 bytes. */
#define LINE_MAX_LEAST_BYTES ((size_t)80)
/* RFC 2046 allows 70; some take more. */
#define BOUNDARY_MAX_BYTES ((size_t)512)

enum entity_kind {
    ENTITY_LEAF,
    ENTITY_MULTIPART,
    ENTITY_MESSAGE,
};

struct entity {
    enum entity_kind kind;
    struct repair_header header;
    struct repair_content content;
    char boundary[BOUNDARY_MAX_BYTES + 3]; /* "--" and the boundary */
    size_t boundary_size;
};

/* -- what it is -- */

/* A field's value as header_append_normal() has it; "" if there is none. */
static const char *read_value(const struct repair_header *header, const char *name,
                              struct buffer *value)
{
    struct header_field field;
    buffer_clear(value);
    if (header_find(header->begin, (size_t)(header->end - header->begin), name, &field))
        header_append_normal(&field, value);
    return buffer_str(value);
}

static enum repair_coding coding_of(const char *value)
{
    size_t size = strcspn(value, " ;(");
    if (size == 0 || str_iequals_n(value, size, "7bit") || str_iequals_n(value, size, "8bit"))
        return REPAIR_CODING_PLAIN;
    if (str_iequals_n(value, size, "binary"))
        return REPAIR_CODING_BINARY;
    if (str_iequals_n(value, size, "quoted-printable"))
        return REPAIR_CODING_QUOTED;
    return str_iequals_n(value, size, "base64") ? REPAIR_CODING_BASE64 : REPAIR_CODING_OTHER;
}

static bool read_boundary(struct repair *repair, const char *content_type, struct entity *entity)
{
    struct buffer boundary;
    buffer_init(&boundary, BOUNDARY_MAX_BYTES);
    if (!mime_library_load())
        repair->is_unable = true;
    bool is_found = mime_append_parameter(content_type, "boundary", &boundary) && boundary.used > 0;
    if (is_found) {
        memcpy(entity->boundary, "--", 2);
        memcpy(entity->boundary + 2, boundary.data, boundary.used);
        entity->boundary_size = 2 + boundary.used;
    }
    buffer_deinit(&boundary);
    return is_found;
}

static bool is_message_type(const char *type)
{
    static const char *const names[] = {"message/rfc822", "message/global", "message/news"};
    size_t size = strcspn(type, " ;(");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_iequals_n(type, size, names[i]))
            return true;
    }
    return false;
}

static void entity_read(struct repair *repair, const char *begin, const char *end,
                        bool is_of_message, unsigned int depth, struct entity *entity)
{
    struct buffer value;
    memset(entity, 0, sizeof(*entity));
    buffer_init(&value, HEADER_VALUE_MAX_BYTES + 1);
    repair_header_find(begin, end, is_of_message, &entity->header);
    entity->content.begin = entity->header.body;
    entity->content.end = end;
    entity->content.coding = coding_of(
        read_value(&entity->header, "Content-Transfer-Encoding", &value));
    const char *type = read_value(&entity->header, "Content-Type", &value);
    bool is_readable = entity->content.coding <= REPAIR_CODING_BINARY;
    entity->content.is_text = type[0] == '\0' || str_istarts_with(type, "text/");
    entity->content.is_unicode = str_ifind(type, "utf-16") != NULL ||
                                 str_ifind(type, "utf-32") != NULL ||
                                 str_ifind(type, "ucs-2") != NULL;
    if (depth < REPAIR_DEPTH_MAX && str_istarts_with(type, "multipart/") &&
        read_boundary(repair, type, entity))
        entity->kind = ENTITY_MULTIPART;
    else if (depth < REPAIR_DEPTH_MAX && is_readable && is_message_type(type))
        entity->kind = ENTITY_MESSAGE;
    buffer_deinit(&value);
}

/* -- parts -- */

static void entity_append(struct repair *repair, const char *begin, const char *end,
                          bool is_of_message, unsigned int depth);

/* RFC 2046 section 5.1.1: "--boundary" or "--boundary--", and blanks. */
static bool is_boundary(const struct entity *entity, const struct repair_line *line,
                        bool *is_last_r)
{
    size_t at = entity->boundary_size;
    if (line->size < at || memcmp(line->text, entity->boundary, at) != 0)
        return false;
    *is_last_r = line->size >= at + 2 && memcmp(line->text + at, "--", 2) == 0;
    at += *is_last_r ? 2 : 0;
    while (at < line->size && (line->text[at] == ' ' || line->text[at] == '\t'))
        at++;
    return at == line->size;
}

/* The line end before a boundary is the boundary's. */
static const char *before_line_end(const char *begin, const char *at)
{
    if (at > begin && at[-1] == '\n')
        at--;
    else if (at > begin && at[-1] == '\r')
        return at - 1;
    while (at > begin && at[-1] == '\r')
        at--;
    return at;
}

/* What is between two boundaries, or before the first; then the boundary's own line. */
static void append_section(struct repair *repair, const char *begin, const char *boundary,
                           bool is_part, unsigned int depth)
{
    const char *end = before_line_end(begin, boundary);
    if (is_part)
        entity_append(repair, begin, end, false, depth + 1);
    else
        repair_filler_append(repair, begin, end);
    repair_filler_append(repair, end, boundary);
}

static void parts_append(struct repair *repair, const struct entity *entity, unsigned int depth)
{
    struct repair_lines lines;
    struct repair_line line;
    const char *section = entity->content.begin;
    bool is_part = false;
    bool is_last = false;
    repair_lines_begin(&lines, entity->content.begin, entity->content.end);
    while (!is_last && repair_lines_next(&lines, &line)) {
        if (!is_boundary(entity, &line, &is_last))
            continue;
        append_section(repair, section, line.text, is_part, depth);
        repair_filler_append(repair, line.text, lines.at);
        section = lines.at;
        is_part = true;
    }
    /* Behind the last boundary, or a part whose end is missing. */
    if (is_part && !is_last)
        entity_append(repair, section, entity->content.end, false, depth + 1);
    else if (is_last)
        repair_filler_append(repair, section, entity->content.end);
    else
        repair_body_append(repair, &entity->content);
}

static void leaf_append(struct repair *repair, const struct entity *entity)
{
    enum mime_encoding encoding;
    if (!repair_body_needs_encoding(repair, &entity->content, &encoding)) {
        repair_header_append(repair, &entity->header, NULL);
        repair_body_append(repair, &entity->content);
        return;
    }
    repair_header_append(repair, &entity->header, mime_encoding_name(encoding));
    repair_body_encode(repair, &entity->content, encoding);
}

static void entity_append(struct repair *repair, const char *begin, const char *end,
                          bool is_of_message, unsigned int depth)
{
    struct entity entity;
    entity_read(repair, begin, end, is_of_message, depth, &entity);
    if (entity.kind == ENTITY_LEAF) {
        leaf_append(repair, &entity);
        return;
    }
    repair_header_append(repair, &entity.header, NULL);
    if (entity.kind == ENTITY_MULTIPART)
        parts_append(repair, &entity, depth);
    else
        entity_append(repair, entity.content.begin, entity.content.end, true, depth + 1);
}

/* -- the message -- */

static void end_last_line(struct repair *repair)
{
    struct buffer *out = repair->out;
    if (!repair_is_whole(repair) || (out->used > 0 && out->data[out->used - 1] == '\n'))
        return;
    repair_note(repair, CHANGE_LAST_LINE_ENDED);
    buffer_append(out, "\r\n", 2);
}

enum repair_outcome repair_message(const struct repair_order *order, const void *data, size_t size,
                                   struct buffer *out, unsigned int *changes_r)
{
    struct repair_order own = *order;
    struct repair repair = {.order = &own, .out = out};
    const char *begin = data;
    *changes_r = 0;
    if (size == 0)
        return REPAIR_NOTHING;
    if (own.line_max_bytes < LINE_MAX_LEAST_BYTES)
        own.line_max_bytes = LINE_MAX_LEAST_BYTES;
    buffer_init(&repair.text, out->max_bytes);
    buffer_init(&repair.value, out->max_bytes);
    entity_append(&repair, begin, begin + size, true, 0);
    end_last_line(&repair);
    bool is_full = out->has_failed || repair.text.has_failed || repair.value.has_failed;
    buffer_deinit(&repair.text);
    buffer_deinit(&repair.value);
    if (repair.is_unable)
        return REPAIR_UNABLE;
    if (is_full)
        return REPAIR_FULL;
    *changes_r = repair.changes;
    return repair.changes == 0 ? REPAIR_NOTHING : REPAIR_DONE;
}
