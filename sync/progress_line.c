/* SPDX-License-Identifier: MIT */
#include "sync/progress_line.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define KIB 1024.0

/* A value of so many thousandths or hundredths as an integer: this is written for every message,
   and printf() takes ten times as long for a double. */
static unsigned long long in_parts(double value, unsigned int parts)
{
    return (unsigned long long)(value * parts + 0.5);
}

/* Appends when it will be done; the part before has `used` bytes. */
static void append_eta(const struct progress_line *line, double seconds, int64_t now_msecs,
                       char *text, size_t used)
{
    char when[CLOCK_ISO8601_SIZE];
    uint64_t done = line->settled + line->copied;
    uint64_t left = line->planned > done ? line->planned - done : 0;
    double wait_secs = line->copied == 0 ? 0 : seconds / (double)line->copied * (double)left;
    clock_format(now_msecs + (int64_t)(wait_secs * 1000), when);
    (void)snprintf(text + used, PROGRESS_LINE_SIZE - used, " ETA: %s %llu s %llu/%llu msgs left",
                   when, in_parts(wait_secs, 1), (unsigned long long)left,
                   (unsigned long long)line->planned);
}

void progress_line_format(const struct progress_line *line, int64_t now_nsecs, int64_t now_msecs,
                          char text_r[PROGRESS_LINE_SIZE])
{
    double seconds = (double)(now_nsecs - line->began_nsecs) / (double)CLOCK_NSECS_PER_SEC;
    double kib = (double)line->bytes / KIB;
    if (seconds < 0.001)
        seconds = 0.001;
    unsigned long long rate = in_parts((double)line->copied / seconds, 100);
    unsigned long long speed = in_parts(kib / seconds, 1000);
    unsigned long long sum = in_parts(kib, 1000);
    int used = snprintf(text_r, PROGRESS_LINE_SIZE,
                        "%llu.%02llu msgs/s %llu.%03llu KiB/s %llu.%03llu KiB copied", rate / 100,
                        rate % 100, speed / 1000, speed % 1000, sum / 1000, sum % 1000);
    if (line->planned > 0 && used > 0 && used < PROGRESS_LINE_SIZE)
        append_eta(line, seconds, now_msecs, text_r, (size_t)used);
}
