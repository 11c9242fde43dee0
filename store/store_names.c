/* SPDX-License-Identifier: MIT */
#include "store/store.h"
#include "store/store_verify.h"

const char *job_status_name(enum job_status status)
{
    static const char *const names[] = {
#define JOB_STATUS_NAME(suffix, name) name,
        JOB_STATUSES(JOB_STATUS_NAME)
#undef JOB_STATUS_NAME
    };
    return names[status];
}

const char *problem_reason_name(enum problem_reason reason)
{
    static const char *const names[] = {
#define PROBLEM_REASON_NAME(suffix, name) name,
        PROBLEM_REASONS(PROBLEM_REASON_NAME)
#undef PROBLEM_REASON_NAME
    };
    return names[reason];
}

const char *change_kind_name(enum change_kind kind)
{
    static const char *const names[] = {
#define CHANGE_KIND_NAME(suffix, name) name,
        CHANGE_KINDS(CHANGE_KIND_NAME)
#undef CHANGE_KIND_NAME
    };
    return names[kind];
}

const char *verify_level_name(enum verify_level level)
{
    static const char *const names[] = {
#define VERIFY_LEVEL_NAME(suffix, name) name,
        VERIFY_LEVELS(VERIFY_LEVEL_NAME)
#undef VERIFY_LEVEL_NAME
    };
    return names[level];
}

int64_t message_counts_difference(const struct message_counts *counts)
{
    uint64_t reached = counts->copied + counts->already + counts->excluded + counts->too_big +
                       counts->failed + counts->unreadable + counts->vanished +
                       counts->not_selected;
    return (int64_t)(counts->source - reached);
}

void message_counts_add(struct message_counts *sum, const struct message_counts *more)
{
    sum->source += more->source;
    sum->copied += more->copied;
    sum->already += more->already;
    sum->excluded += more->excluded;
    sum->too_big += more->too_big;
    sum->failed += more->failed;
    sum->unreadable += more->unreadable;
    sum->vanished += more->vanished;
    sum->bytes_copied += more->bytes_copied;
    sum->not_selected += more->not_selected;
}

void message_counts_carry(struct message_counts *counts, uint64_t copied_before,
                          uint64_t bytes_before)
{
    int64_t unreached = message_counts_difference(counts);
    uint64_t room = counts->already + (unreached > 0 ? (uint64_t)unreached : 0);
    uint64_t carried = copied_before < room ? copied_before : room;
    counts->copied += carried;
    counts->already -= carried < counts->already ? carried : counts->already;
    counts->bytes_copied += bytes_before;
}
