/* SPDX-License-Identifier: MIT
 * The wish to stop, as raised by a signal. Written once by the front door, seen by every thread:
 * `fd` becomes (and stays) readable, so it can stand in any poll(). */
#ifndef BASE_STOP_H
#define BASE_STOP_H

#include <stdbool.h>
#include <stdatomic.h>

struct stop {
    atomic_bool is_requested;
    int fd;       /* read end of a pipe, or -1 */
    int write_fd; /* for stop_request() alone */
};

/* False when no pipe can be had. */
bool stop_init(struct stop *stop);
void stop_deinit(struct stop *stop);
/* Async-signal-safe; any thread may call it, any number of times. */
void stop_request(struct stop *stop);
bool stop_is_requested(const struct stop *stop);

#endif
