/* SPDX-License-Identifier: MIT
 * Perl's s///, m// and tr///, as imapsync's users write them, on PCRE2. Bytes, not characters; a
 * line ends at LF, so "." matches CR.
 *
 * Operators: s, m, a bare /.../, tr, y; any delimiter, paired ones may nest and have blanks before
 * and between the halves. Modifiers: g i m s x of s and m, c d s of tr. In a replacement: $1 ${1}
 * \1 $&, \L \U \Q \E \l \u, \n \r \t \f \e \a, octal, \xHH, \x{HH}. An empty pattern matches the
 * empty string. What only Perl can do (variables, the modifier e, code) is refused: nothing is ever
 * run.
 *
 * A shell eats backslashes inside double quotes and puts its variables in place of $Name. What that
 * leaves is mostly no expression any more, or another one; it is recognised by what imapsync's
 * documents write (\Flagged, $MDNSent, ...) and refused with the quoting that works.
 *
 * No expression can hang or fill the memory: steps are limited in proportion to the text, and a
 * result has a ceiling. An expression belongs to one thread. */
#ifndef SYNC_MESSAGES_EXPRESSION_H
#define SYNC_MESSAGES_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/str.h"

enum expression_use {
    EXPRESSION_EDIT,    /* s///, tr///, y/// */
    EXPRESSION_TEST,    /* m// or a bare // */
    EXPRESSION_PATTERN, /* a pattern without delimiters */
};

enum expression_result {
    EXPRESSION_MISS,
    EXPRESSION_HIT,
    EXPRESSION_TOO_HARD,  /* gave up at the limit of steps */
    EXPRESSION_TOO_LARGE, /* the result would pass its ceiling */
};

struct expression;

/* NULL when `text` is none; then one sentence without a line end is appended to `error`. */
struct expression *expression_init(const char *text, enum expression_use use, struct buffer *error);
/* A pattern with Perl's modifiers, of i m s x, besides. */
struct expression *expression_init_pattern(const char *pattern, const char *modifiers,
                                           struct buffer *error);
void expression_deinit(struct expression **expression);

/* Whether s/// catches any text in a group, as in (.{10239}), and puts something else in its place:
   what is left of s,(.{10239}),$1\r\n,g when a shell has put nothing in place of $1. Of mail that
   would throw away what was caught. */
bool expression_forgets_group(const char *text);

/* EXPRESSION_TEST, EXPRESSION_PATTERN: whether it matches anywhere. Never EXPRESSION_TOO_LARGE. */
enum expression_result expression_match(struct expression *expression, const void *text,
                                        size_t size);
/* EXPRESSION_EDIT. HIT: `result` (cleared first; its own ceiling counts too) holds the new text.
   Any other: the text stays as it is, `result` is of no use. */
enum expression_result expression_edit(struct expression *expression, const void *text, size_t size,
                                       size_t max_bytes, struct buffer *result);

/* Several, in their order. Starts as zeros. */
struct expression_list {
    struct expression **items;
    size_t count;
};

/* Appends a sentence with a line end, which begins with the setting's name, for each that is bad;
   false if there was any (what was good is in the list all the same). */
bool expression_list_init(struct expression_list *list, const struct str_list *texts,
                          enum expression_use use, const char *setting, struct buffer *faults);
void expression_list_deinit(struct expression_list *list);
/* Edits `text` by all of them, one after the other, in place; `scratch` is used besides. HIT: it
   changed. TOO_HARD and TOO_LARGE: *guilty_r is the one that gave up, the text is of no use. */
enum expression_result expression_list_edit(const struct expression_list *list, struct buffer *text,
                                            struct buffer *scratch, size_t max_bytes,
                                            size_t *guilty_r);

#endif
