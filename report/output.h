/* SPDX-License-Identifier: MIT
 * Where a report goes: text collects in a buffer that is handed to a stream in chunks, so a report
 * of any length needs little memory. Belongs to one thread. */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/fault.h"

struct report_output {
    FILE *stream;
    struct buffer text; /* append here */
};

void report_output_init(struct report_output *output, FILE *stream);
/* Called between records. False when the output has failed: a walk may end then. */
bool report_output_step(struct report_output *output);
/* Hands over the rest, frees, answers for the whole report. is_ok says whether the content is
   complete; if not, *fault_r is already filled and stays. */
bool report_output_end(struct report_output *output, bool is_ok, struct fault *fault_r);

#endif
