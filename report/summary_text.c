/* SPDX-License-Identifier: MIT */
#include "report/summary.h"
#include "store/store_verify.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "report/advice.h"
#include "report/cutover.h"
#include "report/format.h"
#include "report/output.h"
#include "report/run.h"
#include "report/totals.h"

#define NAME_MAX_WIDTH  48
#define CELL_MAX_BYTES  (1024 * 1024)
#define ADVICE_MAX_ROWS 20

/* X(enum suffix, heading, stands at the right). NOT_SELECTED is shown where there are such. */
#define TEXT_COLUMNS(X)                   \
    X(ROW, "Row", true)                   \
    X(MAILBOX, "Mailbox", false)          \
    X(STATUS, "Status", false)            \
    X(SOURCE, "Source", true)             \
    X(COPIED, "Copied", true)             \
    X(ALREADY, "Already", true)           \
    X(EXCLUDED, "Excluded", true)         \
    X(NOT_SELECTED, "Not selected", true) \
    X(TOO_BIG, "Too big", true)           \
    X(FAILED, "Failed", true)             \
    X(UNREADABLE, "Unreadable", true)     \
    X(VANISHED, "Vanished", true)         \
    X(DIFFERENCE, "Difference", true)     \
    X(SIZE, "Size", true)

enum text_column {
#define TEXT_COLUMN_ENUM(suffix, heading, is_right) TEXT_##suffix,
    TEXT_COLUMNS(TEXT_COLUMN_ENUM)
#undef TEXT_COLUMN_ENUM
    TEXT_COLUMN_COUNT
};

static const struct {
    const char *heading;
    bool is_right;
} text_columns[] = {
#define TEXT_COLUMN_ROW(suffix, heading, is_right) {heading, is_right},
    TEXT_COLUMNS(TEXT_COLUMN_ROW)
#undef TEXT_COLUMN_ROW
};

struct text_report {
    struct report_output output;
    struct report_totals totals;
    struct buffer cells[TEXT_COLUMN_COUNT]; /* of the line at hand */
    size_t widths[TEXT_COLUMN_COUNT];
    bool has_errors;
    bool has_selection;
    bool is_final;
    uint64_t safe; /* mailboxes that may be switched over */
};

static void text_init(struct text_report *report, FILE *stream)
{
    memset(report, 0, sizeof(*report));
    report_output_init(&report->output, stream);
    for (int i = 0; i < TEXT_COLUMN_COUNT; i++) {
        buffer_init(&report->cells[i], CELL_MAX_BYTES);
        report->widths[i] = strlen(text_columns[i].heading);
    }
}

static void text_append_printable(struct buffer *text, const char *words)
{
    str_append_printable(text, words, strlen(words));
}

/* Its label, or who goes where. */
static void text_append_mailbox(struct buffer *text, const struct store_job *job)
{
    if (job->label[0] != '\0') {
        text_append_printable(text, job->label);
        return;
    }
    text_append_printable(text, job->user1);
    buffer_append_str(text, " -> ");
    text_append_printable(text, job->user2);
}

static void text_clear_cells(struct text_report *report)
{
    for (int i = 0; i < TEXT_COLUMN_COUNT; i++)
        buffer_clear(&report->cells[i]);
}

static void text_fill_counts(struct text_report *report, const struct message_counts *counts)
{
    char size[REPORT_FORMAT_SIZE];
    struct buffer *cells = report->cells;
    buffer_printf(&cells[TEXT_SOURCE], "%" PRIu64, counts->source);
    buffer_printf(&cells[TEXT_COPIED], "%" PRIu64, counts->copied);
    buffer_printf(&cells[TEXT_ALREADY], "%" PRIu64, counts->already);
    buffer_printf(&cells[TEXT_EXCLUDED], "%" PRIu64, counts->excluded);
    buffer_printf(&cells[TEXT_NOT_SELECTED], "%" PRIu64, counts->not_selected);
    buffer_printf(&cells[TEXT_TOO_BIG], "%" PRIu64, counts->too_big);
    buffer_printf(&cells[TEXT_FAILED], "%" PRIu64, counts->failed);
    buffer_printf(&cells[TEXT_UNREADABLE], "%" PRIu64, counts->unreadable);
    buffer_printf(&cells[TEXT_VANISHED], "%" PRIu64, counts->vanished);
    buffer_printf(&cells[TEXT_DIFFERENCE], "%" PRId64, message_counts_difference(counts));
    report_format_bytes(counts->bytes_copied, size);
    buffer_append_str(&cells[TEXT_SIZE], size);
}

