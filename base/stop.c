/* SPDX-License-Identifier: MIT */
#include "base/stop.h"

#include <fcntl.h>
#include <unistd.h>

bool stop_init(struct stop *stop)
{
    int fds[2];
    atomic_init(&stop->reason, STOP_REASON_NONE);
    stop->fd = -1;
    stop->write_fd = -1;
    if (pipe(fds) != 0)
        return false;
    stop->fd = fds[0];
    stop->write_fd = fds[1];
    for (int i = 0; i < 2; i++) {
        if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(fds[i], F_SETFL, O_NONBLOCK) != 0) {
            stop_deinit(stop);
            return false;
        }
    }
    return true;
}

void stop_deinit(struct stop *stop)
{
    if (stop->fd >= 0)
        (void)close(stop->fd);
    if (stop->write_fd >= 0)
        (void)close(stop->write_fd);
    stop->fd = -1;
    stop->write_fd = -1;
}

void stop_request_for(struct stop *stop, enum stop_reason reason)
{
    int none = STOP_REASON_NONE;
    /* The byte is never read, so every poll() sees it; a full pipe means it is there already. */
    if (atomic_compare_exchange_strong(&stop->reason, &none, (int)reason)) {
        ssize_t written = write(stop->write_fd, "", 1);
        (void)written;
    }
}

void stop_request(struct stop *stop)
{
    stop_request_for(stop, STOP_REASON_SIGNAL);
}

enum stop_reason stop_reason(const struct stop *stop)
{
    return (enum stop_reason)atomic_load(&stop->reason);
}

bool stop_is_requested(const struct stop *stop)
{
    return stop_reason(stop) != STOP_REASON_NONE;
}
