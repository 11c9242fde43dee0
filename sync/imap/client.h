/* SPDX-License-Identifier: MIT
 * An IMAP client on one connection: commands in flight, literals, capabilities, the selected
 * mailbox. It never waits: imap_client_pump() moves what can be moved, imap/loop.h waits.
 *
 * Pipelining in one paragraph: every command is written at once into the output buffer, whose bytes
 * are numbered (stream positions). The writer may send everything up to the first synchronising
 * literal that the server has not invited with "+" (client_sendable()). Commands whose end lies
 * beyond what was sent are queued, the others are in flight; answers are matched by tag, in any
 * order. A command that is refused at its literal is cut out of the buffer. When the connection
 * ends, every unanswered command is told so.
 *
 * Belongs to one thread. */
#ifndef SYNC_IMAP_CLIENT_H
#define SYNC_IMAP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/log.h"
#include "sync/imap/imap_parser.h"

struct connection;
struct imap_client;

enum imap_capability {
    IMAP_CAP_LITERAL_PLUS = 1 << 0,  /* RFC 7888 */
    IMAP_CAP_LITERAL_MINUS = 1 << 1, /* RFC 7888: up to 4096 bytes */
    IMAP_CAP_SASL_IR = 1 << 2,       /* RFC 4959 */
    IMAP_CAP_AUTH_PLAIN = 1 << 3,    /* RFC 4616 */
    IMAP_CAP_LOGINDISABLED = 1 << 4,
    IMAP_CAP_STARTTLS = 1 << 5,
    IMAP_CAP_UIDPLUS = 1 << 6,             /* RFC 4315 */
    IMAP_CAP_UNSELECT = 1 << 7,            /* RFC 3691 */
    IMAP_CAP_NAMESPACE = 1 << 8,           /* RFC 2342 */
    IMAP_CAP_ID = 1 << 9,                  /* RFC 2971 */
    IMAP_CAP_LIST_STATUS = 1 << 10,        /* RFC 5819 */
    IMAP_CAP_LIST_EXTENDED = 1 << 11,      /* RFC 5258 */
    IMAP_CAP_SPECIAL_USE = 1 << 12,        /* RFC 6154 */
    IMAP_CAP_MULTIAPPEND = 1 << 13,        /* RFC 3502 */
    IMAP_CAP_STATUS_SIZE = 1 << 14,        /* RFC 8438 */
    IMAP_CAP_CONDSTORE = 1 << 15,          /* RFC 7162 */
    IMAP_CAP_QRESYNC = 1 << 16,            /* RFC 7162 */
    IMAP_CAP_COMPRESS_DEFLATE = 1 << 17,   /* RFC 4978 */
    IMAP_CAP_X_GM_EXT_1 = 1 << 18,         /* Gmail's labels */
    IMAP_CAP_AUTH_EXTERNAL = 1 << 19,      /* RFC 4422 appendix A */
    IMAP_CAP_QUOTA = 1 << 20,              /* RFC 9208 */
    IMAP_CAP_AUTH_CRAM_MD5 = 1 << 24,      /* RFC 2195 */
    IMAP_CAP_ESEARCH = 1 << 25,            /* RFC 4731 */
    IMAP_CAP_APPENDLIMIT = 1 << 26,        /* RFC 7889, without a number: STATUS tells it */
    IMAP_CAP_AUTH_XOAUTH2 = 1 << 27,       /* Google's and Microsoft's */
    IMAP_CAP_AUTH_OAUTHBEARER = 1 << 28,   /* RFC 7628 */
    IMAP_CAP_AUTH_SCRAM_SHA_1 = 1 << 29,   /* RFC 5802 */
    IMAP_CAP_AUTH_SCRAM_SHA_256 = 1 << 30, /* RFC 7677 */
};

enum imap_client_state {
    IMAP_STATE_CONNECTING,
    IMAP_STATE_TLS,      /* the handshake */
    IMAP_STATE_GREETING, /* connected, nothing heard yet */
    IMAP_STATE_NOT_AUTHENTICATED,
    IMAP_STATE_AUTHENTICATED,
    IMAP_STATE_SELECTED,
    IMAP_STATE_CLOSED, /* see imap_client_fault() */
};

/* The selected mailbox, as far as the server told. */
struct imap_mailbox {
    bool has_exists;
    uint64_t exists;
    uint64_t exists_at_open; /* when SELECT or EXAMINE was answered */
    uint64_t expunged;       /* EXPUNGE responses since then */
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint64_t mod_seq; /* HIGHESTMODSEQ, RFC 7162 section 3.1.2.1; 0: none */
    bool has_permanentflags;
    bool may_create_keywords; /* "\*" */
    char *permanentflags;     /* blank-separated, with blanks at both ends; NULL if none */
};

