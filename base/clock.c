/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/str.h"

int64_t clock_mono_nsecs(void)
{
    struct timespec now = {0, 0};
    /* CLOCK_MONOTONIC with a valid pointer can't fail on POSIX.1-2008 systems. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_NSECS_PER_SEC + now.tv_nsec;
}

int64_t clock_thread_cpu_nsecs(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
        return 0;
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

/* In decimal, so many digits, and what follows them. */
static char *put_digits(char *to, int value, int digits, char after)
{
    to[digits] = after;
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + digits + 1;
}

/* By hand, since it stands in every line of a log: strftime() takes five times as long. */
static char *put_time(char *to, int64_t wall_msecs, char after)
{
    struct tm tm;
    clock_to_tm(wall_msecs, &tm);
    int year = tm.tm_year + 1900;
    to = put_digits(to, year < 0 ? 0 : year > 9999 ? 9999 : year, 4, '-');
    to = put_digits(to, tm.tm_mon + 1, 2, '-');
    to = put_digits(to, tm.tm_mday, 2, 'T');
    to = put_digits(to, tm.tm_hour, 2, ':');
    to = put_digits(to, tm.tm_min, 2, ':');
    return put_digits(to, tm.tm_sec, 2, after);
}

void clock_format(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE])
{
    *put_time(text_r, wall_msecs, 'Z') = '\0';
}

void clock_format_msecs(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE])
{
    int msecs = (int)(wall_msecs % 1000);
    *put_digits(put_time(text_r, wall_msecs, '.'), msecs < 0 ? 0 : msecs, 3, 'Z') = '\0';
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

bool clock_parse_time_of_day(const char *text, int *minutes_r)
{
    uint64_t hours;
    uint64_t minutes;
    size_t hour_size = strcspn(text, ":");
    if (hour_size < 1 || hour_size > 2 || strlen(text) != hour_size + 3 ||
        !str_to_uint64(text, hour_size, 23, &hours) ||
        !str_to_uint64(text + hour_size + 1, 2, 59, &minutes))
        return false;
    *minutes_r = (int)(hours * 60 + minutes);
    return true;
}

int64_t clock_next_time_of_day(int64_t wall_msecs, int minutes)
{
    time_t now = (time_t)(wall_msecs / 1000);
    int64_t at_msecs = wall_msecs;
    for (int day = 0; day <= 2 && at_msecs <= wall_msecs; day++) {
        struct tm tm;
        if (localtime_r(&now, &tm) == NULL)
            memset(&tm, 0, sizeof(tm));
        tm.tm_mday += day;
        tm.tm_hour = minutes / 60;
        tm.tm_min = minutes % 60;
        tm.tm_sec = 0;
        tm.tm_isdst = -1;
        at_msecs = (int64_t)mktime(&tm) * 1000;
    }
    return at_msecs;
}
