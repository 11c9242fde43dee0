/* SPDX-License-Identifier: MIT
 * What is to be done to a pair's messages on their way, and the commands that do it. */
#include <string.h>

#include "base/clock.h"
#include "sync/messages/mime_library.h"
#include "sync/pair_private.h"

/* The names of variables that hold secrets of this pair; no command gets them. */
struct hidden {
    const char *names[5];
    size_t count;
};

static void hide(struct hidden *hidden, const char *password)
{
    if (secret_kind(password) == SECRET_ENV)
        hidden->names[hidden->count++] = password + strlen("env:");
}

enum pipe_outcome pair_pipe(struct pair *pair, const char *command, const void *data, size_t size,
                            struct buffer *output, struct buffer *errors,
                            char reason_r[PIPE_REASON_SIZE])
{
    struct hidden hidden = {{"IMAPSYNC_PASSWORD1", "IMAPSYNC_PASSWORD2"}, 2};
    hide(&hidden, pair->settings->side[0].password);
    hide(&hidden, pair->settings->side[1].password);
    const struct pipe_order order = {command, hidden.names, PIPE_TIMEOUT_SECS * INT64_C(1000),
                                     pair->environment->stop};
    int64_t began = clock_mono_nsecs();
    enum pipe_outcome outcome = pipe_message(&order, data, size, output, errors, reason_r);
    imap_loop_excuse(&pair->loop, clock_mono_nsecs() - began);
    return outcome;
}

/* A mistyped command would fail for each message alike: better once, and before anything starts. */
static bool try_command(struct pair *pair, const char *command)
{
    char reason[PIPE_REASON_SIZE];
    struct buffer output;
    struct buffer errors;
    struct fault fault;
    buffer_init(&output, TRANSFORM_MAX_BYTES);
    buffer_init(&errors, PIPE_ERRORS_MAX_BYTES);
    enum pipe_outcome outcome = pair_pipe(pair, command, " ", 1, &output, &errors, reason);
    if (outcome == PIPE_STOPPED) {
        (void)pair_sees_stop(pair);
    } else if (outcome == PIPE_FAILED) {
        fault_set(
            &fault, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
            "pipemess: tried on a single space, the command \"%.200s\" %s%s%.120s; mend it, or "
            "leave the trial out with --nopipemesscheck",
            command, reason, errors.used > 0 ? ", and said: " : "", buffer_str(&errors));
        pair_end(pair, &fault);
    }
    buffer_deinit(&output);
    buffer_deinit(&errors);
    return outcome == PIPE_DONE;
}

bool pair_change_init(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    struct fault fault;
    struct buffer error;
    if (!transform_is_wanted(settings) && !transform_is_wanted_for_refused(settings))
        return true;
    if (transform_needs_mime(settings) && !mime_library_load()) {
        fault_set(&fault, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "--repair and --longlines encode need the library GMime, which is not installed: "
                  "install it (Debian: libgmime-3.0-0), or leave them out");
        pair_end(pair, &fault);
        return false;
    }
    buffer_init(&error, 4096);
    pair->transform = transform_init(settings, &error);
    if (pair->transform == NULL) {
        fault_set(&fault, FAULT_USAGE, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0, "%s",
                  buffer_str(&error));
        pair_end(pair, &fault);
    }
    buffer_deinit(&error);
    for (size_t i = 0; settings->pipemesscheck && i < settings->pipemess.count; i++) {
        if (pair_is_ended(pair) || !try_command(pair, settings->pipemess.items[i]))
            break;
    }
    return !pair_is_ended(pair);
}

void pair_change_deinit(struct pair *pair)
{
    transform_deinit(&pair->transform);
}
