/* SPDX-License-Identifier: MIT
 * One expression of the user (PCRE2, unanchored), with limits so that none can hang. One thread. */
#ifndef SYNC_FOLDERS_PATTERN_H
#define SYNC_FOLDERS_PATTERN_H

#include "base/buffer.h"

struct pattern;

enum pattern_result {
    PATTERN_MISS,
    PATTERN_HIT,
    PATTERN_TOO_HARD, /* gave up at the limit: neither hit nor miss */
};

/* NULL when `expression` is bad; then PCRE2's message is appended to `error`. */
struct pattern *pattern_init(const char *expression, struct buffer *error);
void pattern_deinit(struct pattern **pattern);
/* `text` need not be valid UTF-8. */
enum pattern_result pattern_match(struct pattern *pattern, const char *text);

#endif
