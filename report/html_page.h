/* SPDX-License-Identifier: MIT
 * report.html: one file that needs no other, for people. Its only scripts and styles are those in
 * report/assets; a Content-Security-Policy with their hashes keeps all others from running. */
#ifndef REPORT_HTML_PAGE_H
#define REPORT_HTML_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "report/across.h"
#include "report/look.h"
#include "store/store.h"

struct html_page {
    const char *run_id;          /* NULL: the newest */
    const struct across *across; /* all runs as one migration; NULL: this run */
    int64_t only_row;            /* a page about this mailbox alone; 0: all */
    const struct report_look *look;
};

/* Writes it to the stream; faults as in report/summary.h. */
bool html_page_write(struct store *store, const struct html_page *page, FILE *stream,
                     struct fault *fault_r);

#endif
