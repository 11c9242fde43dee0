/* SPDX-License-Identifier: MIT
 * Presets of providers: names for what several settings say, imapsync's values. Pure. */
#ifndef SYNC_SETTINGS_PRESETS_H
#define SYNC_SETTINGS_PRESETS_H

#include "base/buffer.h"
#include "sync/settings.h"

/* To be called once, when command line and manifest row are read: sets what the presets that are on
   say. What was given explicitly stays; expressions and folders of a preset come behind those that
   were given. --noexclude, --nof1f2, --noregexmess and --noregexflag cancel the preset's only. */
void settings_apply_presets(struct settings *settings);
/* After that: a line for each preset that is on, with what it sets, e.g.
   "office1: host1 = outlook.office365.com, ssl1 = yes, exclude = ^Files$". */
void settings_append_presets(const struct settings *settings, struct buffer *text);

/* Whether a preset that is on says this of the setting, whoever else says it, too. */
bool settings_preset_says(const struct settings *settings, const char *name, const char *value);

#endif
