/* SPDX-License-Identifier: MIT */
#include "batch/closing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "batch/tally.h"
#include "sync/statistics.h"

#define CLOSING_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define PROC_LINE_SIZE    80

/* The first line of a file of /proc; "" where there is none. */
static void read_proc(const char *path, char *line_r, size_t size)
{
    FILE *file = fopen(path, "r");
    line_r[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(line_r, (int)size, file) == NULL)
        line_r[0] = '\0';
    line_r[strcspn(line_r, "\n")] = '\0';
    (void)fclose(file);
}

/* In bytes; 0 if the system does not tell. The most that getrusage() tells is that of whoever
   started this program, too. */
static uint64_t memory_of_process(void)
{
    char line[PROC_LINE_SIZE];
    uint64_t pages;
    long page_bytes = sysconf(_SC_PAGESIZE);
    read_proc("/proc/self/statm", line, sizeof(line));
    const char *resident = strchr(line, ' ');
    if (resident == NULL || page_bytes < 0 ||
        !str_to_uint64(resident + 1, strcspn(resident + 1, " "), UINT32_MAX, &pages))
        return 0;
    return pages * (uint64_t)page_bytes;
}

static void append_statistics(const struct closing *closing, struct buffer *text)
{
    const struct pair_result *result = closing->result;
    const struct retry *retry = closing->retry;
    char load[PROC_LINE_SIZE];
    read_proc("/proc/loadavg", load, sizeof(load));
    struct statistics statistics = {
        .started_msecs = retry->started_msecs,
        .ended_msecs = closing->ended_msecs,
        .counts = result->counts,
        .figures = result->figures,
        .reconnections = {retry->reconnections[0], retry->reconnections[1]},
        .errors = retry->errors.count,
        .cpu_secs = (double)retry->cpu_nsecs / (double)CLOCK_NSECS_PER_SEC,
        .memory_bytes = memory_of_process(),
        .load = load,
        .is_dry = closing->settings->dry,
        .is_good = result->status == JOB_COMPLETE,
        .is_strict = closing->settings->delete2,
    };
    message_counts_carry(&statistics.counts, retry->copied - result->counts.copied,
                         retry->bytes_copied - result->counts.bytes_copied);
    statistics_append(&statistics, text);
}

void closing_log(const struct closing *closing, struct log *log)
{
    struct buffer text;
    buffer_init(&text, CLOSING_MAX_BYTES);
    append_statistics(closing, &text);
    if (closing->settings->errorsdump)
        error_list_append(&closing->retry->errors, &text);
    if (closing->exit_code >= 0)
        buffer_printf(&text,
                      "Exiting with return value %d (%s) %llu/%lld nb_errors/max_errors PID %ld\n",
                      closing->exit_code, tally_sync_exit_name(closing->exit_code),
                      (unsigned long long)closing->retry->errors.count,
                      (long long)closing->settings->errorsmax, (long)getpid());
    for (const char *line = buffer_str(&text); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        log_line(log, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
    buffer_deinit(&text);
}
