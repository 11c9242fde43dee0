/* SPDX-License-Identifier: MIT */
#include "report/summary.h"
#include "store/store_verify.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "report/advice.h"
#include "report/cutover.h"
#include "report/grade.h"
#include "report/output.h"
#include "report/run.h"
#include "report/totals.h"

#define REPORT_JSON_SCHEMA_VERSION 1
#define JSON_WHY_MAX_BYTES         4096

struct json_report {
    struct report_output output;
    struct json json;
    struct report_totals totals;
    uint64_t grades[GRADE_COUNT];
    bool is_final;
    struct verify_sum verified; /* of all mailboxes */
};

/* started, ended, seconds; null for what is not known yet. */
static void json_add_times(struct json *json, int64_t started_msecs, int64_t ended_msecs)
{
    json_add_time(json, "started", started_msecs);
    json_add_time(json, "ended", ended_msecs);
    json_key(json, "seconds");
    if (started_msecs == 0 || ended_msecs == 0)
        json_null(json);
    else if (ended_msecs < started_msecs)
        json_double(json, 0);
    else
        json_double(json, (double)(ended_msecs - started_msecs) / 1000);
}

static void json_add_counts(struct json *json, const struct message_counts *counts)
{
    json_key(json, "counts");
    json_object_begin(json);
    json_add_uint64(json, "source_messages", counts->source);
    json_add_uint64(json, "copied", counts->copied);
    json_add_uint64(json, "already", counts->already);
    json_add_uint64(json, "excluded", counts->excluded);
    json_add_uint64(json, "too_big", counts->too_big);
    json_add_uint64(json, "failed", counts->failed);
    json_add_uint64(json, "unreadable", counts->unreadable);
    json_add_uint64(json, "vanished", counts->vanished);
    json_add_uint64(json, "not_selected", counts->not_selected);
    json_key(json, "difference");
    json_int64(json, message_counts_difference(counts));
    json_add_uint64(json, "bytes_copied", counts->bytes_copied);
    json_object_end(json);
}

/* One string for each line of the settings. */
static void json_add_settings(struct json *json, const char *settings)
{
    json_key(json, "settings");
    json_array_begin(json);
    while (*settings != '\0') {
        size_t size = strcspn(settings, "\n");
        if (size > 0)
            json_string_n(json, settings, size);
        settings += size;
        settings += *settings == '\n' ? 1 : 0;
    }
    json_array_end(json);
}

static bool json_append_run(void *context, const struct store_run *run)
{
    struct json_report *report = context;
    struct json *json = &report->json;
    json_key(json, "run");
    json_object_begin(json);
    json_add_string(json, "id", run->id);
    json_add_string(json, "command", run->command);
    json_add_string(json, "version", run->version);
    json_add_string(json, "manifest", run->manifest);
    json_add_string(json, "manifest_sha256", run->manifest_sha256);
    json_add_settings(json, run->settings);
    json_add_times(json, run->started_msecs, run->ended_msecs);
    json_key(json, "exit_code");
    report->is_final = run->is_final;
    if (run->exit_code < 0)
        json_null(json);
    else
        json_int64(json, run->exit_code);
    json_add_bool(json, "is_final", run->is_final);
    json_object_end(json);
    return true;
}

static bool json_append_folder(void *context, const struct store_folder *folder)
{
    struct json_report *report = context;
    struct json *json = &report->json;
    json_object_begin(json);
    json_add_string(json, "source", folder->source_name);
    json_add_string(json, "destination", folder->destination_name);
    json_add_bool(json, "is_renamed", folder->is_renamed);
    json_add_bool(json, "is_merged", folder->is_merged);
    json_add_bool(json, "is_failed", folder->is_failed);
    json_add_string(json, "error", folder->error);
    json_add_counts(json, &folder->counts);
    json_object_end(json);
    return report_output_step(&report->output);
}

/* "yes" or "no" in the final pass, else null; and why. */
static void json_add_cutover(struct json *json, const struct store_job *job, bool is_final)
{
    struct buffer why;
    buffer_init(&why, JSON_WHY_MAX_BYTES);
    json_key(json, "safe_to_switch");
    if (is_final)
        json_string(json, CUTOVER_WORD(cutover_is_safe(job, &why)));
    else
        json_null(json);
    json_add_string(json, "safe_to_switch_why", buffer_str(&why));
    buffer_deinit(&why);
}

