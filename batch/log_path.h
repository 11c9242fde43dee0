/* SPDX-License-Identifier: MIT
 * Where the mailbox's log of `sync` goes when its options say so. */
#ifndef BATCH_LOG_PATH_H
#define BATCH_LOG_PATH_H

#include <stdint.h>

#include "sync/settings.h"

/* By --logdir and --logfile, imapsync's way: LOG_imapsync/YYYY_MM_DD_HH_MM_SS_mmm_USER1_USER2.txt
   in local time. --nolog is /dev/null. NULL: it stays in the work directory. Owned by the caller.
   Pure but for the time zone. */
char *log_path_make(const struct settings *settings, int64_t now_msecs);

#endif
