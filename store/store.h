/* SPDX-License-Identifier: MIT
 * What is remembered: runs, jobs (one mailbox pair in one run), folder results, problems; for what
 * a pair's next run wants to know see store_map.h. The store is the single source of truth for
 * every report. No secret ever gets here.
 *
 * Any thread may call any function; one mutex inside serialises them. Writes are grouped into
 * transactions that are committed at most about a second or a thousand rows later, and always by
 * store_flush(), store_job_end() and store_run_end(). Every function that returns false has filled
 * *fault_r (FAULT_STORE, scope run for the whole store, else mailbox): the caller must stop its
 * pair; a lost write is never ignored. Once grouped rows were lost, every later write and flush
 * fails with that first fault, while the readers still answer. Numbers above INT64_MAX are kept as
 * INT64_MAX; a NULL string is kept as "". */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/str.h"

struct store;

/* X(enum suffix, name in files) */
#define JOB_STATUSES(X)           \
    X(NOT_STARTED, "not_started") \
    X(COMPLETE, "complete")       \
    X(EXCEPTIONS, "exceptions")   \
    X(PAUSED, "paused")           \
    X(FAILED, "failed")           \
    X(LEFT_OUT, "left_out")

enum job_status {
#define JOB_STATUS_ENUM(suffix, name) JOB_##suffix,
    JOB_STATUSES(JOB_STATUS_ENUM)
#undef JOB_STATUS_ENUM
    JOB_STATUS_COUNT
};
const char *job_status_name(enum job_status status);

/* Why a message is not on the destination, or not as it was; also the words of problems.csv. */
#define PROBLEM_REASONS(X)                       \
    X(EXCLUDED, "excluded")                      \
    X(TOO_BIG, "too_big")                        \
    X(FAILED, "failed")                          \
    X(UNREADABLE, "unreadable")                  \
    X(VANISHED, "vanished")                      \
    /* Found by --verify, see store_verify.h. */ \
    X(MISSING, "missing")                        \
    X(GONE, "gone")                              \
    X(DIFFERENT, "different")                    \
    X(UNREAD, "unread")

enum problem_reason {
#define PROBLEM_REASON_ENUM(suffix, name) PROBLEM_##suffix,
    PROBLEM_REASONS(PROBLEM_REASON_ENUM)
#undef PROBLEM_REASON_ENUM
    PROBLEM_REASON_COUNT
};
const char *problem_reason_name(enum problem_reason reason);

/* What the user asked to be changed in messages on their way. */
#define CHANGE_KINDS(X)                    \
    X(EDITED, "edited")                    \
    X(WRAPPED, "lines_wrapped")            \
    X(DISARMED, "receipt_disarmed")        \
    X(PIPED, "piped")                      \
    X(HEADER_ADDED, "header_added")        \
    X(TRUNCATED, "truncated")              \
    X(LINES_FILTERED, "lines_filtered")    \
    X(DATED, "date_from_header")           \
    X(LINES_ENDED, "line_ends_repaired")   \
    X(NULS_REPLACED, "nul_bytes_repaired") \
    X(HEADER_ENCODED, "header_encoded")    \
    X(HEADER_FOLDED, "header_folded")      \
    X(HEADER_MENDED, "header_mended")      \
    X(PART_ENCODED, "part_encoded")        \
    X(LAST_LINE_ENDED, "last_line_ended")

enum change_kind {
#define CHANGE_KIND_ENUM(suffix, name) CHANGE_##suffix,
    CHANGE_KINDS(CHANGE_KIND_ENUM)
#undef CHANGE_KIND_ENUM
    CHANGE_KIND_COUNT
};
const char *change_kind_name(enum change_kind kind);

/* One folder's (or, summed, one mailbox's) messages: each in exactly one state. */
struct message_counts {
    uint64_t source;  /* messages the source folder held */
    uint64_t copied;  /* confirmed by the destination in this run */
    uint64_t already; /* was there before: adopted by identity */
    uint64_t excluded;
    uint64_t too_big;
    uint64_t failed;
    uint64_t unreadable;
    uint64_t vanished;
    uint64_t bytes_copied;
    uint64_t
        not_selected; /* left out by the selection (--search1, --maxage ...): no problem rows */
};
/* source minus all states: 0 when the accounting closes, else what was not reached. */
int64_t message_counts_difference(const struct message_counts *counts);
void message_counts_add(struct message_counts *sum, const struct message_counts *more);
/* What an earlier attempt of the same run copied is found by the next one as already there, or not
   reached; here it becomes copied again, as far as there are such messages. Pure. */
