/* SPDX-License-Identifier: MIT
 * What went wrong. A fault answers two separate questions: how much is lost (scope) and what to do
 * about it (advice). A function that can fail takes a `struct fault *fault_r` and fills it exactly
 * when it returns false (or NULL). */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enum suffix, name in summary.csv's error_code, imapsync-compatible exit code of `sync`;
   0 there means "depends on the side", see fault_sync_exit_code()) */
#define FAULT_CODES(X)                       \
    X(NONE, "", 0)                           \
    X(USAGE, "usage", 64)                    \
    X(SECRET, "secret", 66)                  \
    X(RESOLVE, "resolve", 0)                 \
    X(CONNECT, "connect", 0)                 \
    X(TLS, "tls", 12)                        \
    X(TIMEOUT, "timeout", 0)                 \
    X(CLOSED, "closed", 0)                   \
    X(PROTOCOL, "protocol", 0)               \
    X(AUTH, "auth", 0)                       \
    X(THROTTLED, "throttled", 111)           \
    X(QUOTA, "quota", 113)                   \
    X(LISTING, "listing", 111)               \
    X(SELECT, "select", 117)                 \
    X(CREATE, "create", 116)                 \
    X(FETCH, "fetch", 115)                   \
    X(APPEND, "append", 114)                 \
    X(TOO_BIG, "too_big", 114)               \
    X(VIRUS, "virus", 119)                   \
    X(DELETE, "delete", 111)                 \
    X(FLAGS, "flags", 120)                   \
    X(VERIFY, "verify", 111)                 \
    X(NO_SUBFOLDER, "no_subfolder1", 21)     \
    X(ERRORS_MAX, "errors_max", 111)         \
    X(TRANSFER_LIMIT, "transfer_limit", 118) \
    X(STOPPED, "stopped", 6)                 \
    X(BUSY, "busy", 75)                      \
    X(STORE, "store", 70)                    \
    X(FILE, "file", 70)                      \
    X(INTERNAL, "internal", 70)

enum fault_code {
#define FAULT_ENUM(suffix, name, exit_code) FAULT_##suffix,
    FAULT_CODES(FAULT_ENUM)
#undef FAULT_ENUM
};

/* How much is lost. */
enum fault_scope {
    FAULT_SCOPE_NONE,
    FAULT_SCOPE_MESSAGE,
    FAULT_SCOPE_FOLDER,
    FAULT_SCOPE_MAILBOX,
    FAULT_SCOPE_RUN,
};

/* What to do. */
enum fault_advice {
    FAULT_ADVICE_NEVER,     /* the same again would fail the same */
    FAULT_ADVICE_RETRY,     /* on the same connection */
    FAULT_ADVICE_RECONNECT, /* on a new connection */
    FAULT_ADVICE_WAIT,      /* not before wait_msecs have passed */
};

struct diagnosis;

struct fault {
    enum fault_code code;
    enum fault_scope scope;
    enum fault_advice advice;
    int side; /* 1 source, 2 destination, 0 neither */
    int64_t wait_msecs;
    bool is_wait_told; /* by the server; else nobody knows how long */
    char text[512];    /* a plain sentence: what, where, what to do. Holds no secret. */
    char server[512];  /* the server's own words, as received ("[CODE] text"), or "" */
    const struct diagnosis *diagnosis; /* what the words mean (base/diagnoses.h), or NULL */
};

void fault_clear(struct fault *fault);
/* Sets everything but `server`, which becomes "", and `diagnosis`, NULL. Cuts over-long text. */
void fault_set(struct fault *fault, enum fault_code code, enum fault_scope scope,
               enum fault_advice advice, int side, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Keeps the server's words (at most what fits), without a line end. */
void fault_set_server(struct fault *fault, const void *text, size_t size);
/* The short name of a code, as in summary.csv. */
const char *fault_code_name(enum fault_code code);
/* What `mailconvoy sync` exits with for this fault: imapsync's codes. */
int fault_sync_exit_code(const struct fault *fault);

#endif
