/* SPDX-License-Identifier: MIT */
#include "batch/daily.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

#define MSECS_PER_DAY INT64_C(86400000)

/* Of the pairs that run now. All but the name is guarded by the mutex of `daily`. */
struct daily_account {
    struct daily_account *next;
    size_t users;
    char *name;
    int side;
    int64_t day;
    uint64_t bytes;         /* of that day */
    uint64_t unsaved_bytes; /* those of them that the store has not */
};

struct daily {
    struct store *store;
    pthread_mutex_t mutex; /* guards all below */
    struct daily_account *accounts;
};

/* Belongs to the pair's thread. */
struct daily_member {
    struct daily *daily;
    struct daily_account *accounts[2]; /* NULL: no limit */
    uint64_t max_bytes[2];
    bool has_failed; /* the store did not take a count; `fault` says why */
    struct fault fault;
};

int64_t daily_day(int64_t wall_msecs)
{
    return wall_msecs / MSECS_PER_DAY;
}

bool daily_is_spent(uint64_t spent_bytes, uint64_t bytes, uint64_t max_bytes)
{
    if (max_bytes == 0 || spent_bytes == 0)
        return false;
    return spent_bytes >= max_bytes || bytes > max_bytes - spent_bytes;
}

bool daily_init(struct store *store, struct daily **daily_r, struct fault *fault_r)
{
    struct daily *daily = mem_alloc(sizeof(*daily));
    if (pthread_mutex_init(&daily->mutex, NULL) != 0) {
        mem_free(daily);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the daily limits");
        return false;
    }
    daily->store = store;
    *daily_r = daily;
    return true;
}

void daily_deinit(struct daily **daily_p)
{
    struct daily *daily = *daily_p;
    if (daily == NULL)
        return;
    *daily_p = NULL;
    (void)pthread_mutex_destroy(&daily->mutex);
    mem_free(daily);
}

/* -- accounts; mutex held -- */

static bool account_load(struct daily *daily, struct daily_account *account, int64_t day,
                         struct fault *fault_r)
{
    struct store_daily key = {account->name, account->side, day};
    account->day = day;
    account->unsaved_bytes = 0;
    return store_daily_get(daily->store, &key, &account->bytes, fault_r);
}

static bool account_save(struct daily *daily, struct daily_account *account, struct fault *fault_r)
{
    struct store_daily key = {account->name, account->side, account->day};
    if (account->unsaved_bytes == 0)
        return true;
    if (!store_daily_add(daily->store, &key, account->unsaved_bytes, fault_r))
        return false;
    account->unsaved_bytes = 0;
    return true;
}

/* Midnight passed: the old day is put away. */
static bool account_turn_day(struct daily *daily, struct daily_account *account, int64_t day,
                             struct fault *fault_r)
{
    if (account->day == day)
        return true;
    return account_save(daily, account, fault_r) && account_load(daily, account, day, fault_r);
}

static struct daily_account *account_find(const struct daily *daily, const char *name, int side)
{
    struct daily_account *account = daily->accounts;
    while (account != NULL && (account->side != side || strcmp(account->name, name) != 0))
        account = account->next;
    return account;
}

static struct daily_account *account_join(struct daily *daily, const char *name, int side,
                                          int64_t day, struct fault *fault_r)
{
    struct daily_account *account = account_find(daily, name, side);
    if (account == NULL) {
        account = mem_alloc(sizeof(*account));
        account->name = mem_strdup(name);
        account->side = side;
        if (!account_load(daily, account, day, fault_r)) {
            mem_free(account->name);
            mem_free(account);
            return NULL;
        }
        account->next = daily->accounts;
        daily->accounts = account;
    }
    account->users++;
    return account;
}

static bool account_leave(struct daily *daily, struct daily_account *account, struct fault *fault_r)
{
    bool is_ok = account_save(daily, account, fault_r);
    if (--account->users > 0)
        return is_ok;
    struct daily_account **link = &daily->accounts;
    while (*link != account)
        link = &(*link)->next;
    *link = account->next;
    mem_free(account->name);
    mem_free(account);
    return is_ok;
}

/* -- members -- */

