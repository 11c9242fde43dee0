/* SPDX-License-Identifier: MIT */
#include "sync/settle.h"

#include <poll.h>

#include "base/clock.h"
#include "sync/pair_private.h"

int64_t settle_wait_msecs(int64_t now_msecs, int64_t last_sent_msecs, int64_t settle_msecs)
{
    if (last_sent_msecs == 0)
        return 0;
    int64_t since_msecs = now_msecs > last_sent_msecs ? now_msecs - last_sent_msecs : 0;
    return since_msecs < settle_msecs ? settle_msecs - since_msecs : 0;
}

static bool has_open_bracket(const struct pair *pair)
{
    if (pair->memories == NULL)
        return false;
    for (size_t i = 0; i < pair->plan->count; i++) {
        const struct store_map_folder *folder = pair->memories[i].folder;
        if (folder != NULL && folder->bracket_uid_next != 0)
            return true;
    }
    return false;
}

/* A stop makes its fd readable; signals that are none only shorten the wait. */
static void sleep_until(const struct pair *pair, int64_t until_nsecs)
{
    const struct stop *stop = pair->environment->stop;
    int64_t now_nsecs = clock_mono_nsecs();
    while (now_nsecs < until_nsecs && !stop_is_requested(stop)) {
        struct pollfd fd = {stop->fd, POLLIN, 0};
        int64_t msecs = (until_nsecs - now_nsecs) / CLOCK_NSECS_PER_MSEC + 1;
        (void)poll(&fd, 1, (int)(msecs > 1000 ? 1000 : msecs));
        now_nsecs = clock_mono_nsecs();
    }
}

void settle_pair(struct pair *pair)
{
    int64_t settle_msecs = (int64_t)(pair->settings->settle_secs * 1000);
    int64_t wait_msecs = settle_wait_msecs(clock_wall_msecs(), pair->environment->last_sent_msecs,
                                           settle_msecs);
    if (wait_msecs == 0 || pair->settings->dry || !has_open_bracket(pair))
        return;
    log_line(pair->log,
             "the last copy was cut off just now: the destination gets %lld ms to store what it "
             "was sent (--settle)",
             (long long)wait_msecs);
    log_flush(pair->log);
    int64_t began_nsecs = clock_mono_nsecs();
    sleep_until(pair, began_nsecs + wait_msecs * CLOCK_NSECS_PER_MSEC);
    imap_loop_excuse(&pair->loop, clock_mono_nsecs() - began_nsecs);
}
