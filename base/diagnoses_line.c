/* SPDX-License-Identifier: MIT
 * Lines that people paste. */
#include <string.h>

#include "base/diagnoses_private.h"
#include "base/str.h"

struct explained {
    const struct diagnosis **rows;
    size_t capacity;
    size_t count;
};

static void explained_add(struct explained *explained, const struct diagnosis *row)
{
    for (size_t i = 0; i < explained->count; i++) {
        if (explained->rows[i] == row || strcmp(explained->rows[i]->title, row->title) == 0)
            return;
    }
    if (explained->count < explained->capacity)
        explained->rows[explained->count++] = row;
}

/* What a server means that says this, in answer to any command; APPEND is asked about most. */
static void explain_words(struct explained *explained, const char *words)
{
    char code[64];
    const char *text = diagnosis_split_words(words, code, sizeof(code));
    for (int i = 0; i < 2 * DIAGNOSIS_COMMANDS; i++) {
        struct diagnosis_question question = {
            .side = 2,
            .command = (enum diagnosis_command)((DIAGNOSIS_APPEND + i / 2) % DIAGNOSIS_COMMANDS),
            .is_bye = i % 2 == 1,
            .code = code,
            .text = text,
            .subject = "",
        };
        bool is_exact;
        const struct diagnosis *row = diagnosis_find(&question, &is_exact);
        if (is_exact)
            explained_add(explained, row);
    }
}

/* Behind "NO ", "BAD " or "BYE " begins what the server said. */
static const char *find_status(const char *line)
{
    static const char *const statuses[] = {"NO ", "BAD ", "BYE "};
    for (const char *at = line; *at != '\0'; at++) {
        if (at > line && at[-1] != ' ' && at[-1] != '"' && at[-1] != '\'')
            continue;
        for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
            if (strncmp(at, statuses[i], strlen(statuses[i])) == 0)
                return at + strlen(statuses[i]);
        }
    }
    return NULL;
}

static bool line_holds_code(const char *line, const char *codes)
{
    while ((line = strchr(line, '[')) != NULL) {
        line++;
        if (line[strcspn(line, "] ")] != '\0' && diagnosis_has_code(line, codes))
            return true;
    }
    return false;
}

static bool line_is_like(const char *line, const struct diagnosis *row)
{
    struct spoken spoken = {.text = line};
    return spoken_is_like(&spoken, row->patterns, true) || line_holds_code(line, row->codes);
}

/* Somewhere in the line: for each command the first row that fits. */
static void explain_anywhere(struct explained *explained, const char *line)
{
    unsigned int open = ANY;
    const struct diagnosis *row;
    for (size_t i = 0; (row = diagnosis_at(i)) != NULL; i++) {
        if ((row->commands & open) == 0 || !line_is_like(line, row))
            continue;
        explained_add(explained, row);
        open &= ~row->commands;
    }
}

/* What other programs print, and mailconvoy's own sentences. */
static void explain_local(struct explained *explained, const char *line)
{
    const struct diagnosis *row;
    for (size_t i = 0; (row = diagnosis_at(i)) != NULL && explained->count == 0; i++) {
        if (row->commands == 0 && line_is_like(line, row))
            explained_add(explained, row);
    }
}

size_t diagnosis_explain(const char *line, const struct diagnosis **found_r, size_t capacity)
{
    struct explained explained = {found_r, capacity, 0};
    const char *said = str_ifind(line, "[server said: ");
    const char *words = find_status(said == NULL ? line : said);
    const struct diagnosis *row = diagnosis_by_id(line);
    if (row != NULL)
        explained_add(&explained, row);
    if (explained.count == 0 && said != NULL)
        explain_words(&explained, said + strlen("[server said: "));
    if (explained.count == 0 && words != NULL)
        explain_words(&explained, words);
    if (explained.count == 0)
        explain_anywhere(&explained, line);
    if (explained.count == 0)
        explain_local(&explained, line);
    return explained.count;
}
