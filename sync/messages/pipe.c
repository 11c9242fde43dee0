/* SPDX-License-Identifier: MIT */
#include "sync/messages/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "sync/shell.h"

#define READ_BYTES ((size_t)64 * 1024)

/* One message on its way. */
struct piping {
    const struct pipe_order *order;
    struct shell_child child;
    const unsigned char *data; /* what is left of the input */
    size_t size;
    struct buffer *output;
    struct buffer *errors;
    int64_t deadline_nsecs;
    char *reason;
};

static bool fail(const struct piping *piping, const char *reason)
{
    (void)snprintf(piping->reason, PIPE_REASON_SIZE, "%s", reason);
    return false;
}

static void close_stream(int *fd)
{
    (void)close(*fd);
    *fd = -1;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* A command that closes its input has seen enough. */
static void give(struct piping *piping)
{
    ssize_t put = 0;
    if (piping->size > 0)
        put = write(piping->child.input_fd, piping->data, piping->size);
    if (put < 0 && would_block())
        return;
    if (put > 0) {
        piping->data += put;
        piping->size -= (size_t)put;
    }
    if (put < 0 || piping->size == 0)
        close_stream(&piping->child.input_fd);
}

/* Reads once. False: there is no room for more. At the ceiling only the end is awaited. */
static bool take(int *fd, struct buffer *into)
{
    unsigned char more = 0;
    size_t size = buffer_room(into) < READ_BYTES ? buffer_room(into) : READ_BYTES;
    unsigned char *room = size == 0 ? &more : buffer_reserve(into, size);
    if (room == NULL)
        return false;
    ssize_t got = read(*fd, room, size == 0 ? 1 : size);
    if (got > 0 && size == 0)
        return false;
    if (got > 0)
        buffer_commit(into, (size_t)got);
    else if (got == 0 || !would_block())
        close_stream(fd);
    return true;
}

/* The rest of what it says is read and dropped, so that it does not wait for us. */
static void take_errors(struct piping *piping)
{
    char scrap[4096];
    ssize_t got = read(piping->child.error_fd, scrap, sizeof(scrap));
    if (got > 0) {
        size_t room = buffer_room(piping->errors);
        (void)buffer_append(piping->errors, scrap, (size_t)got < room ? (size_t)got : room);
    } else if (got == 0 || !would_block()) {
        close_stream(&piping->child.error_fd);
    }
}

static bool is_stop_wanted(const struct piping *piping)
{
    return piping->order->stop != NULL && stop_is_requested(piping->order->stop);
}

/* Waits until one of the streams can be used, but no longer than the limits say. */
static void await(const struct piping *piping, struct pollfd fds[4])
{
    const struct shell_child *child = &piping->child;
    int64_t left_msecs = (piping->deadline_nsecs - clock_mono_nsecs()) / CLOCK_NSECS_PER_MSEC + 1;
    fds[0] = (struct pollfd){child->input_fd, POLLOUT, 0};
    fds[1] = (struct pollfd){child->output_fd, POLLIN, 0};
    fds[2] = (struct pollfd){child->error_fd, POLLIN, 0};
    fds[3] = (struct pollfd){piping->order->stop == NULL ? -1 : piping->order->stop->fd, POLLIN, 0};
    if (left_msecs > 0)
        (void)poll(fds, 4, left_msecs > 60000 ? 60000 : (int)left_msecs);
}

/* Until the command has closed its output and its errors. */
static bool move_all(struct piping *piping)
{
    struct shell_child *child = &piping->child;
    struct pollfd fds[4];
    while (child->output_fd >= 0 || child->error_fd >= 0) {
        await(piping, fds);
        if (is_stop_wanted(piping))
            return fail(piping, "was ended, since the run is to stop");
        if (clock_mono_nsecs() >= piping->deadline_nsecs)
            return fail(piping, "took longer than its time limit");
        if (child->input_fd >= 0 && fds[0].revents != 0)
            give(piping);
        if (child->error_fd >= 0 && fds[2].revents != 0)
            take_errors(piping);
        if (child->output_fd >= 0 && fds[1].revents != 0 &&
            !take(&child->output_fd, piping->output))
            return fail(piping, "printed more than a message may hold");
    }
    return true;
}

/* It has closed its streams, so it ends at once, or should. */
static bool await_end(struct piping *piping, int *status_r)
{
    while (!shell_has_ended(&piping->child, status_r)) {
        struct pollfd none = {-1, 0, 0};
        if (is_stop_wanted(piping))
            return fail(piping, "was ended, since the run is to stop");
        if (clock_mono_nsecs() >= piping->deadline_nsecs)
            return fail(piping, "took longer than its time limit");
        (void)poll(&none, 1, 1);
    }
    return true;
}

static bool judge(const struct piping *piping, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return piping->output->used > 0 || fail(piping, "printed nothing");
    if (WIFEXITED(status))
        (void)snprintf(piping->reason, PIPE_REASON_SIZE, "ended with status %d",
                       WEXITSTATUS(status));
    else
        (void)snprintf(piping->reason, PIPE_REASON_SIZE, "was ended by signal %d",
                       WTERMSIG(status));
    return false;
}

static bool set_nonblocking(const struct shell_child *child)
{
    const int fds[] = {child->input_fd, child->output_fd, child->error_fd};
    for (size_t i = 0; i < 3; i++) {
        if (fcntl(fds[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

/* False: the reason is told, and the command may still run. */
static bool run(struct piping *piping, int *status_r)
{
    if (!set_nonblocking(&piping->child))
        return fail(piping, "can't be given the message");
    return move_all(piping) && await_end(piping, status_r);
}

enum pipe_outcome pipe_message(const struct pipe_order *order, const void *data, size_t size,
                               struct buffer *output, struct buffer *errors,
                               char reason_r[PIPE_REASON_SIZE])
{
    struct piping piping = {
        .order = order,
        .data = data,
        .size = size,
        .output = output,
        .errors = errors,
        .deadline_nsecs = clock_mono_nsecs() + order->timeout_msecs * CLOCK_NSECS_PER_MSEC,
        .reason = reason_r,
    };
    int status = 0;
    reason_r[0] = '\0';
    buffer_clear(output);
    buffer_clear(errors);
    int error = shell_start(order->command, SHELL_ALL, order->hidden, &piping.child);
    if (error != 0) {
        char words[STR_ERROR_SIZE];
        (void)snprintf(reason_r, PIPE_REASON_SIZE, "can't be started: %.80s",
                       str_error(error, words));
        return PIPE_FAILED;
    }
    bool has_ended = run(&piping, &status);
    shell_close(&piping.child);
    if (!has_ended)
        shell_kill(&piping.child);
    if (!has_ended && is_stop_wanted(&piping))
        return PIPE_STOPPED;
    return has_ended && judge(&piping, status) ? PIPE_DONE : PIPE_FAILED;
}
