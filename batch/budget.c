/* SPDX-License-Identifier: MIT */
#include "batch/budget.h"

#include <pthread.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/mem.h"
#include "batch/bucket.h"

/* Nobody waits longer without looking: those ahead may have left. */
#define BUDGET_LOOK_AGAIN_NSECS CLOCK_NSECS_PER_SEC
/* What all members together may hold as leases, in time at the run's byte rate: it can be sent at
   any moment, so it must be small beside the 10 s over which the rate is to be met. */
#define BUDGET_LEASES_PER_SEC 20

enum member_state {
    MEMBER_IDLE,
    MEMBER_WAITING, /* stands in the line with the wanted request */
    MEMBER_GRANTED, /* it is paid, and given out at the next ask */
};

struct limits {
    struct bucket messages;
    struct bucket bytes;
};

/* All but `budget` and `gate` is guarded by the budget's mutex. */
struct budget_member {
    struct budget *budget;
    struct gate gate;
    struct budget_member *next;
    struct limits own;
    uint64_t free_bytes; /* that its own byte rate does not count */
    enum member_state state;
    uint32_t messages; /* wanted */
    uint64_t bytes;
    uint64_t due_bytes;   /* what the run's byte limit is charged for it */
    uint64_t lease_bytes; /* charged already and not used yet */
    /* its place in the line: virtual nanoseconds, then order of arrival */
    int64_t turn_nsecs;
    uint64_t arrival;
    int64_t next_turn_nsecs; /* the earliest place for its next request */
};

struct budget {
    pthread_mutex_t mutex; /* guards all below */
    struct limits run;
    struct budget_member *members;
    size_t members_count;
    uint64_t leases_bytes; /* what members may hold together */
    int64_t turn_nsecs;    /* how far the line has moved: the latest place that was served */
    uint64_t arrivals;
};

