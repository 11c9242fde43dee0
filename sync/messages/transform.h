/* SPDX-License-Identifier: MIT
 * What is done to a message before it is appended, in imapsync's order: --skipmess, --repair (which
 * imapsync has not), --regexmess, --disarmreadreceipts, --pipemess, --addheader, --truncmess,
 * --maxlinelength. Only messages that can be meant are touched; all others come out as they went
 * in. Bare LFs that a change has brought become CR LF at the end, as imapsync's library does it.
 *
 * Pure but for the commands, which the caller runs. A struct transform belongs to one thread. */
#ifndef SYNC_MESSAGES_TRANSFORM_H
#define SYNC_MESSAGES_TRANSFORM_H

#include "store/store.h"
#include "sync/messages/pipe.h"
#include "sync/settings.h"

/* Larger messages are not transformed, and none becomes larger. */
#define TRANSFORM_MAX_BYTES   ((size_t)256 * 1024 * 1024)
#define TRANSFORM_REASON_SIZE 320

/* Runs a command on the message: as pipe_message(). `output` is the transform's. */
struct transform_pipe {
    void *context;
    enum pipe_outcome (*run)(void *context, const char *command, const void *data, size_t size,
                             struct buffer *output, char reason_r[PIPE_REASON_SIZE]);
};

struct transform_message {
    const void *data; /* the whole message */
    size_t size;
    uint32_t uid;     /* on the source */
    bool was_refused; /* by the destination: it comes again to be repaired (--repair auto) */
};

enum transform_outcome {
    TRANSFORM_APPEND,   /* what is in the result */
    TRANSFORM_EXCLUDED, /* by a rule that the user gave */
    TRANSFORM_FAILED,   /* never half done, and never undone in silence */
    TRANSFORM_STOPPED,  /* the run is to stop */
    TRANSFORM_HOPELESS, /* it was refused, and nothing is wrong with it that can be repaired */
};

struct transform_result {
    enum transform_outcome outcome;
    const unsigned char *data; /* of the message itself unless is_own */
    size_t size;
    bool is_own;                        /* in the scratch, until it is used again */
    unsigned int changes;               /* of 1 << enum change_kind */
    uint64_t wrapped_lines;             /* that were broken */
    size_t longest_line;                /* its end included; 0 unless somebody asked for it */
    char reason[TRANSFORM_REASON_SIZE]; /* of EXCLUDED and FAILED, for people */
};

/* Memory for one message at a time; zeroed by transform_scratch_init(). */
struct transform_scratch {
    struct buffer texts[2];
};
void transform_scratch_init(struct transform_scratch *scratch);
void transform_scratch_deinit(struct transform_scratch *scratch);
/* The result is of no use any more; what a large one took is given back. */
void transform_scratch_release(struct transform_scratch *scratch);

struct transform;

/* Changes that a repair makes, of 1 << enum change_kind. */
unsigned int transform_repairs(void);
/* Whether these settings ask for anything that needs the whole message: of each, or of those that
   were refused. */
bool transform_is_wanted(const struct settings *settings);
bool transform_is_wanted_for_refused(const struct settings *settings);
/* Whether it may need GMime for messages that nobody has refused. */
bool transform_needs_mime(const struct settings *settings);
/* Compiles the expressions. Settings that passed transform_check_settings() can't fail but for
   memory: NULL and one sentence. The settings must outlive it. */
struct transform *transform_init(const struct settings *settings, struct buffer *error);
void transform_deinit(struct transform **transform);
/* Appends a sentence for each setting that can't be used, as settings_check_pair() does. */
bool transform_check_settings(const struct settings *settings, struct buffer *faults);

/* False: only messages that were refused need to be given to it. */
bool transform_is_for_all(const struct transform *transform);
void transform_run(struct transform *transform, const struct transform_message *message,
                   const struct transform_pipe *pipe, struct transform_scratch *scratch,
                   struct transform_result *result_r);
/* What was changed, in words: "2 lines wrapped, read receipt disarmed"; "" for nothing. */
void transform_append_changes(const struct transform_result *result, struct buffer *text);

#endif
