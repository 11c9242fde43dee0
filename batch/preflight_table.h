/* SPDX-License-Identifier: MIT
 * What a preflight found, as a table with a forecast: preflight.txt, .csv and .json in the run's
 * directory. */
#ifndef BATCH_PREFLIGHT_TABLE_H
#define BATCH_PREFLIGHT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "batch/forecast.h"
#include "store/store.h"
#include "sync/preflight.h"

/* A mailbox pair; each belongs to the worker that looks at it, until all have ended. */
struct preflight_row {
    char *name; /* label or user; owned, as are all strings here; any bytes */
    char *user1;
    char *user2;
    char *error; /* "" if there is none */
    char *advice;
    enum job_status status;
    struct preflight found;
    struct forecast_mailbox forecast;
};

struct preflight_table {
    struct preflight_row *rows;
    size_t count;
    struct forecast_limits limits;
    bool is_selective; /* the settings leave out messages in ways that are not looked at */
};

/* Owned by the caller; deinit frees the rows' strings too. */
void preflight_table_init(struct preflight_table *table, size_t count,
                          const struct forecast_limits *limits);
void preflight_table_deinit(struct preflight_table *table);

/* Makes the forecast and writes the files. */
bool preflight_table_write(struct preflight_table *table, const char *run_dir,
                           struct fault *fault_r);

/* For preflight_table_write() and its tests. Pure. */
void preflight_append_text(const struct preflight_table *table, const struct forecast *forecast,
                           struct buffer *text);
void preflight_append_csv(const struct preflight_table *table, struct buffer *text);
void preflight_append_json(const struct preflight_table *table, const struct forecast *forecast,
                           struct buffer *text);

#endif
