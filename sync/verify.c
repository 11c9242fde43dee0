/* SPDX-License-Identifier: MIT */
#include "sync/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/folders/mutf7.h"
#include "sync/verify_folder.h"

/* -- what is asked for -- */

enum verify_level verify_level_wanted(const struct settings *settings)
{
    for (int level = VERIFY_COUNTS; level <= VERIFY_FULL; level++) {
        if (settings->verify != NULL &&
            str_iequals(settings->verify, verify_level_name((enum verify_level)level)))
            return (enum verify_level)level;
    }
    return settings->verify_only ? VERIFY_HEADERS : VERIFY_NONE;
}

void verify_resume_deinit(struct verify_resume *resume)
{
    for (size_t i = 0; i < resume->count; i++)
        mem_free(resume->differences[i].text);
    mem_free(resume->differences);
    mem_free(resume->folder);
    memset(resume, 0, sizeof(*resume));
}

/* -- one destination folder -- */

/* The map of a folder that was replaced since says nothing of this one. */
static void forget_replaced(struct compare *compare)
{
    for (size_t i = 0; i < compare->count; i++) {
        struct compare_source *source = &compare->sources[i];
        uint32_t now = source->entry->source->uid_validity;
        if (source->known != NULL && now != 0 && source->known->source.uid_validity != now)
            source->known = NULL;
    }
}

/* Lists and matches; a destination folder that could not be made holds nothing. */
static bool list_both(struct compare *compare, bool with_identities, struct fault *fault_r)
{
    const struct plan_entry *first = compare->sources[0].entry;
    compare->is_absent = compare->pair->settings->verify_only && !first->exists;
    if (compare_run(compare, with_identities, fault_r))
        return true;
    if (first->exists || fault_r->code != FAULT_SELECT || fault_r->side != 2 ||
        pair_is_ended(compare->pair))
        return false;
    compare->is_absent = true;
    return compare_run(compare, with_identities, fault_r);
}

static void show_place(const struct pair *pair, const char *folder)
{
    char *text = mem_printf("comparing %s", folder);
    pair_progress_enter(pair->environment->progress, text);
    mem_free(text);
}

/* The entries from `first` on that go to one destination folder. */
static void verify_place(struct pair *pair, size_t first, size_t end)
{
    const struct plan_entry *entries = pair->plan->entries;
    enum verify_level level = verify_level_wanted(pair->settings);
    char *name = mutf7_to_display(entries[first].destination);
    struct compare compare;
    struct fault fault;
    compare_init(&compare, pair, entries[first].destination, name);
    compare.source_rules = &pair->wanted;
    compare.replaced = "it was not compared";
    for (size_t i = first; i < end; i++)
        compare_add_source(&compare, &entries[i],
                           pair->memories == NULL ? NULL : &pair->memories[i]);
    forget_replaced(&compare);
    show_place(pair, entries[first].source_label);
    if (!list_both(&compare, level > VERIFY_COUNTS, &fault))
        pair_fail_folder(pair, &fault);
    else
        verify_folders(&compare, level);
    compare_deinit(&compare);
    mem_free(name);
}

static bool place_is_done(struct pair *pair, size_t first, size_t end)
{
    for (size_t i = first; i < end && !pair_is_ended(pair); i++) {
        if (!verify_folder_is_done(pair, &pair->plan->entries[i]))
            return false;
    }
    return true;
}

/* -- all of them -- */

static bool read_sum(const struct pair *pair, struct verify_sum *sum_r, struct fault *fault_r)
{
    const struct pair_environment *environment = pair->environment;
    return store_verifications_sum(environment->store, environment->run_id, environment->row, sum_r,
                                   fault_r);
}

static void log_sum(struct pair *pair)
{
    struct verify_sum sum;
    struct fault fault;
    if (!read_sum(pair, &sum, &fault)) {
        pair_end(pair, &fault);
        return;
    }
    pair->has_differences = verify_counts_differences(&sum.counts) > 0;
    log_line(pair->log,
             "verified (%s): %llu folders, %llu messages: %llu found, %llu not there for a known "
             "reason, %llu arrived later, %llu differences; %llu more on the destination",
             verify_level_name(sum.level), (unsigned long long)sum.folders,
             (unsigned long long)sum.counts.source, (unsigned long long)sum.counts.found,
             (unsigned long long)sum.counts.excepted, (unsigned long long)sum.counts.later,
             (unsigned long long)verify_counts_differences(&sum.counts),
             (unsigned long long)sum.counts.extra);
}

void verify_pair(struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    if (verify_level_wanted(pair->settings) == VERIFY_NONE || pair->settings->dry)
        return;
    for (size_t at = 0; at < plan->count && !pair_is_ended(pair) && !pair_sees_stop(pair);) {
        size_t end = at + 1;
        while (end < plan->count &&
               strcmp(plan->entries[end].destination, plan->entries[at].destination) == 0)
            end++;
        if (!place_is_done(pair, at, end))
            verify_place(pair, at, end);
        at = end;
    }
    if (!pair_is_ended(pair))
        log_sum(pair);
}

bool verify_finds_fault(const struct pair *pair, struct fault *fault_r)
{
    struct verify_sum sum;
    if (!pair->has_differences || !read_sum(pair, &sum, fault_r))
        return pair->has_differences;
    fault_set(fault_r, FAULT_VERIFY, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 2,
              "the comparison (--verify %s) found %llu differences (%llu missing, %llu gone since "
              "they were copied, "
              "%llu different, %llu that could not be compared); problems.csv lists them",
              verify_level_name(sum.level),
              (unsigned long long)verify_counts_differences(&sum.counts),
              (unsigned long long)sum.counts.missing, (unsigned long long)sum.counts.gone,
              (unsigned long long)sum.counts.different, (unsigned long long)sum.counts.unread);
    return true;
}
