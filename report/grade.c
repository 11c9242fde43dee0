/* SPDX-License-Identifier: MIT */
#include "report/grade.h"

#include <string.h>

const char *grade_name(enum grade grade)
{
    static const char *const names[] = {
#define GRADE_NAME(suffix, name) name,
        GRADES(GRADE_NAME)
#undef GRADE_NAME
    };
    return names[grade];
}

bool grade_is_trial(const struct store_job *job)
{
    return job->trial[0] != '\0' && strcmp(job->trial, "verify-only") != 0;
}

/* What should be on the destination and is not. */
static uint64_t count_missing(const struct message_counts *counts)
{
    int64_t difference = message_counts_difference(counts);
    return counts->failed + counts->unreadable + counts->too_big +
           (difference > 0 ? (uint64_t)difference : 0);
}

static enum grade grade_of_finished(const struct store_job *job)
{
    const struct message_counts *counts = &job->counts;
    uint64_t missing = count_missing(counts);
    if (missing > GRADE_FEW_MESSAGES && missing > counts->source / GRADE_POOR_MESSAGES)
        return GRADE_POOR;
    if (missing > 0 || job->status == JOB_EXCEPTIONS || message_counts_difference(counts) != 0)
        return GRADE_INVESTIGATE;
    if (counts->excluded + counts->vanished + counts->not_selected > 0 || job->is_partial)
        return GRADE_GOOD;
    return GRADE_PERFECT;
}

enum grade grade_of_mailbox(const struct store_job *job)
{
    if (job->status == JOB_FAILED)
        return GRADE_POOR;
    if (job->status == JOB_LEFT_OUT || grade_is_trial(job))
        return GRADE_NONE;
    if (job->status == JOB_COMPLETE || job->status == JOB_EXCEPTIONS)
        return grade_of_finished(job);
    return GRADE_INVESTIGATE;
}

enum grade grade_of_run(const uint64_t mailboxes[GRADE_COUNT])
{
    uint64_t graded = 0;
    for (int i = GRADE_NONE + 1; i < GRADE_COUNT; i++)
        graded += mailboxes[i];
    if (graded == 0)
        return GRADE_NONE;
    if (mailboxes[GRADE_PERFECT] == graded)
        return GRADE_PERFECT;
    if (mailboxes[GRADE_PERFECT] + mailboxes[GRADE_GOOD] == graded)
        return GRADE_GOOD;
    return mailboxes[GRADE_POOR] > graded / GRADE_POOR_MAILBOXES ? GRADE_POOR : GRADE_INVESTIGATE;
}
