/* SPDX-License-Identifier: MIT
 * What the first page of a report says: sums over its mailboxes, and the course of its run. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include <stdbool.h>

#include "report/grade.h"
#include "report/series.h"
#include "report/totals.h"
#include "report/walk.h"
#include "store/store_verify.h"

#define FACTS_LARGEST 10

/* A run, copied out of the store. */
struct facts_run {
    char *id, *command, *version, *manifest, *manifest_sha256, *settings; /* owned */
    int64_t started_msecs;
    int64_t ended_msecs; /* 0: not ended, or broken off */
    bool is_final;
    double budget_messages; /* a second; 0: none */
    double budget_bytes;
};

struct facts_mailbox {
    char *name; /* owned */
    uint64_t source;
    uint64_t there; /* on the destination */
};

struct facts {
    struct facts_run run;
    struct report_totals totals;
    uint64_t grades[GRADE_COUNT];
    enum grade grade;
    uint64_t trials;
    uint64_t safe;
    uint64_t copied_all; /* by all runs, if it is about all */
    uint64_t bytes_all;
    struct facts_mailbox largest[FACTS_LARGEST]; /* the largest first */
    size_t largest_count;
    /* Where the mailboxes' time went, milliseconds added up. */
    int64_t working_msecs, throttled_msecs, waiting_msecs;
    struct series series;
    bool has_samples;
    struct store_changes changes;
    struct verify_sum verified; /* what --verify found */
};

/* Reads them; *facts_r is all zeros before. With `across` the run is the latest one and the course
   is left out; with only_row (not 0) all is about that mailbox alone. */
bool facts_read(struct store *store, const char *run_id, const struct across *across,
                int64_t only_row, struct facts *facts_r, struct fault *fault_r);
void facts_deinit(struct facts *facts);

/* What a mailbox is called: its label, else its user. */
const char *facts_mailbox_name(const struct store_job *job);
/* Messages that are on the destination, and those that are not although they were reached. */
uint64_t facts_there(const struct message_counts *counts);
uint64_t facts_not_there(const struct message_counts *counts);
/* "name = value" in the settings of a run, as a number; 0: not given. Pure. */
double facts_setting(const char *settings, const char *name);

#endif
