/* SPDX-License-Identifier: MIT */
#include "report/across_files.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/str.h"
#include "report/facts.h"
#include "report/format.h"
#include "report/grade.h"
#include "report/output.h"
#include "report/walk.h"

#define ACROSS_JSON_SCHEMA_VERSION 1
#define TIME_SIZE                  CLOCK_ISO8601_SIZE

struct across_files {
    struct report_output output;
    struct json json;
    /* of the pair that is written, and of all */
    const struct across_mailbox *sum;
    uint64_t pairs, through, there, not_there, copied, bytes_copied;
    int64_t difference;
};

typedef void across_pair_writer(struct across_files *files, const struct store_job *job);

static void time_text(int64_t wall_msecs, char text_r[TIME_SIZE])
{
    text_r[0] = '\0';
    if (wall_msecs != 0)
        clock_format(wall_msecs, text_r);
}

/* -- as CSV -- */

static void csv_append_pair(struct across_files *files, const struct store_job *job)
{
    const struct across_mailbox *sum = files->sum;
    struct csv_row row;
    char text[TIME_SIZE];
    csv_row_init(&row, &files->output.text);
    csv_row_text(&row, job->label);
    csv_row_text(&row, job->host1);
    csv_row_text(&row, job->user1);
    csv_row_text(&row, job->host2);
    csv_row_text(&row, job->user2);
    csv_row_plain(&row, job_status_name(job->status));
    csv_row_plain(&row, grade_name(grade_of_mailbox(job)));
    csv_row_uint64(&row, sum->runs);
    time_text(sum->first_copied_msecs, text);
    csv_row_plain(&row, text);
    time_text(sum->last_msecs, text);
    csv_row_plain(&row, text);
    csv_row_uint64(&row, job->counts.source);
    csv_row_uint64(&row, facts_there(&job->counts));
    csv_row_uint64(&row, facts_not_there(&job->counts));
    csv_row_int64(&row, message_counts_difference(&job->counts));
    csv_row_uint64(&row, sum->copied);
    csv_row_uint64(&row, sum->bytes_copied);
    csv_row_text(&row, job->error);
    csv_row_end(&row);
}

static void csv_begin(struct across_files *files)
{
    buffer_append_str(&files->output.text,
                      "label,host1,user1,host2,user2,status,grade,runs,first_copied,last,"
                      "source_messages,there,not_there,difference,copied_in_all,"
                      "bytes_copied_in_all,error\n");
}

/* -- as JSON -- */

static void json_add_counts(struct json *json, uint64_t there, uint64_t not_there,
                            int64_t difference, uint64_t copied, uint64_t bytes_copied)
{
    json_add_uint64(json, "there", there);
    json_add_uint64(json, "not_there", not_there);
    json_key(json, "difference");
    json_int64(json, difference);
    json_add_uint64(json, "copied_in_all", copied);
    json_add_uint64(json, "bytes_copied_in_all", bytes_copied);
}

static void json_append_pair(struct across_files *files, const struct store_job *job)
{
    const struct across_mailbox *sum = files->sum;
    struct json *json = &files->json;
    json_object_begin(json);
    json_add_string(json, "label", job->label);
    json_add_string(json, "host1", job->host1);
    json_add_string(json, "user1", job->user1);
    json_add_string(json, "host2", job->host2);
    json_add_string(json, "user2", job->user2);
    json_add_string(json, "status", job_status_name(job->status));
    json_add_string(json, "grade", grade_name(grade_of_mailbox(job)));
    json_add_uint64(json, "runs", sum->runs);
    json_add_time(json, "first_copied", sum->first_copied_msecs);
    json_add_time(json, "last", sum->last_msecs);
    json_add_uint64(json, "source_messages", job->counts.source);
    json_add_counts(json, facts_there(&job->counts), facts_not_there(&job->counts),
                    message_counts_difference(&job->counts), sum->copied, sum->bytes_copied);
    json_add_string(json, "error", job->error);
    json_object_end(json);
}

static void json_begin(struct across_files *files)
{
    json_init(&files->json, &files->output.text);
    json_object_begin(&files->json);
    json_add_uint64(&files->json, "schema_version", ACROSS_JSON_SCHEMA_VERSION);
    json_key(&files->json, "mailboxes");
    json_array_begin(&files->json);
}

