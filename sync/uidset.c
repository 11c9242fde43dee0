/* SPDX-License-Identifier: MIT */
#include "sync/uidset.h"

/* "4294967295:4294967295," */
#define UIDSET_RANGE_MAX_BYTES 22

void uidset_init(struct uidset *set)
{
    buffer_init(&set->text, UIDSET_MAX_BYTES);
    set->first = 0;
    set->last = 0;
}

void uidset_deinit(struct uidset *set)
{
    buffer_deinit(&set->text);
}

static void uidset_close_range(struct uidset *set)
{
    if (set->first == 0)
        return;
    const char *comma = set->text.used > 0 ? "," : "";
    if (set->first == set->last)
        buffer_printf(&set->text, "%s%u", comma, set->first);
    else
        buffer_printf(&set->text, "%s%u:%u", comma, set->first, set->last);
    set->first = 0;
}

bool uidset_add(struct uidset *set, uint32_t uid, bool follows_last)
{
    if (set->first != 0 && follows_last) {
        set->last = uid;
        return true;
    }
    if (buffer_room(&set->text) < (size_t)2 * UIDSET_RANGE_MAX_BYTES)
        return false;
    uidset_close_range(set);
    set->first = uid;
    set->last = uid;
    return true;
}

const char *uidset_finish(struct uidset *set)
{
    uidset_close_range(set);
    return buffer_str(&set->text);
}
