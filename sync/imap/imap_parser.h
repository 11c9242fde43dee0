/* SPDX-License-Identifier: MIT
 * Server responses, as pure functions of bytes (RFC 9051 section 9, lenient where servers are known
 * to differ). Two steps: the framer finds where a response ends, over any split of the bytes; the
 * parser then cuts the complete frame into tokens that point into it. No I/O, no state beyond the
 * structs; belongs to one thread. */
#ifndef SYNC_IMAP_IMAP_PARSER_H
#define SYNC_IMAP_IMAP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A response without its streamed literals never needs more than this. */
#define IMAP_FRAME_MAX_BYTES ((size_t)12 * 1024 * 1024)
/* RFC 9051 section 4.3: number64; nobody has larger messages. */
#define IMAP_LITERAL_MAX_BYTES ((uint64_t)1 << 40)
#define IMAP_TOKENS_MAX        ((size_t)1 << 20)
#define IMAP_DEPTH_MAX         32

enum imap_frame_result {
    IMAP_FRAME_MORE,   /* the response is not complete yet */
    IMAP_FRAME_DONE,   /* frame_bytes hold one complete response, CRLF included */
    IMAP_FRAME_STREAM, /* frame_bytes end with the "{n}" line of a literal of literal_bytes that is
                          too large to be held */
    IMAP_FRAME_BAD,    /* nothing an IMAP server would send, or beyond a ceiling */
};

struct imap_framer {
    size_t scanned;    /* offset up to which the frame was looked at; may lie beyond the data */
    size_t line_start; /* where the line being looked at began */
    bool has_begun;    /* past the first line */
    bool is_text;      /* a status response: "{5}" at its end is prose, not a literal */
    bool is_remainder; /* behind a streamed literal: not the start of a response */
    enum imap_frame_result result; /* stays until the reset: a frame may be looked at twice */
    size_t frame_bytes;
    uint64_t literal_bytes;
};

/* A fresh response starts at the next byte. */
void imap_framer_reset(struct imap_framer *framer);
/* What follows a streamed literal starts at the next byte. */
void imap_framer_reset_remainder(struct imap_framer *framer);
/* Looks at all bytes since the start of the response; call again with more (the same start). Costs
   no more than the new bytes. Literals above hold_max_bytes are not waited for. */
enum imap_frame_result imap_framer_next(struct imap_framer *framer, const unsigned char *data,
                                        size_t size, size_t hold_max_bytes);

enum imap_token_type {
    IMAP_TOKEN_ATOM, /* also numbers, flags, NIL is its own type */
    IMAP_TOKEN_NIL,
    IMAP_TOKEN_QUOTED, /* data without the quotes, escapes untouched */
    IMAP_TOKEN_LITERAL,
    IMAP_TOKEN_LIST, /* `inside` tokens follow it */
};

struct imap_token {
    enum imap_token_type type;
    const char *data;
    size_t size;
    size_t inside;
};

enum imap_status {
    IMAP_STATUS_NONE,
    IMAP_STATUS_OK,
    IMAP_STATUS_NO,
    IMAP_STATUS_BAD,
    IMAP_STATUS_BYE,
    IMAP_STATUS_PREAUTH,
};

enum imap_response_kind {
    IMAP_RESPONSE_CONTINUATION, /* "+ text" */
    IMAP_RESPONSE_TAGGED,
    IMAP_RESPONSE_UNTAGGED,
};

/* All pointers go into the frame (or the parser's token array) and die with it. */
struct imap_response {
    enum imap_response_kind kind;
    const char *tag;
    size_t tag_size;
    enum imap_status status; /* of status responses */
    const char *code;        /* inside [..], "" if none */
    size_t code_size;
    const char *text; /* of status responses and continuations, without CRLF */
    size_t text_size;
    bool has_number; /* "* 23 EXISTS" */
    uint64_t number;
    const char *name; /* "FETCH", "LIST", ...; "" for status responses */
    size_t name_size;
    const struct imap_token *tokens; /* what follows the name */
    size_t token_count;
};

struct imap_parser {
    struct imap_token *tokens;
    size_t count;
    size_t alloc;
};

void imap_parser_deinit(struct imap_parser *parser);
/* Parses one frame. is_partial: the frame ends with the line of a streamed literal, so open lists
   are fine. False: not understood. */
bool imap_parser_response(struct imap_parser *parser, const char *frame, size_t size,
                          bool is_partial, struct imap_response *response_r);
/* Tokens of what follows a streamed literal; ")" of lists opened before it are passed over. */
bool imap_parser_remainder(struct imap_parser *parser, const char *frame, size_t size);
/* Tokens of a piece of text, such as a response code. */
bool imap_parser_tokens(struct imap_parser *parser, const char *text, size_t size);

/* The index of the token behind tokens[i] and all inside it. */
size_t imap_token_next(const struct imap_token *tokens, size_t i);
bool imap_token_is(const struct imap_token *token, const char *atom);
bool imap_token_is_string(const struct imap_token *token); /* atom, quoted or literal */
bool imap_token_uint64(const struct imap_token *token, uint64_t max, uint64_t *value_r);
/* The string with quoted escapes undone, as a new C string (NULs become '?'). NIL gives "". */
char *imap_token_strdup(const struct imap_token *token);

#endif
