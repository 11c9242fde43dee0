/* SPDX-License-Identifier: MIT
 * What a message is, however a server writes it: SHA-256 of its canonical form, for --verify full.
 *
 * It is made of
 * - the fields of its header but those that canonical_leaves_out(): unfolded, blanks joined,
 *   encoded words decoded, sorted; in fields of addresses neither quotes nor blanks count
 * - the tree of its parts: types, charsets, file names, Content-IDs
 * - the decoded bytes of each part; text (text and message types) with LF line ends and without
 * empty lines at its end
 *
 * So these make no difference: order and folding of fields, transfer encodings, boundaries, what
 * stands before the first and behind the last boundary, other parameters and other fields of parts.
 * Any thread. */
#ifndef SYNC_MESSAGES_CANONICAL_H
#define SYNC_MESSAGES_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define CANONICAL_DIGEST_BYTES 32
/* Headers with more bytes than this, as normalised, are not judged. */
#define CANONICAL_HEADER_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* Of a longer outline the end is missing, so what differs there is not named. */
#define CANONICAL_OUTLINE_MAX_BYTES ((size_t)64 * 1024)

/* Of the message in the file (see mime_tree_walk()). `outline` (NULL: none) gets a line for each
   field and part. False: it can't be told, and must count as neither equal nor different. */
bool canonical_digest(int fd, unsigned char digest_r[CANONICAL_DIGEST_BYTES],
                      struct buffer *outline);

/* What differs between two messages, by their outlines, for people: "the field subject; part 2
   (application/pdf, report.pdf)". Something is always said. Pure. */
void canonical_append_differences(const char *source, const char *destination, struct buffer *text);

/* A field that servers add, rewrite or drop, by its name in any case. Pure. */
bool canonical_leaves_out(const char *name);

#endif
