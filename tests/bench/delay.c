/* SPDX-License-Identifier: MIT
 * A long line in front of servers on this machine, for kernels without netem: every byte arrives
 * half a round trip later, in order, as fast as it came. It looks at nothing, so TLS goes through.
 *
 * delay RTT_MSECS PORT ...
 *
 * For each PORT (of 127.0.0.1) it writes the port to connect to instead, in one line, and runs
 * until its standard input is closed. A connection begins a round trip late: on a real line the SYN
 * would have been under way. TCP's slow start is not imitated. */
#define _GNU_SOURCE /* ppoll(): a millisecond is too coarse to wait by */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX   8
#define LINES_MAX   256
#define CHUNK_BYTES ((size_t)64 * 1024)
/* What a direction may hold before its sender is held up, as by TCP's window: 200 MB/s at 40 ms. */
#define WINDOW_BYTES ((size_t)4 * 1024 * 1024)

struct delay_chunk {
    struct delay_chunk *next;
    int64_t due_nsecs;
    size_t size;
    size_t at; /* sent up to here */
    unsigned char data[];
};

/* One direction of a connection. */
struct delay_way {
    int from;
    int to;
    struct delay_chunk *first;
    struct delay_chunk *last;
    size_t held_bytes;
    bool is_at_end;  /* `from` sends no more */
    bool is_blocked; /* `to` takes no more now */
    bool is_done;    /* the end was passed on */
};

struct delay_line {
    struct delay_way up;
    struct delay_way down;
    int64_t begins_nsecs;
    bool is_broken;
};

struct delay {
    int64_t one_way_nsecs;
    int listeners[PORTS_MAX];
    uint16_t targets[PORTS_MAX];
    size_t port_count;
    struct delay_line lines[LINES_MAX];
    size_t line_count;
    struct pollfd polls[1 + PORTS_MAX + 2 * LINES_MAX]; /* stdin, listeners, clients and servers */
};

static void delay_die(const char *what)
{
    (void)fprintf(stderr, "delay: %s: errno %d\n", what, errno);
    exit(1);
}

static int64_t now_nsecs(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool may_try_again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* -- one direction -- */

static bool way_has_room(const struct delay_way *way)
{
    return !way->is_at_end && way->held_bytes < WINDOW_BYTES;
}

/* The end of the stream is a chunk without bytes. */
static void way_hold(struct delay_way *way, const unsigned char *data, size_t size, int64_t due)
{
    struct delay_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL)
        delay_die("no memory");
    *chunk = (struct delay_chunk){.due_nsecs = due, .size = size};
    memcpy(chunk->data, data, size);
    if (way->first == NULL)
        way->first = chunk;
    else
        way->last->next = chunk;
    way->last = chunk;
    way->held_bytes += size;
}

/* False when the connection is broken. */
static bool way_take_in(struct delay_way *way, int64_t one_way_nsecs)
{
    unsigned char data[CHUNK_BYTES];
    while (way_has_room(way)) {
        ssize_t got = recv(way->from, data, sizeof(data), 0);
        if (got < 0)
            return may_try_again();
        way->is_at_end = got == 0;
        way_hold(way, data, (size_t)got, now_nsecs() + one_way_nsecs);
    }
    return true;
}

static void way_drop_first(struct delay_way *way)
{
    struct delay_chunk *chunk = way->first;
    way->first = chunk->next;
    way->held_bytes -= chunk->size;
    free(chunk);
}

/* False when the connection is broken. */
static bool way_hand_out(struct delay_way *way)
{
    way->is_blocked = false;
    while (way->first != NULL && way->first->due_nsecs <= now_nsecs()) {
        struct delay_chunk *chunk = way->first;
        if (chunk->size == 0) {
            way->is_done = true;
            (void)shutdown(way->to, SHUT_WR);
        }
        while (chunk->at < chunk->size) {
            ssize_t sent = send(way->to, chunk->data + chunk->at, chunk->size - chunk->at, 0);
            if (sent < 0) {
                way->is_blocked = may_try_again();
                return way->is_blocked;
            }
            chunk->at += (size_t)sent;
        }
        way_drop_first(way);
    }
    return true;
}

/* -- connections -- */

static int socket_prepare(int fd)
{
    int on = 1;
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        delay_die("socket");
    return fd;
}

