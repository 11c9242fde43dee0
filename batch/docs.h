/* SPDX-License-Identifier: MIT
 * What the program writes about itself: man pages, shell completion, the page of imapsync's
 * options. Pure. */
#ifndef BATCH_DOCS_H
#define BATCH_DOCS_H

#include <stdbool.h>

#include "base/buffer.h"

/* "man-mailconvoy", "man-sync", "completion-bash", "imapsync-options" ... False if there is no such
   page. */
bool docs_append(const char *name, struct buffer *text);
/* Their names, a blank between them. */
void docs_append_names(struct buffer *text);

#endif
