/* SPDX-License-Identifier: MIT
 * Signals turn into the wish to stop. The first SIGINT, SIGTERM or SIGQUIT asks to finish what is
 * in flight; a second one within two seconds ends the process at once, which is safe: the next run
 * goes on from what the store and the servers hold. SIGHUP is a first one that may come many times
 * (unless it was ignored, as under nohup). SIGPIPE and SIGXFSZ are ignored: the write that caused
 * them fails and is dealt with. */
#ifndef BATCH_SIGNALS_H
#define BATCH_SIGNALS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/stop.h"
#include "sync/settings.h"

/* The names of --sigexit and --sigignore, "TERM" or "SIGTERM", are known; else a sentence for each
   that is not. Pure. */
bool signals_check(const struct settings *settings, struct buffer *faults);
/* `stop` must live as long as the process; `exit_code` is that of the second signal. For the main
   thread, before any other is started. False if the system refuses. */
bool signals_install(struct stop *stop, int exit_code, const struct settings *settings);

#endif
