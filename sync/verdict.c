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

bool verdict_of_last_words(const struct fault *lost, struct fault *fault_r)
{
    char code[sizeof(lost->server)];
    struct verdict_question question = {
        .side = lost->side,
        .command = VERDICT_OTHER,
        .status = IMAP_STATUS_BYE,
        .code = code,
        .text = diagnosis_split_words(lost->server, code, sizeof(code)),
        .subject = "",
    };
    if (lost->code != FAULT_CLOSED || lost->server[0] == '\0')
        return false;
    verdict_judge(&question, fault_r);
    return true;
}