static void text_fill_job(struct text_report *report, const struct store_job *job)
{
    text_clear_cells(report);
    buffer_printf(&report->cells[TEXT_ROW], "%" PRId64, job->row);
    text_append_mailbox(&report->cells[TEXT_MAILBOX], job);
    buffer_append_str(&report->cells[TEXT_STATUS], job_status_name(job->status));
    text_fill_counts(report, &job->counts);
}

static void text_fill_totals(struct text_report *report)
{
    text_clear_cells(report);
    buffer_append_str(&report->cells[TEXT_MAILBOX], "Total");
    text_fill_counts(report, &report->totals.counts);
}

static void text_measure(struct text_report *report)
{
    for (int i = 0; i < TEXT_COLUMN_COUNT; i++) {
        size_t width = report_text_width(buffer_str(&report->cells[i]));
        if (i == TEXT_MAILBOX && width > NAME_MAX_WIDTH)
            width = NAME_MAX_WIDTH;
        if (width > report->widths[i])
            report->widths[i] = width;
    }
}

static bool text_measure_job(void *context, const struct store_job *job)
{
    struct text_report *report = context;
    text_fill_job(report, job);
    text_measure(report);
    report->has_selection = report->has_selection || job->counts.not_selected > 0;
    report_totals_add(&report->totals, job);
    return true;
}

static void text_append_line(struct text_report *report)
{
    struct buffer *text = &report->output.text;
    for (int i = 0; i < TEXT_COLUMN_COUNT; i++) {
        if (i == TEXT_NOT_SELECTED && !report->has_selection)
            continue;
        if (i > 0)
            buffer_append_str(text, "  ");
        report_append_cell(text, buffer_str(&report->cells[i]), report->widths[i],
                           text_columns[i].is_right);
    }
    buffer_append_byte(text, '\n');
}

static bool text_append_job(void *context, const struct store_job *job)
{
    struct text_report *report = context;
    text_fill_job(report, job);
    report_totals_add(&report->totals, job);
    text_append_line(report);
    return report_output_step(&report->output);
}

static bool text_append_error(void *context, const struct store_job *job)
{
    struct text_report *report = context;
    struct buffer *text = &report->output.text;
    if (job->error[0] == '\0')
        return true;
    if (!report->has_errors)
        buffer_append_str(text, "\nMailboxes with an error:\n");
    report->has_errors = true;
    buffer_printf(text, "  row %" PRId64 ", ", job->row);
    text_append_mailbox(text, job);
    buffer_printf(text, " (%s): ", job_status_name(job->status));
    text_append_printable(text, job->error);
    buffer_append_byte(text, '\n');
    if (job->diagnosis[0] != '\0') {
        buffer_append_str(text, "    What to do: ");
        advice_append_step(text, job->diagnosis);
        buffer_append_byte(text, '\n');
    }
    return report_output_step(&report->output);
}

static bool text_append_cutover(void *context, const struct store_job *job)
{
    struct text_report *report = context;
    struct buffer *text = &report->output.text;
    struct buffer why;
    buffer_init(&why, CELL_MAX_BYTES);
    bool is_safe = cutover_is_safe(job, &why);
    report->safe += is_safe;
    buffer_printf(text, "  row %" PRId64 ", ", job->row);
    text_append_mailbox(text, job);
    buffer_printf(text, ": %s%s", CUTOVER_WORD(is_safe), why.used > 0 ? ", " : "");
    text_append_printable(text, buffer_str(&why));
    buffer_append_byte(text, '\n');
    buffer_deinit(&why);
    return report_output_step(&report->output);
}

/* Of the final pass. */
static bool text_append_cutovers(struct text_report *report, struct store *store,
                                 const char *run_id, struct fault *fault_r)
{
    if (!report->is_final)
        return true;
    buffer_append_str(&report->output.text, "\nSafe to switch:\n");
    if (!store_jobs_each(store, run_id, text_append_cutover, report, fault_r))
        return false;
    uint64_t all = report->totals.mailboxes;
    buffer_printf(&report->output.text, "%" PRIu64 " of %" PRIu64 " mailbox%s safe to switch.\n",
                  report->safe, all, all == 1 ? " is" : "es are");
    return true;
}

static void text_append_field(struct buffer *text, const char *name, const char *value)
{
    buffer_printf(text, "%-10s", name);
    text_append_printable(text, value);
    buffer_append_byte(text, '\n');
}

/* The reader's time, and the one in the other files. */
static void text_append_time(struct buffer *text, int64_t wall_msecs)
{
    char local[CLOCK_ISO8601_SIZE];
    char utc[CLOCK_ISO8601_SIZE];
    clock_format_local(wall_msecs, local);
    clock_format(wall_msecs, utc);
    buffer_printf(text, "%s (%s)", local, utc);
}

