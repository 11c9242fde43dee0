/* SPDX-License-Identifier: MIT */
#include "sync/verdict.h"

#include <string.h>

void verdict_judge(const struct verdict_question *question, struct fault *fault_r)
{
    struct diagnosis_question asked = {
        .side = question->side,
        .command = (enum diagnosis_command)question->command,
        .is_bye = question->status == IMAP_STATUS_BYE,
        .code = question->code,
        .text = question->text,
        .subject = question->subject,
    };
    diagnosis_fill(diagnosis_find(&asked, NULL), &asked, fault_r);
}

static void judge_words(int side, enum imap_status status, const char *words, struct fault *fault_r)
{
    char code[sizeof(fault_r->server)];
    struct verdict_question question = {
        .side = side,
        .command = VERDICT_OTHER,
        .status = status,
        .code = code,
        .text = diagnosis_split_words(words, code, sizeof(code)),
        .subject = "",
    };
    verdict_judge(&question, fault_r);
}

bool verdict_of_last_words(const struct fault *lost, struct fault *fault_r)
{
    if (lost->code != FAULT_CLOSED || lost->server[0] == '\0')
        return false;
    judge_words(lost->side, IMAP_STATUS_BYE, lost->server, fault_r);
    return true;
}

bool verdict_of_refusal_before(const struct fault *lost, const char *refusal, struct fault *fault_r)
{
    struct fault found;
    if (lost->code != FAULT_CLOSED || refusal[0] == '\0')
        return false;
    judge_words(lost->side, IMAP_STATUS_NO, refusal, &found);
    if (found.code != FAULT_THROTTLED)
        return false;
    *fault_r = found;
    return true;
}
