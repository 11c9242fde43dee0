/* SPDX-License-Identifier: MIT */
#include "sync/folders/plan_edit.h"

#include <string.h>

#include "base/mem.h"
#include "sync/folders/folders.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name.h"
#include "sync/messages/expression.h"

#define EDIT_EMPTY    "leaves nothing of"
#define EDIT_TOO_LONG "makes too long a name of"

struct plan_edits {
    const struct str_list *texts;
    struct expression_list list; /* one for each text */
};

static void edit_refuse(struct fault *fault_r, const char *expression, const char *name,
                        const char *what)
{
    char *display = mutf7_to_display(name);
    fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
              "regextrans2 \"%.150s\" %s the folder name \"%.120s\"; change the expression, or "
              "give this folder its name with --f1f2.",
              expression, what, display);
    mem_free(display);
}

struct plan_edits *plan_edits_init(const struct str_list *texts, struct fault *fault_r)
{
    struct plan_edits *edits = mem_alloc(sizeof(*edits));
    struct buffer error;
    buffer_init(&error, 4096);
    edits->texts = texts;
    if (!expression_list_init(&edits->list, texts, EXPRESSION_EDIT, "regextrans2", &error)) {
        const char *sentence = buffer_str(&error);
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0, "%.*s",
                  (int)strcspn(sentence, "\n"), sentence);
        plan_edits_deinit(&edits);
    }
    buffer_deinit(&error);
    return edits;
}

void plan_edits_deinit(struct plan_edits **edits)
{
    if (*edits == NULL)
        return;
    expression_list_deinit(&(*edits)->list);
    mem_free(*edits);
    *edits = NULL;
}

/* Expressions see names as people read them, for in modified UTF-7 a "-" or a letter may be part of
   a shift: \L would turn "&APYA3w-" into other characters. Only an expression that is about shifts
   itself, as `s,&AC8-,-,g`, has an "&" in it. */
static bool edit_wants_raw(const char *expression)
{
    bool has_ampersand = false;
    for (const char *p = expression; *p != '\0'; p++) {
        if ((unsigned char)*p >= 0x80)
            return false; /* no raw name has it */
        has_ampersand = has_ampersand || (*p == '&' && (p == expression || p[-1] != '$'));
    }
    return has_ampersand;
}

/* Appends the name decoded; false if it is the same raw, or could not be had back. */
static bool edit_decode(const char *name, struct buffer *decoded)
{
    struct buffer again;
    buffer_init(&again, SIZE_MAX);
    bool is_decoded = mutf7_decode(name, strlen(name), decoded) &&
                      mutf7_encode((const char *)decoded->data, decoded->used, &again) &&
                      strcmp(buffer_str(&again), name) == 0 &&
                      strcmp(buffer_str(decoded), name) != 0;
    buffer_deinit(&again);
    return is_decoded;
}

/* Appends what the expression is to work on. True if that is the decoded name. */
static bool edit_append_subject(const char *expression, const char *name, struct buffer *subject)
{
    if (!edit_wants_raw(expression) && edit_decode(name, subject))
        return true;
    buffer_clear(subject);
    buffer_append_str(subject, name);
    return false;
}

/* The new name, or NULL and why not: what the expression does to the name. */
static char *edit_take(struct buffer *result, bool is_decoded, const char **obstacle_r)
{
    struct buffer raw;
    char *name = NULL;
    buffer_init(&raw, SIZE_MAX);
    *obstacle_r = NULL;
    if (result->used == 0)
        *obstacle_r = EDIT_EMPTY;
    else if (memchr(result->data, '\0', result->used) != NULL)
        *obstacle_r = "puts a NUL into";
    else if (!is_decoded)
        name = mem_strndup((const char *)result->data, result->used);
    else if (mutf7_encode((const char *)result->data, result->used, &raw))
        name = mem_strdup(buffer_str(&raw));
    else
        *obstacle_r = "tears a character apart in";
    buffer_deinit(&raw);
    if (name != NULL && strlen(name) > PLAN_EDIT_MAX_BYTES) {
        *obstacle_r = EDIT_TOO_LONG;
        mem_free(name);
        name = NULL;
    }
    return name;
}

/* True if the expression has nothing to say, or *name is edited; else why not. */
static bool edit_apply(struct plan_edits *edits, size_t i, char **name, bool *is_hit_r,
                       struct fault *fault_r)
{
    const char *expression = edits->texts->items[i];
    const char *obstacle = NULL;
    struct buffer subject;
    struct buffer result;
    buffer_init(&subject, FOLDER_LIST_MAX_BYTES);
    buffer_init(&result, FOLDER_LIST_MAX_BYTES);
    bool is_decoded = edit_append_subject(expression, *name, &subject);
    enum expression_result verdict = expression_edit(edits->list.items[i], subject.data,
                                                     subject.used, FOLDER_NAME_MAX_BYTES, &result);
    char *edited = NULL;
    if (verdict == EXPRESSION_HIT)
        edited = edit_take(&result, is_decoded, &obstacle);
    else if (verdict == EXPRESSION_TOO_HARD)
        obstacle = "takes too long on";
    else if (verdict == EXPRESSION_TOO_LARGE)
        obstacle = EDIT_TOO_LONG;
    if (obstacle != NULL)
        edit_refuse(fault_r, expression, *name, obstacle);
    *is_hit_r = edited != NULL && strcmp(edited, *name) != 0;
    if (edited != NULL) {
        mem_free(*name);
        *name = edited;
    }
    buffer_deinit(&subject);
    buffer_deinit(&result);
    return obstacle == NULL;
}

/* What is left once it is a name that a server can take. */
static bool edit_tidy(const char *expression, char **name, char separator, struct fault *fault_r)
{
    struct buffer tidy;
    buffer_init(&tidy, SIZE_MAX);
    name_append_tidy(&tidy, *name, separator);
    const char *obstacle = tidy.used == 0                    ? EDIT_EMPTY
                           : tidy.used > PLAN_EDIT_MAX_BYTES ? EDIT_TOO_LONG
                                                             : NULL;
    if (obstacle != NULL) {
        edit_refuse(fault_r, expression, *name, obstacle);
    } else {
        mem_free(*name);
        *name = mem_strdup(buffer_str(&tidy));
    }
    buffer_deinit(&tidy);
    return obstacle == NULL;
}

bool plan_edits_apply(struct plan_edits *edits, char **name, char separator, plan_edit_told *told,
                      void *context, bool *is_edited_r, struct fault *fault_r)
{
    const char *last_hit = NULL;
    *is_edited_r = false;
    for (size_t i = 0; i < edits->texts->count; i++) {
        bool is_hit;
        if (!edit_apply(edits, i, name, &is_hit, fault_r))
            return false;
        if (!is_hit)
            continue;
        last_hit = edits->texts->items[i];
        told(context, last_hit, *name);
    }
    *is_edited_r = last_hit != NULL;
    return last_hit == NULL || edit_tidy(last_hit, name, separator, fault_r);
}
