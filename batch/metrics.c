/* SPDX-License-Identifier: MIT */
#include "batch/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"

static void append_head(struct buffer *text, const char *name, const char *type, const char *help)
{
    buffer_printf(text, "# HELP mailconvoy_%s %s\n# TYPE mailconvoy_%s %s\n", name, help, name,
                  type);
}

static void append_number(struct buffer *text, const char *name, const char *type, const char *help,
                          double value)
{
    append_head(text, name, type, help);
    buffer_printf(text, "mailconvoy_%s %.15g\n", name, value);
}

static void append_sum(struct buffer *text, const char *name, const char *type, const char *help,
                       uint64_t value)
{
    append_head(text, name, type, help);
    buffer_printf(text, "mailconvoy_%s %" PRIu64 "\n", name, value);
}

/* Label values are any UTF-8 with \ " and line feed escaped. */
static void append_label(struct buffer *text, const char *name, const char *value)
{
    struct buffer printable;
    buffer_init(&printable, METRICS_MAX_BYTES);
    str_append_printable(&printable, value, strlen(value));
    buffer_printf(text, "%s=\"", name);
    for (const char *c = buffer_str(&printable); *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buffer_append_byte(text, '\\');
        buffer_append_byte(text, (unsigned char)*c);
    }
    buffer_append_byte(text, '"');
    buffer_deinit(&printable);
}

static void append_info(const struct snapshot *snapshot, struct buffer *text)
{
    append_head(text, "run_info", "gauge", "The run that these metrics are about.");
    buffer_append_str(text, "mailconvoy_run_info{");
    append_label(text, "run", snapshot->run_id);
    buffer_append_byte(text, ',');
    append_label(text, "command", snapshot->command);
    buffer_append_byte(text, ',');
    append_label(text, "manifest", snapshot->manifest);
    buffer_append_byte(text, ',');
    append_label(text, "version", snapshot->version);
    buffer_append_str(text, "} 1\n");
}

static void append_mailboxes(const struct snapshot *snapshot, struct buffer *text)
{
    append_head(text, "mailboxes", "gauge", "Mailboxes of the run by what has become of them.");
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        buffer_printf(text, "mailconvoy_mailboxes{status=\"%s\"} %" PRIu64 "\n",
                      job_status_name((enum job_status)i), snapshot->by_status[i]);
    buffer_printf(text, "mailconvoy_mailboxes{status=\"running\"} %" PRIu64 "\n",
                  snapshot->running);
    buffer_printf(text, "mailconvoy_mailboxes{status=\"waiting\"} %" PRIu64 "\n",
                  snapshot->waiting);
}

static void append_times(const struct snapshot *snapshot, struct buffer *text)
{
    append_number(text, "run_start_time_seconds", "gauge", "When the run started, since the epoch.",
                  (double)snapshot->started_msecs / 1000);
    append_number(text, "last_update_time_seconds", "gauge",
                  "When these metrics were written, since the epoch.",
                  (double)snapshot->taken_msecs / 1000);
    append_sum(text, "run_running", "gauge", "1 while the run lasts.",
               snapshot->phase < SNAPSHOT_ENDED);
    if (snapshot->ended_msecs == 0)
        return;
    append_number(text, "run_end_time_seconds", "gauge", "When the run ended, since the epoch.",
                  (double)snapshot->ended_msecs / 1000);
    append_number(text, "run_exit_code", "gauge", "What the program exited with.",
                  snapshot->exit_code);
}

void metrics_append(const struct snapshot *snapshot, struct buffer *text)
{
    append_info(snapshot, text);
    append_times(snapshot, text);
    append_mailboxes(snapshot, text);
    append_sum(text, "messages_copied_total", "counter", "Messages copied by the run.",
               snapshot->messages_copied);
    append_sum(text, "copied_bytes_total", "counter", "Bytes of messages copied by the run.",
               snapshot->bytes_copied);
    append_sum(text, "errors_total", "counter",
               "Messages and folders that could not be copied so far.", snapshot->errors);
    append_sum(text, "source_messages", "gauge",
               "Messages on the sources, as far as they are known or can be guessed.",
               snapshot->messages);
    append_sum(text, "done_messages", "gauge", "Those of them that are copied or need no copy.",
               snapshot->messages_done);
    append_sum(text, "expected_bytes", "gauge",
               "Bytes that the run copies, as far as they are known or can be guessed.",
               snapshot->bytes);
    append_number(text, "messages_per_second", "gauge", "Messages copied a second, lately.",
                  snapshot->messages_per_sec);
    append_number(text, "bytes_per_second", "gauge", "Bytes copied a second, lately.",
                  snapshot->bytes_per_sec);
    append_number(text, "budget_messages_per_second", "gauge",
                  "Messages a second that the run may copy; 0 is no limit.",
                  snapshot->budget_messages);
    append_number(text, "budget_bytes_per_second", "gauge",
                  "Bytes a second that the run may copy; 0 is no limit.", snapshot->budget_bytes);
    if (snapshot->left_msecs >= 0)
        append_number(text, "remaining_seconds", "gauge",
                      "Time until the end, as far as it can be guessed.",
                      (double)snapshot->left_msecs / 1000);
}