/* Of the source (0) or the destination (1). */
static const char *json_exposure(const struct store_job *job, unsigned int i)
{
    return (job->exposure & (unsigned int)STORE_EXPOSURE_CLEAR << i) != 0       ? "clear"
           : (job->exposure & (unsigned int)STORE_EXPOSURE_UNCHECKED << i) != 0 ? "unchecked"
                                                                                : "";
}

/* Leaves the mailbox's object and its list of folders open. */
static bool json_begin_job(void *context, const struct store_job *job)
{
    struct json_report *report = context;
    struct json *json = &report->json;
    report_totals_add(&report->totals, job);
    report->grades[grade_of_mailbox(job)]++;
    json_object_begin(json);
    json_key(json, "row");
    json_int64(json, job->row);
    json_add_string(json, "label", job->label);
    json_add_string(json, "host1", job->host1);
    json_add_string(json, "user1", job->user1);
    json_add_string(json, "host2", job->host2);
    json_add_string(json, "user2", job->user2);
    json_add_string(json, "status", job_status_name(job->status));
    json_add_times(json, job->started_msecs, job->ended_msecs);
    json_add_string(json, "error_code", job->error_code);
    json_add_string(json, "error", job->error);
    advice_add_json(json, job->diagnosis);
    json_add_cutover(json, job, report->is_final);
    json_add_counts(json, &job->counts);
    json_add_string(json, "grade", grade_name(grade_of_mailbox(job)));
    json_add_uint64(json, "deleted_source", job->deleted_source);
    json_add_uint64(json, "deleted_destination", job->deleted_destination);
    json_add_string(json, "exposure1", json_exposure(job, 0));
    json_add_string(json, "exposure2", json_exposure(job, 1));
    json_key(json, "folders");
    json_array_begin(json);
    return true;
}

static bool json_append_repair(void *context, const struct store_repair *repair)
{
    struct json_report *report = context;
    struct json *json = &report->json;
    const char *kind = repair->kinds;
    json_object_begin(json);
    json_add_string(json, "folder", repair->folder);
    json_add_uint64(json, "uid", repair->uid);
    json_key(json, "kinds");
    json_array_begin(json);
    while (*kind != '\0') {
        size_t size = strcspn(kind, ",");
        json_string_n(json, kind, size);
        kind += size + (kind[size] == ',' ? 1 : 0);
    }
    json_array_end(json);
    json_object_end(json);
    return report_output_step(&report->output);
}

/* What was changed on purpose: messages of each kind, and one by one those that were repaired. */
static bool json_append_changes(struct json_report *report, struct store *store, const char *run_id,
                                int64_t row, struct fault *fault_r)
{
    struct json *json = &report->json;
    uint64_t messages[CHANGE_KIND_COUNT];
    if (!store_changes_get(store, run_id, row, messages, fault_r))
        return false;
    json_key(json, "changed");
    json_object_begin(json);
    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++) {
        if (messages[kind] > 0)
            json_add_uint64(json, change_kind_name((enum change_kind)kind), messages[kind]);
    }
    json_object_end(json);
    json_key(json, "repaired");
    json_array_begin(json);
    bool is_ok = store_repairs_each(store, run_id, row, json_append_repair, report, fault_r);
    json_array_end(json);
    return is_ok;
}

static void json_add_verify_counts(struct json *json, const struct verify_counts *counts)
{
    json_add_uint64(json, "source_messages", counts->source);
    json_add_uint64(json, "found", counts->found);
    json_add_uint64(json, "different", counts->different);
    json_add_uint64(json, "unread", counts->unread);
    json_add_uint64(json, "missing", counts->missing);
    json_add_uint64(json, "gone", counts->gone);
    json_add_uint64(json, "excepted", counts->excepted);
    json_add_uint64(json, "later", counts->later);
    json_add_uint64(json, "extra", counts->extra);
    json_add_uint64(json, "read", counts->read);
    json_add_uint64(json, "bytes_read", counts->bytes_read);
    json_add_uint64(json, "differences", verify_counts_differences(counts));
}

