/* SPDX-License-Identifier: MIT */
#include "report/trouble.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "report/advice.h"
#include "report/output.h"
#include "report/run.h"
#include "report/totals.h"

/* As many kinds of trouble are explained. */
#define ADVICE_MAX_ROWS 5

struct trouble_report {
    struct report_output output;
    struct report_totals totals;
    uint64_t rows;
};

static bool is_trouble(enum job_status status)
{
    return status != JOB_COMPLETE && status != JOB_LEFT_OUT;
}

static void append_printable(struct buffer *text, const char *words)
{
    str_append_printable(text, words, strlen(words));
}

static bool trouble_append_job(void *context, const struct store_job *job)
{
    struct trouble_report *report = context;
    struct buffer *text = &report->output.text;
    report_totals_add(&report->totals, job);
    /* Those that were not started have nothing to say; they are counted below. */
    if (!is_trouble(job->status) || job->status == JOB_NOT_STARTED)
        return true;
    if (++report->rows > REPORT_TROUBLE_MAX_ROWS)
        return true;
    buffer_printf(text, "row %" PRId64 ", ", job->row);
    append_printable(text, job->label[0] != '\0' ? job->label : job->user1);
    buffer_printf(text, " (%s): ", job_status_name(job->status));
    append_printable(text, job->error);
    buffer_append_byte(text, '\n');
    return report_output_step(&report->output);
}

static void trouble_append_counts(struct trouble_report *report)
{
    const uint64_t *by_status = report->totals.by_status;
    struct buffer *text = &report->output.text;
    if (report->rows > REPORT_TROUBLE_MAX_ROWS)
        buffer_printf(text, "and %" PRIu64 " more: see summary.txt\n",
                      report->rows - REPORT_TROUBLE_MAX_ROWS);
    if (by_status[JOB_NOT_STARTED] > 0)
        buffer_printf(text, "%" PRIu64 " of %" PRIu64 " mailboxes were not started\n",
                      by_status[JOB_NOT_STARTED], report->totals.mailboxes);
}

static void trouble_append_advice(struct trouble_report *report, const char *run_dir)
{
    const uint64_t *by_status = report->totals.by_status;
    struct buffer *text = &report->output.text;
    if (by_status[JOB_FAILED] > 0)
        buffer_append_str(text, "What failed: mend what the line says, then run again.\n");
    if (by_status[JOB_EXCEPTIONS] > 0)
        buffer_append_str(text, "Exceptions: problems.csv names each message and its reason.\n");
    if (by_status[JOB_PAUSED] + by_status[JOB_NOT_STARTED] > 0)
        buffer_append_str(text, "What is paused or not started: the same command goes on.\n");
    buffer_append_str(text, "Report: ");
    append_printable(text, run_dir);
    buffer_append_str(text, "/summary.txt\n");
}

bool report_write_trouble(struct store *store, const char *run_id, const char *run_dir,
                          FILE *stream, struct fault *fault_r)
{
    struct trouble_report report;
    if (!report_run_exists(store, run_id, fault_r))
        return false;
    memset(&report, 0, sizeof(report));
    report_output_init(&report.output, stream);
    bool is_ok = store_jobs_each(store, run_id, trouble_append_job, &report, fault_r);
    if (is_ok)
        trouble_append_counts(&report);
    is_ok = is_ok && advice_append_all(&report.output, store, run_id, ADVICE_MAX_ROWS, fault_r);
    if (is_ok)
        trouble_append_advice(&report, run_dir);
    return report_output_end(&report.output, is_ok, fault_r);
}
