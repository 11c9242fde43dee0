/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include "base/clock.h"
#include "base/csv.h"
#include "report/advice.h"
#include "report/cutover.h"
#include "report/format.h"
#include "report/grade.h"
#include "report/output.h"
#include "report/run.h"

#define CSV_WHY_MAX_BYTES    4096
#define CSV_ADVICE_MAX_BYTES 4096

struct csv_report {
    struct report_output output;
    bool is_final;
};

static void csv_append_time(struct csv_row *row, int64_t wall_msecs)
{
    char text[CLOCK_ISO8601_SIZE] = "";
    if (wall_msecs != 0)
        clock_format(wall_msecs, text);
    csv_row_plain(row, text);
}

static void csv_append_counts(struct csv_row *row, const struct message_counts *counts)
{
    csv_row_uint64(row, counts->source);
    csv_row_uint64(row, counts->copied);
    csv_row_uint64(row, counts->already);
    csv_row_uint64(row, counts->excluded);
    csv_row_uint64(row, counts->too_big);
    csv_row_uint64(row, counts->failed);
    csv_row_uint64(row, counts->unreadable);
    csv_row_uint64(row, counts->vanished);
    csv_row_int64(row, message_counts_difference(counts));
    csv_row_uint64(row, counts->bytes_copied);
}

static void csv_append_cutover(struct csv_row *row, const struct store_job *job, bool is_final)
{
    struct buffer why;
    buffer_init(&why, CSV_WHY_MAX_BYTES);
    csv_row_plain(row, is_final ? CUTOVER_WORD(cutover_is_safe(job, &why)) : "");
    csv_row_text(row, buffer_str(&why));
    buffer_deinit(&why);
}

static bool csv_append_job(void *context, const struct store_job *job)
{
    struct csv_report *report = context;
    struct report_output *output = &report->output;
    char seconds[REPORT_FORMAT_SIZE] = "";
    struct csv_row row;
    csv_row_init(&row, &output->text);
    csv_row_int64(&row, job->row);
    csv_row_text(&row, job->label);
    csv_row_text(&row, job->host1);
    csv_row_text(&row, job->user1);
    csv_row_text(&row, job->host2);
    csv_row_text(&row, job->user2);
    csv_row_plain(&row, job_status_name(job->status));
    csv_row_uint64(&row, job->folders);
    csv_append_counts(&row, &job->counts);
    csv_append_time(&row, job->started_msecs);
    csv_append_time(&row, job->ended_msecs);
    if (job->started_msecs != 0 && job->ended_msecs != 0)
        report_format_seconds(job->ended_msecs - job->started_msecs, seconds);
    csv_row_plain(&row, seconds);
    csv_row_text(&row, job->error_code);
    csv_row_text(&row, job->error);
    csv_append_cutover(&row, job, report->is_final);
    csv_row_uint64(&row, job->deleted_source);
    csv_row_uint64(&row, job->deleted_destination);
    csv_row_uint64(&row, job->counts.not_selected);
    csv_row_plain(&row, grade_name(grade_of_mailbox(job)));
    csv_row_end(&row);
    return report_output_step(output);
}

static bool csv_take_run(void *context, const struct store_run *run)
{
    struct csv_report *report = context;
    report->is_final = run->is_final;
    return true;
}

bool report_write_csv(struct store *store, const char *run_id, FILE *stream, struct fault *fault_r)
{
    struct csv_report report = {.is_final = false};
    if (!report_run_get(store, run_id, csv_take_run, &report, fault_r))
        return false;
    report_output_init(&report.output, stream);
    buffer_append_str(&report.output.text, REPORT_CSV_HEADER);
    bool is_ok = store_jobs_each(store, run_id, csv_append_job, &report, fault_r);
    return report_output_end(&report.output, is_ok, fault_r);
}

static void csv_append_problem_line(struct buffer *text, const struct store_job *job,
                                    const struct store_problem *problem, const char *server_text)
{
    struct csv_row row;
    struct buffer step;
    buffer_init(&step, CSV_ADVICE_MAX_BYTES);
    advice_append_step(&step, problem->diagnosis);
    csv_row_init(&row, text);
    csv_row_int64(&row, job->row);
    csv_row_text(&row, job->user1);
    csv_row_text(&row, problem->folder);
    if (problem->uid != 0)
        csv_row_uint64(&row, problem->uid);
    else
        csv_row_plain(&row, "");
    csv_row_text(&row, problem->message_id);
    csv_row_text(&row, problem->date);
    if (problem->uid != 0 || problem->size_bytes != 0)
        csv_row_uint64(&row, problem->size_bytes);
    else
        csv_row_plain(&row, "");
    csv_row_plain(&row, problem_reason_name(problem->reason));
    csv_row_text(&row, server_text);
    csv_row_text(&row, buffer_str(&step));
    csv_row_end(&row);
    buffer_deinit(&step);
}

/* The last line for a folder that claims more messages than are listed. */
static void csv_append_overflow_line(struct buffer *text, const struct store_job *job,
                                     const struct store_problem *problem)
{
    struct buffer words;
    buffer_init(&words, 64 * 1024);
    buffer_printf(&words, "and %llu more messages like this one: ",
                  (unsigned long long)(problem->messages - REPORT_UNKNOWN_MAX_LINES));
    buffer_append_str(&words, problem->server_text);
    csv_append_problem_line(text, job, problem, buffer_str(&words));
    buffer_deinit(&words);
}

static bool csv_append_problem(void *context, const struct store_job *job,
                               const struct store_problem *problem)
{
    struct report_output *output = context;
    uint64_t lines = problem->uid != 0 ? 1 : problem->messages;
    bool is_cut = lines > REPORT_UNKNOWN_MAX_LINES;
    if (is_cut)
        lines = REPORT_UNKNOWN_MAX_LINES - 1;
    for (uint64_t i = 0; i < lines; i++) {
        csv_append_problem_line(&output->text, job, problem, problem->server_text);
        if (!report_output_step(output))
            return false;
    }
    if (is_cut)
        csv_append_overflow_line(&output->text, job, problem);
    return report_output_step(output);
}

bool report_write_problems(struct store *store, const char *run_id, FILE *stream,
                           struct fault *fault_r)
{
    struct report_output output;
    if (!report_run_exists(store, run_id, fault_r))
        return false;
    report_output_init(&output, stream);
    buffer_append_str(&output.text, REPORT_PROBLEMS_HEADER);
    bool is_ok = store_problems_each(store, run_id, csv_append_problem, &output, fault_r);
    return report_output_end(&output, is_ok, fault_r);
}
