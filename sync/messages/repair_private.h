/* SPDX-License-Identifier: MIT
 * Shared by repair.c (a message and its parts), repair_header.c (header blocks), repair_field.c
 * (one field), repair_words.c (what in a field is not ASCII) and repair_body.c (content). */
#ifndef SYNC_MESSAGES_REPAIR_PRIVATE_H
#define SYNC_MESSAGES_REPAIR_PRIVATE_H

#include "sync/messages/mime_library.h"
#include "sync/messages/repair.h"

/* One message on its way. */
struct repair {
    const struct repair_order *order;
    struct buffer *out;
    struct buffer text;  /* scratch: of a field or a part */
    struct buffer value; /* scratch: of a field */
    unsigned int changes;
    bool is_unable;
};

static inline void repair_note(struct repair *repair, enum change_kind kind)
{
    repair->changes |= 1u << kind;
}

/* Whether more than lines that are too long is looked for. */
static inline bool repair_is_whole(const struct repair *repair)
{
    return !repair->order->is_only_lines;
}

/* -- lines: LF, CR LF (behind any number of CR) and a lone CR end one -- */

struct repair_lines {
    const char *at;
    const char *end;
    const char *lf;      /* the next, or `end`; NULL: not looked for yet */
    const char *lone_cr; /* CRs up to here belong to no LF */
};

struct repair_line {
    const char *text; /* without its end */
    size_t size;
    bool is_ended; /* false: the data ends with it */
    bool is_crlf;  /* it ends as it ought to */
};

void repair_lines_begin(struct repair_lines *lines, const char *begin, const char *end);
bool repair_lines_next(struct repair_lines *lines, struct repair_line *line_r);
/* Only with lines: appends the text with CR LF for each line's end. Nothing else is changed. */
void repair_append_crlf(const char *begin, const char *end, struct buffer *out);
bool repair_has_byte(const char *text, size_t size, char byte);
bool repair_is_ascii(const char *text, size_t size);

/* -- headers -- */

struct repair_header {
    const char *begin;
    const char *end;    /* behind the last line of the block, the empty one not counted */
    const char *body;   /* behind the empty line; the data's end: there is no body */
    bool lacks_blank;   /* the body follows without an empty line */
    bool is_of_message; /* not only of a part */
};

/* Where the block ends. A line that is no field belongs to it if one that surely is one follows
   before an empty line. */
void repair_header_find(const char *begin, const char *end, bool is_of_message,
                        struct repair_header *header_r);
/* Appends the block, with its empty line; `encoding`, unless NULL, takes the place of its
   Content-Transfer-Encoding. */
void repair_header_append(struct repair *repair, const struct repair_header *header,
                          const char *encoding);
/* A line of a header that begins with a field's name and a colon. */
bool repair_is_field(const struct repair_line *line);

/* One field with its folds, as [begin, end). `prefix` is put before its first line ("": nothing).
 */
void repair_field_append(struct repair *repair, const char *prefix, const char *begin,
                         const char *end);
/* Appends one unfolded line, folded: no piece is longer than the order says if that can be, and of
   one that is folded few are longer than 78 bytes. */
void repair_fold(struct repair *repair, const char *text, size_t size);

/* Appends the unfolded value of a field, which is not ASCII, as ASCII that means the same where the
   field has a way to say it. */
void repair_words_append(const char *name, size_t name_size, const char *value, size_t size,
                         struct buffer *out);

/* -- content -- */

enum repair_coding {
    REPAIR_CODING_PLAIN, /* 7bit, 8bit, none */
    REPAIR_CODING_BINARY,
    REPAIR_CODING_QUOTED,
    REPAIR_CODING_BASE64,
    REPAIR_CODING_OTHER,
};

struct repair_content {
    const char *begin;
    const char *end;
    enum repair_coding coding;
    bool is_text;    /* lines are lines */
    bool is_unicode; /* of 16 or 32 bits: nothing in it is what it seems */
};

/* Whether it has to be encoded; then in what. */
bool repair_body_needs_encoding(const struct repair *repair, const struct repair_content *content,
                                enum mime_encoding *encoding_r);
void repair_body_encode(struct repair *repair, const struct repair_content *content,
                        enum mime_encoding encoding);
/* Appends it in the encoding it has. */
void repair_body_append(struct repair *repair, const struct repair_content *content);
/* What is between and around parts, which nobody shows. */
void repair_filler_append(struct repair *repair, const char *begin, const char *end);

#endif
