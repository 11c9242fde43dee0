/* SPDX-License-Identifier: MIT
 * The settings as man pages and shells want to read them, from the table. Pure. */
#ifndef SYNC_SETTINGS_DOCS_H
#define SYNC_SETTINGS_DOCS_H

#include "base/buffer.h"
#include "sync/settings.h"

/* Text inside a man page (man(7)): nothing in it is taken for a request or an escape. */
void settings_append_roff(struct buffer *text, const char *words);
/* The body of OPTIONS: a subsection for each group. */
void settings_append_man_options(struct buffer *text, enum settings_command command);
/* The columns that a manifest may have. */
void settings_append_man_columns(struct buffer *text);
/* What a section [host:NAME] of mailconvoy.conf may say. */
void settings_append_man_host_values(struct buffer *text);
/* Scripts that complete commands, options and their values. */
void settings_append_completion_bash(struct buffer *text);
void settings_append_completion_zsh(struct buffer *text);

#endif
