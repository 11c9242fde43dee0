/* SPDX-License-Identifier: MIT */
#include "sync/messages/expression.h"
#include <string.h>
#include "base/mem.h"
#include "sync/folders/pattern.h"
struct expression {
    struct pattern *pattern;
};
struct expression *expression_init(const char *text, enum expression_use use, struct buffer *error)
{
    const char *at = text[0] == 'm' ? text + 1 : text;
    size_t size = strlen(at);
    (void)use;
    if (size < 2 || *at != '/' || at[size - 1] != '/') {
        buffer_printf(error, "\"%s\" has no delimiters; write /%s/", text, text);
        return NULL;
    }
    char *inner = mem_strndup(at + 1, size - 2);
    struct pattern *pattern = pattern_init(inner, error);
    mem_free(inner);
    if (pattern == NULL)
        return NULL;
    struct expression *expression = mem_alloc(sizeof(*expression));
    expression->pattern = pattern;
    return expression;
}
void expression_deinit(struct expression **expression)
{
    if (*expression == NULL)
        return;
    pattern_deinit(&(*expression)->pattern);
    mem_free(*expression);
    *expression = NULL;
}
enum expression_result expression_match(struct expression *expression, const void *text,
                                        size_t size)
{
    char *copy = mem_strndup(text, size);
    enum pattern_result result = pattern_match(expression->pattern, copy);
    mem_free(copy);
    return result == PATTERN_HIT    ? EXPRESSION_HIT
           : result == PATTERN_MISS ? EXPRESSION_MISS
                                    : EXPRESSION_TOO_HARD;
}
