/* SPDX-License-Identifier: MIT
 * How well a mailbox, and a run, went: a grade by rules that the reports print. Pure. */
#ifndef REPORT_GRADE_H
#define REPORT_GRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* X(enum suffix, name in files) */
#define GRADES(X)                 \
    X(NONE, "")                   \
    X(PERFECT, "perfect")         \
    X(GOOD, "good")               \
    X(INVESTIGATE, "investigate") \
    X(POOR, "poor")

enum grade {
#define GRADE_ENUM(suffix, name) GRADE_##suffix,
    GRADES(GRADE_ENUM)
#undef GRADE_ENUM
    GRADE_COUNT
};
const char *grade_name(enum grade grade);

/* Nothing was copied or compared. */
bool grade_is_trial(const struct store_job *job);

/* What makes a mailbox poor: more of its messages missing than so many, and than one in so many;
   and a run: more poor mailboxes than one in so many. The rules that are printed say "10", "1 %"
   and "5 %". */
#define GRADE_FEW_MESSAGES   10
#define GRADE_POOR_MESSAGES  100
#define GRADE_POOR_MAILBOXES 20

/* Perfect: it went through and every message of its folders is on the destination. Good: what is
   not there was left out by rule, or vanished meanwhile. Poor: it failed, or too many messages
   failed, were unreadable, too big or not reached. Investigate: all else. None: a trial, or left
   out of the run: nothing was to be copied. */
enum grade grade_of_mailbox(const struct store_job *job);

/* From the number of mailboxes with each grade. Perfect or good if all are (at least); poor if more
   than 5 % are; else investigate. None when none has a grade. */
enum grade grade_of_run(const uint64_t mailboxes[GRADE_COUNT]);

#endif