struct imap_client_options {
    int side;              /* 1 or 2 */
    bool has_implicit_tls; /* from the first byte (RFC 8314) */
    int64_t timeout_msecs; /* without any byte moving while an answer is due; 0: none */
    size_t hold_max_bytes; /* larger literals are streamed */
    struct log *trace;     /* the wire trace goes there; NULL: none */
};

/* The answer to a command. status NONE: the connection ended before it came. Pointers die with the
   callback. */
struct imap_reply {
    enum imap_status status;
    const char *code;
    size_t code_size;
    const char *text;
    size_t text_size;
};
typedef void imap_command_callback(void *context, uint32_t number, const struct imap_reply *reply);

enum imap_taken {
    IMAP_TAKEN,
    IMAP_NOT_NOW, /* leave it where it is, read no more, offer it again */
};

/* Who gets the untagged data that the client does not keep itself. Any function may be NULL. A
   function may use and close other clients, never its own. */
struct imap_events {
    void *context;
    enum imap_taken (*untagged)(void *context, const struct imap_response *response);
    /* A literal above hold_max_bytes: `partial` ends in front of it. Without this, and for literals
       in places nobody expects, the bytes are passed over. */
    enum imap_taken (*literal_begin)(void *context, const struct imap_response *partial,
                                     uint64_t literal_bytes);
    /* Returns how many bytes it took; less than size means "not now". */
    size_t (*literal_data)(void *context, const unsigned char *data, size_t size);
    void (*literal_end)(void *context, const struct imap_parser *remainder);
    /* "+ text" that no literal waits for (AUTHENTICATE). */
    void (*continuation)(void *context, const char *text, size_t size);
};

/* Takes the connection over and connects it as it is pumped. The options' trace log must outlive
   the client. */
struct imap_client *imap_client_init(struct connection *connection,
                                     const struct imap_client_options *options);
/* Closes the connection without a word. Callbacks of unanswered commands are not called. */
void imap_client_deinit(struct imap_client **client);
void imap_client_set_events(struct imap_client *client, const struct imap_events *events);

/* Writes, reads and dispatches until nothing more moves or enough was done for one turn. True if
   anything moved. Ends in state CLOSED on any fault of the connection. */
bool imap_client_pump(struct imap_client *client, int64_t now_nsecs);
/* Inside a command whose rest is on its way the last few bytes wait for more, since many small TLS
   records cost both ends more than a few full ones; this sends them. True if anything moved. */
bool imap_client_push(struct imap_client *client, int64_t now_nsecs);
/* poll() said so. After a read that found nothing, or a write that found no room, it is not tried
   again before the next such word; for a client that never got one it always is. */
void imap_client_set_ready(struct imap_client *client);
/* About so many bytes of what was asked for are still to come. While that is much, poll() reports
   them in large pieces only, if they come soon (imap/loop.h). To be called anew before each wait,
   and with 0 once nobody calls it any more. */
void imap_client_expect(struct imap_client *client, uint64_t bytes);
/* More is likely to come at once. */
bool imap_client_is_gathering(const struct imap_client *client);
/* Nothing moved for IMAP_GATHER_MSECS: what there is, be it little, is to be read. Nothing is
   gathered until something was. To be called after each wait. */
#define IMAP_GATHER_MSECS 5 /* a source that has it needs less, by far */
void imap_client_gather_look(struct imap_client *client, int64_t now_nsecs);
/* For poll(): 0 when closed. */
short imap_client_poll_events(const struct imap_client *client);
int imap_client_fd(const struct imap_client *client);
int imap_client_side(const struct imap_client *client);
/* Commands that were answered with NO or BAD since the sign-in. */
unsigned int imap_client_refusals(const struct imap_client *client);
/* When it will have been silent for too long; 0: no answer is due. */
int64_t imap_client_deadline(const struct imap_client *client);
/* The deadline has passed: tries the host's next address, or ends with FAULT_TIMEOUT. */
void imap_client_time_out(struct imap_client *client, int64_t now_nsecs);
/* Nobody listened to it for so long: that was not its silence. */
void imap_client_excuse(struct imap_client *client, int64_t nsecs);
/* Sends STARTTLS, with nothing else under way. What comes behind its answer is not looked at: it
   can only be injected (RFC 9051 section 11.1), and imap_client_has_input() tells. */
