/* SPDX-License-Identifier: MIT
 * The data items of a FETCH response (RFC 9051 section 7.5.2), in whatever order they come. */
#ifndef SYNC_IMAP_FETCH_H
#define SYNC_IMAP_FETCH_H

#include "sync/imap/imap_parser.h"

/* Pointers go into the response's frame. */
struct imap_fetch {
    uint32_t uid; /* 0: not in the response */
    bool has_size;
    uint64_t size_bytes; /* RFC822.SIZE: an estimate on some servers */
    bool has_flags;
    const struct imap_token *flags; /* flag_count tokens, all atoms */
    size_t flag_count;
    bool has_labels; /* X-GM-LABELS */
    const struct imap_token *labels;
    size_t label_count;
    const char *internaldate; /* NULL: absent */
    size_t internaldate_size;
    bool has_body; /* BODY[] came with a value that is not NIL */
    const unsigned char *body;
    size_t body_size;
    bool has_header; /* BODY[HEADER.FIELDS (..)] or BODY[HEADER] came; NIL is an empty one */
    const unsigned char *header;
    size_t header_size;
    bool ends_in_body; /* partial response whose literal to come is BODY[] */
};

/* Fills *fetch_r from a complete or partial FETCH response. False if it is no list of pairs. */
bool imap_fetch_parse(const struct imap_response *response, struct imap_fetch *fetch_r);
/* Adds what came behind the streamed literal. */
bool imap_fetch_parse_remainder(const struct imap_parser *parser, struct imap_fetch *fetch);

#endif