static bool text_append_run(void *context, const struct store_run *run)
{
    struct text_report *report = context;
    struct buffer *text = &report->output.text;
    char duration[REPORT_FORMAT_SIZE];
    text_append_field(text, "Run", run->id);
    text_append_field(text, "Command", run->command);
    if (run->is_final)
        text_append_field(text, "Pass", "final, before the cutover");
    report->is_final = run->is_final;
    if (run->manifest[0] != '\0')
        text_append_field(text, "Manifest", run->manifest);
    text_append_field(text, "Version", run->version);
    buffer_printf(text, "%-10s", "Started");
    text_append_time(text, run->started_msecs);
    buffer_printf(text, "\n%-10s", "Ended");
    if (run->ended_msecs == 0) {
        buffer_append_str(text, "not yet: it is still running, or it was broken off");
    } else {
        text_append_time(text, run->ended_msecs);
        report_format_duration(run->ended_msecs - run->started_msecs, duration);
        buffer_printf(text, ", after %s", duration);
    }
    buffer_append_str(text, "\n\n");
    return true;
}

static void text_append_headings(struct text_report *report)
{
    text_clear_cells(report);
    for (int i = 0; i < TEXT_COLUMN_COUNT; i++)
        buffer_append_str(&report->cells[i], text_columns[i].heading);
    text_append_line(report);
}

static void text_append_statuses(struct buffer *text, const struct report_totals *totals)
{
    static const char *const words[] = {[JOB_NOT_STARTED] = "not started",
                                        [JOB_COMPLETE] = "complete",
                                        [JOB_EXCEPTIONS] = "complete with exceptions",
                                        [JOB_PAUSED] = "paused",
                                        [JOB_FAILED] = "failed",
                                        [JOB_LEFT_OUT] = "left out (complete in their last run)"};
    static const enum job_status order[] = {JOB_COMPLETE, JOB_EXCEPTIONS,  JOB_PAUSED,
                                            JOB_FAILED,   JOB_NOT_STARTED, JOB_LEFT_OUT};
    const char *before = ": ";
    buffer_printf(text, "\n%" PRIu64 " mailbox%s", totals->mailboxes,
                  totals->mailboxes == 1 ? "" : "es");
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        if (totals->by_status[order[i]] == 0)
            continue;
        buffer_printf(text, "%s%" PRIu64 " %s", before, totals->by_status[order[i]],
                      words[order[i]]);
        before = ", ";
    }
    buffer_append_str(text, ".\n");
}

static void text_append_exposure(struct buffer *text, uint64_t mailboxes, int side,
                                 const char *sentence)
{
    if (mailboxes > 0)
        buffer_printf(
            text, "Not protected, as asked: for %" PRIu64 " mailbox%s the %s server %s.\n",
            mailboxes, mailboxes == 1 ? "" : "es", side == 1 ? "source" : "destination", sentence);
}

static void text_append_exposures(struct buffer *text, const struct report_totals *totals)
{
    for (int i = 0; i < 2; i++) {
        text_append_exposure(text, totals->unchecked[i], i + 1,
                             "had not to prove who it is (SSL_verify_mode=0)");
        text_append_exposure(text, totals->clear[i], i + 1,
                             "was spoken to in clear, without TLS (--nossl --notls)");
    }
}

/* "Compared (--verify full): 1200 messages of 3 mailboxes; 2 differences in 1 mailbox (...)." */
static void text_append_verified(struct buffer *text, const struct verify_sum *sum)
{
    const struct verify_counts *counts = &sum->counts;
    uint64_t differences = verify_counts_differences(counts);
    if (sum->folders == 0)
        return;
    buffer_printf(text,
                  "Compared on both sides (--verify %s): %" PRIu64 " messages of %" PRIu64
                  " mailbox%s, ",
                  verify_level_name(sum->level), counts->source, sum->mailboxes,
                  sum->mailboxes == 1 ? "" : "es");
    if (counts->excepted + counts->later > 0)
        buffer_printf(text, "%" PRIu64 " of them left out or arrived later, ",
                      counts->excepted + counts->later);
    if (differences == 0)
        buffer_append_str(text, "no difference.\n");
    else
        buffer_printf(text,
                      "%" PRIu64 " difference%s in %" PRIu64 " mailbox%s (%" PRIu64
                      " missing, %" PRIu64 " gone since, %" PRIu64 " different, %" PRIu64
                      " not compared); problems.csv names each.\n",
                      differences, differences == 1 ? "" : "s", sum->mailboxes_differing,
                      sum->mailboxes_differing == 1 ? "" : "es", counts->missing, counts->gone,
                      counts->different, counts->unread);
}

