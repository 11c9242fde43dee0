/* SPDX-License-Identifier: MIT */
#include "sync/folders/pattern.h"

#include <stdint.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

/* Some milliseconds and a few megabytes: far more than a sane expression needs on a folder name. */
#define PATTERN_STEPS_MAX  200000
#define PATTERN_HEAP_MAX_K 4096
#define PATTERN_DEPTH_MAX  10000

struct pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static void pattern_describe(struct buffer *error, int code, size_t offset)
{
    unsigned char message[256];
    if (pcre2_get_error_message(code, message, sizeof(message)) < 0)
        buffer_printf(error, "PCRE2 error %d", code);
    else
        buffer_printf(error, "%s (at character %zu)", (const char *)message, offset);
}

struct pattern *pattern_init(const char *expression, struct buffer *error)
{
    /* \C would tear characters apart; it can't be had together with invalid UTF in the subject. */
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    int code;
    size_t offset;
    struct pattern *pattern = mem_alloc(sizeof(*pattern));
    pattern->code = pcre2_compile((const unsigned char *)expression, PCRE2_ZERO_TERMINATED, options,
                                  &code, &offset, NULL);
    if (pattern->code == NULL) {
        pattern_describe(error, code, offset);
        pattern_deinit(&pattern);
        return NULL;
    }
    pattern->data = pcre2_match_data_create(1, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    if (pattern->data == NULL || pattern->limits == NULL) {
        buffer_append_str(error, "out of memory");
        pattern_deinit(&pattern);
        return NULL;
    }
    (void)pcre2_set_match_limit(pattern->limits, PATTERN_STEPS_MAX);
    (void)pcre2_set_heap_limit(pattern->limits, PATTERN_HEAP_MAX_K);
    (void)pcre2_set_depth_limit(pattern->limits, PATTERN_DEPTH_MAX);
    return pattern;
}

void pattern_deinit(struct pattern **pattern)
{
    if (*pattern == NULL)
        return;
    pcre2_code_free((*pattern)->code);
    pcre2_match_data_free((*pattern)->data);
    pcre2_match_context_free((*pattern)->limits);
    mem_free(*pattern);
    *pattern = NULL;
}

enum pattern_result pattern_match(struct pattern *pattern, const char *text)
{
    int code = pcre2_match(pattern->code, (const unsigned char *)text, strlen(text), 0, 0,
                           pattern->data, pattern->limits);
    if (code == PCRE2_ERROR_NOMATCH)
        return PATTERN_MISS;
    return code < 0 ? PATTERN_TOO_HARD : PATTERN_HIT;
}
