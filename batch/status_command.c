/* SPDX-License-Identifier: MIT
 * `mailconvoy status`: what the run in a work directory is at, from the file that it writes. */
#include "batch/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "batch/command_private.h"
#include "batch/screen.h"
#include "batch/signals.h"
#include "batch/snapshot.h"
#include "batch/tally.h"

#define STATUS_COLUMNS 100
#define STATUS_ROWS    (SNAPSHOT_MAILBOXES_MAX + 10)
/* A run writes every 2 seconds; after so long somebody looks whether there still is one. */
#define STATUS_STALE_MSECS 10000
#define STATUS_LOOK_MSECS  1000
#define STATUS_LINE_MSECS  10000

struct status {
    const struct settings *settings;
    char *path;
    char *lock_path;
    int64_t printed_msecs;
};

/* The kernel keeps the lock of a run for as long as it lives (base/lock.h). A lock that cannot be
   asked for counts as free. */
static bool status_is_held(const struct status *status)
{
    int fd = open(status->lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        (void)close(fd);
    return is_held;
}

/* What ran when it was cut off is still to be done. */
static void status_cut_off(struct snapshot *snapshot)
{
    snapshot->phase = SNAPSHOT_CUT_OFF;
    snapshot->by_status[JOB_NOT_STARTED] += snapshot->running + snapshot->waiting;
    snapshot->running = 0;
    snapshot->waiting = 0;
    snapshot->messages_per_sec = 0;
    snapshot->bytes_per_sec = 0;
    snapshot->left_msecs = -1;
    for (size_t i = 0; i < snapshot->mailboxes_count; i++) {
        mem_free(snapshot->mailboxes[i].title);
        mem_free(snapshot->mailboxes[i].folder);
    }
    snapshot->mailboxes_count = 0;
    snapshot->mailboxes_hidden = 0;
}

static bool status_read(const struct status *status, struct snapshot *snapshot_r,
                        struct fault *fault_r)
{
    struct buffer text;
    memset(snapshot_r, 0, sizeof(*snapshot_r));
    buffer_init(&text, SNAPSHOT_JSON_MAX);
    bool is_ok = file_read_limited(status->path, SNAPSHOT_JSON_MAX, &text, fault_r) &&
                 snapshot_read_json(buffer_str(&text), text.used, snapshot_r, fault_r);
    buffer_deinit(&text);
    if (!is_ok)
        return false;
    int64_t age_msecs = clock_wall_msecs() - snapshot_r->taken_msecs;
    if (snapshot_r->phase < SNAPSHOT_ENDED && age_msecs > STATUS_STALE_MSECS &&
        !status_is_held(status))
        status_cut_off(snapshot_r);
    return true;
}

static void status_append(const struct status *status, const struct snapshot *snapshot,
                          size_t columns, size_t rows, struct buffer *text)
{
    if (status->settings->json)
        snapshot_append_json(snapshot, status->settings->watch, text);
    else
        screen_append(snapshot, columns, rows, text);
}

static bool status_print(const struct status *status, const struct snapshot *snapshot)
{
    struct buffer text;
    size_t columns = STATUS_COLUMNS;
    size_t rows;
    if (isatty(STDOUT_FILENO) == 1)
        terminal_size(STDOUT_FILENO, &columns, &rows);
    buffer_init(&text, SNAPSHOT_JSON_MAX);
    status_append(status, snapshot, columns, STATUS_ROWS, &text);
    bool is_ok = fputs(buffer_str(&text), stdout) >= 0 && fflush(stdout) == 0;
    buffer_deinit(&text);
    return is_ok;
}

/* -- --watch -- */

static void status_draw(const struct snapshot *snapshot)
{
    struct buffer text;
    size_t columns;
    size_t rows;
    terminal_size(STDOUT_FILENO, &columns, &rows);
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append(snapshot, columns, rows, &text);
    terminal_draw(buffer_str(&text));
    buffer_deinit(&text);
}

/* Where there is no terminal, or JSON is wanted: a line from time to time. */
static bool status_print_line(struct status *status, const struct snapshot *snapshot)
{
    struct buffer text;
    bool is_json = status->settings->json;
    if (snapshot->taken_msecs - status->printed_msecs < (is_json ? 1 : STATUS_LINE_MSECS))
        return true;
    status->printed_msecs = snapshot->taken_msecs;
    if (is_json)
        return status_print(status, snapshot);
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append_line(snapshot, &text);
    bool is_ok = puts(buffer_str(&text)) >= 0 && fflush(stdout) == 0;
    buffer_deinit(&text);
    return is_ok;
}

/* Until the run ends or a signal comes. True if it may go on. */
static bool status_watch_once(struct status *status, bool is_screen, struct snapshot *snapshot,
                              const struct stop *stop)
{
    struct pollfd fd = {.fd = stop->fd, .events = POLLIN};
    if (is_screen)
        status_draw(snapshot);
    else if (snapshot->phase < SNAPSHOT_ENDED && !status_print_line(status, snapshot))
        return false;
    return snapshot->phase < SNAPSHOT_ENDED &&
           (poll(&fd, 1, STATUS_LOOK_MSECS) >= 0 || errno == EINTR) && !stop_is_requested(stop);
}

static int status_watch(struct command *command, struct status *status)
{
    static struct stop stop; /* the signal handler keeps it */
    struct snapshot snapshot;
    struct fault fault;
    bool is_screen = !command->settings.json && terminal_is_able(STDOUT_FILENO);
    if (!stop_init(&stop) || !signals_install(&stop, EXIT_CODE_COMPLETE, &command->settings) ||
        (is_screen && !terminal_open(STDOUT_FILENO))) {
        buffer_append_str(&command->faults, "can't prepare for signals\n");
        return EXIT_CODE_INTERNAL;
    }
    for (;;) {
        if (!status_read(status, &snapshot, &fault)) {
            terminal_leave();
            buffer_printf(&command->faults, "%s\n", fault.text);
            return EXIT_CODE_NO_INPUT;
        }
        if (!status_watch_once(status, is_screen, &snapshot, &stop))
            break;
        snapshot_deinit(&snapshot);
    }
    terminal_leave();
    bool is_ok = status_print(status, &snapshot);
    snapshot_deinit(&snapshot);
    return is_ok ? EXIT_CODE_COMPLETE : EXIT_CODE_INTERNAL;
}

static int status_show(struct command *command, struct status *status)
{
    struct snapshot snapshot;
    struct fault fault;
    if (access(status->path, F_OK) != 0) {
        buffer_printf(&command->faults,
                      "no run has left its status in %s: name its work directory by --workdir\n",
                      command->settings.workdir);
        return EXIT_CODE_NO_INPUT;
    }
    if (command->settings.watch)
        return status_watch(command, status);
    if (!status_read(status, &snapshot, &fault)) {
        buffer_printf(&command->faults, "%s\n", fault.text);
        return EXIT_CODE_NO_INPUT;
    }
    bool is_ok = status_print(status, &snapshot);
    snapshot_deinit(&snapshot);
    return is_ok ? EXIT_CODE_COMPLETE : EXIT_CODE_INTERNAL;
}

int command_status(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_STATUS, argc, argv, &exit_code)) {
        struct status status = {
            .settings = &command.settings,
            .path = mem_printf("%s/status.json", command.settings.workdir),
            .lock_path = mem_printf("%s/lock", command.settings.workdir),
        };
        exit_code = status_show(&command, &status);
        mem_free(status.path);
        mem_free(status.lock_path);
    }
    return command_end(&command, exit_code);
}
