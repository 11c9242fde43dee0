/* SPDX-License-Identifier: MIT */
#include "report/series.h"

#include <string.h>

void series_init(struct series *series, int64_t from_msecs, int64_t until_msecs)
{
    memset(series, 0, sizeof(*series));
    series->from_msecs = from_msecs;
    series->until_msecs = until_msecs > from_msecs ? until_msecs : from_msecs + 1;
}

static double step_msecs(const struct series *series)
{
    return (double)(series->until_msecs - series->from_msecs) / SERIES_STEPS;
}

/* Adds `amount` a millisecond to each step, as much of it as the stretch covers. */
static void add_stretch(const struct series *series, double values[SERIES_STEPS],
                        int64_t from_msecs, int64_t until_msecs, double amount)
{
    double width = step_msecs(series);
    double from = (double)(from_msecs - series->from_msecs);
    double until = (double)(until_msecs - series->from_msecs);
    for (int i = 0; i < SERIES_STEPS; i++) {
        double begin = width * i > from ? width * i : from;
        double end = width * (i + 1) < until ? width * (i + 1) : until;
        if (end > begin)
            values[i] += amount * (end - begin) / width;
    }
}

void series_add_sample(struct series *series, const struct store_sample *sample)
{
    int64_t took = sample->until_msecs - sample->from_msecs;
    double per_sec = took > 0 ? 1000 / (double)took : 0;
    add_stretch(series, series->messages, sample->from_msecs, sample->until_msecs,
                (double)sample->messages * per_sec);
    add_stretch(series, series->bytes, sample->from_msecs, sample->until_msecs,
                (double)sample->bytes * per_sec);
}

void series_add_wait(struct series *series, const struct store_wait *wait)
{
    if (wait->is_throttle)
        add_stretch(series, series->paused, wait->from_msecs, wait->until_msecs, 1);
}

double series_max(const double values[SERIES_STEPS])
{
    double max = 0;
    for (int i = 0; i < SERIES_STEPS; i++)
        max = values[i] > max ? values[i] : max;
    return max;
}