static void json_end(struct across_files *files)
{
    struct json *json = &files->json;
    json_array_end(json);
    json_key(json, "totals");
    json_object_begin(json);
    json_add_uint64(json, "mailboxes", files->pairs);
    json_add_uint64(json, "complete", files->through);
    json_add_counts(json, files->there, files->not_there, files->difference, files->copied,
                    files->bytes_copied);
    json_object_end(json);
    json_object_end(json);
    buffer_append_byte(&files->output.text, '\n');
}

/* -- as text -- */

static void text_append(struct buffer *text, const char *words)
{
    str_append_printable(text, words, strlen(words));
}

static void text_append_pair(struct across_files *files, const struct store_job *job)
{
    const struct across_mailbox *sum = files->sum;
    struct buffer *text = &files->output.text;
    char first[TIME_SIZE], last[TIME_SIZE];
    time_text(sum->first_copied_msecs, first);
    time_text(sum->last_msecs, last);
    text_append(text, facts_mailbox_name(job));
    buffer_append_str(text, " -> ");
    text_append(text, job->user2);
    buffer_printf(text,
                  ": %s; %" PRIu64 " of %" PRIu64 " messages are there, %" PRIu64
                  " not; first copied %.16s, last run %.16s, %" PRIu64 " run%s, %" PRIu64
                  " copied in all",
                  job_status_name(job->status), facts_there(&job->counts), job->counts.source,
                  facts_not_there(&job->counts) + (uint64_t)message_counts_difference(&job->counts),
                  first[0] == '\0' ? "never" : first, last[0] == '\0' ? "never" : last, sum->runs,
                  sum->runs == 1 ? "" : "s", sum->copied);
    if (job->error[0] != '\0') {
        buffer_append_str(text, "; ");
        text_append(text, job->error);
    }
    buffer_append_byte(text, '\n');
}

static void text_begin(struct across_files *files)
{
    buffer_append_str(&files->output.text, "All runs as one migration; times are UTC\n\n");
}

static void text_end(struct across_files *files)
{
    char bytes[REPORT_FORMAT_SIZE];
    report_format_bytes(files->bytes_copied, bytes);
    buffer_printf(&files->output.text,
                  "\n%" PRIu64 " of %" PRIu64 " mailboxes went through. %" PRIu64
                  " messages are on the destination, %" PRIu64 " are not, %" PRId64
                  " were not reached. %" PRIu64 " messages (%s) were copied in all.\n",
                  files->through, files->pairs, files->there, files->not_there, files->difference,
                  files->copied, bytes);
}

/* -- all pairs -- */

static const struct across_format {
    const char *name;
    void (*begin)(struct across_files *files);
    across_pair_writer *append;
    void (*end)(struct across_files *files);
} formats[] = {
    {"text", text_begin, text_append_pair, text_end},
    {"csv", csv_begin, csv_append_pair, NULL},
    {"json", json_begin, json_append_pair, json_end},
};

struct across_step {
    struct across_files *files;
    across_pair_writer *append;
};

static bool take_pair(void *context, const struct store_job *job)
{
    const struct across_step *step = context;
    struct across_files *files = step->files;
    files->pairs++;
    files->through += job->status == JOB_COMPLETE || job->status == JOB_EXCEPTIONS;
    files->there += facts_there(&job->counts);
    files->not_there += facts_not_there(&job->counts);
    files->difference += message_counts_difference(&job->counts);
    files->copied += files->sum->copied;
    files->bytes_copied += files->sum->bytes_copied;
    step->append(files, job);
    return report_output_step(&files->output);
}

static bool append_pairs(struct across_files *files, const struct across_format *format,
                         struct store *store, const struct across *across, struct fault *fault_r)
{
    struct across_step step = {files, format->append};
    struct walk walk;
    walk_begin(&walk, store, NULL, across);
    for (;;) {
        struct walk_place place;
        bool is_there;
        files->sum = walk.index < across->count ? &across->mailboxes[walk.index] : NULL;
        if (!walk_next(&walk, take_pair, &step, &is_there, &place, fault_r))
            return false;
        if (!is_there)
            return true;
    }
}

bool across_write(struct store *store, const struct across *across, const char *format,
                  FILE *stream, struct fault *fault_r)
{
    struct across_files files = {0};
    size_t i = 0;
    while (i + 1 < sizeof(formats) / sizeof(formats[0]) && strcmp(formats[i].name, format) != 0)
        i++;
    report_output_init(&files.output, stream);
    formats[i].begin(&files);
    bool is_ok = append_pairs(&files, &formats[i], store, across, fault_r);
    if (is_ok && formats[i].end != NULL)
        formats[i].end(&files);
    return report_output_end(&files.output, is_ok, fault_r);
}
