/* SPDX-License-Identifier: MIT */
#include "report/across.h"

#include <string.h>

#include "base/mem.h"

static bool across_add(void *context, const struct store_pair_sum *sum)
{
    struct across *across = context;
    MEM_GROW(across->mailboxes, across->count, across->alloc);
    across->mailboxes[across->count++] = (struct across_mailbox){
        .run_id = mem_strdup(sum->run_id),
        .row = sum->row,
        .runs = sum->runs,
        .first_copied_msecs = sum->first_copied_msecs,
        .last_msecs = sum->last_msecs,
        .copied = sum->copied,
        .bytes_copied = sum->bytes_copied,
    };
    return true;
}

bool across_read(struct store *store, struct across *across_r, struct fault *fault_r)
{
    memset(across_r, 0, sizeof(*across_r));
    return store_pair_sums_each(store, across_add, across_r, fault_r);
}

void across_deinit(struct across *across)
{
    for (size_t i = 0; i < across->count; i++)
        mem_free(across->mailboxes[i].run_id);
    mem_free(across->mailboxes);
    memset(across, 0, sizeof(*across));
}
