/* SPDX-License-Identifier: MIT
 * What imapsync's users look for at the end of a log, under imapsync's labels. */
#ifndef SYNC_STATISTICS_H
#define SYNC_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/store.h"

/* How much more the destination held, where --foldersizes looked. */
struct size_difference {
    bool is_known;
    int64_t messages;
    int64_t bytes;
};

/* What a pair counts for them, besides its messages. */
struct pair_figures {
    uint64_t folders; /* of the plan */
    uint64_t folders_synced;
    uint64_t duplicates;       /* on the source, left out by --nosyncduplicates */
    uint64_t cross_duplicates; /* left out by --skipcrossduplicates */
    uint64_t deleted[2];
    uint64_t bytes_skipped; /* of listed messages that were not copied */
    uint64_t biggest_bytes; /* of those that were */
    struct size_difference before;
    struct size_difference after;
};

struct statistics {
    int64_t started_msecs;
    int64_t ended_msecs;
    struct message_counts counts; /* with what all attempts copied */
    struct pair_figures figures;
    uint64_t reconnections[2];
    uint64_t errors;
    double cpu_secs;
    uint64_t memory_bytes;
    const char *load; /* "0.10 0.20 0.30", or "" */
    bool is_dry;
    bool is_good;   /* nothing speaks against it */
    bool is_strict; /* --delete2: nothing else is on the destination */
};

/* A line for each label, in imapsync's order, then its sentences. Pure. */
void statistics_append(const struct statistics *statistics, struct buffer *text);

#endif
