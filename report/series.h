/* SPDX-License-Identifier: MIT
 * What was sent over a run's time, in as many equal steps as a chart has. Pure. */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include <stdint.h>

#include "store/store.h"

#define SERIES_STEPS 96

struct series {
    int64_t from_msecs, until_msecs;
    double messages[SERIES_STEPS]; /* a second */
    double bytes[SERIES_STEPS];    /* a second */
    double paused[SERIES_STEPS];   /* mailboxes that were throttled, on average */
};

/* From all zeros. An empty or reversed stretch of time becomes a millisecond. */
void series_init(struct series *series, int64_t from_msecs, int64_t until_msecs);
/* Spread evenly over the time it took; what lies outside is dropped. */
void series_add_sample(struct series *series, const struct store_sample *sample);
void series_add_wait(struct series *series, const struct store_wait *wait);
double series_max(const double values[SERIES_STEPS]);

#endif