void message_counts_carry(struct message_counts *counts, uint64_t copied_before,
                          uint64_t bytes_before);

struct store_run {
    const char *id;      /* sorts by start time */
    const char *command; /* "batch" or "sync" */
    const char *version;
    const char *manifest; /* path, or "" */
    const char *settings; /* one "name = value" per line, secrets masked */
    int64_t started_msecs;
    int64_t ended_msecs;         /* 0 while it runs */
    int exit_code;               /* -1 while it runs */
    bool is_final;               /* the pass before the cutover */
    const char *manifest_sha256; /* of the file, in hexadecimal; "" or NULL: not known */
};

/* What all mailboxes together sent in a stretch of a run's time. Stretches in which nothing was
   sent are not kept. */
struct store_sample {
    int64_t from_msecs, until_msecs;
    uint64_t messages;
    uint64_t bytes;
};

/* A mailbox waited before it was tried again. */
struct store_wait {
    int64_t row;
    int64_t from_msecs, until_msecs;
    bool is_throttle; /* a server asked for patience; else a connection was lost */
};

/* What was not protected on the way to a server, since that was asked for; << (side - 1). */
enum store_exposure {
    STORE_EXPOSURE_UNCHECKED = 1, /* nobody had to prove who he is */
    STORE_EXPOSURE_CLEAR = 4,     /* no TLS at all */
};

struct store_job {
    int64_t row; /* 1-based among the manifest's rows */
    const char *label;
    const char *host1, *user1, *host2, *user2;
    enum job_status status;
    int64_t started_msecs, ended_msecs; /* 0: not yet */
    const char *error_code;             /* fault_code_name(), "" if none */
    const char *error;                  /* the sentence, and the server's words */
    const char *diagnosis;              /* its id (base/diagnoses.h), "" if none */
    const char *trial;       /* the option that made it a trial ("dry", "justlogin", ...), or "" */
    bool is_partial;         /* rules chose among the source's folders */
    unsigned int exposure;   /* bits of enum store_exposure */
    uint64_t deleted_source; /* filled when read: messages, of all attempts */
    uint64_t deleted_destination;
    uint64_t folders;             /* filled when read: number of folder results */
    struct message_counts counts; /* filled when read: sum over the folder results */
};

struct store_folder {
    const char *source_name; /* decoded to UTF-8 */
    const char *destination_name;
    bool is_renamed; /* differs by more than separator and prefix */
    bool is_merged;  /* another source folder goes to the same destination */
    bool is_failed;  /* the folder as a whole; `error` says why */
    const char *error;
    struct message_counts counts;
};

struct store_problem {
    const char *folder; /* source name, decoded */
    uint32_t uid;       /* 0: unknown (the folder could not be listed) */
    uint64_t messages;  /* 1; more only with uid 0: so many unknown messages */
    const char *message_id;
    const char *subject; /* decoded to UTF-8; "" or NULL: none, or not known */
    const char *date;    /* INTERNALDATE as ISO 8601, or "" */
    uint64_t size_bytes;
    enum problem_reason reason;
    const char *server_text; /* the server's words, or the rule */
    const char *diagnosis;   /* its id (base/diagnoses.h); "" or NULL: none */
};

/* Opens or creates the store file, migrates older schemas. A file of a newer schema, or of another
   program, is refused and left as it is. The caller sees to it that no other process creates the
   same store meanwhile (the work directory's lock). */
bool store_open(const char *path, struct store **store_r, struct fault *fault_r);
/* Flushes, closes, nulls. False if the last rows could not be committed; else all that was ever
   written is on the disk. */
bool store_close(struct store **store, struct fault *fault_r);
/* When the store was last written before it was opened, in milliseconds since 1970; 0: it is new.
   After a run that was killed that is about a second before its end at most. */
int64_t store_left_msecs(const struct store *store);
bool store_flush(struct store *store, struct fault *fault_r);
/* As store_flush(), and waits until all that was ever written is on the disk: for what must not be
   forgotten, even by a power cut. */
bool store_sync(struct store *store, struct fault *fault_r);

bool store_run_begin(struct store *store, const struct store_run *run, struct fault *fault_r);
bool store_run_end(struct store *store, const char *run_id, int64_t ended_msecs, int exit_code,
                   struct fault *fault_r);
