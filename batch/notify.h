/* SPDX-License-Identifier: MIT
 * Tells somebody how a run went: by mail through the system's sendmail, or as JSON to a web hook.
 * For the main thread. */
#ifndef BATCH_NOTIFY_H
#define BATCH_NOTIFY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/log.h"
#include "batch/snapshot.h"
#include "sync/settings.h"

#define NOTIFY_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* What there is to tell. */
struct notice {
    const struct snapshot *snapshot; /* NULL: the run could not start */
    int exit_code;                   /* -1: it goes on */
    const char *host;                /* the machine's name */
    const char *trouble;             /* what went wrong, lines for people; "" if nothing did */
    const char *run_dir;             /* where the report is; "" if there is none */
};

/* Whether the targets of --notify make sense; sentences as settings_check_pair() has them. Pure. */
bool notify_check(const struct settings *settings, struct buffer *faults);
/* By --notify and --notify-on. Pure. */
bool notify_is_wanted(const struct settings *settings, int exit_code);

/* "batch on HOST: 18 of 20 mailboxes are at their end, exit code 11: some mailboxes failed". Pure.
 */
void notify_append_sentence(const struct notice *notice, struct buffer *text);
/* A mail with its header, lines ended by "\n" as sendmail wants them. Pure. */
void notify_append_mail(const struct notice *notice, const char *address, struct buffer *mail);
/* For a web hook; "text" is what chat rooms show. Pure. */
void notify_append_json(const struct notice *notice, struct buffer *text);

/* The machine's name, for notices. */
#define NOTIFY_HOST_SIZE 256
void notify_host_name(char name_r[NOTIFY_HOST_SIZE]);

/* Tells all targets. What fails is said on stderr and in the log (NULL: nowhere) and has no other
   effect. Blocks for half a minute per target at most. */
void notify_send(const struct settings *settings, const struct notice *notice, struct log *log);

#endif
