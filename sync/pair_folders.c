/* SPDX-License-Identifier: MIT
 * The walk through the plan. The source reads one folder after the other; what was read may still
 * be on its way to the destination while the next folder is opened, so that neither side waits at
 * the seam. A folder is recorded when its last APPEND is answered. */
#include <string.h>

#include "base/clock.h"
#include "sync/folder_run.h"
#include "sync/pair_memory.h"

/* So many folders, and messages in them, may wait for answers: their listings are kept so long. */
#define STORING_MAX_FOLDERS  16
#define STORING_MAX_MESSAGES ((uint64_t)200000)

struct walk {
    struct pair *pair;
    size_t next_entry;        /* of the plan: the next to be opened */
    size_t next_target;       /* its destination folder, unless it is merged with the one before */
    struct folder_run *ahead; /* opened behind the folder that is being read */
    struct folder_run *storing; /* read, and not recorded yet; the oldest first */
    struct folder_run **storing_end;
    size_t storing_count;
    uint64_t storing_messages;
};

/* -- the next folder -- */

static struct target *walk_target(struct walk *walk)
{
    const struct folder_plan *plan = walk->pair->plan;
    struct target *targets = walk->pair->targets.items;
    const struct plan_entry *entry = &plan->entries[walk->next_entry];
    if (walk->next_entry > 0 && strcmp(targets[walk->next_target].mailbox, entry->destination) != 0)
        walk->next_target++;
    return &targets[walk->next_target];
}

/* Folders in which nothing changed are recorded as they were. */
static void walk_pass_unchanged(struct walk *walk)
{
    struct pair *pair = walk->pair;
    while (walk->next_entry < pair->plan->count && !pair_is_ended(pair) &&
           pair->memories[walk->next_entry].delta == DELTA_UNCHANGED) {
        (void)walk_target(walk);
        pair->memories[walk->next_entry].is_sound = true;
        pair_memory_record(pair, pair->memories[walk->next_entry++].folder);
    }
}

static struct folder_run *walk_take_next(struct walk *walk)
{
    struct target *target = walk_target(walk);
    return folder_run_init(walk->pair, &walk->pair->plan->entries[walk->next_entry++], target);
}

static bool walk_has_next(const struct walk *walk)
{
    return walk->next_entry < walk->pair->plan->count;
}

/* A folder that has to be read again must not be left behind for long. */
static bool walk_open_next(void *context)
{
    struct walk *walk = context;
    walk_pass_unchanged(walk);
    /* What is not there yet is no reason to leave a message out of the next folder. */
    if (!walk_has_next(walk) || pair_is_ended(walk->pair) || walk->pair->cross != NULL)
        return false;
    for (const struct folder_run *run = walk->storing; run != NULL; run = run->next) {
        if (folder_run_wants_source(run))
            return false;
    }
    walk->ahead = walk_take_next(walk);
    folder_run_open(walk->ahead);
    return true;
}

static void walk_listen_to_next(void *context)
{
    const struct walk *walk = context;
    folder_run_listen(walk->ahead);
}

/* -- folders whose messages are being stored -- */

static void walk_add_storing(struct walk *walk, struct folder_run *run)
{
    *walk->storing_end = run;
    walk->storing_end = &run->next;
    walk->storing_count++;
    walk->storing_messages += run->listing.count;
}

static void walk_record_oldest(struct walk *walk)
{
    struct folder_run *run = walk->storing;
    walk->storing = run->next;
    if (walk->storing == NULL)
        walk->storing_end = &walk->storing;
    walk->storing_count--;
    walk->storing_messages -= run->listing.count;
    folder_run_record(run);
    folder_run_deinit(&run);
}

static void walk_await_answers(struct walk *walk, const struct folder_run *run)
{
    struct pair *pair = walk->pair;
    (void)lane_set_flush(&pair->lanes);
    while (!folder_run_is_answered(run) && !pair_is_ended(pair)) {
        imap_loop_turn(&pair->loop);
        lane_set_look(&pair->lanes);
        (void)pair_sees_stop(pair);
    }
}

