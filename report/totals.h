/* SPDX-License-Identifier: MIT
 * The sums under a report. They are added up from the very lines that are shown, so they always
 * agree with them. Pure. */
#ifndef REPORT_TOTALS_H
#define REPORT_TOTALS_H

#include <stdint.h>

#include "store/store.h"

struct report_totals {
    uint64_t mailboxes;
    uint64_t by_status[JOB_STATUS_COUNT];
    uint64_t folders;
    uint64_t with_difference; /* mailboxes whose own difference is not 0 */
    struct message_counts counts;
    uint64_t deleted_source;
    uint64_t deleted_destination;
    uint64_t unchecked[2]; /* mailboxes by side, see enum store_exposure */
    uint64_t clear[2];
};

/* Starts from all zeros. */
void report_totals_add(struct report_totals *totals, const struct store_job *job);
/* Messages that are not on the destination although they were reached: lines of problems.csv. */
uint64_t report_totals_problems(const struct report_totals *totals);

#endif
