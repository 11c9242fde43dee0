/* SPDX-License-Identifier: MIT
 * Between the table of diagnoses and those who look into it. */
#ifndef BASE_DIAGNOSES_PRIVATE_H
#define BASE_DIAGNOSES_PRIVATE_H

#include "base/diagnoses.h"

/* The table, in four parts that are tried in this order. A new row needs its sample line in
   tests/unit/base/test_diagnoses.c. */
extern const struct diagnosis diagnoses_tokens[];
extern const size_t diagnoses_tokens_count;
extern const struct diagnosis diagnoses_session[];
extern const size_t diagnoses_session_count;
extern const struct diagnosis diagnoses_mail[];
extern const size_t diagnoses_mail_count;
extern const struct diagnosis diagnoses_local[];
extern const size_t diagnoses_local_count;

/* For the column `commands`. */
#define LOGIN     (1U << DIAGNOSIS_LOGIN)
#define LIST      (1U << DIAGNOSIS_LIST)
#define SELECT    (1U << DIAGNOSIS_SELECT)
#define FETCH     (1U << DIAGNOSIS_FETCH)
#define APPEND    (1U << DIAGNOSIS_APPEND)
#define CREATE    (1U << DIAGNOSIS_CREATE)
#define DELETE    (1U << DIAGNOSIS_DELETE)
#define STORE     (1U << DIAGNOSIS_STORE)
#define OTHER     (1U << DIAGNOSIS_OTHER)
#define ANY       ((1U << DIAGNOSIS_COMMANDS) - 1)
#define SIGNED_IN (ANY & ~LOGIN)

/* Whether the code's first word is one of the column `codes`. */
bool diagnosis_has_code(const char *code, const char *codes);

/* A server's words, with the parts that are not its own. */
#define SPOKEN_MAX_SPANS 16
struct spoken {
    const char *text;
    struct {
        const char *begin;
        const char *end;
    } spans[SPOKEN_MAX_SPANS]; /* quoted words and names */
    size_t count;
};
void spoken_init(struct spoken *spoken, const char *text, const char *subject);

/* Whether the text begins like one of the patterns, or holds one anywhere. */
bool spoken_is_like(const struct spoken *spoken, const char *patterns, bool is_anywhere);

#endif
