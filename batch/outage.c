/* SPDX-License-Identifier: MIT */
#include "batch/outage.h"

#include <string.h>

#include "base/diagnoses.h"

bool outage_is_refusal(const struct pair_result *result)
{
    return result->status == JOB_FAILED &&
           strcmp(diagnosis_id(result->fault.diagnosis), "not-connected") == 0;
}

void outage_note(struct outage_mailbox *mailbox, const struct pair_result *result,
                 int64_t ended_msecs)
{
    mailbox->ended_msecs = ended_msecs;
    mailbox->refused_side = outage_is_refusal(result) ? result->fault.side : 0;
    mailbox->has_worked = mailbox->has_worked || result->was_signed_in;
}

bool outage_is_on(const struct outage_mailbox *mailboxes, size_t count, uint32_t route, int side)
{
    size_t refused = 0;
    size_t working = 0;
    for (size_t i = 0; i < count; i++) {
        if (mailboxes[i].route != route)
            continue;
        refused += mailboxes[i].refused_side == side;
        working += mailboxes[i].refused_side != side && mailboxes[i].has_worked;
    }
    return diagnosis_is_outage(refused, working);
}

void outage_set_fault(int side, struct fault *fault_r)
{
    fault_set(fault_r, FAULT_THROTTLED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, side,
              "many mailboxes of the %s server are signed in but none of them can be opened: it "
              "seems to be out of order. Run the same command again later to go on",
              side == 1 ? "source" : "destination");
    fault_r->diagnosis = diagnosis_by_id("outage");
}

static bool pause_job(struct store *store, const char *run_id, int64_t row,
                      const struct outage_mailbox *mailbox, struct fault *fault_r)
{
    struct fault why;
    outage_set_fault(mailbox->refused_side, &why);
    return store_job_diagnose(store, run_id, row, diagnosis_id(why.diagnosis), fault_r) &&
           store_job_end(store, run_id, row, JOB_PAUSED, mailbox->ended_msecs,
                         fault_code_name(why.code), why.text, fault_r);
}

bool outage_pause(struct store *store, const char *run_id, const struct outage_mailbox *mailboxes,
                  size_t count, size_t *paused_r, struct fault *fault_r)
{
    const struct outage_mailbox *judged = NULL; /* mostly all are on one route */
    bool is_outage = false;
    *paused_r = 0;
    for (size_t i = 0; i < count; i++) {
        const struct outage_mailbox *one = &mailboxes[i];
        if (one->refused_side == 0)
            continue;
        if (judged == NULL || judged->route != one->route ||
            judged->refused_side != one->refused_side)
            is_outage = outage_is_on(mailboxes, count, one->route, one->refused_side);
        judged = one;
        if (!is_outage)
            continue;
        if (!pause_job(store, run_id, (int64_t)i + 1, one, fault_r))
            return false;
        ++*paused_r;
    }
    return true;
}
