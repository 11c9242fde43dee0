/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "sync/messages/expression_private.h"

/* Steps for one search: some, and more in a longer text. Of many searches in one text each gets
   less, so that all together end too. */
#define STEPS_MIN      UINT64_C(5000000)
#define STEPS_PER_BYTE UINT64_C(32)
#define STEPS_FEWEST   UINT64_C(10000)
#define SEARCHES_ALIKE 256
#define HEAP_MAX_KIB   65536
#define DEPTH_MAX      250000
#define JIT_STACK_MIN  ((size_t)32 * 1024)
#define JIT_STACK_MAX  ((size_t)8 * 1024 * 1024)

struct expression {
    enum expression_operator operator;
    bool is_global;
    pcre2_code *code; /* NULL for tr */
    pcre2_match_data *data;
    pcre2_match_context *limits;
    pcre2_jit_stack *jit_stack;
    struct template *template; /* of s */
    struct transliteration tr;
};

/* -- compiling -- */

static uint32_t pattern_options(const char *modifiers)
{
    uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    options |= strchr(modifiers, 'i') != NULL ? PCRE2_CASELESS : 0;
    options |= strchr(modifiers, 'm') != NULL ? PCRE2_MULTILINE : 0;
    options |= strchr(modifiers, 's') != NULL ? PCRE2_DOTALL : 0;
    options |= strchr(modifiers, 'x') != NULL ? PCRE2_EXTENDED : 0;
    return options;
}

static void describe_error(const char *text, int code, size_t offset, struct buffer *error)
{
    unsigned char message[256];
    if (pcre2_get_error_message(code, message, sizeof(message)) < 0)
        (void)snprintf((char *)message, sizeof(message), "PCRE2 error %d", code);
    buffer_printf(error, "%.200s is no good expression: %s (at character %zu of the pattern)", text,
                  (const char *)message, offset);
}

static pcre2_code *pattern_compile(const char *text, const void *pattern, size_t size,
                                   const char *modifiers, struct buffer *error)
{
    int code;
    size_t offset;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL || pcre2_set_newline(context, PCRE2_NEWLINE_LF) != 0) {
        pcre2_compile_context_free(context);
        buffer_append_str(error, "out of memory");
        return NULL;
    }
    pcre2_code *compiled = pcre2_compile(size == 0 ? (PCRE2_SPTR) "" : pattern, size,
                                         pattern_options(modifiers), &code, &offset, context);
    pcre2_compile_context_free(context);
    if (compiled == NULL)
        describe_error(text, code, offset, error);
    return compiled;
}

/* Where there is no JIT the interpreter does the same, only more slowly. */
static bool expression_prepare(struct expression *expression, struct buffer *error)
{
    (void)pcre2_jit_compile(expression->code, PCRE2_JIT_COMPLETE);
    expression->data = pcre2_match_data_create_from_pattern(expression->code, NULL);
    expression->limits = pcre2_match_context_create(NULL);
    expression->jit_stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (expression->data == NULL || expression->limits == NULL) {
        buffer_append_str(error, "out of memory");
        return false;
    }
    (void)pcre2_set_heap_limit(expression->limits, HEAP_MAX_KIB);
    (void)pcre2_set_depth_limit(expression->limits, DEPTH_MAX);
    if (expression->jit_stack != NULL)
        pcre2_jit_stack_assign(expression->limits, NULL, expression->jit_stack);
    return true;
}