/* Records what is stored. `all`: waits for everything; else only while too much would be kept. */
static void walk_settle(struct walk *walk, bool all)
{
    while (walk->storing != NULL && !pair_is_ended(walk->pair)) {
        struct folder_run *run = walk->storing;
        bool must_wait = all || walk->storing_count > STORING_MAX_FOLDERS ||
                         walk->storing_messages > STORING_MAX_MESSAGES;
        if (!folder_run_is_answered(run) && !must_wait)
            return;
        walk_await_answers(walk, run);
        folder_run_settle(run);
        if (folder_run_wants_source(run)) {
            if (walk->ahead != NULL)
                return;
            folder_run_read_again(run);
        }
        if (!pair_is_ended(walk->pair))
            folder_run_complete(run);
        if (!pair_is_ended(walk->pair))
            walk_record_oldest(walk);
    }
}

static void walk_linger(struct walk *walk)
{
    lane_set_linger(&walk->pair->lanes);
    while (walk->storing != NULL) {
        folder_run_settle(walk->storing);
        walk_record_oldest(walk);
    }
}

/* -- the walk -- */

/* The next source folder is merged into the same destination folder. */
static bool walk_goes_on_into(const struct walk *walk, const struct target *target)
{
    const struct folder_plan *plan = walk->pair->plan;
    if (walk->ahead != NULL)
        return walk->ahead->target == target;
    return walk_has_next(walk) &&
           strcmp(plan->entries[walk->next_entry].destination, target->mailbox) == 0;
}

static void walk_folder(struct walk *walk)
{
    const struct copy_next next = {walk, walk_open_next, walk_listen_to_next};
    struct folder_run *run = walk->ahead;
    walk->ahead = NULL;
    if (run == NULL) {
        run = walk_take_next(walk);
        folder_run_open(run);
        folder_run_listen(run);
    }
    struct target *target = run->target;
    folder_run_read(run, &next);
    walk_add_storing(walk, run);
    walk_settle(walk, walk->pair->cross != NULL);
    if (!walk_goes_on_into(walk, target))
        target_forget_mail(target);
}

/* Folders that were not reached are recorded with what the listing said of them. */
static void walk_record_unreached(struct walk *walk)
{
    if (walk->ahead != NULL) {
        folder_run_leave(walk->ahead);
        walk_add_storing(walk, walk->ahead);
        walk->ahead = NULL;
    }
    while (walk_has_next(walk))
        walk_add_storing(walk, walk_take_next(walk));
    while (walk->storing != NULL)
        walk_record_oldest(walk);
}

/* Where one folder's number of messages is not known, nothing is said about the end. */
static void walk_plan_progress(struct pair *pair)
{
    pair->progress.began_nsecs = clock_mono_nsecs();
    for (size_t i = 0; i < pair->plan->count; i++) {
        const struct folder *folder = pair->plan->entries[i].source;
        if (!folder->has_status || pair->settings->foldersizes == CHOICE_NO) {
            pair->progress.planned = 0;
            return;
        }
        pair->progress.planned += folder->messages;
    }
    pair_progress_plan(pair->environment->progress, pair->progress.planned);
}

void pair_sync_folders(struct pair *pair)
{
    struct walk walk = {.pair = pair};
    walk_plan_progress(pair);
    walk.storing_end = &walk.storing;
    walk_pass_unchanged(&walk);
    while ((walk.ahead != NULL || walk_has_next(&walk)) && !pair_is_ended(pair) &&
           !pair_sees_stop(pair)) {
        walk_folder(&walk);
        walk_pass_unchanged(&walk);
    }
    walk_settle(&walk, true);
    if (pair_is_ended(pair))
        walk_linger(&walk);
    walk_record_unreached(&walk);
}
