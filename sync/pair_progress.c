/* SPDX-License-Identifier: MIT */
#include "sync/pair_progress.h"

#include <stdio.h>
#include <string.h>

bool pair_progress_init(struct pair_progress *progress)
{
    memset(progress, 0, sizeof(*progress));
    return pthread_mutex_init(&progress->mutex, NULL) == 0;
}

void pair_progress_deinit(struct pair_progress *progress)
{
    (void)pthread_mutex_destroy(&progress->mutex);
}

void pair_progress_plan(struct pair_progress *progress, uint64_t messages)
{
    if (progress != NULL)
        atomic_store(&progress->planned, messages);
}

void pair_progress_enter(struct pair_progress *progress, const char *folder)
{
    if (progress == NULL || pthread_mutex_lock(&progress->mutex) != 0)
        return; /* the view then shows the folder before */
    (void)snprintf(progress->folder, sizeof(progress->folder), "%s", folder);
    (void)pthread_mutex_unlock(&progress->mutex);
}

void pair_progress_list(struct pair_progress *progress, uint64_t messages, uint64_t wanted,
                        uint64_t bytes)
{
    if (progress == NULL)
        return;
    atomic_fetch_add(&progress->listed, messages);
    atomic_fetch_add(&progress->wanted, wanted);
    atomic_fetch_add(&progress->bytes_wanted, bytes);
}

void pair_progress_settle(struct pair_progress *progress, uint64_t bytes, bool is_copied)
{
    if (progress == NULL)
        return;
    atomic_fetch_add(&progress->settled, 1);
    atomic_fetch_add(&progress->bytes_settled, bytes);
    if (!is_copied)
        return;
    atomic_fetch_add(&progress->copied, 1);
    atomic_fetch_add(&progress->bytes_copied, bytes);
}

void pair_progress_error(struct pair_progress *progress)
{
    if (progress != NULL)
        atomic_fetch_add(&progress->errors, 1);
}

void pair_progress_read(struct pair_progress *progress, struct pair_progress_figures *figures_r,
                        char folder_r[PAIR_FOLDER_SIZE])
{
    *figures_r = (struct pair_progress_figures){
        .planned = atomic_load(&progress->planned),
        .listed = atomic_load(&progress->listed),
        .settled = atomic_load(&progress->settled),
        .copied = atomic_load(&progress->copied),
        .bytes_settled = atomic_load(&progress->bytes_settled),
        .bytes_copied = atomic_load(&progress->bytes_copied),
        .errors = atomic_load(&progress->errors),
        /* last, so that never more is settled than wanted */
        .wanted = atomic_load(&progress->wanted),
        .bytes_wanted = atomic_load(&progress->bytes_wanted),
    };
    folder_r[0] = '\0';
    if (pthread_mutex_lock(&progress->mutex) != 0)
        return;
    memcpy(folder_r, progress->folder, PAIR_FOLDER_SIZE);
    (void)pthread_mutex_unlock(&progress->mutex);
}