/* Adds a job as not_started; its times, error and counts are not taken from `job`. */
bool store_job_add(struct store *store, const char *run_id, const struct store_job *job,
                   struct fault *fault_r);
/* A job may be started again in the same run. What the earlier attempt left (folder results,
   problems) is dropped with the first result or problem of the new one, so that counts and problems
   are always those of one attempt: the last one that got as far as its folders. What earlier
   attempts copied stays known and counts as copied, see message_counts_carry(). The first start
   stays the job's start. */
bool store_job_start(struct store *store, const char *run_id, int64_t row, int64_t started_msecs,
                     struct fault *fault_r);
bool store_job_end(struct store *store, const char *run_id, int64_t row, enum job_status status,
                   int64_t ended_msecs, const char *error_code, const char *error,
                   struct fault *fault_r);
/* So many more messages were deleted; what all attempts deleted adds up. */
bool store_job_deleted(struct store *store, const char *run_id, int64_t row, uint64_t on_source,
                       uint64_t on_destination, struct fault *fault_r);
/* Before its end. "": the most frequent diagnosis among the job's problems, if there is any. */
bool store_job_diagnose(struct store *store, const char *run_id, int64_t row, const char *diagnosis,
                        struct fault *fault_r);
/* One result per source folder; a second one for the same folder replaces the first. Its counts
   are those of this attempt. */
bool store_folder_add(struct store *store, const char *run_id, int64_t row,
                      const struct store_folder *folder, struct fault *fault_r);
bool store_problem_add(struct store *store, const char *run_id, int64_t row,
                       const struct store_problem *problem, struct fault *fault_r);
/* So many more messages of the job were copied with that change, by whichever attempt. */
bool store_change_add(struct store *store, const char *run_id, int64_t row, enum change_kind kind,
                      uint64_t messages, struct fault *fault_r);
/* One message whose form was made right; `kinds` are names of enum change_kind, "," between. */
struct store_repair {
    const char *folder;
    uint32_t uid;
    const char *kinds;
};
bool store_repair_add(struct store *store, const char *run_id, int64_t row,
                      const struct store_repair *repair, struct fault *fault_r);
/* Fills the messages of each kind that were changed in one job. */
bool store_changes_get(struct store *store, const char *run_id, int64_t row,
                       uint64_t messages_r[CHANGE_KIND_COUNT], struct fault *fault_r);
/* The same of all jobs of a run, with the folders that got another name or were merged. */
struct store_changes {
    uint64_t messages[CHANGE_KIND_COUNT];
    uint64_t folders_renamed;
    uint64_t folders_merged;
};
bool store_changes_sum(struct store *store, const char *run_id, struct store_changes *changes_r,
                       struct fault *fault_r);

/* Readers. A callback returns false to end the walk early (not a fault). Its strings are good
   during the call only; it must not call the store. */
typedef bool store_run_callback(void *context, const struct store_run *run);
typedef bool store_job_callback(void *context, const struct store_job *job);
typedef bool store_folder_callback(void *context, const struct store_folder *folder);
typedef bool store_problem_callback(void *context, const struct store_job *job,
                                    const struct store_problem *problem);
/* The newest run if run_id is NULL. *found_r says whether there was one. */
bool store_run_get(struct store *store, const char *run_id, store_run_callback *callback,
                   void *context, bool *found_r, struct fault *fault_r);
/* In row order. */
bool store_jobs_each(struct store *store, const char *run_id, store_job_callback *callback,
                     void *context, struct fault *fault_r);
/* One step of such a walk, for a caller that asks the store about other things in between: the job
   with the smallest row above after_row. *row_r is its row, 0 when there is none left. */
bool store_job_next(struct store *store, const char *run_id, int64_t after_row,
                    store_job_callback *callback, void *context, int64_t *row_r,
                    struct fault *fault_r);
/* The jobs of a run whose pair (hosts and users) some earlier run knew, in row order, with the
   source messages that the latest of those runs that came to its folders found. */
typedef bool store_pair_size_callback(void *context, int64_t row, uint64_t messages);
bool store_pair_sizes_each(struct store *store, const char *run_id,
                           store_pair_size_callback *callback, void *context,
                           struct fault *fault_r);
/* --retry-failed: the jobs of a run become left_out whose pair's last result was complete, and are
   shown to the callback in row order. The last result is that of the latest earlier run that knew
   the pair (hosts and users), did not leave it out, and was the same kind of trial or none; where
   several rows of it had that pair, all must have been complete. */
