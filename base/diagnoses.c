/* SPDX-License-Identifier: MIT */
#include "base/diagnoses.h"

#include <stdio.h>
#include <string.h>

#include "base/diagnoses_private.h"
#include "base/str.h"

#define DIAGNOSIS_MAX_WAIT_MSECS (24 * 3600 * 1000LL)
#define OUTAGE_MIN_REFUSED       3

static const char *const side_names[] = {"", "source", "destination"};

/* -- which row -- */

static bool bytes_are_equal(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (str_lower(a[i]) != str_lower(b[i]))
            return false;
    }
    return true;
}

bool diagnosis_has_code(const char *code, const char *codes)
{
    size_t code_size = strcspn(code, " ]");
    while (code_size > 0 && *codes != '\0') {
        size_t size = strcspn(codes, " ");
        if (size == code_size && bytes_are_equal(code, codes, size))
            return true;
        codes += size;
        codes += *codes == ' ';
    }
    return false;
}

static bool diagnosis_is_about(const struct diagnosis *row,
                               const struct diagnosis_question *question)
{
    return ((row->commands | row->commands_by_words) & (1U << question->command)) != 0 &&
           (row->side == 0 || row->side == question->side) &&
           (!row->is_bye_only || question->is_bye);
}

const struct diagnosis *diagnosis_at(size_t i)
{
    if (i < diagnoses_tokens_count)
        return &diagnoses_tokens[i];
    i -= diagnoses_tokens_count;
    if (i < diagnoses_session_count)
        return &diagnoses_session[i];
    i -= diagnoses_session_count;
    if (i < diagnoses_mail_count)
        return &diagnoses_mail[i];
    i -= diagnoses_mail_count;
    return i < diagnoses_local_count ? &diagnoses_local[i] : NULL;
}

const struct diagnosis *diagnosis_find(const struct diagnosis_question *question, bool *is_exact_r)
{
    struct spoken spoken;
    const struct diagnosis *row;
    bool is_exact = false;
    spoken_init(&spoken, question->text, question->subject);
    for (size_t i = 0; (row = diagnosis_at(i)) != NULL; i++) {
        if (!diagnosis_is_about(row, question))
            continue;
        is_exact = ((row->commands & (1U << question->command)) != 0 &&
                    diagnosis_has_code(question->code, row->codes)) ||
                   spoken_is_like(&spoken, row->patterns, false);
        if (is_exact || row->is_last)
            break; /* at the latest here: each command has a last row */
    }
    if (is_exact_r != NULL)
        *is_exact_r = is_exact;
    return row;
}

const struct diagnosis *diagnosis_by_id(const char *id)
{
    const struct diagnosis *row;
    for (size_t i = 0; id[0] != '\0' && (row = diagnosis_at(i)) != NULL; i++) {
        if (strcmp(row->id, id) == 0)
            return row;
    }
    return NULL;
}

/* Rows that no server says come first, then the last rows of commands. */
const struct diagnosis *diagnosis_of_fault(const struct fault *fault)
{
    const struct diagnosis *found = NULL;
    const struct diagnosis *row;
    if (fault->diagnosis != NULL || fault->code == FAULT_NONE)
        return fault->diagnosis;
    for (size_t i = 0; (row = diagnosis_at(i)) != NULL; i++) {
        if (row->code != fault->code)
            continue;
        if (row->commands == 0 && row->is_last)
            return row;
        if (row->is_last && found == NULL)
            found = row;
    }
    return found;
}

const char *diagnosis_id(const struct diagnosis *diagnosis)
{
    return diagnosis == NULL ? "" : diagnosis->id;
}

/* -- what becomes of it -- */

int64_t diagnosis_backoff_msecs(const char *text)
{
    const char *at = str_ifind(text, "Backoff Time:");
    uint64_t msecs;
    if (at == NULL)
        return 0;
    at += strlen("Backoff Time:");
    at += strspn(at, " ");
    if (!str_to_uint64(at, strspn(at, "0123456789"), DIAGNOSIS_MAX_WAIT_MSECS, &msecs))
        return 0;
    return (int64_t)msecs;
}

static const struct diagnosis *diagnosis_usual(const struct diagnosis_question *question)
{
    size_t i = 0;
    while (!diagnosis_at(i)->is_last || diagnosis_at(i)->is_bye_only ||
           !diagnosis_is_about(diagnosis_at(i), question))
        i++;
    return diagnosis_at(i);
}

/* A sentence of the table, with the side and the name put in. */
static void sentence_append(struct buffer *text, const char *sentence,
                            const struct diagnosis_question *question)
{
    while (*sentence != '\0') {
        size_t size = strcspn(sentence, "{");
        buffer_append(text, sentence, size);
        sentence += size;
        if (str_istarts_with(sentence, "{side}"))
            buffer_append_str(text, side_names[question->side]);
        else if (str_istarts_with(sentence, "{name}"))
            buffer_append(text, question->subject,
                          strnlen(question->subject, sizeof(((struct fault *)0)->text)));
        sentence += strcspn(sentence, "}");
        sentence += *sentence == '}';
    }
}

static void fault_set_words(struct fault *fault, const struct diagnosis_question *question)
{
    struct buffer words;
    buffer_init(&words, 2 * sizeof(fault->server) + strlen(question->text));
    if (question->code[0] != '\0')
        buffer_printf(&words, "[%.*s]%s", (int)sizeof(fault->server) / 2, question->code,
                      question->text[0] != '\0' ? " " : "");
    buffer_append_str(&words, question->text);
    fault_set_server(fault, buffer_str(&words), words.used);
    buffer_deinit(&words);
}

void diagnosis_fill(const struct diagnosis *diagnosis, const struct diagnosis_question *question,
                    struct fault *fault_r)
{
    const struct diagnosis *row = diagnosis->code == FAULT_NONE ? diagnosis_usual(question)
                                                                : diagnosis;
    struct buffer sentence;
    buffer_init(&sentence, 4 * sizeof(fault_r->text));
    sentence_append(&sentence, row->sentence, question);
    fault_set(fault_r, row->code, row->scope, row->advice, question->side, "%s",
              buffer_str(&sentence));
    buffer_deinit(&sentence);
    if (row->advice == FAULT_ADVICE_WAIT) {
        int64_t wait_msecs = diagnosis_backoff_msecs(question->text);
        fault_r->is_wait_told = wait_msecs > 0;
        fault_r->wait_msecs = fault_r->is_wait_told ? wait_msecs : row->wait_msecs;
    }
    fault_r->diagnosis = diagnosis;
    fault_set_words(fault_r, question);
}

const char *diagnosis_split_words(const char *words, char *code_r, size_t code_size)
{
    const char *end = words[0] == '[' ? strchr(words, ']') : NULL;
    int size = end == NULL ? 0 : (int)(end - words) - 1;
    (void)snprintf(code_r, code_size, "%.*s", size, words + (size > 0));
    return end == NULL ? words : end + 1 + strspn(end + 1, " ");
}

void diagnosis_append_first_step(const struct diagnosis *diagnosis, struct buffer *text)
{
    buffer_append(text, diagnosis->steps, strcspn(diagnosis->steps, "\n"));
}

bool diagnosis_is_outage(size_t refused, size_t working)
{
    return refused >= OUTAGE_MIN_REFUSED && refused > working;
}
