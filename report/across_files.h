/* SPDX-License-Identifier: MIT
 * All runs of a work directory as one migration, a record for each mailbox pair: its latest state,
 * when mail was copied first and last, and what is not on the destination. */
#ifndef REPORT_ACROSS_FILES_H
#define REPORT_ACROSS_FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "report/across.h"

/* As report/summary.h has it. format is "text", "csv" or "json". */
bool across_write(struct store *store, const struct across *across, const char *format,
                  FILE *stream, struct fault *fault_r);

#endif
