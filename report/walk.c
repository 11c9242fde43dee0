/* SPDX-License-Identifier: MIT */
#include "report/walk.h"

void walk_begin(struct walk *walk, struct store *store, const char *run_id,
                const struct across *across)
{
    *walk = (struct walk){.store = store, .run_id = run_id, .across = across, .row = INT64_MIN};
}

static bool next_across(struct walk *walk, store_job_callback *callback, void *context,
                        bool *is_there_r, struct walk_place *place_r, struct fault *fault_r)
{
    int64_t row;
    *is_there_r = walk->index < walk->across->count;
    if (!*is_there_r)
        return true;
    const struct across_mailbox *mailbox = &walk->across->mailboxes[walk->index++];
    *place_r = (struct walk_place){mailbox->run_id, mailbox};
    walk->row = mailbox->row;
    return store_job_next(walk->store, mailbox->run_id, mailbox->row - 1, callback, context, &row,
                          fault_r);
}

bool walk_next(struct walk *walk, store_job_callback *callback, void *context, bool *is_there_r,
               struct walk_place *place_r, struct fault *fault_r)
{
    int64_t row;
    if (walk->across != NULL)
        return next_across(walk, callback, context, is_there_r, place_r, fault_r);
    *is_there_r = false;
    *place_r = (struct walk_place){walk->run_id, NULL};
    if (walk->only_row != 0 && walk->row >= walk->only_row)
        return true;
    int64_t after = walk->only_row != 0 ? walk->only_row - 1 : walk->row;
    if (!store_job_next(walk->store, walk->run_id, after, callback, context, &row, fault_r))
        return false;
    *is_there_r = row != 0;
    walk->row = row;
    return true;
}
