/* SPDX-License-Identifier: MIT */
#include "sync/imap/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"

#define WAIT_MAX_MSECS 60000

void imap_loop_init(struct imap_loop *loop, const struct stop *stop)
{
    memset(loop, 0, sizeof(*loop));
    loop->stop = stop;
}

void imap_loop_add(struct imap_loop *loop, struct imap_client *client)
{
    if (loop->count < IMAP_LOOP_CLIENTS_MAX)
        loop->clients[loop->count++] = client;
}

void imap_loop_remove(struct imap_loop *loop, struct imap_client *client)
{
    for (int i = 0; i < loop->count; i++) {
        if (loop->clients[i] == client) {
            loop->clients[i] = loop->clients[--loop->count];
            return;
        }
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return a < b ? a : b;
}

static bool loop_is_gathering(const struct imap_loop *loop)
{
    for (int i = 0; i < loop->count; i++) {
        if (imap_client_is_gathering(loop->clients[i]))
            return true;
    }
    return false;
}

static int loop_wait_msecs(const struct imap_loop *loop, int64_t until_nsecs)
{
    int msecs = loop_is_gathering(loop) ? IMAP_GATHER_MSECS : WAIT_MAX_MSECS;
    if (until_nsecs == 0)
        return msecs;
    int64_t left = until_nsecs - clock_mono_nsecs();
    int64_t left_msecs = left <= 0 ? 0 : (left + CLOCK_NSECS_PER_MSEC - 1) / CLOCK_NSECS_PER_MSEC;
    return left_msecs > msecs ? msecs : (int)left_msecs;
}

/* EINTR and time-out alike: the next turn looks at everything again. */
static void loop_take_ready(struct imap_loop *loop, const struct pollfd *fds, int ready)
{
    int64_t now = clock_mono_nsecs();
    for (int i = 0; i < loop->count; i++) {
        if (ready < 0 || fds[i].revents != 0)
            imap_client_set_ready(loop->clients[i]);
        else
            imap_client_gather_look(loop->clients[i], now);
    }
}

static void loop_poll(struct imap_loop *loop)
{
    bool is_stopping = loop->stop != NULL && stop_is_requested(loop->stop);
    struct pollfd fds[IMAP_LOOP_CLIENTS_MAX + 1];
    nfds_t count = 0;
    int64_t until = loop->wake_at_nsecs;
    for (int i = 0; i < loop->count; i++) {
        fds[count].events = imap_client_poll_events(loop->clients[i]);
        /* poll() reports the end of a connection though nobody asked: it would return at once,
           again and again, for one that may not be read now. */
        fds[count].fd = fds[count].events == 0 ? -1 : imap_client_fd(loop->clients[i]);
        fds[count++].revents = 0;
        until = earlier(until, imap_client_deadline(loop->clients[i]));
    }
    /* Once the wish to stop was seen, its pipe stays readable and would end every wait. */
    if (loop->stop != NULL && !is_stopping) {
        fds[count].fd = loop->stop->fd;
        fds[count].events = POLLIN;
        fds[count++].revents = 0;
    }
    loop_take_ready(loop, fds, poll(fds, count, loop_wait_msecs(loop, until)));
}

bool imap_loop_pump(struct imap_loop *loop)
{
    bool has_moved = false;
    int64_t now = clock_mono_nsecs();
    loop->wake_at_nsecs = 0;
    for (int i = 0; i < loop->count; i++) {
        if (imap_client_is_alive(loop->clients[i]))
            has_moved |= imap_client_pump(loop->clients[i], now);
    }
    if (has_moved || loop_is_gathering(loop))
        return has_moved;
    /* What was held back goes when nothing more comes for it at once. */
    for (int i = 0; i < loop->count; i++) {
        if (imap_client_is_alive(loop->clients[i]))
            has_moved |= imap_client_push(loop->clients[i], now);
    }
    return has_moved;
}

void imap_loop_wait(struct imap_loop *loop)
{
    loop_poll(loop);
    int64_t now = clock_mono_nsecs();
    for (int i = 0; i < loop->count; i++) {
        int64_t deadline = imap_client_deadline(loop->clients[i]);
        if (deadline != 0 && deadline <= now)
            imap_client_time_out(loop->clients[i], now);
    }
}

void imap_loop_excuse(struct imap_loop *loop, int64_t nsecs)
{
    for (int i = 0; i < loop->count; i++)
        imap_client_excuse(loop->clients[i], nsecs);
}

void imap_loop_turn(struct imap_loop *loop)
{
    if (!imap_loop_pump(loop))
        imap_loop_wait(loop);
}

void imap_answer_callback(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct imap_answer *answer = context;
    size_t size = reply->text_size < sizeof(answer->text) - 1 ? reply->text_size
                                                              : sizeof(answer->text) - 1;
    size_t code_size = reply->code_size < sizeof(answer->code) - 1 ? reply->code_size
                                                                   : sizeof(answer->code) - 1;
    (void)number;
    memcpy(answer->text, reply->text, size);
    answer->text[size] = '\0';
    memcpy(answer->code, reply->code, code_size);
    answer->code[code_size] = '\0';
    answer->status = reply->status;
    answer->is_done = true;
}

bool imap_loop_await(struct imap_loop *loop, struct imap_client *client,
                     const struct imap_answer *answer, struct fault *fault_r)
{
    while (!answer->is_done && imap_client_is_alive(client)) {
        if (loop->stop != NULL && stop_is_requested(loop->stop)) {
            fault_set(fault_r, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                      "the run was stopped; run the same command again to go on");
            return false;
        }
        imap_loop_turn(loop);
    }
    if (answer->is_done && answer->status != IMAP_STATUS_NONE)
        return true;
    *fault_r = *imap_client_fault(client);
    return false;
}
