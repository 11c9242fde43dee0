/* SPDX-License-Identifier: MIT */
#include "batch/paces.h"

#include <pthread.h>
#include <search.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "batch/pace.h"

#define PACES_CROWD_NSECS      (10 * CLOCK_NSECS_PER_SEC)
#define PACES_SETTLED_NSECS    (20 * CLOCK_NSECS_PER_SEC)
#define PACES_LOOK_AGAIN_NSECS (CLOCK_NSECS_PER_SEC / 10)

/* Of an account or a server: while it is in use, and once it has throttled for the whole run. All
   but name and side is guarded by the mutex. */
struct paces_entry {
    struct paces_entry *server; /* of an account */
    size_t users;
    char *name;
    int side;
    struct pace pace;
    bool has_throttled;
    bool has_news;           /* the store does not know the rate */
    int64_t surprised_nsecs; /* of a server: since when they are counted, */
    size_t surprised;        /* its accounts that were throttled though they kept to their rate */
};

struct paces {
    struct store *store;
    pthread_mutex_t mutex; /* guards all below */
    void *entries;         /* struct paces_entry, by side and name; see tsearch() */
};

/* Belongs to the pair's thread. */
struct paces_member {
    struct paces *paces;
    struct paces_entry *accounts[2];
};

static int compare_entries(const void *a, const void *b)
{
    const struct paces_entry *left = a;
    const struct paces_entry *right = b;
    return left->side != right->side ? left->side - right->side : strcmp(left->name, right->name);
}

static void entry_free(struct paces_entry *entry)
{
    mem_free(entry->name);
    mem_free(entry);
}

bool paces_init(struct store *store, struct paces **paces_r, struct fault *fault_r)
{
    struct paces *paces = mem_alloc(sizeof(*paces));
    if (pthread_mutex_init(&paces->mutex, NULL) != 0) {
        mem_free(paces);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the paces");
        return false;
    }
    paces->store = store;
    *paces_r = paces;
    return true;
}

void paces_deinit(struct paces **paces_p)
{
    struct paces *paces = *paces_p;
    if (paces == NULL)
        return;
    *paces_p = NULL;
    while (paces->entries != NULL) {
        struct paces_entry *entry = *(struct paces_entry **)paces->entries;
        (void)tdelete(entry, &paces->entries, compare_entries);
        entry_free(entry);
    }
    (void)pthread_mutex_destroy(&paces->mutex);
    mem_free(paces);
}

static bool paces_lock(struct paces *paces)
{
    return pthread_mutex_lock(&paces->mutex) == 0;
}

static void paces_unlock(struct paces *paces)
{
    (void)pthread_mutex_unlock(&paces->mutex);
}

/* -- entries; mutex held -- */

static struct paces_entry *entry_find(const struct paces *paces, char *name, int side)
{
    const struct paces_entry key = {.name = name, .side = side};
    struct paces_entry *const *found = tfind(&key, &paces->entries, compare_entries);
    return found == NULL ? NULL : *found;
}

/* Takes the name. */
static struct paces_entry *entry_add(struct paces *paces, char *name, int side, double rate)
{
    struct paces_entry *entry = mem_alloc(sizeof(*entry));
    entry->name = name;
    entry->side = side;
    pace_init(&entry->pace, rate);
    if (tsearch(entry, &paces->entries, compare_entries) == NULL) {
        /* Memory is gone: end the way every small allocation does. */
        (void)mem_realloc_array(entry, SIZE_MAX, sizeof(*entry));
    }
    return entry;
}

static void entry_leave(struct paces *paces, struct paces_entry *entry)
{
    if (--entry->users > 0 || entry->has_throttled)
        return;
    (void)tdelete(entry, &paces->entries, compare_entries);
    entry_free(entry);
}

/* Takes the name. NULL if the store can't be read. */
static struct paces_entry *account_find(struct paces *paces, char *name, int side,
                                        int64_t now_msecs, struct fault *fault_r)
{
    struct store_pace stored = {name, side, 0, 0};
    struct paces_entry *account = entry_find(paces, name, side);
    if (account == NULL && store_pace_get(paces->store, &stored, fault_r)) {
        bool is_old = now_msecs - stored.noted_msecs > PACES_FORGOTTEN_MSECS;
        return entry_add(paces, name, side, is_old ? 0 : stored.rate);
    }
    mem_free(name);
    return account;
}

static struct paces_entry *server_find(struct paces *paces, char *name, int side)
{
    struct paces_entry *server = entry_find(paces, name, side);
    if (server == NULL)
        return entry_add(paces, name, side, 0);
    mem_free(name);
    return server;
}

