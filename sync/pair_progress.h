/* SPDX-License-Identifier: MIT
 * How far a pair has come, for a live view: written by the pair's thread, read by any. Numbers are
 * atomic and each is right by itself; read together they may be a message apart. A NULL progress is
 * fine everywhere. */
#ifndef SYNC_PAIR_PROGRESS_H
#define SYNC_PAIR_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of a longer name its beginning is shown. */
#define PAIR_FOLDER_SIZE 256

struct pair_progress {
    atomic_uint_fast64_t planned; /* messages in all folders; 0: not known */
    atomic_uint_fast64_t listed;  /* those in folders that were looked at */
    atomic_uint_fast64_t wanted;  /* those of them that were to be copied */
    atomic_uint_fast64_t settled; /* those of them whose end is known, copied or not */
    atomic_uint_fast64_t copied;
    atomic_uint_fast64_t bytes_wanted;
    atomic_uint_fast64_t bytes_settled;
    atomic_uint_fast64_t bytes_copied;
    atomic_uint_fast64_t errors;
    pthread_mutex_t mutex; /* guards all below */
    char folder[PAIR_FOLDER_SIZE];
};

/* The numbers at one moment. */
struct pair_progress_figures {
    uint64_t planned;
    uint64_t listed;
    uint64_t wanted;
    uint64_t settled;
    uint64_t copied;
    uint64_t bytes_wanted;
    uint64_t bytes_settled;
    uint64_t bytes_copied;
    uint64_t errors;
};

/* False when no mutex can be had. */
bool pair_progress_init(struct pair_progress *progress);
void pair_progress_deinit(struct pair_progress *progress);

/* The source's folders hold so many messages; 0: that is not known. */
void pair_progress_plan(struct pair_progress *progress, uint64_t messages);
/* The pair has come to this folder (its name for people, any bytes). */
void pair_progress_enter(struct pair_progress *progress, const char *folder);
/* So many messages were looked at, of which so many, with so many bytes, are to be copied. */
void pair_progress_list(struct pair_progress *progress, uint64_t messages, uint64_t wanted,
                        uint64_t bytes);
/* One that was wanted has its end. */
void pair_progress_settle(struct pair_progress *progress, uint64_t bytes, bool is_copied);
void pair_progress_error(struct pair_progress *progress);

/* Takes the lock for the folder's name. */
void pair_progress_read(struct pair_progress *progress, struct pair_progress_figures *figures_r,
                        char folder_r[PAIR_FOLDER_SIZE]);

#endif
