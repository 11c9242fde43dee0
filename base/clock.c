/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_mono_nsecs(void)
{
    struct timespec now = {0, 0};
    /* CLOCK_MONOTONIC with a valid pointer can't fail on POSIX.1-2008 systems. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_NSECS_PER_SEC + now.tv_nsec;
}

int64_t clock_wall_msecs(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / CLOCK_NSECS_PER_MSEC;
}

static void clock_to_tm(int64_t wall_msecs, struct tm *tm_r)
{
    time_t secs = (time_t)(wall_msecs / 1000);
    if (gmtime_r(&secs, tm_r) == NULL)
        memset(tm_r, 0, sizeof(*tm_r));
}

void clock_format(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE])
{
    struct tm tm;
    clock_to_tm(wall_msecs, &tm);
    if (strftime(text_r, CLOCK_ISO8601_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        text_r[0] = '\0';
}

void clock_format_msecs(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE])
{
    struct tm tm;
    clock_to_tm(wall_msecs, &tm);
    size_t length = strftime(text_r, CLOCK_ISO8601_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text_r + length, CLOCK_ISO8601_SIZE - length, ".%03dZ",
                   (int)(wall_msecs % 1000));
}

void clock_format_local(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE])
{
    time_t secs = (time_t)(wall_msecs / 1000);
    struct tm tm;
    if (localtime_r(&secs, &tm) == NULL)
        memset(&tm, 0, sizeof(tm));
    if (strftime(text_r, CLOCK_ISO8601_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        text_r[0] = '\0';
}