void imap_client_send_starttls(struct imap_client *client, imap_command_callback *callback,
                               void *context);
/* After the OK to STARTTLS: the handshake, then back to the present state. */
void imap_client_start_tls(struct imap_client *client);
/* Gives COMPRESS DEFLATE (RFC 4978), behind the open command if there is one, and compresses once
   it is answered with OK; else all goes on as it was. It leaves when everything before it is
   answered, and what is given behind it waits for its answer: it costs a round trip. */
void imap_client_compress(struct imap_client *client);
typedef void imap_slow_callback(void *context, uint64_t bytes_per_sec);
/* Does so as soon as compress_is_worthwhile() says so of what is moved from now on; `callback` then
   hears how fast that was. */
void imap_client_compress_when_slow(struct imap_client *client, int64_t rtt_usecs,
                                    imap_slow_callback *callback, void *context);
/* Ends the connection with this fault (a time-out, a broken rule). */
void imap_client_fail(struct imap_client *client, const struct fault *fault);

enum imap_client_state imap_client_state(const struct imap_client *client);
bool imap_client_is_alive(const struct imap_client *client);
/* Why it is CLOSED; holds the server's BYE if there was one. */
const struct fault *imap_client_fault(const struct imap_client *client);
/* What the last answered command was refused with ("[CODE] text"), "" if it was not. */
const char *imap_client_refusal(const struct imap_client *client);
/* The last BYE ("[CODE] text") or the greeting's text, "" if none. */
const char *imap_client_greeting(const struct imap_client *client);
bool imap_client_can(const struct imap_client *client, enum imap_capability capability);
/* The largest message that may be appended (RFC 7889), of all mailboxes; UINT64_MAX: not told. */
uint64_t imap_client_append_limit(const struct imap_client *client);
/* False until a CAPABILITY was heard in the present state: it must be asked for. */
bool imap_client_knows_capabilities(const struct imap_client *client);
/* After STARTTLS and after sign-in the old list is void (RFC 9051 section 6.1.1). */
void imap_client_forget_capabilities(struct imap_client *client);
const struct imap_mailbox *imap_client_mailbox(const struct imap_client *client);
/* To be called before SELECT or EXAMINE is given: the present mailbox is forgotten once everything
   given before is answered, so that the next can be opened behind its last FETCH. */
void imap_client_mailbox_begin(struct imap_client *client);
/* The two changes of state that whoever gave the command has to tell. */
void imap_client_set_authenticated(struct imap_client *client);
void imap_client_set_selected(struct imap_client *client, bool is_selected);
/* Whether a CAPABILITY came with or after the last tagged OK that was given a secret. */
bool imap_client_heard_capabilities_since_login(const struct imap_client *client);
/* Bytes that were read and not dispatched yet. */
bool imap_client_has_input(const struct imap_client *client);
/* NULL when closed. */
struct connection *imap_client_connection(struct imap_client *client);

/* -- commands -- */

/* A whole command line without literals. */
void imap_client_command(struct imap_client *client, imap_command_callback *callback, void *context,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A command in pieces: begin, any of the adds, end. Only one can be open. A secret one is shown in
   the trace by its first word alone, and its bytes are wiped. */
void imap_client_begin(struct imap_client *client, bool is_secret);
void imap_client_add(struct imap_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A mailbox name, user or password: quoted where that is possible, else a literal. */
void imap_client_add_string(struct imap_client *client, const char *text);
/* Larger literals wait for their invitation even where the server needs none (RFC 7888): what it
   refuses then was not sent in vain. UINT64_MAX, the start: none do. */
void imap_client_set_unasked_max(struct imap_client *client, uint64_t max_bytes);
/* "{n}" or "{n+}" for a literal of `size` bytes; exactly so many must follow by add_bytes. */
void imap_client_add_literal(struct imap_client *client, uint64_t size);
/* When the output buffer's ceiling would be passed, the client is closed: look at
   imap_client_unsent_bytes() before adding bodies. */
void imap_client_add_bytes(struct imap_client *client, const void *data, size_t size);
/* `number` comes back in the callback. */
void imap_client_end(struct imap_client *client, imap_command_callback *callback, void *context,
                     uint32_t number);
/* The answer line of a SASL exchange, outside any command; secret. */
void imap_client_send_line(struct imap_client *client, const char *line);

/* True while a command is open between begin and end. */
bool imap_client_is_building(const struct imap_client *client);
size_t imap_client_unsent_bytes(const struct imap_client *client);
/* Commands not answered yet. */
size_t imap_client_pending(const struct imap_client *client);

#endif