static void text_append_sentences(struct buffer *text, const struct report_totals *totals,
                                  const struct verify_sum *verified)
{
    uint64_t problems = report_totals_problems(totals);
    text_append_statuses(text, totals);
    uint64_t open = totals->by_status[JOB_FAILED] + totals->by_status[JOB_PAUSED] +
                    totals->by_status[JOB_NOT_STARTED];
    if (open > 0)
        buffer_printf(text,
                      "%" PRIu64 " mailbox%s not finished: what is left in %s is known only as far "
                      "as it was listed.\n",
                      open, open == 1 ? " is" : "es are", open == 1 ? "it" : "them");
    if (problems == 0 && open == 0 && verify_counts_differences(&verified->counts) == 0)
        buffer_append_str(text, "No message is known that was left behind.\n");
    if (problems > 0)
        buffer_printf(text,
                      "%" PRIu64 " message%s %s not on the destination; problems.csv names %s.\n",
                      problems, problems == 1 ? "" : "s", problems == 1 ? "is" : "are",
                      problems == 1 ? "it" : "each with its reason");
    if (totals->deleted_source + totals->deleted_destination > 0)
        buffer_printf(text,
                      "Deleted, as asked: %" PRIu64 " on the source, %" PRIu64
                      " on the destination; the users' logs name each.\n",
                      totals->deleted_source, totals->deleted_destination);
    text_append_exposures(text, totals);
    text_append_verified(text, verified);
    if (totals->with_difference == 0 && open == 0)
        buffer_append_str(text, "Every message of the folders that were listed is accounted for:"
                                " the difference is 0.\n");
    else if (totals->with_difference > 0)
        buffer_printf(text,
                      "The difference is %" PRId64 ", in %" PRIu64 " mailbox%s: so many messages"
                      " were not reached. Run it again to go on.\n",
                      message_counts_difference(&totals->counts), totals->with_difference,
                      totals->with_difference == 1 ? "" : "es");
}

/* "Messages changed on their way, as asked: lines wrapped 8, receipt disarmed 2; ..." */
static bool text_append_changes(struct text_report *report, struct store *store, const char *run_id,
                                struct fault *fault_r)
{
    struct store_changes changes;
    struct buffer *text = &report->output.text;
    const char *before = "Messages changed on their way, as asked: ";
    if (!store_changes_sum(store, run_id, &changes, fault_r))
        return false;
    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++) {
        if (changes.messages[kind] == 0)
            continue;
        buffer_append_str(text, before);
        for (const char *at = change_kind_name((enum change_kind)kind); *at != '\0'; at++)
            buffer_append_byte(text, *at == '_' ? ' ' : (unsigned char)*at);
        buffer_printf(text, " %" PRIu64, changes.messages[kind]);
        before = ", ";
    }
    if (before[0] == ',')
        buffer_append_str(text, "; the users' logs name each.\n");
    return true;
}

/* The table: once through the jobs for the widths, once more for the lines. */
static bool text_append_table(struct text_report *report, struct store *store, const char *run_id,
                              struct fault *fault_r)
{
    struct verify_sum verified;
    if (!store_verifications_sum(store, run_id, 0, &verified, fault_r) ||
        !store_jobs_each(store, run_id, text_measure_job, report, fault_r))
        return false;
    text_fill_totals(report);
    text_measure(report);
    text_append_headings(report);
    /* The totals are those of the lines that are shown, even if a job ended in between. */
    memset(&report->totals, 0, sizeof(report->totals));
    if (!store_jobs_each(store, run_id, text_append_job, report, fault_r))
        return false;
    text_fill_totals(report);
    text_append_line(report);
    text_append_sentences(&report->output.text, &report->totals, &verified);
    return text_append_changes(report, store, run_id, fault_r) &&
           store_jobs_each(store, run_id, text_append_error, report, fault_r) &&
           advice_append_all(&report->output, store, run_id, ADVICE_MAX_ROWS, fault_r) &&
           text_append_cutovers(report, store, run_id, fault_r);
}

bool report_write_text(struct store *store, const char *run_id, FILE *stream, struct fault *fault_r)
{
    struct text_report report;
    text_init(&report, stream);
    bool is_ok = report_run_get(store, run_id, text_append_run, &report, fault_r) &&
                 text_append_table(&report, store, run_id, fault_r);
    for (int i = 0; i < TEXT_COLUMN_COUNT; i++)
        buffer_deinit(&report.cells[i]);
    return report_output_end(&report.output, is_ok, fault_r);
}
