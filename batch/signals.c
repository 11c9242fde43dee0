/* SPDX-License-Identifier: MIT */
#include "batch/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/terminal.h"

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
        if (last_nsecs != 0 && now_nsecs - last_nsecs <= SIGNALS_HURRY_NSECS) {
            terminal_leave();
            _exit(signals_exit_code);
        }
    }
    stop_request(signals_stop);
    errno = saved_errno;
}

static bool signals_was_ignored(int number)
{
    struct sigaction before;
    return sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

/* -- names -- */

static const struct {
    const char *name;
    int number;
} signals_known[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},
    {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
};

/* 0 if it is not known. */
static int signals_find(const char *name)
{
    if (str_iequals_n(name, strlen(name) < 3 ? 0 : 3, "SIG"))
        name += 3;
    for (size_t i = 0; i < sizeof(signals_known) / sizeof(signals_known[0]); i++) {
        if (str_iequals(name, signals_known[i].name))
            return signals_known[i].number;
    }
    return 0;
}

static bool signals_check_list(const struct str_list *list, const char *name, struct buffer *faults)
{
    bool is_fine = true;
    for (size_t i = 0; i < list->count; i++) {
        if (signals_find(list->items[i]) != 0)
            continue;
        buffer_printf(faults, "%s wants HUP, INT, QUIT, TERM, USR1 or USR2\n", name);
        is_fine = false;
    }
    return is_fine;
}

bool signals_check(const struct settings *settings, struct buffer *faults)
{
    bool is_fine = signals_check_list(&settings->sigexit, "sigexit", faults);
    return signals_check_list(&settings->sigignore, "sigignore", faults) && is_fine;
}

/* -- handlers -- */

static bool signals_set_list(const struct str_list *list, const struct sigaction *action)
{
    for (size_t i = 0; i < list->count; i++) {
        int number = signals_find(list->items[i]);
        if (number == 0 || sigaction(number, action, NULL) != 0)
            return false;
    }
    return true;
}

bool signals_install(struct stop *stop, int exit_code, const struct settings *settings)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
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
    return signals_set_list(&settings->sigexit, &action) &&
           signals_set_list(&settings->sigignore, &ignore);
}