/* An account comes with its server. */
static struct paces_entry *account_join(struct paces *paces, const char *name, int side,
                                        int64_t now_msecs, struct fault *fault_r)
{
    struct paces_entry *account = account_find(paces, mem_strdup(name), side, now_msecs, fault_r);
    if (account == NULL)
        return NULL;
    account->server = server_find(paces, mem_strndup(name, strcspn(name, " ")), side);
    account->users++;
    account->server->users++;
    return account;
}

static bool account_leave(struct paces *paces, struct paces_entry *account, int64_t now_msecs,
                          struct fault *fault_r)
{
    struct store_pace found = {account->name, account->side, account->pace.rate, now_msecs};
    bool is_ok = !account->has_news || store_pace_put(paces->store, &found, fault_r);
    account->has_news = false;
    entry_leave(paces, account->server);
    entry_leave(paces, account);
    return is_ok;
}

static void entry_throttle(struct paces_entry *entry, int64_t now_nsecs, int64_t wait_msecs)
{
    pace_throttled(&entry->pace, now_nsecs, wait_msecs);
    entry->has_throttled = true;
    entry->has_news = true;
}

/* An account that was throttled though it kept to what it had borne for long says something about
   its server. True when several do at the same time. */
static bool server_is_crowded(struct paces_entry *account, int64_t now_nsecs)
{
    struct paces_entry *server = account->server;
    const struct pace *pace = &account->pace;
    if (!pace->is_held || pace->trial_messages == 0 ||
        now_nsecs - pace->trial_began_nsecs < PACES_SETTLED_NSECS)
        return false;
    if (server->surprised == 0 || now_nsecs - server->surprised_nsecs > PACES_CROWD_NSECS) {
        server->surprised = 0;
        server->surprised_nsecs = now_nsecs;
    }
    server->surprised++;
    return server->surprised >= PACES_CROWD && server->surprised * 2 >= server->users;
}

/* -- members -- */

struct paces_member *paces_member_init(struct paces *paces, const char *const accounts[2],
                                       int64_t now_msecs, struct fault *fault_r)
{
    struct paces_member *member = mem_alloc(sizeof(*member));
    bool is_ok = true;
    member->paces = paces;
    if (!paces_lock(paces)) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't get the lock of the paces");
        mem_free(member);
        return NULL;
    }
    for (int i = 0; i < 2 && is_ok; i++) {
        member->accounts[i] = account_join(paces, accounts[i], i + 1, now_msecs, fault_r);
        is_ok = member->accounts[i] != NULL;
    }
    paces_unlock(paces);
    if (!is_ok) {
        struct fault later;
        (void)paces_member_deinit(&member, now_msecs, &later);
    }
    return member;
}

bool paces_member_deinit(struct paces_member **member_p, int64_t now_msecs, struct fault *fault_r)
{
    struct paces_member *member = *member_p;
    bool is_ok = true;
    if (member == NULL)
        return true;
    *member_p = NULL;
    struct paces *paces = member->paces;
    /* Without the lock its accounts stay linked: better lost than freed. */
    if (paces_lock(paces)) {
        for (int i = 0; i < 2; i++) {
            if (member->accounts[i] != NULL)
                is_ok = account_leave(paces, member->accounts[i], now_msecs, fault_r) && is_ok;
        }
        paces_unlock(paces);
    }
    mem_free(member);
    return is_ok;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t paces_ask(struct paces_member *member, int64_t now_nsecs)
{
    int64_t at = INT64_MIN;
    if (!paces_lock(member->paces))
        return now_nsecs + PACES_LOOK_AGAIN_NSECS;
    for (int i = 0; i < 2; i++) {
        at = later(at, pace_opens_at(&member->accounts[i]->pace));
        at = later(at, pace_opens_at(&member->accounts[i]->server->pace));
    }
    paces_unlock(member->paces);
    return at <= now_nsecs ? 0 : at;
}

void paces_note(struct paces_member *member, int64_t now_nsecs)
{
    if (!paces_lock(member->paces))
        return;
    for (int i = 0; i < 2; i++) {
        pace_note(&member->accounts[i]->pace, now_nsecs, 1);
        pace_note(&member->accounts[i]->server->pace, now_nsecs, 1);
    }
    paces_unlock(member->paces);
}

double paces_throttled(struct paces_member *member, int side, int64_t now_nsecs, int64_t wait_msecs)
{
    struct paces_entry *account = member->accounts[side == 1 ? 0 : 1];
    double rate = 0;
    if (!paces_lock(member->paces))
        return rate;
    if (server_is_crowded(account, now_nsecs)) {
        entry_throttle(account->server, now_nsecs, 0);
        account->server->surprised = 0;
    }
    entry_throttle(account, now_nsecs, wait_msecs);
    rate = account->pace.rate;
    paces_unlock(member->paces);
    return rate;
}
