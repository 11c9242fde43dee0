/* SPDX-License-Identifier: MIT
 * What a server's refusal means. The only place where a server's words decide anything. Pure. */
#ifndef SYNC_VERDICT_H
#define SYNC_VERDICT_H

#include "base/fault.h"
#include "sync/imap/imap_parser.h"

/* What was being done when the server refused. */
enum verdict_command {
    VERDICT_LOGIN,
    VERDICT_LIST,
    VERDICT_SELECT,
    VERDICT_FETCH,
    VERDICT_APPEND,
    VERDICT_CREATE,
    VERDICT_DELETE,
    VERDICT_STORE,
    VERDICT_OTHER,
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
/* Milliseconds in "Suggested Backoff Time: N milliseconds"; 0 if there is none. */
int64_t verdict_backoff_msecs(const char *text);

#endif
