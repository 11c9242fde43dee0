/* SPDX-License-Identifier: MIT */
#include "batch/course.h"

#define STRETCH_MIN_MSECS 1000
/* Of the time that the run has taken. */
#define STRETCH_SHARE 100
/* The wall clock may be set; then it is looked at so often. */
#define STRETCH_MAX_MSECS 3600000

int64_t course_stretch_msecs(int64_t since_start_msecs)
{
    int64_t stretch_msecs = since_start_msecs / STRETCH_SHARE;
    if (stretch_msecs > STRETCH_MAX_MSECS)
        return STRETCH_MAX_MSECS;
    return stretch_msecs > STRETCH_MIN_MSECS ? stretch_msecs : STRETCH_MIN_MSECS;
}

/* The sums at the end of the last stretch stay in `last`; what is stored is their growth. A stretch
   in which nothing was copied leaves no row. */
static bool course_note(struct course *course, struct live *live, int64_t now_msecs,
                        struct fault *fault_r)
{
    struct store_sample now = {.from_msecs = course->last.until_msecs, .until_msecs = now_msecs};
    live_sum_copied(live, &now.messages, &now.bytes);
    struct store_sample grown = now;
    grown.messages -= course->last.messages;
    grown.bytes -= course->last.bytes;
    course->last = now;
    return grown.messages == 0 || store_sample_add(course->store, course->run_id, &grown, fault_r);
}

static void course_begin(struct course *course)
{
    if (course->last.until_msecs == 0)
        course->last.until_msecs = course->started_msecs;
}

int course_look(struct course *course, struct live *live, int64_t now_msecs, struct fault *fault_r)
{
    course_begin(course);
    int64_t began_msecs = course->last.until_msecs;
    if (now_msecs < began_msecs)
        began_msecs = course->last.until_msecs = now_msecs;
    int64_t due_msecs = began_msecs + course_stretch_msecs(began_msecs - course->started_msecs);
    if (now_msecs >= due_msecs) {
        if (!course_note(course, live, now_msecs, fault_r))
            return -1;
        due_msecs = now_msecs + course_stretch_msecs(now_msecs - course->started_msecs);
    }
    return (int)(due_msecs - now_msecs);
}

bool course_end(struct course *course, struct live *live, int64_t now_msecs, struct fault *fault_r)
{
    course_begin(course);
    return now_msecs <= course->last.until_msecs || course_note(course, live, now_msecs, fault_r);
}
