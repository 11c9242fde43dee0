/* SPDX-License-Identifier: MIT
 * What the parts of one pair share. Belongs to the pair's thread. */
#ifndef SYNC_PAIR_PRIVATE_H
#define SYNC_PAIR_PRIVATE_H

#include "sync/folders/plan.h"
#include "sync/cross.h"
#include "sync/folder_memory.h"
#include "sync/lane_set.h"
#include "sync/listing.h"
#include "sync/messages/flag_rules.h"
#include "sync/messages/transform.h"
#include "sync/pair.h"
#include "sync/progress_line.h"
#include "sync/session.h"
#include "sync/source_set.h"
#include "sync/target.h"

/* Whether the destination says where it puts a message (APPENDUID), where something has to be
   stored there later: one message is sent ahead, so that no others are if it does not. */
enum pair_places {
    PAIR_PLACES_SETTLED, /* or of no interest */
    PAIR_PLACES_UNKNOWN,
    PAIR_PLACES_ASKED,
};

struct pair {
    const struct settings *settings;
    const struct pair_environment *environment;
    struct log *log;
    struct imap_loop loop;
    struct session source;
    struct session destination;
    struct lane_set lanes;     /* the connections to the destination */
    struct source_set sources; /* further connections to the source */
    struct adopt_secret adopt_secret;
    struct selection_rules wanted; /* what is copied, and deleted, of the source */
    struct selection_rules
        looked_at; /* where the destination's mail is recognised: ages hide none */
    struct selection_rules removable; /* what may be deleted on the destination */
    struct cross *cross;              /* NULL: without --skipcrossduplicates */
    struct transform *transform;      /* NULL: messages are copied as they are */
    struct folder_plan *plan;
    struct target_list targets; /* the plan's destination folders */
    struct store_map *map;      /* what is remembered; NULL: nothing is */
    bool is_left_out;           /* it had nothing to do, and was not to be reported then */
    uint64_t message_rules;     /* delta_message_rules() */
    bool with_labels;           /* Gmail's labels are carried: both sides have them */
    enum pair_places places;
    bool source_invents;       /* messages it can't show; see messages/placeholder.h */
    bool counts_refusals[2];   /* by side: sync/refusals.h */
    bool has_given_up;         /* a message, in this attempt */
    bool is_renewed;           /* it was ended to open a session again */
    bool has_unanswered;       /* an APPEND has no answer, and will get none */
    bool appends_lose_flagged; /* the destination keeps \Flagged only from a STORE */
    struct flag_rules flag_rules;
    struct buffer flags_text;       /* scratch of folder_memory_flags(), which is on the hot path */
    struct folder_memory *memories; /* parallel to the plan's entries */
    struct message_counts counts;   /* sum over the folders that were recorded */
    uint64_t errors;                /* messages and folders that failed, against --errorsmax */
    struct pair_figures figures;
    struct progress_line progress;
    uint64_t sent_bytes;  /* against --exitwhenover */
    uint64_t compared;    /* messages that --verify read on both sides */
    bool has_differences; /* --verify found some */
    bool has_failed_folder;
    struct fault folder_fault; /* the first folder's, for the mailbox's error */
    struct fault fault;        /* what ended the pair early; FAULT_NONE while it goes on */
    int64_t ended_nsecs;       /* when that was */
};

/* Remembers why the pair ends; the first reason stays. */
void pair_end(struct pair *pair, const struct fault *fault);
bool pair_is_ended(const struct pair *pair);
/* It ended so long ago that what is still under way is no longer waited for. */
bool pair_is_overdue(const struct pair *pair);
/* Counts an error; ends the pair when there are too many. `subject`: what it is about, as in
   "msg INBOX/7 {120} could not be fetched"; NULL: the fault says it. */
void pair_count_error(struct pair *pair, const struct fault *fault, const char *subject);
/* Something besides the copy could not be done: counts as a failed folder, or ends the pair. */
void pair_fail_folder(struct pair *pair, const struct fault *fault);
/* True once a stop is wanted; ends the pair with FAULT_STOPPED. */
bool pair_sees_stop(struct pair *pair);

/* The items of FETCH that tell a message's flags, and its labels if they are carried. */
const char *pair_flag_items(const struct pair *pair);

/* pair_change.c: what is to be done to messages on their way. Tries the commands as
   --pipemesscheck asks for; false: the pair has ended. */
bool pair_change_init(struct pair *pair);
void pair_change_deinit(struct pair *pair);
/* Runs a command on a message, see pipe_message(); blocks. */
enum pipe_outcome pair_pipe(struct pair *pair, const char *command, const void *data, size_t size,
                            struct buffer *output, struct buffer *errors,
                            char reason_r[PIPE_REASON_SIZE]);

/* pair_folders.c: syncs all folders of the plan, whose targets were sent for. Faults of a folder
   are recorded there; those of the mailbox end the pair. */
void pair_sync_folders(struct pair *pair);

#endif
