/* SPDX-License-Identifier: MIT
 * Shared by snapshot.c, snapshot_write.c and snapshot_read.c. */
#ifndef BATCH_SNAPSHOT_PRIVATE_H
#define BATCH_SNAPSHOT_PRIVATE_H

#include "batch/snapshot.h"

/* Of what `status` reads; a new key does not change it. */
#define SNAPSHOT_SCHEMA 1

extern const char *const snapshot_phase_names[SNAPSHOT_PHASE_COUNT];
extern const char *const snapshot_state_names[SNAPSHOT_STATE_COUNT];

#endif
