/* SPDX-License-Identifier: MIT
 * What servers say, and what it means: one table for what the program does about it and for what it
 * tells people. Everything here is pure and reads constant data; any thread may call it. */
#ifndef BASE_DIAGNOSES_H
#define BASE_DIAGNOSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"

/* What was being done when the server refused. */
enum diagnosis_command {
    DIAGNOSIS_LOGIN,
    DIAGNOSIS_LIST,
    DIAGNOSIS_SELECT,
    DIAGNOSIS_FETCH,
    DIAGNOSIS_APPEND,
    DIAGNOSIS_CREATE,
    DIAGNOSIS_DELETE,
    DIAGNOSIS_STORE, /* of flags */
    DIAGNOSIS_OTHER,
    DIAGNOSIS_COMMANDS
};

struct diagnosis {
    const char *id; /* stable: it is in stores and reports */

    /* When it applies: in answers to these commands, if the response code is one of `codes` or the
       text is like one of `patterns`. */
    unsigned int commands;          /* bits 1 << enum diagnosis_command; 0: no server says it */
    unsigned int commands_by_words; /* further ones, for which the patterns alone count */
    int side;                       /* 1 or 2; 0: both */
    bool is_bye_only;
    bool is_last;         /* answers to these commands that nothing else in the table knows */
    const char *codes;    /* separated by blanks, or "" (RFC 5530 and others) */
    const char *patterns; /* separated by '|', or ""; see diagnosis_find() */

    /* What is done about it. FAULT_NONE: what is usual for the command; then code, scope, advice
       and sentence are those of the last row for it. */
    enum fault_code code;
    enum fault_scope scope;
    enum fault_advice advice;
    int64_t wait_msecs;   /* with FAULT_ADVICE_WAIT, where the server does not say how long */
    const char *sentence; /* {side}, {name}: the command's folder or user */

    /* For people. */
    const char *title;       /* a few words, no full stop */
    const char *explanation; /* what it means */
    const char *steps;       /* what to do, one step a line, the first one the most likely */
};

/* An answer that is not OK. */
struct diagnosis_question {
    int side; /* 1 or 2 */
    enum diagnosis_command command;
    bool is_bye;
    const char *code;    /* the response code with its arguments, without brackets; "" if none */
    const char *text;    /* what follows it */
    const char *subject; /* the folder's or user's name as sent or as shown, "" if none */
};

/* The first row of the table that fits; never NULL. *is_exact_r (may be NULL) is false if it is
   only the last row for this command.

   A pattern fits the beginning of the text (ASCII case ignored); each '*' in it stands for any
   words. Words in quotes, and the subject's name, are not the server's: no part of a pattern is
   found wholly inside them, unless the text has nothing else to say. */
const struct diagnosis *diagnosis_find(const struct diagnosis_question *question, bool *is_exact_r);
/* Fills the fault as the row says, with the server's words ("[CODE] text"). */
void diagnosis_fill(const struct diagnosis *diagnosis, const struct diagnosis_question *question,
                    struct fault *fault_r);
/* Milliseconds in "Suggested Backoff Time: N milliseconds"; 0 if there is none. */
int64_t diagnosis_backoff_msecs(const char *text);
/* Splits "[CODE arguments] text" as fault.server holds it: returns where the text begins, and
   copies the code ("" if none; cut if need be). */
const char *diagnosis_split_words(const char *words, char *code_r, size_t code_size);

/* The row with this id, or NULL. */
const struct diagnosis *diagnosis_by_id(const char *id);
/* The row of a fault: the one it was filled from, else the one for its code, or NULL. */
const struct diagnosis *diagnosis_of_fault(const struct fault *fault);
/* Its id, "" for NULL. */
const char *diagnosis_id(const struct diagnosis *diagnosis);
/* Row i in the order in which they are tried; NULL behind the last one. */
const struct diagnosis *diagnosis_at(size_t i);

/* Appends the first of its steps, without a line end. */
void diagnosis_append_first_step(const struct diagnosis *diagnosis, struct buffer *text);

/* What people paste: a server's line with or without tag and NO, a line of a log, what another
   program prints. Finds the rows that diagnosis_find() would find, whatever the command was; at
   most `capacity` different ones. Returns how many, 0 if the line is not known. */
size_t diagnosis_explain(const char *line, const struct diagnosis **found_r, size_t capacity);

/* Whether many mailboxes of one server that are refused in the same way mean that the server is
   out of order. `refused` of them were refused, `working` others were let in during this run. */
bool diagnosis_is_outage(size_t refused, size_t working);

#endif
