/* SPDX-License-Identifier: MIT */
#include "base/csv.h"
#include "base/mem.h"
#include "report/output.h"
#include "report/run.h"
#include "report/summary.h"
#include "store/store_verify.h"

struct folders_report {
    struct report_output output;
    int64_t row;
    char *user1; /* owned: whose folders are written */
};

static void append_flag(struct csv_row *row, bool value)
{
    csv_row_plain(row, value ? "yes" : "no");
}

static bool append_folder(void *context, const struct store_folder *folder)
{
    struct folders_report *report = context;
    const struct message_counts *counts = &folder->counts;
    struct csv_row row;
    csv_row_init(&row, &report->output.text);
    csv_row_int64(&row, report->row);
    csv_row_text(&row, report->user1);
    csv_row_text(&row, folder->source_name);
    csv_row_text(&row, folder->destination_name);
    append_flag(&row, folder->is_renamed);
    append_flag(&row, folder->is_merged);
    append_flag(&row, folder->is_failed);
    csv_row_uint64(&row, counts->source);
    csv_row_uint64(&row, counts->copied);
    csv_row_uint64(&row, counts->already);
    csv_row_uint64(&row, counts->excluded);
    csv_row_uint64(&row, counts->too_big);
    csv_row_uint64(&row, counts->failed);
    csv_row_uint64(&row, counts->unreadable);
    csv_row_uint64(&row, counts->vanished);
    csv_row_uint64(&row, counts->not_selected);
    csv_row_int64(&row, message_counts_difference(counts));
    csv_row_uint64(&row, counts->bytes_copied);
    csv_row_text(&row, folder->error);
    csv_row_end(&row);
    return report_output_step(&report->output);
}

static bool append_verification(void *context, const struct store_verification *verification)
{
    struct folders_report *report = context;
    const struct verify_counts *counts = &verification->counts;
    struct csv_row row;
    csv_row_init(&row, &report->output.text);
    csv_row_int64(&row, report->row);
    csv_row_text(&row, report->user1);
    csv_row_text(&row, verification->source_name);
    csv_row_text(&row, verification->destination_name);
    csv_row_plain(&row, verify_level_name(verification->level));
    csv_row_uint64(&row, counts->source);
    csv_row_uint64(&row, counts->found);
    csv_row_uint64(&row, counts->different);
    csv_row_uint64(&row, counts->unread);
    csv_row_uint64(&row, counts->missing);
    csv_row_uint64(&row, counts->gone);
    csv_row_uint64(&row, counts->excepted);
    csv_row_uint64(&row, counts->later);
    csv_row_uint64(&row, counts->extra);
    csv_row_uint64(&row, counts->read);
    csv_row_uint64(&row, counts->bytes_read);
    csv_row_uint64(&row, verify_counts_differences(counts));
    csv_row_end(&row);
    return report_output_step(&report->output);
}

static bool take_job(void *context, const struct store_job *job)
{
    struct folders_report *report = context;
    mem_free(report->user1);
    report->user1 = mem_strdup(job->user1);
    return true;
}

/* The rows of one mailbox. */
typedef bool append_rows(struct folders_report *report, struct store *store, const char *run_id,
                         struct fault *fault_r);

static bool append_folders(struct folders_report *report, struct store *store, const char *run_id,
                           struct fault *fault_r)
{
    return store_folders_each(store, run_id, report->row, append_folder, report, fault_r);
}

static bool append_verifications(struct folders_report *report, struct store *store,
                                 const char *run_id, struct fault *fault_r)
{
    return store_verifications_each(store, run_id, report->row, append_verification, report,
                                    fault_r);
}

static bool append_all(struct folders_report *report, struct store *store, const char *run_id,
                       append_rows *append, struct fault *fault_r)
{
    int64_t after = INT64_MIN;
    for (;;) {
        if (!store_job_next(store, run_id, after, take_job, report, &report->row, fault_r))
            return false;
        if (report->row == 0)
            return true;
        after = report->row;
        if (!append(report, store, run_id, fault_r))
            return false;
    }
}

/* `append` NULL: the header alone. */
static bool write_file(struct store *store, const char *run_id, const char *header,
                       append_rows *append, FILE *stream, struct fault *fault_r)
{
    struct folders_report report = {.row = 0};
    if (!report_run_exists(store, run_id, fault_r))
        return false;
    report_output_init(&report.output, stream);
    buffer_append_str(&report.output.text, header);
    bool is_ok = append == NULL || append_all(&report, store, run_id, append, fault_r);
    mem_free(report.user1);
    return report_output_end(&report.output, is_ok, fault_r);
}

bool report_write_folders(struct store *store, const char *run_id, FILE *stream,
                          struct fault *fault_r)
{
    return write_file(store, run_id, REPORT_FOLDERS_HEADER, append_folders, stream, fault_r);
}

bool report_write_verifications(struct store *store, const char *run_id, FILE *stream,
                                struct fault *fault_r)
{
    struct verify_sum sum;
    if (!store_verifications_sum(store, run_id, 0, &sum, fault_r))
        return false;
    /* Nightly runs of thousands of mailboxes compare nothing. */
    append_rows *append = sum.folders == 0 ? NULL : append_verifications;
    return write_file(store, run_id, REPORT_VERIFICATIONS_HEADER, append, stream, fault_r);
}
