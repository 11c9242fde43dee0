/* SPDX-License-Identifier: MIT
 * `mailconvoy report`, once its options are parsed. */
#ifndef REPORT_COMMAND_H
#define REPORT_COMMAND_H

#include <stdbool.h>

/* All but workdir may be NULL or false. */
struct report_order {
    const char *workdir;
    const char *run_id; /* NULL or "": the newest */
    const char *format; /* "text" (also when NULL), "csv", "json" or "html" */
    bool is_across;     /* all runs as one migration */
    /* for html */
    bool is_per_user; /* a page for each mailbox, into files */
    bool hides_subjects;
    const char *title;
    const char *customer;
    const char *logo; /* a file */
    const char *language;
};

/* Prints a run of <workdir>/state.db on stdout, or writes <workdir>/runs/<run>/pages/<user>.html
   and prints where they are. Returns the exit code: 0; 64 for an unknown format or run, or options
   that don't go together, 66 when there is no state.db, 70 when it can't be read or the report not
   written; then a plain sentence is on stderr. */
int report_command(const struct report_order *asked);

#endif
