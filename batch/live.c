/* SPDX-License-Identifier: MIT */
#include "batch/live.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "batch/rate.h"
#include "batch/schedule.h"

#define LIVE_MAILBOX_MEMORY_SECS 10.0
#define LIVE_RUN_MEMORY_SECS     60.0
/* Of a first moment nothing is concluded. */
#define LIVE_MIN_RATE 0.001

/* A mailbox between its first attempt and its end. */
struct live_active {
    struct live_active *next;
    size_t index;
    char *title;
    struct pair_progress *progress;    /* NULL: it waits */
    struct pair_progress_figures then; /* what the attempts before this one did */
    uint64_t expected;                 /* messages, from an earlier run; 0: not known */
    uint64_t planned;                  /* the most that any attempt knew of, as the next */
    uint64_t messages_done;
    uint64_t messages;
    struct rate rate;
    int64_t until_msecs;
    bool is_throttled;
};

struct live_slot {
    uint64_t expected; /* messages, or SCHEDULE_UNKNOWN; of one that has not begun */
    struct live_active *active;
};

/* What is known of all mailboxes that were begun. */
struct live_sums {
    uint64_t mailboxes; /* whose messages are known */
    uint64_t messages;
    uint64_t messages_done;
    uint64_t listed;
    uint64_t wanted;
    uint64_t bytes_wanted;
    uint64_t copied;
    uint64_t bytes_copied;
    uint64_t errors;
    uint64_t messages_left; /* that are known to be copied still */
    uint64_t bytes_left;
    uint64_t unlisted; /* messages in folders that nobody looked at */
};

struct live {
    struct live_plan plan;
    pthread_mutex_t mutex; /* guards all below */
    struct live_slot *slots;
    struct live_active *active;
    struct live_sums ended;
    uint64_t expected; /* messages of mailboxes that were not begun and are known */
    uint64_t expected_mailboxes;
    uint64_t unknown_mailboxes;
    uint64_t left_out; /* before anything started */
    uint64_t by_status[JOB_STATUS_COUNT];
    struct rate rate;
    int64_t ended_msecs;
    int exit_code;
};

bool live_init(const struct live_plan *plan, struct live **live_r, struct fault *fault_r)
{
    struct live *live = mem_alloc(sizeof(*live));
    if (pthread_mutex_init(&live->mutex, NULL) != 0) {
        mem_free(live);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the live view");
        return false;
    }
    live->plan = *plan;
    live->exit_code = -1;
    live->slots = mem_alloc_array(plan->mailboxes, sizeof(*live->slots));
    for (size_t i = 0; i < plan->mailboxes; i++)
        live->slots[i].expected = SCHEDULE_UNKNOWN;
    live->unknown_mailboxes = plan->mailboxes;
    live->by_status[JOB_NOT_STARTED] = plan->mailboxes;
    *live_r = live;
    return true;
}

static void live_free_active(struct live_active *active)
{
    mem_free(active->title);
    mem_free(active);
}

void live_deinit(struct live **live_p)
{
    struct live *live = *live_p;
    if (live == NULL)
        return;
    *live_p = NULL;
    while (live->active != NULL) {
        struct live_active *active = live->active;
        live->active = active->next;
        live_free_active(active);
    }
    (void)pthread_mutex_destroy(&live->mutex);
    mem_free(live->slots);
    mem_free(live);
}

/* Mutex held, or no other thread there: the mailbox no longer counts as one that is to come. */
static void live_forget_expected(struct live *live, size_t index)
{
    struct live_slot *slot = &live->slots[index];
    if (slot->expected == SCHEDULE_UNKNOWN) {
        live->unknown_mailboxes--;
        return;
    }
    live->expected -= slot->expected;
    live->expected_mailboxes--;
}

void live_expect(struct live *live, size_t index, uint64_t messages)
{
    /* Hostile numbers must not overflow their sum. */
    if (messages == SCHEDULE_UNKNOWN || messages > UINT32_MAX * UINT64_C(256))
        return;
    live_forget_expected(live, index);
    live->slots[index].expected = messages;
    live->expected += messages;
    live->expected_mailboxes++;
}

void live_leave_out(struct live *live, size_t index)
{
    live_forget_expected(live, index);
    live->by_status[JOB_NOT_STARTED]--;
    live->by_status[JOB_LEFT_OUT]++;
    live->left_out++;
}