static void limits_init(struct limits *limits, double messages_per_sec, double bytes_per_sec)
{
    bucket_init(&limits->messages, messages_per_sec);
    bucket_init(&limits->bytes, bytes_per_sec);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When the request may be taken from these limits; a chunk without a message doesn't ask for one.
 */
static int64_t limits_open_at(const struct limits *limits, uint32_t messages, uint64_t bytes)
{
    int64_t at = INT64_MIN;
    if (messages > 0)
        at = later(at, bucket_opens_at(&limits->messages));
    if (bytes > 0)
        at = later(at, bucket_opens_at(&limits->bytes));
    return at;
}

static void limits_pay(struct limits *limits, int64_t now_nsecs, uint32_t messages, uint64_t bytes)
{
    if (messages > 0)
        bucket_pay(&limits->messages, now_nsecs, messages);
    if (bytes > 0)
        bucket_pay(&limits->bytes, now_nsecs, bytes);
}

bool budget_init(double messages_per_sec, double bytes_per_sec, struct budget **budget_r,
                 struct fault *fault_r)
{
    struct budget *budget = mem_alloc(sizeof(*budget));
    if (pthread_mutex_init(&budget->mutex, NULL) != 0) {
        mem_free(budget);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the budget");
        return false;
    }
    limits_init(&budget->run, messages_per_sec, bytes_per_sec);
    if (bucket_has_limit(&budget->run.bytes))
        budget->leases_bytes = budget->run.bytes.rate_milli / 1000 / BUDGET_LEASES_PER_SEC;
    *budget_r = budget;
    return true;
}

void budget_deinit(struct budget **budget_p)
{
    struct budget *budget = *budget_p;
    if (budget == NULL)
        return;
    *budget_p = NULL;
    (void)pthread_mutex_destroy(&budget->mutex);
    mem_free(budget);
}

static bool member_is_before(const struct budget_member *a, const struct budget_member *b)
{
    if (a->turn_nsecs != b->turn_nsecs)
        return a->turn_nsecs < b->turn_nsecs;
    return a->arrival < b->arrival;
}

/* Mutex held. What a request costs the run, in time; the dearer limit counts. */
static int64_t member_cost_nsecs(const struct budget_member *member)
{
    const struct limits *run = &member->budget->run;
    return later(bucket_cost_nsecs(&run->messages, member->messages),
                 bucket_cost_nsecs(&run->bytes, member->due_bytes));
}

/* Mutex held. A turn brings at least a lease of bytes, so that a pair with small messages that
   takes a moment for each is not left behind by pairs with large ones. */
static void member_join_line(struct budget_member *member, uint32_t messages, uint64_t bytes)
{
    struct budget *budget = member->budget;
    uint64_t least_bytes = budget->leases_bytes / budget->members_count;
    member->state = MEMBER_WAITING;
    member->messages = messages;
    member->bytes = bytes;
    member->due_bytes = bytes > member->lease_bytes ? bytes - member->lease_bytes : 0;
    if (member->due_bytes > 0 && member->due_bytes < least_bytes)
        member->due_bytes = least_bytes;
    member->turn_nsecs = later(budget->turn_nsecs, member->next_turn_nsecs);
    member->arrival = ++budget->arrivals;
}

/* Mutex held. The foremost waiting member whose request the run's limits allow now, or NULL. It is
   not always the first: a chunk need not wait behind someone who waits for the message limit. */
static struct budget_member *budget_foremost(const struct budget *budget, int64_t now_nsecs)
{
    struct budget_member *foremost = NULL;
    for (struct budget_member *member = budget->members; member != NULL; member = member->next) {
        if (member->state == MEMBER_WAITING &&
            limits_open_at(&budget->run, member->messages, member->due_bytes) <= now_nsecs &&
            (foremost == NULL || member_is_before(member, foremost)))
            foremost = member;
    }
    return foremost;
}

/* Mutex held. */
static uint64_t member_counted_bytes(const struct budget_member *member, uint64_t bytes)
{
    return bytes > member->free_bytes ? bytes - member->free_bytes : 0;
}

/* Mutex held. */
static void budget_grant(struct budget *budget, struct budget_member *member, int64_t now_nsecs)
{
    int64_t cost_nsecs = member_cost_nsecs(member);
    limits_pay(&budget->run, now_nsecs, member->messages, member->due_bytes);
    uint64_t counted = member_counted_bytes(member, member->bytes);
    limits_pay(&member->own, now_nsecs, member->messages, counted);
    member->free_bytes -= member->bytes - counted;
    member->lease_bytes += member->due_bytes;
    member->lease_bytes -= member->bytes;
    member->state = MEMBER_GRANTED;
    /* What cost nothing took nobody's turn. */
    if (cost_nsecs > 0) {
        budget->turn_nsecs = later(budget->turn_nsecs, member->turn_nsecs);
        member->next_turn_nsecs = member->turn_nsecs + cost_nsecs;
    }
}

/* Mutex held. When the member's turn should come: after all that stand before it. Newcomers may
   make it later; then the member asks a few times more. */
static int64_t budget_expected_at(const struct budget *budget, const struct budget_member *waiting,
                                  int64_t now_nsecs)
{
    int64_t messages_at = bucket_opens_at(&budget->run.messages);
    int64_t bytes_at = bucket_opens_at(&budget->run.bytes);
    int64_t latest_at = now_nsecs + BUDGET_LOOK_AGAIN_NSECS;
    for (const struct budget_member *member = budget->members; member != NULL;
         member = member->next) {
        if (member->state != MEMBER_WAITING || !member_is_before(member, waiting))
            continue;
        messages_at += bucket_cost_nsecs(&budget->run.messages, member->messages);
        bytes_at += bucket_cost_nsecs(&budget->run.bytes, member->due_bytes);
        if (later(messages_at, bytes_at) >= latest_at)
            break;
    }
    int64_t at = INT64_MIN;
    if (waiting->messages > 0)
        at = later(at, messages_at);
    if (waiting->due_bytes > 0)
        at = later(at, bytes_at);
    return at < latest_at ? at : latest_at;
}

/* Mutex held. */
static int64_t member_ask_locked(struct budget_member *member, int64_t now_nsecs, uint32_t messages,
                                 uint64_t bytes)
{
    struct budget *budget = member->budget;
    /* Another request than before (its connection was lost): the old one is forgotten, and if it
       was paid, it stays paid. */
    if (member->messages != messages || member->bytes != bytes)
        member->state = MEMBER_IDLE;
    if (member->state == MEMBER_IDLE) {
        int64_t own_at = limits_open_at(&member->own, messages,
                                        member_counted_bytes(member, bytes));
        if (own_at > now_nsecs)
            return own_at;
        member_join_line(member, messages, bytes);
    }
    /* Whoever asks serves all whose time has come, so nobody's lateness holds up the line. */
    struct budget_member *next;
    while (member->state == MEMBER_WAITING && (next = budget_foremost(budget, now_nsecs)) != NULL)
        budget_grant(budget, next, now_nsecs);
    if (member->state == MEMBER_WAITING)
        return budget_expected_at(budget, member, now_nsecs);
    member->state = MEMBER_IDLE;
    return 0;
}

/* Rates never change, so this needs no lock. */
static bool limits_are_none(const struct limits *limits)
{
    return !bucket_has_limit(&limits->messages) && !bucket_has_limit(&limits->bytes);
}

static int64_t member_ask(void *context, int64_t now_nsecs, uint32_t messages, uint64_t bytes)
{
    struct budget_member *member = context;
    struct budget *budget = member->budget;
    if (limits_are_none(&budget->run) && limits_are_none(&member->own))
        return 0;
    if (pthread_mutex_lock(&budget->mutex) != 0)
        return now_nsecs + BUDGET_LOOK_AGAIN_NSECS;
    int64_t at = member_ask_locked(member, now_nsecs, messages, bytes);
    (void)pthread_mutex_unlock(&budget->mutex);
    return at;
}

struct budget_member *budget_member_init(struct budget *budget, double messages_per_sec,
                                         double bytes_per_sec)
{
    struct budget_member *member = mem_alloc(sizeof(*member));
    member->budget = budget;
    member->gate.context = member;
    member->gate.ask = member_ask;
    limits_init(&member->own, messages_per_sec, bytes_per_sec);
    if (pthread_mutex_lock(&budget->mutex) != 0) {
        mem_free(member);
        return NULL;
    }
    member->next = budget->members;
    budget->members = member;
    budget->members_count++;
    (void)pthread_mutex_unlock(&budget->mutex);
    return member;
}

void budget_member_deinit(struct budget_member **member_p)
{
    struct budget_member *member = *member_p;
    if (member == NULL)
        return;
    *member_p = NULL;
    struct budget *budget = member->budget;
    if (pthread_mutex_lock(&budget->mutex) != 0)
        return; /* it is still linked: better lost than freed */
    struct budget_member **link = &budget->members;
    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
    budget->members_count--;
    (void)pthread_mutex_unlock(&budget->mutex);
    mem_free(member);
}

void budget_member_spare(struct budget_member *member, uint64_t bytes)
{
    if (pthread_mutex_lock(&member->budget->mutex) != 0)
        return; /* its limit then begins at once */
    member->free_bytes = bytes;
    (void)pthread_mutex_unlock(&member->budget->mutex);
}

const struct gate *budget_member_gate(const struct budget_member *member)
{
    return &member->gate;
}
