/* SPDX-License-Identifier: MIT
 * A snapshot as text for people. Pure; names from outside come out harmless. */
#ifndef BATCH_SCREEN_H
#define BATCH_SCREEN_H

#include <stddef.h>

#include "base/buffer.h"
#include "batch/snapshot.h"

#define SCREEN_MAX_BYTES ((size_t)1024 * 1024)

/* One screen: at most `rows` lines of at most `columns` columns, each ended by "\n". */
void screen_append(const struct snapshot *snapshot, size_t columns, size_t rows,
                   struct buffer *text);
/* The same in one line, for logs, without a line end. */
void screen_append_line(const struct snapshot *snapshot, struct buffer *text);

#endif