static bool expression_compile(struct expression *expression, const char *text,
                               const struct expression_parts *parts, struct buffer *error)
{
    uint32_t groups = 0;
    expression->operator= parts->operator;
    if (parts->operator== OPERATOR_TRANSLITERATE)
        return transliteration_init(&expression->tr, parts, error);
    expression->is_global = strchr(parts->modifiers, 'g') != NULL;
    if (!expression_check_pattern(text, &parts->first, error))
        return false;
    expression->code = pattern_compile(text, parts->first.data, parts->first.used, parts->modifiers,
                                       error);
    if (expression->code == NULL || !expression_prepare(expression, error))
        return false;
    if (parts->operator== OPERATOR_MATCH)
        return true;
    (void)pcre2_pattern_info(expression->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    expression->template = template_init(&parts->second, groups, error);
    return expression->template != NULL;
}

struct expression *expression_init_pattern(const char *pattern, const char *modifiers,
                                           struct buffer *error)
{
    struct expression *expression = mem_alloc(sizeof(*expression));
    expression->operator= OPERATOR_MATCH;
    expression->code = pattern_compile(pattern, pattern, strlen(pattern), modifiers, error);
    if (expression->code == NULL || !expression_prepare(expression, error))
        expression_deinit(&expression);
    return expression;
}

static bool use_fits(const char *text, enum expression_use use, enum expression_operator operator,
                     struct buffer * error)
{
    if ((use == EXPRESSION_TEST) == (operator== OPERATOR_MATCH))
        return true;
    buffer_printf(error, "%.200s changes something or nothing: this option wants %s", text,
                  use == EXPRESSION_TEST ? "m/a/" : "s/a/b/ or tr/a/b/");
    return false;
}

struct expression *expression_init(const char *text, enum expression_use use, struct buffer *error)
{
    struct expression_parts parts;
    if (use == EXPRESSION_PATTERN)
        return expression_init_pattern(text, "", error);
    struct expression *expression = mem_alloc(sizeof(*expression));
    if (!expression_parse(text, &parts, error) || !use_fits(text, use, parts.operator, error) ||
        !expression_compile(expression, text, &parts, error))
        expression_deinit(&expression);
    expression_parts_deinit(&parts);
    return expression;
}

void expression_deinit(struct expression **expression_p)
{
    struct expression *expression = *expression_p;
    if (expression == NULL)
        return;
    *expression_p = NULL;
    template_deinit(&expression->template);
    pcre2_match_data_free(expression->data);
    pcre2_match_context_free(expression->limits);
    pcre2_jit_stack_free(expression->jit_stack);
    pcre2_code_free(expression->code);
    mem_free(expression);
}

/* -- running -- */

static uint32_t steps_for(size_t size, uint64_t searches)
{
    uint64_t steps = (STEPS_MIN + STEPS_PER_BYTE * size) / (1 + searches / SEARCHES_ALIKE);
    steps = steps < STEPS_FEWEST ? STEPS_FEWEST : steps;
    return steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps;
}

/* From `start` on; `searches` went before in this text. */
static enum expression_result search(struct expression *expression, const void *text, size_t size,
                                     size_t start, uint32_t options, uint64_t searches)
{
    (void)pcre2_set_match_limit(expression->limits, steps_for(size - start, searches));
    int code = pcre2_match(expression->code, size == 0 ? (PCRE2_SPTR) "" : text, size, start,
                           options, expression->data, expression->limits);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(expression->code, text, size, start, options | PCRE2_NO_JIT,
                           expression->data, expression->limits);
    if (code == PCRE2_ERROR_NOMATCH)
        return EXPRESSION_MISS;
    return code < 0 ? EXPRESSION_TOO_HARD : EXPRESSION_HIT;
}

enum expression_result expression_match(struct expression *expression, const void *text,
                                        size_t size)
{
    return search(expression, text, size, 0, 0, 0);
}

/* Perl goes on where a match ended, and takes no empty one there if the last was empty. */
static enum expression_result substitute(struct expression *expression, const char *text,
                                         size_t size, struct buffer *result)
{
    const size_t *ovector = pcre2_get_ovector_pointer(expression->data);
    uint32_t pairs = pcre2_get_ovector_count(expression->data);
    enum expression_result found;
    size_t copied = 0;
    size_t at = 0;
    uint32_t options = 0;
    uint64_t searches = 0;
    while ((found = search(expression, text, size, at, options, searches)) == EXPRESSION_HIT) {
        size_t start = ovector[0];
        size_t end = ovector[1];
        /* \K inside a lookaround can turn it round, or go back behind what was replaced. */
        if (start < copied || end < start)
            return EXPRESSION_TOO_HARD;
        buffer_append(result, text + copied, start - copied);
        if (!template_append(expression->template, text, ovector, pairs, result))
            return EXPRESSION_TOO_LARGE;
        copied = end;
        searches++;
        if (!expression->is_global)
            break;
        options = end == start ? PCRE2_NOTEMPTY_ATSTART : 0;
        at = end;
    }
    if (found == EXPRESSION_TOO_HARD || searches == 0)
        return found;
    buffer_append(result, text + copied, size - copied);
    return result->has_failed ? EXPRESSION_TOO_LARGE : EXPRESSION_HIT;
}

enum expression_result expression_edit(struct expression *expression, const void *text, size_t size,
                                       size_t max_bytes, struct buffer *result)
{
    size_t ceiling = result->max_bytes;
    enum expression_result outcome;
    buffer_clear(result);
    result->max_bytes = max_bytes < ceiling ? max_bytes : ceiling;
    if (expression->operator== OPERATOR_SUBSTITUTE)
        outcome = substitute(expression, size == 0 ? "" : text, size, result);
    else if (transliteration_append(&expression->tr, text, size, result))
        outcome = EXPRESSION_HIT;
    else
        outcome = result->has_failed ? EXPRESSION_TOO_LARGE : EXPRESSION_MISS;
    result->max_bytes = ceiling;
    return outcome;
}

/* -- lists -- */

bool expression_list_init(struct expression_list *list, const struct str_list *texts,
                          enum expression_use use, const char *setting, struct buffer *faults)
{
    struct buffer error;
    bool is_good = true;
    list->items = mem_alloc_array(texts->count, sizeof(*list->items));
    list->count = 0;
    buffer_init(&error, 64 * 1024);
    for (size_t i = 0; i < texts->count; i++) {
        buffer_clear(&error);
        struct expression *expression = expression_init(texts->items[i], use, &error);
        if (expression != NULL) {
            list->items[list->count++] = expression;
            continue;
        }
        buffer_printf(faults, "%s: ", setting);
        buffer_append(faults, error.data, error.used);
        buffer_append_byte(faults, '\n');
        is_good = false;
    }
    buffer_deinit(&error);
    return is_good;
}

void expression_list_deinit(struct expression_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        expression_deinit(&list->items[i]);
    mem_free(list->items);
    memset(list, 0, sizeof(*list));
}

enum expression_result expression_list_edit(const struct expression_list *list, struct buffer *text,
                                            struct buffer *scratch, size_t max_bytes,
                                            size_t *guilty_r)
{
    bool has_changed = false;
    for (size_t i = 0; i < list->count; i++) {
        enum expression_result result = expression_edit(list->items[i], text->data, text->used,
                                                        max_bytes, scratch);
        if (result == EXPRESSION_TOO_HARD || result == EXPRESSION_TOO_LARGE) {
            *guilty_r = i;
            return result;
        }
        if (result != EXPRESSION_HIT)
            continue;
        struct buffer edited = *scratch;
        *scratch = *text;
        *text = edited;
        has_changed = true;
    }
    return has_changed ? EXPRESSION_HIT : EXPRESSION_MISS;
}
