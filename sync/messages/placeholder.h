/* SPDX-License-Identifier: MIT
 * The message that Exchange invents when it can't render the one it was asked for. It looks like
 * any other in a FETCH response; to copy it would lose the real one without a word. Pure. */
#ifndef SYNC_MESSAGES_PLACEHOLDER_H
#define SYNC_MESSAGES_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* The subject says that the retrieval failed, and sender or text are Exchange's own. A message that
   quotes or forwards such a one is none. */
bool placeholder_is(const void *message, size_t size);

#endif
