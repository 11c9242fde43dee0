/* SPDX-License-Identifier: MIT
 * What a selection (--search, --maxage, --minage) asks a server for: the text behind UID SEARCH
 * (RFC 9051 section 6.4.4), and the same ages for dates of arrival where a server can't search.
 * Pure, but for the time zone (TZ); any thread. */
#ifndef SYNC_MESSAGES_CRITERIA_H
#define SYNC_MESSAGES_CRITERIA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "sync/settings.h"

/* Longer ones are refused: there are servers that take no longer command lines. */
#define CRITERIA_SEARCH_MAX_BYTES ((size_t)7900)

/* Moments, in seconds since 1970. */
struct criteria_ages {
    bool has_since;  /* --maxage */
    bool has_before; /* --minage */
    bool is_union;   /* either is enough; else both are wanted */
    int64_t since_secs;
    int64_t before_secs;
};

struct criteria_ages criteria_ages(const struct settings *settings, int64_t now_secs);
bool criteria_ages_are_given(const struct criteria_ages *ages);
/* Whether a date of arrival is selected; an unknown one (0) always is. */
bool criteria_ages_take(const struct criteria_ages *ages, int64_t seconds);

/* Appends what is to be searched for: `search` (may be NULL or empty) AND the ages, of which NULL
   is none. Appends nothing if all is selected. */
void criteria_append(const char *search, const struct criteria_ages *ages, struct buffer *text);

/* NULL if a server can be given this text as it is; else what is wrong, to end "search1 ...". */
const char *criteria_check_search(const char *search);
/* Appends a sentence for each setting of a selection that can't be. */
bool criteria_check_settings(const struct settings *settings, struct buffer *faults);

#endif
