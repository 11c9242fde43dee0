/* SPDX-License-Identifier: MIT
 * The wish to stop, as raised by a signal or by the end of the time window. Seen by every thread:
 * `fd` becomes (and stays) readable, so it can stand in any poll(). */
#ifndef BASE_STOP_H
#define BASE_STOP_H

#include <stdbool.h>
#include <stdatomic.h>

enum stop_reason {
    STOP_REASON_NONE, /* not wanted */
    STOP_REASON_SIGNAL,
    STOP_REASON_TIME_WINDOW,
    STOP_REASON_FILE, /* --abortbyfile */
};

struct stop {
    atomic_int reason; /* enum stop_reason; the first one stays */
    int fd;            /* read end of a pipe, or -1 */
    int write_fd;      /* for stop_request() alone */
};

/* False when no pipe can be had. */
bool stop_init(struct stop *stop);
void stop_deinit(struct stop *stop);
/* Async-signal-safe; any thread may call these, any number of times. The first is for a signal. */
void stop_request(struct stop *stop);
void stop_request_for(struct stop *stop, enum stop_reason reason);
bool stop_is_requested(const struct stop *stop);
enum stop_reason stop_reason(const struct stop *stop);

#endif
