/* SPDX-License-Identifier: MIT
 * The body of struct imap_client, shared by client.c (life, state, what it knows), client_input.c
 * (responses) and client_output.c (commands). */
#ifndef SYNC_IMAP_CLIENT_PRIVATE_H
#define SYNC_IMAP_CLIENT_PRIVATE_H

#include "base/buffer.h"
#include "sync/imap/client.h"
#include "sync/imap/connection.h"

#define CLIENT_TRACE_MAX 1024

struct imap_command {
    struct imap_command *next;
    char tag[16];
    uint64_t start; /* stream positions of its bytes: [start, end) */
    uint64_t end;
    imap_command_callback *callback;
    void *context;
    uint32_t number;
    bool is_secret;
    bool is_opening; /* SELECT or EXAMINE */
};

struct imap_client {
    struct imap_client_options options;
    struct connection *connection;
    enum imap_client_state state;
    enum imap_client_state state_after_tls;
    struct fault fault; /* why CLOSED */
    struct imap_events events;
    unsigned int capabilities;
    uint64_t append_limit; /* UINT64_MAX: not told */
    bool has_capabilities;
    bool has_login_capabilities; /* heard since the last secret command was begun */
    struct imap_mailbox mailbox;
    char greeting[256]; /* then the BYE */
    bool has_bye;
    char refusal[256]; /* the last answer's words if it was NO or BAD, else "" */

    /* output */
    struct buffer out;
    uint64_t out_position; /* stream position of out.data[0] */
    uint64_t *sync_points; /* positions that wait for "+", ascending */
    size_t sync_count;
    size_t sync_alloc;
    struct imap_command *first; /* unanswered, in the order they were begun */
    struct imap_command *last;
    size_t pending;
    struct imap_command *building; /* open, not in the list yet */
    bool is_building_secret;
    bool is_next_opening; /* the next command is SELECT or EXAMINE */
    bool is_refused; /* its literal was not invited: bytes that still come for it are dropped */
    enum imap_status early_status; /* the answer to the building command, if it came already */
    char early_code[256];
    struct buffer early_text;
    struct buffer trace_line;
    uint32_t tag_counter;
    unsigned int refusals;      /* see imap_client_refusals() */
    uint64_t unasked_max_bytes; /* larger literals are always synchronising */

    /* compression */
    struct imap_command *compress; /* the COMPRESS under way */
    bool is_compress_wanted;       /* once no command is open */
    bool is_tls_expected;          /* STARTTLS is under way, and nothing else */
    bool is_tls_due;               /* it was answered: what came behind that is not looked at */
    bool is_deflate_due;           /* it was answered with OK, which is the last clear byte */
    int64_t compress_rtt_usecs;    /* watched, and compressed if slow; 0: not */
    imap_slow_callback *slow_callback;
    void *slow_context;
    int64_t watch_began_nsecs; /* 0: not yet */
    uint64_t watched_bytes;

    /* input */
    struct buffer in;
    struct imap_framer framer;
    struct imap_parser parser;
    uint64_t literal_left; /* of a streamed literal */
    bool is_streaming;
    bool is_passing_over;      /* nobody wants that literal */
    bool is_blocked;           /* an event said "not now" */
    bool is_ended;             /* nothing more will be read */
    struct fault end;          /* why */
    bool is_polled;            /* somebody says when to try again */
    bool is_dry;               /* there was nothing left to read */
    bool is_full;              /* no more could be written */
    bool is_gathering;         /* poll() does not report the first few bytes */
    bool has_gathered_in_vain; /* nothing was read since */
    int64_t active_nsecs;      /* when a byte moved last */
};

/* client.c */
void client_set_state(struct imap_client *client, enum imap_client_state state);
/* Forgets the mailbox: what comes from now on is about another one. */
void client_mailbox_reset(struct imap_mailbox *mailbox);
/* One line of the wire trace, if there is one. */
void client_trace(struct imap_client *client, const char *direction, const char *text, size_t size);
void client_fail_protocol(struct imap_client *client, const char *what, const char *text,
                          size_t size);

/* client_input.c. Both return true if anything moved. */
bool client_read(struct imap_client *client, int64_t now_nsecs);
bool client_dispatch(struct imap_client *client);

/* client_output.c */
/* How many bytes may be sent now: all, or up to the literal that waits for its "+". */
size_t client_sendable(const struct imap_client *client);
/* The same unless it is not `all`: then full TLS records only, while the rest of a command is on
   its way. What waits for a "+" must go. */
size_t client_sendable_now(const struct imap_client *client, bool all);
/* Not `all`: of a command that is still being given, as much as fills TLS records. */
bool client_write(struct imap_client *client, int64_t now_nsecs, bool all);
/* Bytes that the client is rid of and the socket did not take yet. */
bool client_has_unsent(const struct imap_client *client);
/* The server answered instead of inviting the literal: what was to follow up to stream position
   `end` must never be sent. False if no literal was waiting. A non-synchronising literal under way
   is different: the server goes on reading it. */
bool client_cut_out(struct imap_client *client, uint64_t end);

/* client_compress.c */
/* COMPRESS is sent once all before it is answered, since its OK must not get into the middle of
   another answer; what follows it must wait for that OK (RFC 4978 section 3). So far may be sent of
   what ends at stream position `end`. */
uint64_t client_compress_limit(const struct imap_client *client, uint64_t end);
/* is_deflate_due: what was read behind the OK is compressed already. */
void client_begin_deflate(struct imap_client *client);
/* To be called now and then. */
void client_watch(struct imap_client *client, int64_t now_nsecs);

#endif
