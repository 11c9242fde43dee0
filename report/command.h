/* SPDX-License-Identifier: MIT
 * `mailconvoy report`, once its options are parsed. */
#ifndef REPORT_COMMAND_H
#define REPORT_COMMAND_H

/* Prints a run (NULL or "": the newest) of <workdir>/state.db on stdout; format is "text" (also
   when NULL), "csv" or "json". Returns the exit code: 0; 64 for an unknown format or run, 66 when
   there is no state.db, 70 when it can't be read or stdout not written; then a plain sentence is on
   stderr. */
int report_command(const char *workdir, const char *run_id, const char *format);

#endif
