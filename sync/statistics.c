/* SPDX-License-Identifier: MIT */
#include "sync/statistics.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

#define KIB 1024.0
#define MIB (1024.0 * 1024.0)

static void append_line(struct buffer *text, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append_line(struct buffer *text, const char *label, const char *format, ...)
{
    char value[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    buffer_printf(text, "%-40s: %s\n", label, value);
}

static void append_number(struct buffer *text, const char *label, uint64_t number)
{
    append_line(text, label, "%llu", (unsigned long long)number);
}

static void append_bytes(struct buffer *text, const char *label, uint64_t bytes)
{
    append_line(text, label, "%llu (%.3f KiB)", (unsigned long long)bytes, (double)bytes / KIB);
}

static void append_time(struct buffer *text, const char *label, int64_t msecs)
{
    char time_text[CLOCK_ISO8601_SIZE];
    clock_format(msecs, time_text);
    append_line(text, label, "%s", time_text);
}

static void append_difference(struct buffer *text, const char *label,
                              const struct size_difference *difference)
{
    if (difference->is_known)
        append_line(text, label, "%lld messages, %lld bytes (%.3f KiB)",
                    (long long)difference->messages, (long long)difference->bytes,
                    (double)difference->bytes / KIB);
    else
        append_line(text, label, "not measured (--foldersizes does)");
}

static double seconds_of(const struct statistics *statistics)
{
    return (double)(statistics->ended_msecs - statistics->started_msecs) / 1000;
}

/* A run that took no time has no rate. */
static double rate_of(double amount, double seconds)
{
    return seconds > 0 ? amount / seconds : 0;
}

/* What the source holds and the destination does not. */
static uint64_t missing_of(const struct message_counts *counts)
{
    uint64_t there = counts->copied + counts->already;
    return counts->source > there ? counts->source - there : 0;
}

static void append_messages(const struct statistics *statistics, struct buffer *text)
{
    const struct message_counts *counts = &statistics->counts;
    const struct pair_figures *figures = &statistics->figures;
    const char *unknown = "not looked for";
    append_line(text, "Folders synced", "%llu/%llu synced",
                (unsigned long long)figures->folders_synced, (unsigned long long)figures->folders);
    if (statistics->is_dry)
        append_line(text, "Messages transferred", "%llu (could be %llu without dry mode)",
                    (unsigned long long)counts->copied, (unsigned long long)counts->excluded);
    else
        append_number(text, "Messages transferred", counts->copied);
    append_number(text, "Messages skipped",
                  counts->already + counts->excluded + counts->too_big + counts->vanished);
    if (counts->not_selected > 0)
        append_number(text, "Messages not selected", counts->not_selected);
    append_number(text, "Messages found duplicate on host1", figures->duplicates);
    append_line(text, "Messages found duplicate on host2", "%s", unknown);
    append_number(text, "Messages found crossduplicate on host2", figures->cross_duplicates);
    append_line(text, "Messages void (noheader) on host1", "0 (they are copied like all others)");
    append_line(text, "Messages void (noheader) on host2", "%s", unknown);
    append_line(text, "Messages found in host1 not in host2", "%llu messages",
                (unsigned long long)missing_of(counts));
    append_line(text, "Messages found in host2 not in host1", "%s", unknown);
    append_number(text, "Messages deleted on host1", figures->deleted[0]);
    append_number(text, "Messages deleted on host2", figures->deleted[1]);
}

static void append_rates(const struct statistics *statistics, struct buffer *text)
{
    const struct message_counts *counts = &statistics->counts;
    double seconds = seconds_of(statistics);
    append_bytes(text, "Total bytes transferred", counts->bytes_copied);
    append_bytes(text, "Total bytes skipped", statistics->figures.bytes_skipped);
    append_line(text, "Message rate", "%.1f messages/s", rate_of((double)counts->copied, seconds));
    append_line(text, "Average bandwidth rate", "%.1f KiB/s",
                rate_of((double)counts->bytes_copied / KIB, seconds));
    append_number(text, "Reconnections to host1", statistics->reconnections[0]);
    append_number(text, "Reconnections to host2", statistics->reconnections[1]);
}

static void append_machine(const struct statistics *statistics, struct buffer *text)
{
    double seconds = seconds_of(statistics);
    double memory = (double)statistics->memory_bytes;
    uint64_t biggest = statistics->figures.biggest_bytes;
    append_line(text, "Memory consumption at the end", "%.1f MiB (*time %.1f MiB*h)", memory / MIB,
                memory / MIB * seconds / 3600);
    append_line(text, "Load end is", "%s", statistics->load);
    append_line(text, "CPU time and %cpu", "%.2f sec %.1f %%cpu", statistics->cpu_secs,
                rate_of(100 * statistics->cpu_secs, seconds));
    append_line(text, "Biggest message transferred", "%llu bytes (%.3f KiB)",
                (unsigned long long)biggest, (double)biggest / KIB);
    append_line(text, "Memory/biggest message ratio", "%.1f", rate_of(memory, (double)biggest));
    append_difference(text, "Start difference host2 - host1", &statistics->figures.before);
    append_difference(text, "Final difference host2 - host1", &statistics->figures.after);
}

static void append_verdict(const struct statistics *statistics, struct buffer *text)
{
    const struct message_counts *counts = &statistics->counts;
    uint64_t missing = missing_of(counts);
    if (statistics->is_good && missing == 0)
        buffer_printf(text,
                      "The sync looks good, all %llu identified messages in host1 are on host2.\n",
                      (unsigned long long)counts->source);
    else if (statistics->is_good)
        buffer_printf(text,
                      "The sync looks good, all messages in host1 are on host2 but %llu that were "
                      "left out by rule or are gone; problems.csv lists them.\n",
                      (unsigned long long)missing);
    else
        buffer_printf(text,
                      "The sync is not finished, there are %llu identified messages in host1 that "
                      "are not on host2.\n",
                      (unsigned long long)missing);
    buffer_append_str(text, "There is no unidentified message in host1.\n");
    buffer_append_str(text, statistics->is_strict
                                ? "The sync is strict: what is on host2 alone is deleted "
                                  "(--delete2).\n"
                                : "The sync is not strict: what is on host2 alone stays there.\n");
    buffer_printf(text, "Detected %llu errors\n", (unsigned long long)statistics->errors);
}

void statistics_append(const struct statistics *statistics, struct buffer *text)
{
    buffer_append_str(text, "++++ Statistics\n");
    append_time(text, "Transfer started on", statistics->started_msecs);
    append_time(text, "Transfer ended on", statistics->ended_msecs);
    append_line(text, "Transfer time", "%.1f sec", seconds_of(statistics));
    append_messages(statistics, text);
    append_rates(statistics, text);
    append_machine(statistics, text);
    append_verdict(statistics, text);
}
