/* SPDX-License-Identifier: MIT */
#include "report/cutover.h"

#include <inttypes.h>

static void why_next(struct buffer *why)
{
    if (why->used > 0)
        buffer_append_str(why, "; ");
}

/* True if there are any. */
static bool why_messages(struct buffer *why, uint64_t messages, const char *what)
{
    if (messages == 0)
        return false;
    why_next(why);
    buffer_printf(why, "%" PRIu64 " message%s %s", messages, messages == 1 ? "" : "s", what);
    return true;
}

static void why_words(struct buffer *why, const char *words)
{
    why_next(why);
    buffer_append_str(why, words);
}

/* What is against it by the status alone. */
static const char *status_objection(const struct store_job *job)
{
    switch (job->status) {
    case JOB_COMPLETE:
        return job->folders == 0 ? "no folder was compared" : NULL;
    case JOB_EXCEPTIONS:
        return "it went through with exceptions";
    case JOB_PAUSED:
        return "it was paused before its end";
    case JOB_FAILED:
        return "it failed";
    case JOB_LEFT_OUT:
        return "it was left out of this run";
    default:
        return "it was not started";
    }
}

bool cutover_is_safe(const struct store_job *job, struct buffer *why)
{
    const struct message_counts *counts = &job->counts;
    int64_t difference = message_counts_difference(counts);
    const char *objection = status_objection(job);
    bool is_safe = objection == NULL;
    if (job->trial[0] != '\0') {
        buffer_printf(why, "it was only a trial (--%s)", job->trial);
        is_safe = false;
    }
    if (objection != NULL)
        why_words(why, objection);
    if (difference != 0) {
        why_next(why);
        buffer_printf(why, "the difference is %" PRId64, difference);
        is_safe = false;
    }
    if (why_messages(why, counts->failed, "failed"))
        is_safe = false;
    if (why_messages(why, counts->unreadable, "could not be read"))
        is_safe = false;
    if (why_messages(why, counts->too_big, "too big"))
        is_safe = false;
    (void)why_messages(why, counts->excluded, "excluded by rule");
    (void)why_messages(why, counts->not_selected, "not selected");
    (void)why_messages(why, counts->vanished, "deleted on the source during the run");
    if (job->is_partial)
        why_words(why, "folders were chosen by rule");
    return is_safe;
}
