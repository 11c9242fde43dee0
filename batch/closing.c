/* SPDX-License-Identifier: MIT */
#include "batch/closing.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "batch/tally.h"
#include "sync/statistics.h"

#define CLOSING_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define LOAD_SIZE         80

/* In bytes; 0 if the system does not tell. */
static uint64_t memory_of_process(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

/* Where there is /proc; else "". */
static void load_of_machine(char load_r[LOAD_SIZE])
{
    FILE *file = fopen("/proc/loadavg", "r");
    load_r[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(load_r, LOAD_SIZE, file) == NULL)
        load_r[0] = '\0';
    load_r[strcspn(load_r, "\n")] = '\0';
    (void)fclose(file);
}

static void append_statistics(const struct closing *closing, struct buffer *text)
{
    const struct pair_result *result = closing->result;
    const struct retry *retry = closing->retry;
    char load[LOAD_SIZE];
    load_of_machine(load);
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
