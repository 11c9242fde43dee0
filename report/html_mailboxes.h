/* SPDX-License-Identifier: MIT
 * The table of mailboxes in an HTML report. */
#ifndef REPORT_HTML_MAILBOXES_H
#define REPORT_HTML_MAILBOXES_H

#include <stdbool.h>

#include "report/facts.h"
#include "report/look.h"
#include "report/output.h"
#include "report/walk.h"

/* Folders and messages that are not there are written until a page has so many bytes of each; then
   a page names the file that lists every one. 10,000 mailboxes then stay below 15 MB. With more
   folders than that only those are written that are notable: renamed, merged, failed, or with
   messages that are not there. */
#define MAILBOXES_FOLDERS_MAX_BYTES    ((size_t)5 * 1024 * 1024)
#define MAILBOXES_EXCEPTIONS_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define MAILBOXES_ALL_FOLDERS          ((uint64_t)30000)

/* Mailboxes behind so many are one text to a browser that runs the page's scripts (rest.js), of
   which report.js makes the rows that are shown: elements for all of 10,000 take it seconds. To any
   other they are rows like those before. */
#define MAILBOXES_AT_ONCE ((uint64_t)1000)

/* Writes all mailboxes of the walk. With is_open (a page about one) what is in each is shown at
   once. */
bool mailboxes_write(struct report_output *output, const struct report_look *look,
                     const struct facts *facts, struct walk *walk, bool is_open,
                     struct fault *fault_r);

#endif