typedef bool store_row_callback(void *context, int64_t row);
bool store_jobs_leave_out(struct store *store, const char *run_id, store_row_callback *callback,
                          void *context, struct fault *fault_r);
/* What was not started becomes paused, for this reason. */
bool store_jobs_pause(struct store *store, const char *run_id, const char *error_code,
                      const char *error, struct fault *fault_r);

/* The diagnoses of a run, those of most mailboxes first, then those of most messages. */
typedef bool store_diagnosis_callback(void *context, const char *id, uint64_t mailboxes,
                                      uint64_t messages);
bool store_diagnoses_each(struct store *store, const char *run_id,
                          store_diagnosis_callback *callback, void *context, struct fault *fault_r);

bool store_sample_add(struct store *store, const char *run_id, const struct store_sample *sample,
                      struct fault *fault_r);
bool store_wait_add(struct store *store, const char *run_id, const struct store_wait *wait,
                    struct fault *fault_r);
/* In the order of time; by row, then in the order of time. */
typedef bool store_sample_callback(void *context, const struct store_sample *sample);
typedef bool store_wait_callback(void *context, const struct store_wait *wait);
bool store_samples_each(struct store *store, const char *run_id, store_sample_callback *callback,
                        void *context, struct fault *fault_r);
bool store_waits_each(struct store *store, const char *run_id, store_wait_callback *callback,
                      void *context, struct fault *fault_r);

/* Adds the ids of all runs to `ids`, the newest first. */
bool store_run_ids(struct store *store, struct str_list *ids, struct fault *fault_r);
/* Drops all that is known of a run; one that is not there is fine. */
bool store_run_forget(struct store *store, const char *run_id, struct fault *fault_r);

/* Bytes that went down from (side 1) or up to (side 2) an account on one day (days since 1970). */
struct store_daily {
    const char *account;
    int side;
    int64_t day;
};
bool store_daily_get(struct store *store, const struct store_daily *daily, uint64_t *bytes_r,
                     struct fault *fault_r);
/* Committed when it returns, but not yet safe from a power cut. */
bool store_daily_add(struct store *store, const struct store_daily *daily, uint64_t bytes,
                     struct fault *fault_r);
bool store_daily_forget(struct store *store, int64_t before_day, struct fault *fault_r);

/* The rate that a server allows an account on a side, as found by an earlier run. */
struct store_pace {
    const char *account;
    int side;
    double rate; /* messages a second; 0: nothing was found */
    int64_t noted_msecs;
};
/* Fills what follows account and side; zeros if nothing is known. */
bool store_pace_get(struct store *store, struct store_pace *pace, struct fault *fault_r);
bool store_pace_put(struct store *store, const struct store_pace *pace, struct fault *fault_r);

/* A mailbox pair through all runs: its job in the latest one, and what all of them did. Trials, and
   runs that left the pair out, are not looked at. In the order of hosts and users. */
struct store_pair_sum {
    const char *run_id; /* the latest */
    int64_t row;        /* the pair's first in it */
    uint64_t runs;
    int64_t first_copied_msecs; /* the start of the first run that copied something; 0: none */
    int64_t last_msecs;         /* the end of the latest job */
    uint64_t copied;
    uint64_t bytes_copied;
};
typedef bool store_pair_sum_callback(void *context, const struct store_pair_sum *sum);
bool store_pair_sums_each(struct store *store, store_pair_sum_callback *callback, void *context,
                          struct fault *fault_r);

/* Of one job, in the order they were added; a replaced result counts as new. */
bool store_folders_each(struct store *store, const char *run_id, int64_t row,
                        store_folder_callback *callback, void *context, struct fault *fault_r);
/* Of one job, by folder and UID. The callback must not use the store. */
typedef bool store_repair_callback(void *context, const struct store_repair *repair);
bool store_repairs_each(struct store *store, const char *run_id, int64_t row,
                        store_repair_callback *callback, void *context, struct fault *fault_r);
/* In row order, then as added. A job's row and user1 are filled, the rest of it is not. */
bool store_problems_each(struct store *store, const char *run_id, store_problem_callback *callback,
                         void *context, struct fault *fault_r);
/* Those of one job, the ones first that nobody asked for (not excluded, not vanished). */
bool store_job_problems_each(struct store *store, const char *run_id, int64_t row,
                             store_problem_callback *callback, void *context,
                             struct fault *fault_r);

#endif
