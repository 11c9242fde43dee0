/* SPDX-License-Identifier: MIT
 * What a server's refusal means: the table of diagnoses (base/diagnoses.h) asked in this room's
 * words. Nothing else here looks at what servers say. Pure. */
#ifndef SYNC_VERDICT_H
#define SYNC_VERDICT_H

#include "base/diagnoses.h"
#include "base/fault.h"
#include "sync/imap/imap_parser.h"

/* What was being done when the server refused. */
enum verdict_command {
    VERDICT_LOGIN = DIAGNOSIS_LOGIN,
    VERDICT_LIST = DIAGNOSIS_LIST,
    VERDICT_SELECT = DIAGNOSIS_SELECT,
    VERDICT_FETCH = DIAGNOSIS_FETCH,
    VERDICT_APPEND = DIAGNOSIS_APPEND,
    VERDICT_CREATE = DIAGNOSIS_CREATE,
    VERDICT_DELETE = DIAGNOSIS_DELETE,
    VERDICT_STORE = DIAGNOSIS_STORE,
    VERDICT_OTHER = DIAGNOSIS_OTHER,
};

struct verdict_question {
    int side; /* 1 or 2 */
    enum verdict_command command;
    enum imap_status status; /* NO, BAD or BYE */
    const char *code;        /* response code without brackets, "" if none */
    const char *text;
    const char *subject; /* what it was about, for the sentence: a folder's or user's name */
};

/* Fills scope, advice, code, a sentence and the server's words. Throttles, quota and outages are
   never about a message, whatever command they answer. */
void verdict_judge(const struct verdict_question *question, struct fault *fault_r);
/* A connection that the server ended (FAULT_CLOSED) with words (a BYE): what the words mean, which
   may be a throttle. False if there are none. */
bool verdict_of_last_words(const struct fault *lost, struct fault *fault_r);
/* The same by `refusal` ("[CODE] text"), with which the server refused the command before: servers
   ask for patience so, and then end the connection. False: it does not explain the loss. */
bool verdict_of_refusal_before(const struct fault *lost, const char *refusal,
                               struct fault *fault_r);

#endif
