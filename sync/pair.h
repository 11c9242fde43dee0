/* SPDX-License-Identifier: MIT
 * One mailbox pair from sign-in to accounted copy, on the calling thread. */
#ifndef SYNC_PAIR_H
#define SYNC_PAIR_H

#include <stdint.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/stop.h"
#include "store/store.h"
#include "sync/error_list.h"
#include "sync/gate.h"
#include "sync/pair_progress.h"
#include "sync/settings.h"
#include "sync/slots.h"
#include "sync/statistics.h"

struct given_up;
struct preflight;
struct suspects;
struct tls_contexts;
struct tokens;
struct verify_resume;

/* What a pair needs from the run around it. All of it outlives the call. */
struct pair_environment {
    struct store *store;
    const char *run_id;
    int64_t row;
    struct log *log;           /* the user's log */
    const struct gate *gate;   /* NULL: no limits */
    const struct slots *slots; /* for further connections; NULL: there may be any number */
    const struct stop *stop;
    struct tls_contexts *tls;       /* shared by all pairs, locks itself */
    struct tokens *tokens;          /* as well; NULL where there are no profiles */
    struct pair_progress *progress; /* NULL: nobody looks */
    struct error_list *errors;      /* NULL: nobody lists them */
    int64_t last_sent_msecs; /* when an earlier run or attempt may have sent the last message, if it
                                was cut off (wall clock); 0: there was none */
    bool was_throttled;      /* a server asked for patience earlier in this run */
    bool is_careful;         /* connections were lost in vain: one message at a time */
    struct suspects *suspects; /* NULL: nobody keeps them; the next alike */
    struct given_up *given_up;
    /* Is told of each side (1 or 2) that was signed in to; NULL: nobody listens. */
    void (*signed_in)(void *context, int side);
    void *signed_in_context;
    struct verify_resume *verify_resume; /* NULL: --verify begins anew in each attempt */
    struct preflight *preflight; /* --preflight: filled, and nothing else is done; else NULL */
};

struct pair_result {
    enum job_status status;
    struct fault fault; /* FAULT_NONE when status is complete */
    struct message_counts counts;
    struct pair_figures figures;
    int errors_exit_code; /* of the most frequent kind of error; 0: there was none */
    bool is_renewed;      /* a session is only to be opened again: charged to nobody */
    bool has_unanswered;  /* an APPEND has no answer: the destination may still be storing it */
    uint64_t compared;    /* messages that --verify read on both sides */
    bool was_signed_in;   /* both sides were, or the source alone and that was enough */
};

/* Signs in, plans, copies; writes folder results and problems to the store as it goes (the job's
   own row is the caller's business). Always fills *result_r; never exits, whatever the servers do.
   Blocks until done, failed, paused or stopped. */
void pair_run(const struct settings *settings, const struct pair_environment *environment,
              struct pair_result *result_r);

#endif
