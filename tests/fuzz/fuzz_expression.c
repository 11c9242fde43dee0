/* SPDX-License-Identifier: MIT
 * An expression and a text to use it on, with a NUL between. Checked: a result keeps its ceiling,
 * what is refused has one sentence, and doing it again gives the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/messages/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RESULT_MAX 4096

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void edit_twice(struct expression *expression, const uint8_t *text, size_t size)
{
    struct buffer first, second;
    buffer_init(&first, RESULT_MAX);
    buffer_init(&second, RESULT_MAX);
    enum expression_result found = expression_edit(expression, text, size, RESULT_MAX, &first);
    demand(found == expression_edit(expression, text, size, RESULT_MAX, &second));
    demand(first.used <= RESULT_MAX);
    if (found == EXPRESSION_HIT)
        demand(first.used == second.used &&
               (first.used == 0 || memcmp(first.data, second.data, first.used) == 0));
    buffer_deinit(&first);
    buffer_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    const uint8_t *text = end == NULL ? data : end + 1;
    size_t text_size = end == NULL ? 0 : size - length - 1;
    char *words = mem_strndup(size == 0 ? "" : (const char *)data, length);
    for (int use = EXPRESSION_EDIT; use <= EXPRESSION_PATTERN; use++) {
        struct buffer error;
        buffer_init(&error, 64 * 1024);
        struct expression *expression = expression_init(words, (enum expression_use)use, &error);
        demand((expression == NULL) == (error.used > 0));
        if (expression != NULL && use == EXPRESSION_EDIT)
            edit_twice(expression, text, text_size);
        else if (expression != NULL)
            (void)expression_match(expression, text, text_size);
        expression_deinit(&expression);
        buffer_deinit(&error);
    }
    mem_free(words);
    return 0;
}
