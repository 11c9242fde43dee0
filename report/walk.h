/* SPDX-License-Identifier: MIT
 * Goes through the mailboxes that a report is about: those of one run, one of them, or those of all
 * runs. Belongs to one thread. */
#ifndef REPORT_WALK_H
#define REPORT_WALK_H

#include <stdbool.h>

#include "report/across.h"
#include "store/store.h"

struct walk {
    struct store *store;
    const char *run_id;
    int64_t only_row;            /* 0: all rows */
    const struct across *across; /* NULL: this run alone */
    int64_t row;                 /* of the mailbox that was shown last */
    size_t index;
};

/* What stands for a mailbox: its run, and what all its runs did (NULL: this run alone). */
struct walk_place {
    const char *run_id;
    const struct across_mailbox *sum;
};

void walk_begin(struct walk *walk, struct store *store, const char *run_id,
                const struct across *across);
/* Shows the next mailbox to the callback, which must not call the store. *is_there_r: there was
   one; place_r is filled then, and good as long as the walk. */
bool walk_next(struct walk *walk, store_job_callback *callback, void *context, bool *is_there_r,
               struct walk_place *place_r, struct fault *fault_r);

#endif
