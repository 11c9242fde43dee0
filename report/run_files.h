/* SPDX-License-Identifier: MIT
 * A run's reports as files, or one of them on a stream. */
#ifndef REPORT_RUN_FILES_H
#define REPORT_RUN_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/fault.h"
#include "store/store.h"

/* Writes summary.txt, summary.csv, summary.json and problems.csv into run_dir, which exists; each
   appears whole or not at all and replaces an older one. Called after store_run_end(), so that the
   end is in them. False with the first fault (FAULT_FILE, FAULT_STORE, FAULT_USAGE: no such run);
   the other files are still tried. */
bool report_write_files(struct store *store, const char *run_id, const char *run_dir,
                        struct fault *fault_r);

/* The names of the files it writes, from 0 on; NULL behind the last. Pure. */
const char *report_file_name(size_t number);

/* "text", "csv" or "json". */
bool report_format_is_known(const char *format);
/* Prints one report of a run (NULL: the newest). An unknown format is FAULT_USAGE. */
bool report_print(struct store *store, const char *run_id, const char *format, FILE *stream,
                  struct fault *fault_r);

#endif
