/* SPDX-License-Identifier: MIT */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const language_names[] = {
#define LANGUAGE_NAME(suffix, name) name,
    LANGUAGES(LANGUAGE_NAME)
#undef LANGUAGE_NAME
};

static const char *const texts[WORD_COUNT][LANGUAGE_COUNT] = {
#define WORD_ROW(suffix, en, de, fr, es) {en, de, fr, es},
    WORDS(WORD_ROW)
#undef WORD_ROW
};

/* A narrow space that does not break, where French groups digits. */
#define NARROW_SPACE "\xe2\x80\xaf"

static const struct {
    const char *group;
    char point;
} number_signs[LANGUAGE_COUNT] = {
    [LANGUAGE_EN] = {",", '.'},
    [LANGUAGE_DE] = {".", ','},
    [LANGUAGE_FR] = {NARROW_SPACE, ','},
    [LANGUAGE_ES] = {".", ','},
};

const char *language_name(enum language language)
{
    return language_names[language];
}

bool language_by_name(const char *name, enum language *language_r)
{
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        if (strcmp(language_names[i], name) == 0) {
            *language_r = (enum language)i;
            return true;
        }
    }
    return false;
}

enum word words_of_grade(enum grade grade)
{
    static const enum word words[GRADE_COUNT] = {
#define GRADE_WORD(suffix, name) [GRADE_##suffix] = WORD_GRADE_##suffix,
        GRADES(GRADE_WORD)
#undef GRADE_WORD
    };
    return words[grade];
}

const char *words_get(enum language language, enum word word)
{
    return texts[word][language];
}

void words_format_number(enum language language, uint64_t number, char text_r[REPORT_FORMAT_SIZE])
{
    char digits[24];
    size_t used = 0;
    size_t count = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            used += (size_t)snprintf(text_r + used, REPORT_FORMAT_SIZE - used, "%s",
                                     number_signs[language].group);
        text_r[used++] = digits[i];
    }
    text_r[used] = '\0';
}

static void set_point(enum language language, char *text)
{
    char *point = strchr(text, '.');
    if (point != NULL)
        *point = number_signs[language].point;
}

void words_format_bytes(enum language language, uint64_t bytes, char text_r[REPORT_FORMAT_SIZE])
{
    report_format_bytes(bytes, text_r);
    set_point(language, text_r);
}

void words_format_duration(enum language language, int64_t msecs, char text_r[REPORT_FORMAT_SIZE])
{
    report_format_duration(msecs, text_r);
    set_point(language, text_r);
}

/* "1|is|are}": the number, or the word that goes with it. Returns what follows the brace. */
static const char *append_place(struct buffer *text, enum language language, const char *place,
                                const uint64_t numbers[], size_t count)
{
    char number[REPORT_FORMAT_SIZE];
    size_t index = (size_t)(place[0] - '1');
    const char *end = strchr(place, '}');
    if (end == NULL || index >= count)
        return place;
    if (place[1] != '|') {
        words_format_number(language, numbers[index], number);
        buffer_append_str(text, number);
        return end + 1;
    }
    const char *one = place + 2;
    const char *many = strchr(one, '|') + 1;
    if (numbers[index] == 1)
        buffer_append(text, one, (size_t)(many - 1 - one));
    else
        buffer_append(text, many, (size_t)(end - many));
    return end + 1;
}

void words_append(struct buffer *text, enum language language, enum word word,
                  const uint64_t numbers[], size_t count)
{
    const char *pattern = words_get(language, word);
    while (*pattern != '\0') {
        size_t size = strcspn(pattern, "{");
        buffer_append(text, pattern, size);
        pattern += size;
        if (*pattern == '{')
            pattern = append_place(text, language, pattern + 1, numbers, count);
    }
}
