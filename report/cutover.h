/* SPDX-License-Identifier: MIT
 * Whether the users of a mailbox may be switched over to the destination after the final pass. */
#ifndef REPORT_CUTOVER_H
#define REPORT_CUTOVER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "store/store.h"

/* True when the pass was no trial, the mailbox is complete, at least one folder was compared, and
   every message of the listed folders is on the destination, was excluded by a rule or deleted by
   its user meanwhile. `why` gets what speaks against it, or what the users should know all the same
   (messages or folders that rules left behind), in one line; "" if there is nothing to say. Pure.
 */
bool cutover_is_safe(const struct store_job *job, struct buffer *why);

/* As the reports show it. */
#define CUTOVER_WORD(is_safe) ((is_safe) ? "yes" : "no")

#endif