static struct sockaddr_in address_of(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = address_of(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        delay_die("connect");
    return socket_prepare(fd);
}

static void delay_accept(struct delay *delay, size_t number)
{
    int client = accept(delay->listeners[number], NULL, NULL);
    if (client < 0)
        return;
    if (delay->line_count == LINES_MAX)
        delay_die("too many connections");
    int server = connect_to(delay->targets[number]);
    (void)socket_prepare(client);
    delay->lines[delay->line_count++] = (struct delay_line){
        .up = {.from = client, .to = server},
        .down = {.from = server, .to = client},
        .begins_nsecs = now_nsecs() + 2 * delay->one_way_nsecs,
    };
}

static void line_close(struct delay_line *line)
{
    while (line->up.first != NULL)
        way_drop_first(&line->up);
    while (line->down.first != NULL)
        way_drop_first(&line->down);
    (void)close(line->up.from);
    (void)close(line->up.to);
}

static void line_move(struct delay_line *line, const struct pollfd polls[2], int64_t one_way_nsecs)
{
    bool is_good = line->begins_nsecs <= now_nsecs();
    if (!is_good)
        return;
    if (polls[0].revents != 0)
        is_good = way_take_in(&line->up, one_way_nsecs);
    if (polls[1].revents != 0)
        is_good = way_take_in(&line->down, one_way_nsecs) && is_good;
    is_good = way_hand_out(&line->up) && is_good;
    is_good = way_hand_out(&line->down) && is_good;
    line->is_broken = !is_good;
}

/* -- the loop -- */

/* What is waited for on the socket that `in` reads and `out` writes. */
static struct pollfd poll_of(const struct delay_way *in, const struct delay_way *out,
                             bool has_begun)
{
    short events = 0;
    if (has_begun && way_has_room(in))
        events |= POLLIN;
    if (has_begun && out->is_blocked)
        events |= POLLOUT;
    return (struct pollfd){.fd = events == 0 ? -1 : in->from, .events = events};
}

static void time_note(int64_t *earliest_nsecs, int64_t nsecs)
{
    if (nsecs < *earliest_nsecs)
        *earliest_nsecs = nsecs;
}

/* Fills the polls behind stdin and the listeners; returns when to wake up at the latest. */
static int64_t delay_prepare(struct delay *delay)
{
    int64_t earliest = INT64_MAX;
    int64_t now = now_nsecs();
    struct pollfd *polls = delay->polls + 1 + delay->port_count;
    for (size_t i = 0; i < delay->line_count; i++) {
        const struct delay_line *line = &delay->lines[i];
        bool has_begun = line->begins_nsecs <= now;
        polls[2 * i] = poll_of(&line->up, &line->down, has_begun);
        polls[2 * i + 1] = poll_of(&line->down, &line->up, has_begun);
        if (!has_begun)
            time_note(&earliest, line->begins_nsecs);
        if (line->up.first != NULL && !line->up.is_blocked)
            time_note(&earliest, line->up.first->due_nsecs);
        if (line->down.first != NULL && !line->down.is_blocked)
            time_note(&earliest, line->down.first->due_nsecs);
    }
    return earliest;
}

static void delay_wait(struct delay *delay, int64_t until_nsecs)
{
    int64_t left = until_nsecs - now_nsecs();
    left = left < 0 ? 0 : left;
    struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    nfds_t count = 1 + delay->port_count + 2 * delay->line_count;
    if (ppoll(delay->polls, count, until_nsecs == INT64_MAX ? NULL : &timeout, NULL) < 0 &&
        errno != EINTR)
        delay_die("ppoll");
}

static void delay_turn(struct delay *delay)
{
    struct pollfd *polls = delay->polls + 1 + delay->port_count;
    size_t kept = 0;
    delay_wait(delay, delay_prepare(delay));
    for (size_t i = 0; i < delay->line_count; i++) {
        struct delay_line *line = &delay->lines[i];
        line_move(line, polls + 2 * i, delay->one_way_nsecs);
        if (line->is_broken || (line->up.is_done && line->down.is_done))
            line_close(line);
        else
            delay->lines[kept++] = *line;
    }
    delay->line_count = kept;
    for (size_t i = 0; i < delay->port_count; i++) {
        if (delay->polls[1 + i].revents != 0)
            delay_accept(delay, i);
    }
}

static void delay_listen(struct delay *delay, const char *target)
{
    struct sockaddr_in address = address_of(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        delay_die("listen");
    delay->listeners[delay->port_count] = fd;
    delay->targets[delay->port_count] = (uint16_t)strtoul(target, NULL, 10);
    delay->polls[1 + delay->port_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    (void)printf("%u ", (unsigned int)ntohs(address.sin_port));
}

int main(int argc, char **argv)
{
    static struct delay delay;
    if (argc < 3 || argc > 2 + PORTS_MAX)
        return 64;
    (void)signal(SIGPIPE, SIG_IGN);
    delay.one_way_nsecs = strtol(argv[1], NULL, 10) * 1000000 / 2;
    delay.polls[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    for (int i = 2; i < argc; i++)
        delay_listen(&delay, argv[i]);
    (void)printf("\n");
    if (fflush(stdout) != 0)
        delay_die("stdout");
    while (delay.polls[0].revents == 0)
        delay_turn(&delay);
    return 0;
}
