/* SPDX-License-Identifier: MIT
 * Charts as inline SVG. They take their colours from the page's style, by class. Pure. */
#ifndef REPORT_HTML_CHARTS_H
#define REPORT_HTML_CHARTS_H

#include "base/buffer.h"
#include "report/facts.h"
#include "report/words.h"

/* All charts of a run, each with a heading of its own. */
void charts_append(struct buffer *text, enum language language, const struct facts *facts);
/* The word for a status. */
enum word charts_status_word(enum job_status status);

#endif
