/* SPDX-License-Identifier: MIT
 * One job of a run: a mailbox pair with its own log, its place in the budget and its row in the
 * store. Whatever happens to the pair ends in its result and touches no other. */
#ifndef BATCH_JOB_H
#define BATCH_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/stop.h"
#include "batch/budget.h"
#include "batch/daily.h"
#include "batch/hosts.h"
#include "batch/live.h"
#include "batch/pair_lock.h"
#include "batch/paces.h"
#include "batch/retry.h"
#include "batch/sign_ins.h"
#include "store/store.h"
#include "sync/pair.h"

/* What all jobs share. Each part locks itself; all of it outlives them. */
struct job_environment {
    struct store *store;
    const char *run_id;
    const char *run_dir;
    const char *log_path; /* of the mailbox's log; NULL: in the run's directory */
    struct budget *budget;
    struct daily *daily;
    struct paces *paces;
    struct host_limits *hosts;
    struct pair_locks *locks;
    struct sign_ins *sign_ins;
    struct live *live;
    struct tls_contexts *tls;
    struct tokens *tokens; /* NULL: no profiles */
    const struct stop *stop;
    bool is_alone;                   /* the only mailbox: a sync */
    struct preflight_row *preflight; /* a row for each job; NULL: mail is to be moved */
    bool is_shown;                   /* the user's log goes to stdout as well */
};

struct job {
    int64_t row;                     /* 1-based */
    const char *log_name;            /* a safe file name, without ".log" */
    const struct settings *settings; /* resolved */
    uint32_t route;                  /* hosts_route() */
    struct retry *retry;             /* its earlier attempts; brought up to date */
};

struct job_outcome {
    struct pair_result result; /* of this attempt */
    int64_t wait_msecs;        /* > 0: to be run again after so long, or it stays as it is */
};

/* Makes one attempt on the calling thread. Always fills *outcome_r, and appends to `line` how it
   ended, in one harmless line: row, label or user, status, messages copied by all attempts,
   seconds, fault; or until when it waits and why. False (FAULT_STORE) if the store did not take
   what happened: then the whole run must end. */
bool job_run(const struct job_environment *environment, const struct job *job,
             struct job_outcome *outcome_r, struct buffer *line, struct fault *fault_r);

/* The option that makes it a trial, which leaves the destination without its mail: "dry",
   "preflight", "verify-only", "justlogin", "justfolderlists", "justautomap", "justfoldersizes",
   "justfolders"; or "". Pure. */
const char *job_trial(const struct settings *settings);
/* Whether rules choose among the source's folders. Pure. */
bool job_is_partial(const struct settings *settings);
/* What is not protected on the way to its servers: bits of enum store_exposure. Pure. */
unsigned int job_exposure(const struct settings *settings);
/* Why a mailbox is not done when the time window of --until has ended. */
void job_set_window_fault(const struct settings *settings, struct fault *fault_r);

/* Logs what was given explicitly, secrets masked, a line each. */
void job_log_settings(struct log *log, const struct settings *settings);

#endif
