/* SPDX-License-Identifier: MIT
 * The header block of a message (RFC 5322 section 2.2), read without trusting it. Pure. */
#ifndef SYNC_MESSAGES_HEADER_H
#define SYNC_MESSAGES_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Longer values are cut; nobody compares more. */
#define HEADER_VALUE_MAX_BYTES 8192

struct header_field {
    const char *name;
    size_t name_size;
    const char *value; /* as received: folded, with its line ends */
    size_t value_size;
};

/* Walks over the fields: *position is 0 at first, then kept by the function. False at the end of
   the header block (an empty line, or the end of the data). Lines that are no field are skipped. */
bool header_next(const void *data, size_t size, size_t *position, struct header_field *field_r);
bool header_field_is(const struct header_field *field, const char *name);
/* Appends the value unfolded: every run of blanks and line ends becomes one space, none at either
   end; bytes above 0x7f become 'X', since servers decode them differently. */
void header_append_normal(const struct header_field *field, struct buffer *value);
/* The same with all bytes as they are, for people. */
void header_append_text(const struct header_field *field, struct buffer *value);
/* The first field of that name. */
bool header_find(const void *data, size_t size, const char *name, struct header_field *field_r);

#endif
