/* SPDX-License-Identifier: MIT
 * The two clocks. Decisions never read them: they take the time as a parameter, so a test can
 * play hours in no time. Any thread may call these. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NSECS_PER_SEC  INT64_C(1000000000)
#define CLOCK_NSECS_PER_MSEC INT64_C(1000000)
#define CLOCK_ISO8601_SIZE   32

/* Never goes back; its zero means nothing. */
int64_t clock_mono_nsecs(void);
/* What the calling thread has used of the processor. */
int64_t clock_thread_cpu_nsecs(void);
/* Milliseconds since 1970, UTC. */
int64_t clock_wall_msecs(void);
/* "2026-11-22T21:51:46Z" (UTC), or with milliseconds "2026-11-22T21:51:46.123Z". */
void clock_format(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE]);
void clock_format_msecs(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE]);
/* "6:30" or "06:30" to minutes since midnight, up to "23:59"; false on anything else. */
bool clock_parse_time_of_day(const char *text, int *minutes_r);
/* The first moment after `wall_msecs` at which the clocks of the machine's time zone show that time
   of day: today or tomorrow. Where the hour is skipped or doubled that night, one that is near.
   Pure but for the time zone (TZ). */
int64_t clock_next_time_of_day(int64_t wall_msecs, int minutes);
/* "2026-11-22 22:51:46" in the machine's own time zone, for terminals. */
void clock_format_local(int64_t wall_msecs, char text_r[CLOCK_ISO8601_SIZE]);

#endif
