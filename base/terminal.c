/* SPDX-License-Identifier: MIT
 * ECMA-48 sequences that every terminal of today knows, written by hand: a library would bring a
 * data base of terminals that nobody has. */
#define _XOPEN_SOURCE   700
#define _DEFAULT_SOURCE /* SIGWINCH, TIOCGWINSZ */
#include "base/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"

#define TERMINAL_MAX_BYTES ((size_t)1024 * 1024)

/* Alternate screen, cursor hidden, no line wraps; and back. */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"

static int terminal_fd = -1; /* written before the handlers are installed */
static atomic_bool is_entered;
static atomic_bool is_resized;

static void terminal_write(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(terminal_fd, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* a terminal that went away is no reason to stop */
        text += written;
        size -= (size_t)written;
    }
}

void terminal_leave(void)
{
    int saved_errno = errno;
    if (atomic_exchange(&is_entered, false))
        terminal_write(LEAVE, sizeof(LEAVE) - 1);
    errno = saved_errno;
}

static void terminal_on_resize(int number)
{
    (void)number;
    atomic_store(&is_resized, true);
}

/* Ctrl-Z. The drawing after fg enters the screen again. */
static void terminal_on_suspend(int number)
{
    int saved_errno = errno;
    (void)number;
    terminal_leave();
    (void)kill(getpid(), SIGSTOP);
    errno = saved_errno;
}

bool terminal_is_able(int fd)
{
    const char *kind = getenv("TERM");
    return isatty(fd) == 1 && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

bool terminal_open(int fd)
{
    struct sigaction resize = {.sa_handler = terminal_on_resize};
    struct sigaction suspend = {.sa_handler = terminal_on_suspend};
    terminal_fd = fd;
    return sigemptyset(&resize.sa_mask) == 0 && sigfillset(&suspend.sa_mask) == 0 &&
           sigaction(SIGWINCH, &resize, NULL) == 0 && sigaction(SIGTSTP, &suspend, NULL) == 0;
}

void terminal_size(int fd, size_t *columns_r, size_t *rows_r)
{
    struct winsize size;
    bool is_told = ioctl(fd, TIOCGWINSZ, &size) == 0;
    *columns_r = is_told && size.ws_col > 0 ? size.ws_col : 80;
    *rows_r = is_told && size.ws_row > 0 ? size.ws_row : 24;
}

bool terminal_was_resized(void)
{
    return atomic_exchange(&is_resized, false);
}

/* Each line is erased to its end and the screen below the last one, so nothing flickers. */
static void terminal_append(struct buffer *screen, const char *text)
{
    buffer_append_str(screen, "\x1b[H");
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        buffer_append(screen, text, size);
        buffer_append_str(screen, "\x1b[K");
        text += size + (text[size] == '\n');
        if (*text != '\0')
            buffer_append_str(screen, "\r\n");
    }
    buffer_append_str(screen, "\x1b[J");
}

/* It may be held (Ctrl-S); a write would wait for its user. */
static bool terminal_takes(void)
{
    struct pollfd fd = {.fd = terminal_fd, .events = POLLOUT};
    return poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) != 0;
}

void terminal_draw(const char *text)
{
    struct buffer screen;
    if (terminal_fd < 0 || tcgetpgrp(terminal_fd) != getpgrp() || !terminal_takes())
        return;
    buffer_init(&screen, TERMINAL_MAX_BYTES);
    if (!atomic_exchange(&is_entered, true))
        buffer_append_str(&screen, ENTER);
    terminal_append(&screen, text);
    terminal_write((const char *)screen.data, screen.used);
    buffer_deinit(&screen);
}
