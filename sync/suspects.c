/* SPDX-License-Identifier: MIT */
#include "sync/suspects.h"

#include <string.h>

#include "base/mem.h"

void suspects_deinit(struct suspects *suspects)
{
    for (size_t i = 0; i < suspects->count; i++)
        mem_free(suspects->items[i].folder);
    mem_free(suspects->items);
    memset(suspects, 0, sizeof(*suspects));
}

static struct suspect *suspects_find(const struct suspects *suspects, const char *folder,
                                     uint32_t uid)
{
    for (size_t i = 0; i < suspects->count; i++) {
        struct suspect *suspect = &suspects->items[i];
        if (suspect->uid == uid && strcmp(suspect->folder, folder) == 0)
            return suspect;
    }
    return NULL;
}

void suspects_strike(struct suspects *suspects, const char *folder, uint32_t uid)
{
    struct suspect *suspect = suspects_find(suspects, folder, uid);
    if (suspect == NULL) {
        if (suspects->count >= SUSPECTS_MAX)
            return;
        MEM_GROW(suspects->items, suspects->count, suspects->alloc);
        suspect = &suspects->items[suspects->count++];
        *suspect = (struct suspect){mem_strdup(folder), uid, 0};
    }
    suspect->strikes++;
}

bool suspects_is_given_up(const struct suspects *suspects, const char *folder, uint32_t uid)
{
    const struct suspect *suspect = suspects_find(suspects, folder, uid);
    return suspect != NULL && suspect->strikes >= SUSPECTS_STRIKES_MAX;
}
