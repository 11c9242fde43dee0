/* SPDX-License-Identifier: MIT
 * Several runs as one migration: for each mailbox pair its latest state, and what all its runs did.
 */
#ifndef REPORT_ACROSS_H
#define REPORT_ACROSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct across_mailbox {
    char *run_id; /* owned: the latest run that did something about the pair */
    int64_t row;  /* in it */
    uint64_t runs;
    int64_t first_copied_msecs; /* the start of the first run that copied something; 0: none did */
    int64_t last_msecs;         /* the end of the latest run's work on it; 0: not ended */
    uint64_t copied;
    uint64_t bytes_copied;
};

struct across {
    struct across_mailbox *mailboxes; /* in the order of the pairs' names */
    size_t count;
    size_t alloc;
};

/* Reads all runs but trials, and of each pair those that did not leave it out. */
bool across_read(struct store *store, struct across *across_r, struct fault *fault_r);
void across_deinit(struct across *across);

#endif
