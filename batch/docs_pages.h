/* SPDX-License-Identifier: MIT
 * What the man pages say that no table knows. Only batch/docs.c looks here. */
#ifndef BATCH_DOCS_PAGES_H
#define BATCH_DOCS_PAGES_H

#include "base/buffer.h"

/* All texts are man(7); lines may have any length. */
struct man_page {
    const char *name; /* of the page */
    char section;
    const char *about;    /* one line */
    const char *synopsis; /* NULL: none */
    const char *description;
    unsigned int command; /* of enum settings_command, whose options it shows; 0: none */
    const char *rest;     /* more sections, or NULL */
    void (*append_more)(struct buffer *text); /* behind these; or NULL */
    const char *examples;                     /* the body of EXAMPLES, or NULL */
    const char *see_also;
};

/* NULL behind the last. */
const struct man_page *docs_page_at(size_t i);

#endif
