/* SPDX-License-Identifier: MIT
 * The HTML report as it is asked for: on a stream, or a page for each mailbox in a file. */
#ifndef REPORT_HTML_FILES_H
#define REPORT_HTML_FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "report/command.h"
#include "store/store.h"

/* Faults as in report/summary.h; FAULT_USAGE also for a logo that is no picture. */
bool html_print(struct store *store, const struct report_order *order, FILE *stream,
                struct fault *fault_r);
/* Makes the directory; each page appears whole or not at all. Prints the directory's name and the
   number of pages on the stream. */
bool html_write_pages(struct store *store, const struct report_order *order, FILE *stream,
                      struct fault *fault_r);

#endif
