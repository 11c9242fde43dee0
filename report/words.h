/* SPDX-License-Identifier: MIT
 * What the HTML report says, in the languages it knows. What servers said, the advice for it and
 * the names of settings stay as they are. Pure; any thread may call these. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "report/format.h"
#include "report/grade.h"
#include "report/words_table.h"

/* X(enum suffix, name) */
#define LANGUAGES(X) \
    X(EN, "en")      \
    X(DE, "de")      \
    X(FR, "fr")      \
    X(ES, "es")

enum language {
#define LANGUAGE_ENUM(suffix, name) LANGUAGE_##suffix,
    LANGUAGES(LANGUAGE_ENUM)
#undef LANGUAGE_ENUM
    LANGUAGE_COUNT
};

enum word {
#define WORD_ENUM(suffix, en, de, fr, es) WORD_##suffix,
    WORDS(WORD_ENUM)
#undef WORD_ENUM
    WORD_COUNT
};

/* "en" for LANGUAGE_EN. */
const char *language_name(enum language language);
/* By its name; false: not known. */
bool language_by_name(const char *name, enum language *language_r);

enum word words_of_grade(enum grade grade);
const char *words_get(enum language language, enum word word);

/* "12,345" */
void words_format_number(enum language language, uint64_t number, char text_r[REPORT_FORMAT_SIZE]);
/* "1.5 GiB" and "3 min 15 s", with the language's decimal point. */
void words_format_bytes(enum language language, uint64_t bytes, char text_r[REPORT_FORMAT_SIZE]);
void words_format_duration(enum language language, int64_t msecs, char text_r[REPORT_FORMAT_SIZE]);

/* Appends a sentence with numbers in it: "{1}" is numbers[0], "{1|is|are}" the word that goes with
   it. */
void words_append(struct buffer *text, enum language language, enum word word,
                  const uint64_t numbers[], size_t count);

#endif
