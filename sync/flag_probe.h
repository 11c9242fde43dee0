/* SPDX-License-Identifier: MIT
 * Whether any flag changed in a source folder, where the server has no CONDSTORE to tell: one
 * compact FETCH of all flags, compared with the map. */
#ifndef SYNC_FLAG_PROBE_H
#define SYNC_FLAG_PROBE_H

#include "sync/pair_private.h"

/* Opens the folder on the source. False if anything is not as the map says, or can't be had. */
bool flag_probe_is_unchanged(struct pair *pair, const struct store_map_folder *known,
                             const struct folder *source);

#endif
