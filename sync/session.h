/* SPDX-License-Identifier: MIT
 * One side of a pair: connected, signed in, its folders listed. A session advances as its loop
 * turns, so that several can be opened at the same time. Belongs to the pair's thread. */
#ifndef SYNC_SESSION_H
#define SYNC_SESSION_H

#include "base/buffer.h"
#include "base/fault.h"
#include "base/log.h"
#include "sync/auth/mechanism.h"
#include "sync/auth/scram.h"
#include "sync/folders/folders.h"
#include "sync/imap/client.h"
#include "sync/imap/connection.h"
#include "sync/imap/loop.h"
#include "sync/settings.h"

/* Literals up to this size are held whole, larger ones stream through. With the buffers on both
   sides it keeps a pair within its window of 4 MiB. */
#define SESSION_HOLD_MAX_BYTES ((size_t)1024 * 1024)

enum session_tls {
    SESSION_TLS_IMPLICIT, /* from the first byte, RFC 8314 */
    SESSION_TLS_STARTTLS,
    SESSION_TLS_EITHER, /* implicit; STARTTLS if the server greets in clear */
    SESSION_TLS_NONE,
};

/* Whether the listing tells how each folder stands. */
enum session_status {
    SESSION_STATUS_NONE,
    SESSION_STATUS_IF_FREE, /* where LIST brings it along (RFC 5819) */
    SESSION_STATUS_ALL,     /* by STATUS commands if need be; a refused one tells nothing */
};

enum session_step {
    SESSION_IDLE,
    SESSION_CONNECTING,   /* until the greeting */
    SESSION_CAPABILITIES, /* unless the greeting told them */
    SESSION_STARTTLS,
    SESSION_HANDSHAKE, /* TLS after STARTTLS */
    SESSION_SIGNING_IN,
    SESSION_PROXYAUTH,
    SESSION_CAPABILITIES_AGAIN,
    SESSION_LISTING,
    SESSION_STATUS, /* of each folder, where LIST could not bring it along */
    SESSION_READY,  /* with --justconnect before it is signed in */
    SESSION_FAILED, /* `fault` says why */
};

struct tokens;

struct session {
    int side; /* 1 source, 2 destination */
    const struct settings *settings;
    const struct settings_side *own; /* the settings of this side */
    struct imap_loop *loop;
    struct log *log;
    struct tokens *tokens; /* set after session_init() where there are profiles */
    struct connection_options connection_options;
    struct imap_client *client; /* NULL until begun */
    struct folder_list folders;
    enum session_step step;
    struct fault fault;
    int64_t rtt_usecs; /* the quickest answer so far: the distance, servers in between included */

    /* while it is being opened */
    int64_t step_began_nsecs;
    enum session_tls tls;
    bool has_started_tls;
    bool with_list;
    enum session_status status;
    bool has_qresync; /* ENABLE QRESYNC was answered with OK (RFC 7162 section 3.2.3) */
    struct imap_answer answer;
    struct imap_answer lsub_answer;
    size_t status_next; /* the folder to ask STATUS for */
    struct credential credential;
    enum auth_mechanism mechanism; /* being tried */
    struct scram *scram;           /* NULL: another way */
    bool has_tried_another;        /* token, after a refusal */
    bool has_sent_initial;         /* what follows is a challenge */
    int64_t renew_at_nsecs;        /* its token runs out soon after; 0: nothing is known of that */
    char *login_name;
    char *secret;
    struct buffer initial; /* what SASL sends; secret */
    bool is_list_bad;      /* a LIST response could not be understood */
};

void session_init(struct session *session, int side, const struct settings *settings,
                  struct imap_loop *loop, struct tls_contexts *tls, struct log *log);
/* Says LOGOUT if that is possible at once, and closes. */
void session_deinit(struct session *session);

/* Starts to connect. with_list: until the folders are listed (NAMESPACE and LIST in one flight),
   else until it is signed in. A secret goes out only over TLS, unless both kinds of TLS were
   switched off. A listing that does not end OK is a fault, never a short list. */
void session_begin(struct session *session, bool with_list, enum session_status status);
/* Does what can be done now; true once it is READY or FAILED. To be called between turns of the
   loop. May block where a secret comes from a command, and while a name is resolved. */
bool session_advance(struct session *session);
/* Turns the loop until all are READY or FAILED. False with the fault of the first that failed. */
bool session_await(struct session *const *sessions, size_t count, struct fault *fault_r);
/* How long UID sets in its commands may get (--split). */
size_t session_uidset_bytes(const struct session *session);
/* A fault from an answer that is not OK. */
void session_judge(const struct session *session, int verdict_command,
                   const struct imap_answer *answer, const char *subject, struct fault *fault_r);
/* Whether a lost connection (it may be fault_r) is explained by what the server refused before; see
   verdict_of_refusal_before(). */
bool session_explain_loss(struct session *session, const struct fault *lost, struct fault *fault_r);

#endif
