/* SPDX-License-Identifier: MIT
 * Splits a line into words as a shell would, without expanding anything: '...' is literal, "..."
 * knows \" and \\, outside quotes a backslash protects a blank, a quote or a backslash. Every other
 * backslash stays, since regular expressions are full of them. */
#ifndef BATCH_WORDS_H
#define BATCH_WORDS_H

#include <stdbool.h>

#define WORDS_MAX 1000

struct words {
    char **items; /* writable, as an argv */
    int count;
};

/* False if a quote is not closed or there are more than WORDS_MAX words; then there is nothing to
   free. Pure. */
bool words_split(const char *text, struct words *words_r);
/* Wipes: options may hold passwords. */
void words_deinit(struct words *words);

#endif
