/* SPDX-License-Identifier: MIT */
#include "report/totals.h"

void report_totals_add(struct report_totals *totals, const struct store_job *job)
{
    totals->mailboxes++;
    totals->by_status[job->status]++;
    totals->folders += job->folders;
    if (message_counts_difference(&job->counts) != 0)
        totals->with_difference++;
    message_counts_add(&totals->counts, &job->counts);
    totals->deleted_source += job->deleted_source;
    totals->deleted_destination += job->deleted_destination;
    for (unsigned int i = 0; i < 2; i++) {
        totals->unchecked[i] += (job->exposure & (unsigned int)STORE_EXPOSURE_UNCHECKED << i) != 0;
        totals->clear[i] += (job->exposure & (unsigned int)STORE_EXPOSURE_CLEAR << i) != 0;
    }
}

uint64_t report_totals_problems(const struct report_totals *totals)
{
    const struct message_counts *counts = &totals->counts;
    return counts->excluded + counts->too_big + counts->failed + counts->unreadable +
           counts->vanished;
}
