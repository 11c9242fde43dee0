/* SPDX-License-Identifier: MIT
 * `mailconvoy explain`: what a server's line means and what to do about it. */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "base/buffer.h"
#include "base/diagnoses.h"

/* For the main thread. argv without program and command name; its words that are no options are the
   text. Prints what is known about it on stdout. Returns the exit code: 0; 1 when the text is not
   known, and then says what to do; 64 for a wrong command line; 70 when stdout can't be written. */
int explain_command(int argc, char **argv);

/* A diagnosis as people read it, in lines of at most 80 characters where words allow. */
void explain_append_text(struct buffer *text, const struct diagnosis *diagnosis);

#endif
