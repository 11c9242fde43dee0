/* SPDX-License-Identifier: MIT
 * One side of a pair: connected, signed in, its folders listed. Belongs to the pair's thread. */
#ifndef SYNC_SESSION_H
#define SYNC_SESSION_H

#include "base/fault.h"
#include "base/log.h"
#include "sync/folders/folders.h"
#include "sync/imap/client.h"
#include "sync/imap/connection.h"
#include "sync/imap/loop.h"
#include "sync/settings.h"

/* Literals up to this size are held whole, larger ones stream through. With the buffers on both
   sides it keeps a pair within its window of 4 MiB. */
#define SESSION_HOLD_MAX_BYTES ((size_t)1024 * 1024)

struct session {
    int side; /* 1 source, 2 destination */
    const struct settings *settings;
    const struct settings_side *own; /* the settings of this side */
    struct imap_loop *loop;
    struct log *log;
    struct connection_options connection_options;
    struct imap_client *client; /* NULL until opened */
    struct folder_list folders;
    bool is_list_bad; /* a LIST response could not be understood */
};

void session_init(struct session *session, int side, const struct settings *settings,
                  struct imap_loop *loop, struct tls_contexts *tls, const struct stop *stop,
                  struct log *log);
/* Says LOGOUT if that is possible at once, and closes. */
void session_deinit(struct session *session);

/* Connects, checks the certificate, signs in. A secret goes out only over TLS, unless both kinds of
   TLS were switched off. */
bool session_open(struct session *session, struct fault *fault_r);
/* NAMESPACE and LIST in one flight; with_status asks for message counts where the server gives them
   along with LIST (RFC 5819). A listing that does not end OK is a fault, never a short list. */
bool session_list(struct session *session, bool with_status, struct fault *fault_r);
/* A fault from an answer that is not OK. */
void session_judge(const struct session *session, int verdict_command,
                   const struct imap_answer *answer, const char *subject, struct fault *fault_r);

#endif