static bool json_append_verified(void *context, const struct store_verification *verification)
{
    struct json_report *report = context;
    struct json *json = &report->json;
    json_object_begin(json);
    json_add_string(json, "source", verification->source_name);
    json_add_string(json, "destination", verification->destination_name);
    json_add_string(json, "level", verify_level_name(verification->level));
    json_add_verify_counts(json, &verification->counts);
    json_object_end(json);
    return report_output_step(&report->output);
}

/* Null if nothing was compared. */
static bool json_begin_verification(struct json *json, const struct verify_sum *sum)
{
    json_key(json, "verification");
    if (sum->folders == 0) {
        json_null(json);
        return false;
    }
    json_object_begin(json);
    json_add_string(json, "level", verify_level_name(sum->level));
    return true;
}

static bool json_append_verification(struct json_report *report, struct store *store,
                                     const char *run_id, int64_t row, struct fault *fault_r)
{
    struct json *json = &report->json;
    struct verify_sum sum = {0};
    /* Nightly runs of thousands of mailboxes compare nothing. */
    if (report->verified.folders > 0 && !store_verifications_sum(store, run_id, row, &sum, fault_r))
        return false;
    if (!json_begin_verification(json, &sum))
        return true;
    json_add_verify_counts(json, &sum.counts);
    json_key(json, "folders");
    json_array_begin(json);
    bool is_ok = store_verifications_each(store, run_id, row, json_append_verified, report,
                                          fault_r);
    json_array_end(json);
    json_object_end(json);
    return is_ok;
}

static void json_append_verification_of_run(struct json *json, const struct verify_sum *sum)
{
    if (!json_begin_verification(json, sum))
        return;
    json_add_uint64(json, "mailboxes", sum->mailboxes);
    json_add_uint64(json, "mailboxes_differing", sum->mailboxes_differing);
    json_add_verify_counts(json, &sum->counts);
    json_object_end(json);
}

static bool json_append_jobs(struct json_report *report, struct store *store, const char *run_id,
                             struct fault *fault_r)
{
    int64_t row = INT64_MIN;
    json_key(&report->json, "mailboxes");
    json_array_begin(&report->json);
    for (;;) {
        uint64_t known = report->totals.mailboxes;
        if (!store_job_next(store, run_id, row, json_begin_job, report, &row, fault_r))
            return false;
        if (report->totals.mailboxes == known)
            break;
        if (!store_folders_each(store, run_id, row, json_append_folder, report, fault_r))
            return false;
        json_array_end(&report->json);
        if (!json_append_changes(report, store, run_id, row, fault_r) ||
            !json_append_verification(report, store, run_id, row, fault_r))
            return false;
        json_object_end(&report->json);
        if (!report_output_step(&report->output))
            break;
    }
    json_array_end(&report->json);
    return true;
}

static void json_append_totals(struct json *json, const struct report_totals *totals,
                               enum grade grade)
{
    json_key(json, "totals");
    json_object_begin(json);
    json_add_uint64(json, "mailboxes", totals->mailboxes);
    json_key(json, "status");
    json_object_begin(json);
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        json_add_uint64(json, job_status_name((enum job_status)i), totals->by_status[i]);
    json_object_end(json);
    json_add_uint64(json, "folders", totals->folders);
    json_add_uint64(json, "mailboxes_with_difference", totals->with_difference);
    json_add_counts(json, &totals->counts);
    json_add_string(json, "grade", grade_name(grade));
    json_object_end(json);
}

bool report_write_json(struct store *store, const char *run_id, FILE *stream, struct fault *fault_r)
{
    struct json_report report;
    memset(&report, 0, sizeof(report));
    report_output_init(&report.output, stream);
    json_init(&report.json, &report.output.text);
    json_object_begin(&report.json);
    json_add_uint64(&report.json, "schema_version", REPORT_JSON_SCHEMA_VERSION);
    bool is_ok = store_verifications_sum(store, run_id, 0, &report.verified, fault_r) &&
                 report_run_get(store, run_id, json_append_run, &report, fault_r) &&
                 json_append_jobs(&report, store, run_id, fault_r) &&
                 advice_add_all_json(&report.json, store, run_id, fault_r);
    json_append_verification_of_run(&report.json, &report.verified);
    json_append_totals(&report.json, &report.totals, grade_of_run(report.grades));
    json_object_end(&report.json);
    return report_output_end(&report.output, is_ok, fault_r);
}
