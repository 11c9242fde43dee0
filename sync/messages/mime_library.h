/* SPDX-License-Identifier: MIT
 * What of MIME is left to GMime: encodings and parameters. The library is loaded by the
 * first call that needs it: most runs change no message, and loading it takes longer than all the
 * rest of the program's start. Any thread may call these. */
#ifndef SYNC_MESSAGES_MIME_LIBRARY_H
#define SYNC_MESSAGES_MIME_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Loads it, once. False: it is not there (Debian: libgmime-3.0-0), and all below return false. */
bool mime_library_load(void);

enum mime_encoding {
    MIME_QUOTED_PRINTABLE,
    MIME_BASE64,
};

/* As the header says it. */
const char *mime_encoding_name(enum mime_encoding encoding);
/* The one that makes less of it. */
enum mime_encoding mime_encoding_for(const void *data, size_t size);
/* Appends the data encoded (RFC 2045 section 6.7 and 6.8), in short lines that end with CRLF. What
   is quoted-printable must have CRLF line ends; the last line has an end if the data's has one.
   False also when `out` is full. */
bool mime_encode(enum mime_encoding encoding, const void *data, size_t size, struct buffer *out);

/* Appends the parameter of a Content-Type's value, decoded (RFC 2231). False: there is none. */
bool mime_append_parameter(const char *content_type, const char *name, struct buffer *out);
/* Appends the text of a header field with its encoded words (RFC 2047) read, in UTF-8. False also
   when `out` is full. */
bool mime_append_words(const char *text, struct buffer *out);

#endif
