/* SPDX-License-Identifier: MIT
 * Gmail's labels (X-GM-LABELS of X-GM-EXT-1): astrings in modified UTF-7, system labels with a
 * backslash (\Inbox), which Gmail writes as an atom or quoted.
 *
 * A set of labels is kept behind a message's flags, in the same text (see flags.h): each is a word
 * that begins with "%", which no flag can, with its bytes as they are, but for blanks, "%" and what
 * is not ASCII: %XX. So wherever flags are compared, labels are too. Pure. */
#ifndef SYNC_MESSAGES_LABELS_H
#define SYNC_MESSAGES_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "sync/imap/imap_parser.h"

/* More of one message are not looked at. */
#define LABELS_MAX 1000
/* Longer ones are none of Gmail's (225 characters, in modified UTF-7). */
#define LABEL_MAX_BYTES 1200

/* Appends the labels as words, sorted, each once; a blank stands between them and what `text` held
   before. What is no string, empty, too long, or holds control characters is left out. */
void labels_append_canonical(const struct imap_token *labels, size_t count, struct buffer *text);
/* How long the part of a text is that holds no labels. */
size_t labels_flags_size(const char *text);
/* The next label in *text that `other` has not: its bytes replace what `label` held (at most
   LABEL_MAX_BYTES, the buffer must have room for them), *text goes on behind it. False when there
   is none left. */
bool labels_next_missing(const char **text, const char *other, struct buffer *label);
/* A label of Gmail's own: to be sent as an atom. All others are strings. */
bool label_is_system(const char *label);

#endif