/* Mutex held. */
static struct live_active *live_activate(struct live *live, size_t index, const char *title)
{
    struct live_slot *slot = &live->slots[index];
    if (slot->active != NULL)
        return slot->active;
    live_forget_expected(live, index);
    live->by_status[JOB_NOT_STARTED]--;
    struct live_active *active = mem_alloc(sizeof(*active));
    active->index = index;
    active->title = mem_strdup(title);
    active->expected = slot->expected == SCHEDULE_UNKNOWN ? 0 : slot->expected;
    active->messages = active->expected;
    active->next = live->active;
    live->active = active;
    slot->active = active;
    return active;
}

void live_start(struct live *live, size_t index, const char *title, struct pair_progress *progress)
{
    if (pthread_mutex_lock(&live->mutex) != 0)
        return; /* it is then missing in the view; so for the next */
    struct live_active *active = live_activate(live, index, title);
    active->progress = progress;
    (void)pthread_mutex_unlock(&live->mutex);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t without(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Mutex held. What this attempt knows goes into what all know. Where the server does not tell how
   much there is, it is taken to be as much as in an earlier run. */
static void live_learn(struct live_active *active, const struct pair_progress_figures *now)
{
    active->planned = larger(active->planned, now->planned);
    active->messages_done = larger(active->messages_done,
                                   without(now->listed, without(now->wanted, now->settled)));
    active->messages = larger(active->planned > 0 ? active->planned : active->expected,
                              larger(now->listed, active->messages_done));
}

void live_stop(struct live *live, size_t index)
{
    struct pair_progress_figures now;
    char folder[PAIR_FOLDER_SIZE];
    if (pthread_mutex_lock(&live->mutex) != 0)
        return;
    struct live_active *active = live->slots[index].active;
    if (active != NULL && active->progress != NULL) {
        pair_progress_read(active->progress, &now, folder);
        live_learn(active, &now);
        active->then.listed = larger(active->then.listed, now.listed);
        active->then.wanted += now.settled;
        active->then.copied += now.copied;
        active->then.bytes_wanted += now.bytes_settled;
        active->then.bytes_copied += now.bytes_copied;
        active->then.errors += now.errors;
        active->progress = NULL;
    }
    (void)pthread_mutex_unlock(&live->mutex);
}

void live_wait(struct live *live, size_t index, int64_t until_msecs, bool is_throttled)
{
    if (pthread_mutex_lock(&live->mutex) != 0)
        return;
    struct live_active *active = live->slots[index].active;
    if (active != NULL) {
        active->until_msecs = until_msecs;
        active->is_throttled = is_throttled;
    }
    (void)pthread_mutex_unlock(&live->mutex);
}

/* Mutex held. Nothing more will come of it, so what was done is all there was. */
static void live_add_ended(struct live_sums *sums, const struct live_active *active)
{
    sums->mailboxes++;
    sums->messages += active->messages_done;
    sums->messages_done += active->messages_done;
    sums->listed += active->then.listed;
    sums->wanted += active->then.wanted;
    sums->bytes_wanted += active->then.bytes_wanted;
    sums->copied += active->then.copied;
    sums->bytes_copied += active->then.bytes_copied;
    sums->errors += active->then.errors;
}

void live_end(struct live *live, size_t index, enum job_status status)
{
    if (pthread_mutex_lock(&live->mutex) != 0)
        return;
    struct live_active *active = live_activate(live, index, "");
    struct live_active **link = &live->active;
    while (*link != active)
        link = &(*link)->next;
    *link = active->next;
    live_add_ended(&live->ended, active);
    live->slots[index].active = NULL;
    live->by_status[status]++;
    live_free_active(active);
    (void)pthread_mutex_unlock(&live->mutex);
}

void live_finish(struct live *live, int64_t ended_msecs, int exit_code,
                 const size_t by_status[JOB_STATUS_COUNT])
{
    if (pthread_mutex_lock(&live->mutex) != 0)
        return;
    live->ended_msecs = ended_msecs;
    live->exit_code = exit_code;
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        live->by_status[i] = by_status[i];
    (void)pthread_mutex_unlock(&live->mutex);
}

void live_sum_copied(struct live *live, uint64_t *messages_r, uint64_t *bytes_r)
{
    struct pair_progress_figures now;
    char folder[PAIR_FOLDER_SIZE];
    *messages_r = 0;
    *bytes_r = 0;
    if (pthread_mutex_lock(&live->mutex) != 0)
        return;
    *messages_r = live->ended.copied;
    *bytes_r = live->ended.bytes_copied;
    for (const struct live_active *active = live->active; active != NULL; active = active->next) {
        *messages_r += active->then.copied;
        *bytes_r += active->then.bytes_copied;
        if (active->progress == NULL)
            continue;
        pair_progress_read(active->progress, &now, folder);
        *messages_r += now.copied;
        *bytes_r += now.bytes_copied;
    }
    (void)pthread_mutex_unlock(&live->mutex);
}

/* -- a snapshot -- */

/* Mutex held. */
static void live_take_mailbox(struct live_active *active, int64_t now_nsecs, int64_t now_msecs,
                              struct live_sums *sums, struct snapshot_mailbox *mailbox_r)
{
    struct pair_progress_figures now = {0};
    char folder[PAIR_FOLDER_SIZE] = "";
    bool is_running = active->progress != NULL;
    if (is_running) {
        pair_progress_read(active->progress, &now, folder);
        live_learn(active, &now);
    }
    uint64_t copied = active->then.copied + now.copied;
    uint64_t bytes_copied = active->then.bytes_copied + now.bytes_copied;
    rate_note(&active->rate, now_nsecs, LIVE_MAILBOX_MEMORY_SECS, copied, bytes_copied);
    sums->mailboxes += active->messages > 0;
    sums->messages += active->messages;
    sums->messages_done += active->messages_done;
    sums->listed += larger(active->then.listed, now.listed);
    sums->wanted += active->then.wanted + now.wanted;
    sums->bytes_wanted += active->then.bytes_wanted + now.bytes_wanted;
    sums->copied += copied;
    sums->bytes_copied += bytes_copied;
    sums->errors += active->then.errors + now.errors;
    sums->messages_left += without(now.wanted, now.settled);
    sums->bytes_left += without(now.bytes_wanted, now.bytes_settled);
    sums->unlisted += without(active->messages, larger(active->messages_done, now.listed));
    *mailbox_r = (struct snapshot_mailbox){
        .row = (int64_t)active->index + 1,
        .title = mem_strdup(active->title),
        .folder = mem_strdup(folder),
        .state = is_running ? folder[0] != '\0' ? SNAPSHOT_COPYING : SNAPSHOT_CONNECTING
                 : active->is_throttled && active->until_msecs > now_msecs ? SNAPSHOT_THROTTLED
                                                                           : SNAPSHOT_WAITING,
        .until_msecs = is_running ? 0 : active->until_msecs,
        .messages = active->messages,
        .messages_done = active->messages_done,
        .messages_copied = copied,
        .bytes_copied = bytes_copied,
        .errors = active->then.errors + now.errors,
        .messages_per_sec = is_running ? active->rate.messages_per_sec : 0,
        .bytes_per_sec = is_running ? active->rate.bytes_per_sec : 0,
    };
}

/* Those that run by row, then those that wait, the next one first. */
static int mailbox_compare(const void *a, const void *b)
{
    const struct snapshot_mailbox *one = a;
    const struct snapshot_mailbox *other = b;
    bool one_waits = one->state >= SNAPSHOT_THROTTLED;
    bool other_waits = other->state >= SNAPSHOT_THROTTLED;
    if (one_waits != other_waits)
        return one_waits ? 1 : -1;
    if (one_waits && one->until_msecs != other->until_msecs)
        return one->until_msecs < other->until_msecs ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

/* Mutex held. */
static void live_take_mailboxes(struct live *live, int64_t now_nsecs, int64_t now_msecs,
                                struct live_sums *sums, struct snapshot *snapshot)
{
    size_t count = 0;
    for (const struct live_active *active = live->active; active != NULL; active = active->next)
        count++;
    snapshot->mailboxes = mem_alloc_array(count, sizeof(*snapshot->mailboxes));
    for (struct live_active *active = live->active; active != NULL; active = active->next) {
        struct snapshot_mailbox *mailbox = &snapshot->mailboxes[snapshot->mailboxes_count++];
        live_take_mailbox(active, now_nsecs, now_msecs, sums, mailbox);
        if (active->progress != NULL)
            snapshot->running++;
        else
            snapshot->waiting++;
    }
    qsort(snapshot->mailboxes, count, sizeof(*snapshot->mailboxes), mailbox_compare);
    while (snapshot->mailboxes_count > SNAPSHOT_MAILBOXES_MAX) {
        snapshot->mailboxes_count--;
        mem_free(snapshot->mailboxes[snapshot->mailboxes_count].title);
        mem_free(snapshot->mailboxes[snapshot->mailboxes_count].folder);
        snapshot->mailboxes_hidden++;
    }
}

static int64_t left_msecs(double what, double per_sec)
{
    if (what <= 0)
        return 0;
    double msecs = per_sec < LIVE_MIN_RATE ? -1 : what / per_sec * 1000;
    return msecs < 0 || msecs > 1e15 ? -1 : (int64_t)msecs;
}

/* What was not looked at is taken to be like what was. */
static void snapshot_estimate(struct snapshot *snapshot, const struct live_sums *sums,
                              uint64_t unlisted)
{
    double listed = (double)larger(sums->listed, 1);
    double messages_left = (double)sums->messages_left +
                           (double)unlisted * (double)sums->wanted / listed;
    double bytes_left = (double)sums->bytes_left +
                        (double)unlisted * (double)sums->bytes_wanted / listed;
    bool is_over = snapshot->phase == SNAPSHOT_ENDED;
    snapshot->bytes = sums->bytes_copied + (is_over ? 0 : (uint64_t)bytes_left);
    snapshot->left_msecs = -1;
    if (is_over)
        snapshot->left_msecs = 0;
    else if (sums->listed > 0) {
        int64_t by_messages = left_msecs(messages_left, snapshot->messages_per_sec);
        int64_t by_bytes = left_msecs(bytes_left, snapshot->bytes_per_sec);
        snapshot->left_msecs = by_messages < 0 || by_bytes < 0 ? -1
                               : by_messages > by_bytes        ? by_messages
                                                               : by_bytes;
    }
}

/* Mutex held. */
static void live_sum_up(struct live *live, int64_t now_nsecs, const struct live_sums *sums,
                        struct snapshot *snapshot)
{
    uint64_t known = sums->mailboxes + live->expected_mailboxes;
    uint64_t average = known == 0 ? 0 : (sums->messages + live->expected) / known;
    uint64_t to_come = live->expected + average * live->unknown_mailboxes;
    rate_note(&live->rate, now_nsecs, LIVE_RUN_MEMORY_SECS, sums->copied, sums->bytes_copied);
    snapshot->messages = sums->messages + to_come;
    snapshot->messages_done = sums->messages_done;
    snapshot->messages_copied = sums->copied;
    snapshot->bytes_copied = sums->bytes_copied;
    snapshot->errors = sums->errors;
    snapshot->messages_per_sec = live->rate.messages_per_sec;
    snapshot->bytes_per_sec = live->rate.bytes_per_sec;
    snapshot->is_guess = snapshot->phase < SNAPSHOT_ENDED &&
                         (live->expected_mailboxes + live->unknown_mailboxes > 0 ||
                          sums->mailboxes < snapshot->running + snapshot->waiting ||
                          sums->unlisted > 0);
    snapshot_estimate(snapshot, sums, sums->unlisted + to_come);
    if (snapshot->phase == SNAPSHOT_ENDED)
        snapshot->messages = snapshot->messages_done;
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        snapshot->by_status[i] = live->by_status[i];
    snapshot->wanted = live->plan.mailboxes - live->left_out;
}

void live_take(struct live *live, int64_t now_nsecs, int64_t now_msecs, bool is_stopping,
               struct snapshot *snapshot_r)
{
    *snapshot_r = (struct snapshot){
        .run_id = mem_strdup(live->plan.run_id),
        .command = mem_strdup(live->plan.command),
        .manifest = mem_strdup(live->plan.manifest),
        .version = mem_strdup(MAILCONVOY_VERSION),
        .phase = is_stopping ? SNAPSHOT_STOPPING : SNAPSHOT_RUNNING,
        .pid = getpid(),
        .started_msecs = live->plan.started_msecs,
        .taken_msecs = now_msecs,
        .exit_code = -1,
        .budget_messages = live->plan.budget_messages,
        .budget_bytes = live->plan.budget_bytes,
    };
    if (pthread_mutex_lock(&live->mutex) != 0)
        return;
    struct live_sums sums = live->ended;
    if (live->ended_msecs != 0)
        snapshot_r->phase = SNAPSHOT_ENDED;
    snapshot_r->ended_msecs = live->ended_msecs;
    snapshot_r->exit_code = live->exit_code;
    live_take_mailboxes(live, now_nsecs, now_msecs, &sums, snapshot_r);
    live_sum_up(live, now_nsecs, &sums, snapshot_r);
    (void)pthread_mutex_unlock(&live->mutex);
}
