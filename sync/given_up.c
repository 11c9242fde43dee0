/* SPDX-License-Identifier: MIT */
#include "sync/given_up.h"

#include <string.h>

#include "base/mem.h"

void given_up_deinit(struct given_up *given_up)
{
    for (size_t i = 0; i < given_up->count; i++) {
        mem_free((char *)given_up->items[i].folder);
        mem_free((char *)given_up->items[i].text);
    }
    mem_free(given_up->items);
    memset(given_up, 0, sizeof(*given_up));
}

void given_up_add(struct given_up *given_up, const struct given_up_message *message)
{
    if (given_up == NULL || given_up->count >= GIVEN_UP_MAX)
        return;
    MEM_GROW(given_up->items, given_up->count, given_up->alloc);
    struct given_up_message *item = &given_up->items[given_up->count++];
    *item = *message;
    item->folder = mem_strdup(message->folder);
    item->text = mem_strdup(message->text);
}

const struct given_up_message *given_up_next(const struct given_up *given_up, size_t *position,
                                             const char *folder, uint32_t uidvalidity)
{
    while (given_up != NULL && *position < given_up->count) {
        const struct given_up_message *item = &given_up->items[(*position)++];
        if (item->uidvalidity == uidvalidity && strcmp(item->folder, folder) == 0)
            return item;
    }
    return NULL;
}
