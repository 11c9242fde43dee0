/* SPDX-License-Identifier: MIT */
#include "sync/progress_line.h"

#include "base/clock.h"

#define KIB 1024.0

/* "12.50": so many parts of one, as many digits as they need. */
static void append_parts(struct buffer *text, double value, unsigned int parts, unsigned int digits)
{
    uint64_t rounded = (uint64_t)(value * parts + 0.5);
    buffer_append_uint64(text, rounded / parts, 0);
    buffer_append_byte(text, '.');
    buffer_append_uint64(text, rounded % parts, digits);
}

static void append_eta(const struct progress_line *line, double seconds, int64_t now_msecs,
                       struct buffer *text)
{
    char when[CLOCK_ISO8601_SIZE];
    uint64_t done = line->settled + line->copied;
    uint64_t left = line->planned > done ? line->planned - done : 0;
    double wait_secs = line->copied == 0 ? 0 : seconds / (double)line->copied * (double)left;
    clock_format(now_msecs + (int64_t)(wait_secs * 1000), when);
    buffer_append_str(text, " ETA: ");
    buffer_append_str(text, when);
    buffer_append_byte(text, ' ');
    buffer_append_uint64(text, (uint64_t)(wait_secs + 0.5), 0);
    buffer_append_str(text, " s ");
    buffer_append_uint64(text, left, 0);
    buffer_append_byte(text, '/');
    buffer_append_uint64(text, line->planned, 0);
    buffer_append_str(text, " msgs left");
}

void progress_line_append(const struct progress_line *line, int64_t now_nsecs, int64_t now_msecs,
                          struct buffer *text)
{
    double seconds = (double)(now_nsecs - line->began_nsecs) / (double)CLOCK_NSECS_PER_SEC;
    double kib = (double)line->bytes / KIB;
    if (seconds < 0.001)
        seconds = 0.001;
    append_parts(text, (double)line->copied / seconds, 100, 2);
    buffer_append_str(text, " msgs/s ");
    append_parts(text, kib / seconds, 1000, 3);
    buffer_append_str(text, " KiB/s ");
    append_parts(text, kib, 1000, 3);
    buffer_append_str(text, " KiB copied");
    if (line->planned > 0)
        append_eta(line, seconds, now_msecs, text);
}