static bool member_lock(struct daily_member *member)
{
    if (pthread_mutex_lock(&member->daily->mutex) == 0)
        return true;
    if (!member->has_failed)
        fault_set(&member->fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't get the lock of the daily limits");
    member->has_failed = true;
    return false;
}

static void member_unlock(struct daily_member *member)
{
    (void)pthread_mutex_unlock(&member->daily->mutex);
}

struct daily_member *daily_member_init(struct daily *daily, const struct daily_limit limits[2],
                                       int64_t now_msecs, struct fault *fault_r)
{
    struct daily_member *member = mem_alloc(sizeof(*member));
    bool is_ok = true;
    member->daily = daily;
    if (!member_lock(member)) {
        *fault_r = member->fault;
        mem_free(member);
        return NULL;
    }
    for (int i = 0; i < 2 && is_ok; i++) {
        member->max_bytes[i] = limits[i].max_bytes;
        if (limits[i].max_bytes == 0)
            continue;
        member->accounts[i] = account_join(daily, limits[i].account, i + 1, daily_day(now_msecs),
                                           fault_r);
        is_ok = member->accounts[i] != NULL;
    }
    member_unlock(member);
    if (!is_ok) {
        struct fault later;
        (void)daily_member_deinit(&member, &later);
    }
    return member;
}

bool daily_member_deinit(struct daily_member **member_p, struct fault *fault_r)
{
    struct daily_member *member = *member_p;
    if (member == NULL)
        return true;
    *member_p = NULL;
    if (!member_lock(member)) {
        *fault_r = member->fault;
        mem_free(member);
        return false; /* its accounts stay linked: better lost than freed */
    }
    for (int i = 0; i < 2; i++) {
        if (member->accounts[i] == NULL ||
            account_leave(member->daily, member->accounts[i], &member->fault))
            continue;
        member->has_failed = true;
    }
    member_unlock(member);
    bool is_ok = !member->has_failed;
    if (!is_ok)
        *fault_r = member->fault;
    mem_free(member);
    return is_ok;
}

/* Mutex held. */
static bool member_may_send_locked(struct daily_member *member, int64_t day, uint64_t bytes)
{
    for (int i = 0; i < 2 && !member->has_failed; i++) {
        struct daily_account *account = member->accounts[i];
        if (account == NULL)
            continue;
        if (!account_turn_day(member->daily, account, day, &member->fault)) {
            member->has_failed = true;
        } else if (daily_is_spent(account->bytes, bytes, member->max_bytes[i])) {
            fault_set(&member->fault, FAULT_TRANSFER_LIMIT, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT,
                      i + 1,
                      "the limit of --daily-bytes%d %llu is reached for this UTC day (%llu bytes); "
                      "run the same command again tomorrow to go on",
                      i + 1, (unsigned long long)member->max_bytes[i],
                      (unsigned long long)account->bytes);
            return false;
        }
    }
    return !member->has_failed;
}

bool daily_may_send(struct daily_member *member, int64_t now_msecs, uint64_t bytes,
                    struct fault *fault_r)
{
    if (member->accounts[0] == NULL && member->accounts[1] == NULL)
        return true;
    bool may_send = false;
    if (member_lock(member)) {
        may_send = member_may_send_locked(member, daily_day(now_msecs), bytes);
        member_unlock(member);
    }
    if (!may_send)
        *fault_r = member->fault;
    return may_send;
}

void daily_note(struct daily_member *member, int64_t now_msecs, uint64_t bytes)
{
    if (member->accounts[0] == NULL && member->accounts[1] == NULL)
        return;
    if (!member_lock(member))
        return;
    for (int i = 0; i < 2; i++) {
        struct daily_account *account = member->accounts[i];
        if (account == NULL)
            continue;
        bool is_ok = account_turn_day(member->daily, account, daily_day(now_msecs), &member->fault);
        account->bytes += bytes;
        account->unsaved_bytes += bytes;
        if (is_ok && account->unsaved_bytes >= DAILY_LAG_BYTES)
            is_ok = account_save(member->daily, account, &member->fault);
        member->has_failed = member->has_failed || !is_ok;
    }
    member_unlock(member);
}
