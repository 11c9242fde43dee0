/* SPDX-License-Identifier: MIT
 * A body that has to be looked at, or changed, as a whole before it is appended (see
 * sync/messages/transform.h). One that fits is still in the input buffer; a larger one is gathered
 * in a file without a name first. */
#include <string.h>

#include "base/diagnoses.h"
#include "base/str.h"
#include "sync/copy_private.h"

/* --debugcontent shows so much of a message. */
#define CONTENT_MAX_BYTES ((size_t)64 * 1024)

/* -- commands -- */

/* Whose message it is; for the log. */
struct piping_message {
    struct copy *copy;
    uint32_t index;
};

static void log_content(struct copy *copy, uint32_t index, const char *what, const void *text,
                        size_t size)
{
    const char *at = text;
    const char *text_end = at + size;
    while (at < text_end) {
        const char *lf = memchr(at, '\n', (size_t)(text_end - at));
        const char *line_end = lf == NULL ? text_end : lf;
        size_t length = (size_t)(line_end - at);
        if (length > 0 && at[length - 1] == '\r')
            length--;
        log_line(copy->pair->log, "msg %s/%u %s: %.*s", copy->job->source_name,
                 copy->listing->messages[index].uid, what, (int)length, at);
        at = lf == NULL ? text_end : lf + 1;
    }
}

static enum pipe_outcome run_command(void *context, const char *command, const void *data,
                                     size_t size, struct buffer *output,
                                     char reason_r[PIPE_REASON_SIZE])
{
    const struct piping_message *message = context;
    struct copy *copy = message->copy;
    struct buffer errors;
    buffer_init(&errors, PIPE_ERRORS_MAX_BYTES);
    enum pipe_outcome outcome = pair_pipe(copy->pair, command, data, size, output, &errors,
                                          reason_r);
    log_content(copy, message->index, "the command says", errors.data, errors.used);
    buffer_deinit(&errors);
    return outcome;
}

/* -- the change -- */

static void log_result(struct copy *copy, uint32_t index, const struct transform_result *result)
{
    const struct settings *settings = copy->pair->settings;
    uint32_t uid = copy->listing->messages[index].uid;
    if (settings->debugmaxlinelength)
        log_line(copy->pair->log, "msg %s/%u longest line: %llu bytes", copy->job->source_name, uid,
                 (unsigned long long)result->longest_line);
    if (result->outcome != TRANSFORM_APPEND)
        return;
    if (result->changes != 0) {
        struct buffer text;
        buffer_init(&text, 1024);
        transform_append_changes(result, &text);
        log_line(copy->pair->log, "msg %s/%u changed: %s, %llu bytes now", copy->job->source_name,
                 uid, buffer_str(&text), (unsigned long long)result->size);
        buffer_deinit(&text);
    }
    if (settings->debugcontent)
        log_content(copy, index, "content", result->data,
                    result->size < CONTENT_MAX_BYTES ? result->size : CONTENT_MAX_BYTES);
}

/* What was refused comes alone. */
static bool was_refused(const struct copy_source *source, uint32_t index)
{
    return source->alone.step != ALONE_NONE && source->alone.index == index &&
           copy_repair_refusal(source->copy, index) != NULL;
}

bool copy_change_is_wanted(const struct copy_source *source, uint32_t index)
{
    const struct transform *transform = source->copy->pair->transform;
    return transform != NULL && (transform_is_for_all(transform) || was_refused(source, index));
}

bool copy_change(struct copy_source *source, uint32_t index, const void *data, size_t size)
{
    struct copy *copy = source->copy;
    struct copy_change *change = &source->change;
    struct piping_message piping = {copy, index};
    const struct transform_pipe pipe = {&piping, run_command};
    const struct transform_message message = {data, size, copy->listing->messages[index].uid,
                                              was_refused(source, index)};
    if (!copy_change_is_wanted(source, index))
        return true;
    if (!change->is_made || change->index != index) {
        transform_run(copy->pair->transform, &message, &pipe, &change->scratch, &change->result);
        change->is_made = true;
        change->index = index;
        log_result(copy, index, &change->result);
        if (change->result.outcome == TRANSFORM_APPEND &&
            (change->result.changes & transform_repairs()) != 0 &&
            !copy_repair_keep(copy, index, data, size))
            change->result.outcome = TRANSFORM_STOPPED;
        if (change->result.outcome == TRANSFORM_STOPPED)
            (void)pair_sees_stop(copy->pair);
    }
    return change->result.outcome == TRANSFORM_APPEND;
}

struct copy_text copy_text(const struct copy_source *source, uint32_t index, const void *data,
                           size_t size)
{
    const struct transform_result *result = &source->change.result;
    if (!copy_change_is_wanted(source, index))
        return (struct copy_text){data, size, 0};
    return (struct copy_text){result->is_own ? result->data : data, result->size, result->changes};
}

enum message_state copy_change_state(const struct copy_source *source)
{
    switch (source->change.result.outcome) {
    case TRANSFORM_EXCLUDED:
        return MESSAGE_EXCLUDED;
    case TRANSFORM_FAILED:
    case TRANSFORM_HOPELESS:
        return MESSAGE_FAILED;
    case TRANSFORM_APPEND:
    case TRANSFORM_STOPPED:
        break;
    }
    return MESSAGE_WANTED;
}

void copy_change_give_up(struct copy_source *source, uint32_t index)
{
    enum message_state state = copy_change_state(source);
    const struct fault *refusal = copy_repair_refusal(source->copy, index);
    struct fault fault;
    if (source->change.result.outcome == TRANSFORM_HOPELESS && refusal != NULL) {
        copy_give_up(source->copy, index, state, refusal);
    } else if (state != MESSAGE_WANTED) {
        fault_set(&fault, FAULT_APPEND, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 0, "%s",
                  source->change.result.reason);
        fault.diagnosis = diagnosis_by_id("change-failed");
        copy_give_up(source->copy, index, state, &fault);
    }
    copy_change_forget(source);
}

void copy_change_forget(struct copy_source *source)
{
    source->change.is_made = false;
    transform_scratch_release(&source->change.scratch);
    spool_close(&source->change.spool);
}

void copy_change_init(struct copy_source *source)
{
    transform_scratch_init(&source->change.scratch);
    spool_init(&source->change.spool);
}

void copy_change_deinit(struct copy_source *source)
{
    transform_scratch_deinit(&source->change.scratch);
    spool_close(&source->change.spool);
}

/* -- gathering -- */

/* Where its memory can't be had nothing can go on: that is no message's fault. */
static bool gather_fail(struct copy_source *source, const struct fault *fault)
{
    pair_end(source->copy->pair, fault);
    spool_close(&source->change.spool);
    return false;
}

bool copy_gather_begin(struct copy_source *source)
{
    struct fault fault;
    return spool_open(&source->change.spool, source->copy->pair->settings->tmpdir, &fault) ||
           gather_fail(source, &fault);
}

bool copy_gather_add(struct copy_source *source, const void *data, size_t size)
{
    struct fault fault;
    return spool_append(&source->change.spool, data, size, &fault) || gather_fail(source, &fault);
}

bool copy_gather_end(struct copy_source *source, const unsigned char **data_r)
{
    struct fault fault;
    return spool_map(&source->change.spool, data_r, &fault) || gather_fail(source, &fault);
}
