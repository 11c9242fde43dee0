/* SPDX-License-Identifier: MIT
 * How a report is made to look: what `mailconvoy report --format html` may be told. */
#ifndef REPORT_LOOK_H
#define REPORT_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "report/words.h"

#define LOOK_LOGO_MAX_BYTES ((size_t)512 * 1024)

struct report_look {
    const char *title;    /* NULL: in the language's own words */
    const char *customer; /* NULL: nobody is named */
    const char *logo;     /* a data: URL; NULL: none */
    enum language language;
    bool hides_subjects; /* of messages that are not on the destination */
};

/* Appends a picture (PNG, JPEG, GIF, WebP or SVG, by its content) as a data: URL. False with a
   fault (FAULT_USAGE: no picture, or too large; FAULT_FILE: can't be read). */
bool look_read_logo(const char *path, struct buffer *url, struct fault *fault_r);

#endif
