/* SPDX-License-Identifier: MIT
 * What --verify found, in an HTML report. */
#ifndef REPORT_HTML_VERIFIED_H
#define REPORT_HTML_VERIFIED_H

#include <stdbool.h>

#include "report/look.h"
#include "report/output.h"
#include "store/store_verify.h"

/* A sentence about all that was compared; nothing if nothing was. */
void verified_append_run(struct buffer *text, enum language language, const struct verify_sum *sum);

struct verified_place {
    struct store *store;
    const char *run_id;
    int64_t row;
    bool is_terse; /* only folders with differences are listed */
};
/* The same about a mailbox, and a table of its folders. */
bool verified_write_mailbox(struct report_output *output, const struct report_look *look,
                            const struct verified_place *place, struct fault *fault_r);

#endif
