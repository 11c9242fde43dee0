/* SPDX-License-Identifier: MIT
 * What --verify found: a result for each source folder, beside what the copy did there. Every
 * difference is a problem row (store.h) with one of the reasons from PROBLEM_MISSING on. Both
 * outlive the attempts of a run, so that one that was interrupted goes on. Threads and faults as in
 * store.h. */
#ifndef STORE_STORE_VERIFY_H
#define STORE_STORE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/store.h"

/* X(enum suffix, name): how closely both sides were compared. The names are in files. */
#define VERIFY_LEVELS(X)  \
    X(NONE, "")           \
    X(COUNTS, "counts")   \
    X(HEADERS, "headers") \
    X(FULL, "full")

enum verify_level {
#define VERIFY_LEVEL_ENUM(suffix, name) VERIFY_##suffix,
    VERIFY_LEVELS(VERIFY_LEVEL_ENUM)
#undef VERIFY_LEVEL_ENUM
    VERIFY_LEVEL_COUNT
};
const char *verify_level_name(enum verify_level level);

/* The source folder's messages: `source` is the sum of those from `found` to `later`. */
struct verify_counts {
    uint64_t source;
    uint64_t found;     /* on the destination, and the same as far as the level looks */
    uint64_t different; /* another message stands in its place */
    uint64_t unread;    /* there, but one of the two could not be read or understood */
    uint64_t missing;   /* not on the destination, and nothing tells why */
    uint64_t gone;      /* was brought there, and was deleted or moved since */
    uint64_t excepted;  /* not there, as problems.csv or the user's own rules say */
    uint64_t later;     /* arrived after the run had listed the folder */
    /* Of the destination: messages that no source message accounts for. With merged folders those
       of the destination folder are told with the first of them. */
    uint64_t extra;
    uint64_t read; /* of found, different and unread: both bodies were asked for */
    uint64_t bytes_read;
};
void verify_counts_add(struct verify_counts *sum, const struct verify_counts *more);
/* How many are not as they should be. */
uint64_t verify_counts_differences(const struct verify_counts *counts);

struct store_verification {
    const char *source_name; /* decoded to UTF-8, as the next */
    const char *destination_name;
    enum verify_level level;
    struct verify_counts counts;
};

/* A second one for the same folder replaces the first. */
bool store_verification_put(struct store *store, const char *run_id, int64_t row,
                            const struct store_verification *verification, struct fault *fault_r);
/* Drops the folder's result and its differences: it is compared anew. */
bool store_verification_forget(struct store *store, const char *run_id, int64_t row,
                               const char *source_name, struct fault *fault_r);
/* Whether the folder has one. */
bool store_verification_is_there(struct store *store, const char *run_id, int64_t row,
                                 const char *source_name, bool *is_there_r, struct fault *fault_r);

/* Of one job, by the folders' names. As the readers of store.h. */
typedef bool store_verification_callback(void *context,
                                         const struct store_verification *verification);
bool store_verifications_each(struct store *store, const char *run_id, int64_t row,
                              store_verification_callback *callback, void *context,
                              struct fault *fault_r);

/* Over the folders of a job, or over all jobs of a run with row 0. */
struct verify_sum {
    enum verify_level level; /* NONE: nothing was compared; else the least of the folders' */
    uint64_t folders;
    uint64_t mailboxes;
    uint64_t mailboxes_differing;
    struct verify_counts counts;
};
/* The level becomes the lesser of the two, of those that are one. */
void verify_sum_add(struct verify_sum *sum, const struct verify_sum *more);
bool store_verifications_sum(struct store *store, const char *run_id, int64_t row,
                             struct verify_sum *sum_r, struct fault *fault_r);

#endif
