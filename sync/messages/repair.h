/* SPDX-License-Identifier: MIT
 * What is wrong with a message in a way that makes servers refuse it, made right: line ends, NUL
 * bytes, headers that are not ASCII, lines that are too long, a header block that is broken (RFC
 * 5322 section 2.1 and 2.2, RFC 2045 section 2.7 and 2.8). What people see stays: a part of which
 * the lines are too long is encoded, never cut. A part, or a field, that needs nothing stays byte
 * for byte, and so does a message in which nothing is wrong.
 *
 * Pure, but for loading GMime; any thread. */
#ifndef SYNC_MESSAGES_REPAIR_H
#define SYNC_MESSAGES_REPAIR_H

#include "base/buffer.h"
#include "store/store.h"

/* RFC 5322 section 2.1.1; the line end does not count. */
#define REPAIR_LINE_MAX_BYTES ((size_t)998)
/* Parts in parts: what lies deeper is taken as text. */
#define REPAIR_DEPTH_MAX 20

struct repair_order {
    size_t line_max_bytes; /* without line end; longer ones are too long */
    bool is_only_lines;    /* nothing but lines that are too long is looked for */
};

enum repair_outcome {
    REPAIR_NOTHING, /* is wrong; `out` is of no use */
    REPAIR_DONE,    /* `out` holds the message */
    REPAIR_FULL,    /* `out` is too small */
    REPAIR_UNABLE,  /* GMime is needed and not there */
};

/* *changes_r: of 1 << enum change_kind. */
enum repair_outcome repair_message(const struct repair_order *order, const void *data, size_t size,
                                   struct buffer *out, unsigned int *changes_r);

#endif
