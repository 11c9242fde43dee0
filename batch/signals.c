/* SPDX-License-Identifier: MIT */
#include "batch/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/clock.h"

#define SIGNALS_HURRY_NSECS (2 * CLOCK_NSECS_PER_SEC)

/* Written before the handlers are installed. */
static struct stop *signals_stop;
static int signals_exit_code;
/* when the last SIGINT or SIGTERM came; 0: none yet */
static atomic_int_fast64_t signals_last_nsecs;

/* Calls async-signal-safe functions only: clock_gettime(), write(), _exit(). */
static void signals_handle(int number)
{
    int saved_errno = errno;
    if (number != SIGHUP) {
        int64_t now_nsecs = clock_mono_nsecs();
        int64_t last_nsecs = atomic_exchange(&signals_last_nsecs, now_nsecs);
        if (last_nsecs != 0 && now_nsecs - last_nsecs <= SIGNALS_HURRY_NSECS)
            _exit(signals_exit_code);
    }
    stop_request(signals_stop);
    errno = saved_errno;
}

static bool signals_was_ignored(int number)
{
    struct sigaction before;
    return sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

bool signals_install(struct stop *stop, int exit_code)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = signals_handle};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    signals_stop = stop;
    signals_exit_code = exit_code;
    if (sigfillset(&action.sa_mask) != 0 || sigemptyset(&ignore.sa_mask) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0)
        return false;
#ifdef SIGXFSZ
    if (sigaction(SIGXFSZ, &ignore, NULL) != 0)
        return false;
#endif
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i] == SIGHUP && signals_was_ignored(SIGHUP))
            continue;
        if (sigaction(numbers[i], &action, NULL) != 0)
            return false;
    }
    return true;
}
