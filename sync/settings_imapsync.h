/* SPDX-License-Identifier: MIT
 * docs/imapsync-options.md: every option of imapsync and what became of it here, from the table of
 * settings. Pure. */
#ifndef SYNC_SETTINGS_IMAPSYNC_H
#define SYNC_SETTINGS_IMAPSYNC_H

#include <stdbool.h>

#include "base/buffer.h"

/* The whole page, in Markdown. */
void settings_append_imapsync_options(struct buffer *text);
/* False if a note is about a setting that is not in the table. For the tests. */
bool settings_imapsync_notes_are_sound(struct buffer *faults);

#endif
