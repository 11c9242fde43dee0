/* SPDX-License-Identifier: MIT
 * STAND-IN until the real one is on main. */
#ifndef SYNC_MESSAGES_EXPRESSION_H
#define SYNC_MESSAGES_EXPRESSION_H
#include <stddef.h>
#include "base/buffer.h"
enum expression_use {
    EXPRESSION_EDIT,
    EXPRESSION_TEST,
    EXPRESSION_PATTERN
};
enum expression_result {
    EXPRESSION_MISS,
    EXPRESSION_HIT,
    EXPRESSION_TOO_HARD,
    EXPRESSION_TOO_LARGE
};
struct expression;
struct expression *expression_init(const char *text, enum expression_use use, struct buffer *error);
void expression_deinit(struct expression **expression);
enum expression_result expression_match(struct expression *expression, const void *text,
                                        size_t size);
#endif
