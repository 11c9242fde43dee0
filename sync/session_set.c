/* SPDX-License-Identifier: MIT */
#include "sync/session_set.h"

#include <string.h>

#include "sync/pair_private.h"

bool session_set_take(const struct pair *pair, unsigned int source, unsigned int destination)
{
    const struct slots *slots = pair->environment->slots;
    return slots == NULL || slots->try_take(slots->context, source, destination);
}

void session_set_init(struct session_set *set, struct pair *pair, int side)
{
    memset(set, 0, sizeof(*set));
    set->pair = pair;
    set->side = side;
}

void session_set_deinit(struct session_set *set)
{
    for (size_t i = 0; set->pair != NULL && i < LANES_MAX - 1; i++)
        session_set_close(set, i);
    memset(set, 0, sizeof(*set));
}

void session_set_open(struct session_set *set)
{
    struct pair *pair = set->pair;
    struct session *session = set->items;
    while (session->step != SESSION_IDLE)
        session++;
    set->count++;
    session_init(session, set->side, pair->settings, &pair->loop, pair->environment->tls,
                 pair->log);
    session->tokens = pair->environment->tokens;
    session_begin(session, false, SESSION_STATUS_NONE);
}

void session_set_close(struct session_set *set, size_t i)
{
    struct session *session = &set->items[i];
    const struct slots *slots = set->pair->environment->slots;
    if (session->step == SESSION_IDLE)
        return;
    set->count--;
    session_deinit(session);
    memset(session, 0, sizeof(*session));
    if (slots != NULL)
        slots->give_back(slots->context, set->side == 1, set->side == 2);
}

size_t session_set_opening(const struct session_set *set)
{
    size_t opening = 0;
    for (size_t i = 0; set->count > 0 && i < LANES_MAX - 1; i++) {
        enum session_step step = set->items[i].step;
        opening += step != SESSION_IDLE && step != SESSION_READY && step != SESSION_FAILED;
    }
    return opening;
}
