/* SPDX-License-Identifier: MIT */
#include "batch/ending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "batch/daily.h"
#include "batch/notify.h"
#include "batch/prune.h"
#include "batch/tally.h"
#include "report/trouble.h"

/* Counts of older days are of no use; some are kept for whoever looks. */
#define ENDING_KEEP_DAYS 14

void ending_print_summary(const struct ending *ending)
{
    char piece[4096];
    size_t got;
    char *path = mem_printf("%s/%s", ending->run_dir,
                            ending->settings->preflight ? "preflight.txt" : "summary.txt");
    FILE *file = fopen(path, "r");
    bool is_ok = file != NULL;
    while (is_ok && (got = fread(piece, 1, sizeof(piece), file)) > 0)
        is_ok = fwrite(piece, 1, got, stdout) == got;
    is_ok = is_ok && !ferror(file) && fflush(stdout) == 0;
    if (!is_ok)
        (void)fprintf(stderr, "mailconvoy: the summary could not be shown; it is in %s\n", path);
    if (file != NULL)
        (void)fclose(file);
    mem_free(path);
}

bool ending_print_trouble(const struct ending *ending, struct fault *fault_r)
{
    return ending->exit_code == EXIT_CODE_COMPLETE ||
           report_write_trouble(ending->store, ending->run_id, ending->run_dir, stderr, fault_r);
}

/* Freed with free(), as open_memstream() has it; NULL if there is none to be had. */
static char *ending_trouble(const struct ending *ending)
{
    char *text = NULL;
    size_t size = 0;
    struct fault fault;
    if (ending->exit_code == EXIT_CODE_COMPLETE)
        return NULL;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    (void)report_write_trouble(ending->store, ending->run_id, ending->run_dir, stream, &fault);
    (void)fclose(stream);
    return text;
}

void ending_notify(const struct ending *ending)
{
    char host[NOTIFY_HOST_SIZE];
    struct snapshot snapshot;
    if (!notify_is_wanted(ending->settings, ending->exit_code))
        return;
    notify_host_name(host);
    live_take(ending->live, clock_mono_nsecs(), clock_wall_msecs(), false, &snapshot);
    char *trouble = ending_trouble(ending);
    const struct notice notice = {
        .snapshot = &snapshot,
        .exit_code = ending->exit_code,
        .host = host,
        .trouble = trouble != NULL ? trouble : "",
        .run_dir = ending->run_dir,
    };
    notify_send(ending->settings, &notice, ending->log);
    free(trouble);
    snapshot_deinit(&snapshot);
}

void ending_notify_broken(const struct settings *settings, int exit_code, const char *why,
                          struct log *log)
{
    char host[NOTIFY_HOST_SIZE];
    if (!notify_is_wanted(settings, exit_code))
        return;
    notify_host_name(host);
    char *trouble = mem_printf("%s\n", why);
    const struct notice notice = {
        .exit_code = exit_code, .host = host, .trouble = trouble, .run_dir = ""};
    notify_send(settings, &notice, log);
    mem_free(trouble);
}

void ending_prune(const struct ending *ending)
{
    const struct settings *settings = ending->settings;
    size_t forgotten = 0;
    struct fault fault;
    if (!prune_runs(ending->store, settings->workdir, ending->run_id, (size_t)settings->keep_runs,
                    &forgotten, &fault) ||
        !store_daily_forget(ending->store, daily_day(clock_wall_msecs()) - ENDING_KEEP_DAYS,
                            &fault))
        log_fault(ending->log, &fault);
    if (forgotten > 0)
        log_line(ending->log, "%zu old runs forgotten (--keep-runs %lld)", forgotten,
                 (long long)settings->keep_runs);
}
