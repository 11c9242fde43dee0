/* SPDX-License-Identifier: MIT */
#include "batch/snapshot_private.h"

#include <string.h>

#include "base/mem.h"

const char *const snapshot_phase_names[SNAPSHOT_PHASE_COUNT] = {
    [SNAPSHOT_RUNNING] = "running",
    [SNAPSHOT_STOPPING] = "stopping",
    [SNAPSHOT_ENDED] = "ended",
    [SNAPSHOT_CUT_OFF] = "cut_off",
};

const char *const snapshot_state_names[SNAPSHOT_STATE_COUNT] = {
    [SNAPSHOT_CONNECTING] = "connecting",
    [SNAPSHOT_COPYING] = "copying",
    [SNAPSHOT_THROTTLED] = "throttled",
    [SNAPSHOT_WAITING] = "waiting",
};

const char *snapshot_phase_name(enum snapshot_phase phase)
{
    return snapshot_phase_names[phase];
}

const char *snapshot_state_name(enum snapshot_state state)
{
    return snapshot_state_names[state];
}

void snapshot_deinit(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->mailboxes_count; i++) {
        mem_free(snapshot->mailboxes[i].title);
        mem_free(snapshot->mailboxes[i].folder);
    }
    mem_free(snapshot->mailboxes);
    mem_free(snapshot->run_id);
    mem_free(snapshot->command);
    mem_free(snapshot->manifest);
    mem_free(snapshot->version);
    memset(snapshot, 0, sizeof(*snapshot));
}

uint64_t snapshot_ended(const struct snapshot *snapshot)
{
    uint64_t others = snapshot->by_status[JOB_NOT_STARTED] + snapshot->running + snapshot->waiting;
    return snapshot->wanted > others ? snapshot->wanted - others : 0;
}
