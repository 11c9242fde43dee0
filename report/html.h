/* SPDX-License-Identifier: MIT
 * Writes words into HTML so that they can only be words. Pure; any thread may call these. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stddef.h>

#include "base/buffer.h"

/* A name or sentence from outside is shown up to so many characters. */
#define HTML_NAME_CHARACTERS     160
#define HTML_SENTENCE_CHARACTERS 2000

/* Appends text from anywhere, for an element or a quoted attribute: & < > " ' become references;
   control characters and bytes that are not UTF-8 become \xHH; characters that turn the direction
   of what follows, and those without a shape, become [U+202E]. At most `max_characters` of it, then
   an ellipsis. */
void html_append_text(struct buffer *text, const char *words, size_t max_characters);
/* The same, kept apart from the direction of what is around it: <bdi>. */
void html_append_name(struct buffer *text, const char *name);

#endif
