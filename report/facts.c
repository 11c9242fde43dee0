/* SPDX-License-Identifier: MIT */
#include "report/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "report/cutover.h"
#include "report/run.h"

#define WHY_MAX_BYTES 4096

const char *facts_mailbox_name(const struct store_job *job)
{
    return job->label[0] != '\0' ? job->label : job->user1;
}

uint64_t facts_there(const struct message_counts *counts)
{
    return counts->copied + counts->already;
}

uint64_t facts_not_there(const struct message_counts *counts)
{
    return counts->excluded + counts->too_big + counts->failed + counts->unreadable +
           counts->vanished + counts->not_selected;
}

double facts_setting(const char *settings, const char *name)
{
    size_t size = strlen(name);
    while (settings != NULL && *settings != '\0') {
        double value;
        size_t length = strcspn(settings, "\n");
        if (length > size + 3 && strncmp(settings, name, size) == 0 &&
            strncmp(settings + size, " = ", 3) == 0) {
            char *text = mem_strndup(settings + size + 3, length - size - 3);
            bool is_number = str_to_number(text, true, &value);
            mem_free(text);
            return is_number ? value : 0;
        }
        settings += length + (settings[length] == '\n');
    }
    return 0;
}

static bool facts_take_run(void *context, const struct store_run *run)
{
    struct facts_run *copy = context;
    *copy = (struct facts_run){
        .id = mem_strdup(run->id),
        .command = mem_strdup(run->command),
        .version = mem_strdup(run->version),
        .manifest = mem_strdup(run->manifest),
        .manifest_sha256 = mem_strdup(run->manifest_sha256),
        .settings = mem_strdup(run->settings),
        .started_msecs = run->started_msecs,
        .ended_msecs = run->ended_msecs,
        .is_final = run->is_final,
        .budget_messages = facts_setting(run->settings, "budget-messages"),
        .budget_bytes = facts_setting(run->settings, "budget-bytes"),
    };
    return true;
}

/* Keeps the largest, in order. */
static void facts_note_size(struct facts *facts, const struct store_job *job)
{
    size_t place = facts->largest_count;
    while (place > 0 && facts->largest[place - 1].source < job->counts.source)
        place--;
    if (place == FACTS_LARGEST || job->counts.source == 0)
        return;
    if (facts->largest_count == FACTS_LARGEST)
        mem_free(facts->largest[--facts->largest_count].name);
    memmove(&facts->largest[place + 1], &facts->largest[place],
            (facts->largest_count - place) * sizeof(facts->largest[0]));
    facts->largest[place] = (struct facts_mailbox){mem_strdup(facts_mailbox_name(job)),
                                                   job->counts.source, facts_there(&job->counts)};
    facts->largest_count++;
}

static bool facts_take_job(void *context, const struct store_job *job)
{
    struct facts *facts = context;
    struct buffer why;
    report_totals_add(&facts->totals, job);
    facts->grades[grade_of_mailbox(job)]++;
    facts->trials += grade_is_trial(job);
    buffer_init(&why, WHY_MAX_BYTES);
    facts->safe += cutover_is_safe(job, &why);
    buffer_deinit(&why);
    if (job->started_msecs != 0 && job->ended_msecs > job->started_msecs)
        facts->working_msecs += job->ended_msecs - job->started_msecs;
    facts_note_size(facts, job);
    return true;
}

static bool facts_take_sample(void *context, const struct store_sample *sample)
{
    struct facts *facts = context;
    facts->has_samples = true;
    series_add_sample(&facts->series, sample);
    return true;
}

/* A wait that was cut short by the run's end lasted until then. */
static bool facts_take_wait(void *context, const struct store_wait *wait)
{
    struct facts *facts = context;
    struct store_wait kept = *wait;
    if (facts->run.ended_msecs != 0 && kept.until_msecs > facts->run.ended_msecs)
        kept.until_msecs = facts->run.ended_msecs;
    if (kept.until_msecs <= kept.from_msecs)
        return true;
    int64_t took = kept.until_msecs - kept.from_msecs;
    if (kept.is_throttle)
        facts->throttled_msecs += took;
    else
        facts->waiting_msecs += took;
    series_add_wait(&facts->series, &kept);
    return true;
}

static bool facts_read_course(struct facts *facts, struct store *store, struct fault *fault_r)
{
    const struct facts_run *run = &facts->run;
    int64_t until = run->ended_msecs != 0 ? run->ended_msecs : store_left_msecs(store);
    series_init(&facts->series, run->started_msecs, until);
    if (!store_samples_each(store, run->id, facts_take_sample, facts, fault_r) ||
        !store_waits_each(store, run->id, facts_take_wait, facts, fault_r) ||
        !store_changes_sum(store, run->id, &facts->changes, fault_r))
        return false;
    /* So far it is the time between their starts and ends. */
    int64_t paused = facts->throttled_msecs + facts->waiting_msecs;
    facts->working_msecs = facts->working_msecs > paused ? facts->working_msecs - paused : 0;
    return true;
}

/* Of each mailbox in the run that stands for it. */
static bool facts_add_verified(struct facts *facts, struct store *store, const char *run_id,
                               int64_t row, struct fault *fault_r)
{
    struct verify_sum sum;
    if (!store_verifications_sum(store, run_id, row, &sum, fault_r))
        return false;
    verify_sum_add(&facts->verified, &sum);
    return true;
}

bool facts_read(struct store *store, const char *run_id, const struct across *across,
                int64_t only_row, struct facts *facts_r, struct fault *fault_r)
{
    struct walk walk;
    struct walk_place place;
    bool is_there = true;
    if (!report_run_get(store, run_id, facts_take_run, &facts_r->run, fault_r))
        return false;
    walk_begin(&walk, store, facts_r->run.id, across);
    walk.only_row = only_row;
    while (is_there) {
        if (!walk_next(&walk, facts_take_job, facts_r, &is_there, &place, fault_r))
            return false;
        if (is_there && place.sum != NULL) {
            facts_r->copied_all += place.sum->copied;
            facts_r->bytes_all += place.sum->bytes_copied;
            if (!facts_add_verified(facts_r, store, place.run_id, walk.row, fault_r))
                return false;
        }
    }
    if (across == NULL && !facts_add_verified(facts_r, store, facts_r->run.id, only_row, fault_r))
        return false;
    facts_r->grade = grade_of_run(facts_r->grades);
    return across != NULL || only_row != 0 || facts_read_course(facts_r, store, fault_r);
}

void facts_deinit(struct facts *facts)
{
    struct facts_run *run = &facts->run;
    char *const texts[] = {run->id,       run->command,         run->version,
                           run->manifest, run->manifest_sha256, run->settings};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        mem_free(texts[i]);
    for (size_t i = 0; i < facts->largest_count; i++)
        mem_free(facts->largest[i].name);
    memset(facts, 0, sizeof(*facts));
}
