/* SPDX-License-Identifier: MIT */
#include "batch/schedule.h"

uint64_t schedule_average(const uint64_t *messages, size_t count)
{
    uint64_t known = 0;
    uint64_t average = 0;
    uint64_t rest = 0;
    for (size_t i = 0; i < count; i++)
        known += messages[i] != SCHEDULE_UNKNOWN;
    /* Divided first, because the sum of hostile numbers has no room. */
    for (size_t i = 0; i < count; i++) {
        if (messages[i] == SCHEDULE_UNKNOWN)
            continue;
        average += messages[i] / known;
        rest += messages[i] % known;
        average += rest / known;
        rest %= known;
    }
    return average;
}

uint64_t schedule_order(uint64_t messages, uint64_t average)
{
    return UINT64_MAX - (messages == SCHEDULE_UNKNOWN ? average : messages);
}
