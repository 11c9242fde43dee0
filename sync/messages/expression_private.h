/* SPDX-License-Identifier: MIT
 * Shared by expression.c (compile and run), expression_parse.c (Perl's operators),
 * expression_template.c (replacements) and expression_tr.c (tr///). */
#ifndef SYNC_MESSAGES_EXPRESSION_PRIVATE_H
#define SYNC_MESSAGES_EXPRESSION_PRIVATE_H

#include <stdint.h>

#include "sync/messages/expression.h"

enum expression_operator {
    OPERATOR_MATCH,
    OPERATOR_SUBSTITUTE,
    OPERATOR_TRANSLITERATE,
};

/* An operator taken apart. As in Perl, the backslash before a delimiter is gone, but before
   brackets in the first half of s and m. */
struct expression_parts {
    enum expression_operator operator;
    struct buffer first;
    struct buffer second;
    const char *modifiers; /* points into the text */
};

/* False with a sentence. To be freed in either case. */
bool expression_parse(const char *text, struct expression_parts *parts_r, struct buffer *error);
void expression_parts_deinit(struct expression_parts *parts);
/* A pattern that a shell or Perl's variables have a part in. False with a sentence; `text` is the
   whole expression. */
bool expression_check_pattern(const char *text, const struct buffer *pattern, struct buffer *error);

/* One byte written with a backslash: *at is behind it, and moves on. False if it is none of them.
 */
bool expression_escape(const char **at, const char *end, unsigned char *byte_r);

/* -- replacements -- */

struct template;

/* `groups`: how many the pattern has. NULL with a sentence. */
struct template *template_init(const struct buffer *text, uint32_t groups, struct buffer *error);
void template_deinit(struct template **template);
/* `ovector`: of the match, as PCRE2 has it, `pairs` of it set. False at the ceiling. */
bool template_append(const struct template *template, const char *subject, const size_t *ovector,
                     uint32_t pairs, struct buffer *result);

/* -- tr/// -- */

struct transliteration {
    int16_t to[256]; /* TRANSLITERATION_NONE, _DELETE, or the byte */
    bool is_squeezed;
};

#define TRANSLITERATION_NONE   (-1)
#define TRANSLITERATION_DELETE (-2)

bool transliteration_init(struct transliteration *tr, const struct expression_parts *parts,
                          struct buffer *error);
/* True if anything changed. False with result->has_failed at the ceiling. */
bool transliteration_append(const struct transliteration *tr, const unsigned char *text,
                            size_t size, struct buffer *result);

#endif
