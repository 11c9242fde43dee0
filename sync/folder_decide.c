/* SPDX-License-Identifier: MIT
 * What becomes of a listed message before any is copied: there already, left out by a rule, given
 * up. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sync/folder_run_private.h"
#include "sync/given_up.h"
#include "sync/messages/adopt.h"
#include "sync/suspects.h"
#include "sync/uidset.h"

void folder_run_change_states(struct folder_run *run, enum message_state from,
                              enum message_state to)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == from)
            run->listing.messages[i].state = (uint8_t)to;
    }
}

/* What people can do about a decision of our own. */
static const char *decision_diagnosis(enum problem_reason reason, const char *text)
{
    if (reason == PROBLEM_TOO_BIG)
        return strstr(text, "--maxsize") != NULL ? "over-maxsize" : "too-big";
    return reason == PROBLEM_FAILED ? "connection-lost" : "";
}

void folder_run_settle_message(struct folder_run *run, uint32_t index, enum message_state state,
                               enum problem_reason reason, const char *text)
{
    run->listing.messages[index].state = (uint8_t)state;
    notes_add(&run->notes, index, reason, text, decision_diagnosis(reason, text));
}

static void run_forget_places(struct folder_run *run, enum message_state state)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == state)
            run->listing.messages[i].place = ADOPT_NOWHERE;
    }
}

/* Of some messages an earlier run knows that they are there, but not where (no UIDPLUS). They take
   the equals they find, so that no other message is taken to be there because of them. */
static void run_match_placed_nowhere(struct folder_run *run, const struct adopt_source *here,
                                     const struct adopt_destination *there,
                                     const struct adopt_rules *rules)
{
    if (!run->has_unplaced)
        return;
    folder_run_change_states(run, MESSAGE_WANTED, MESSAGE_SENT);
    folder_run_change_states(run, FOLDER_MEMORY_UNPLACED, MESSAGE_WANTED);
    run_forget_places(run, MESSAGE_ALREADY);
    adopt_match(here, there, rules);
    folder_run_change_states(run, MESSAGE_WANTED, MESSAGE_ALREADY);
    folder_run_change_states(run, MESSAGE_SENT, MESSAGE_WANTED);
}

/* Mail that earlier runs brought there, from this folder and from those merged with it, is nobody
   else's. */
static void run_take_known(const struct folder_run *run, const struct adopt_destination *there)
{
    const struct pair *pair = run->pair;
    struct uid_list known = {NULL, 0, 0};
    for (size_t i = 0; i < pair->plan->count; i++) {
        if (strcmp(pair->plan->entries[i].destination, run->target->mailbox) == 0)
            folder_memory_add_known(&pair->memories[i], run->target->tail_from, &known);
    }
    adopt_take(there, known.items, known.count);
    mem_free(known.items);
}

/* Where they are, and what flags they have. */
static void run_remember_adopted(struct folder_run *run)
{
    uint32_t none = folder_memory_no_flags(run->memory);
    for (size_t i = 0; i < run->listing.count; i++) {
        const struct listed_message *message = &run->listing.messages[i];
        if (message->state != MESSAGE_ALREADY || message->place == ADOPT_NOWHERE)
            continue;
        const struct change *flags = changes_find(&run->changes, message->uid);
        uint32_t seen = flags == NULL ? STORE_FLAGS_UNKNOWN : flags->flags;
        /* It may have other labels there: those of the source are added. */
        if (run->pair->with_labels && run->pair->settings->resynclabels)
            seen = folder_memory_without_labels(run->memory, seen);
        /* With which flags a run that was cut off appended it, nobody knows: those of now are added
           (see carry_flags()), none is taken away. */
        folder_memory_put(run->memory, message->uid, run->listing.traits[i].uid,
                          run->memory->is_tail_ours ? none : seen, STORE_OUTCOME_PRESENT);
    }
}

void folder_run_set_aside_unselected(struct folder_run *run)
{
    for (size_t i = 0; run->listing.selection != NULL && i < run->listing.count; i++) {
        struct listed_message *message = &run->listing.messages[i];
        if (message->state == MESSAGE_WANTED &&
            !selection_holds(run->listing.selection, message->uid))
            message->state = MESSAGE_NOT_SELECTED;
    }
}

/* What is not selected may be there all the same, from others or from a run with another selection
   that was cut off: then no later run must bring it once more. After those that are selected, whose
   copies it must not take. */
static void run_match_unselected(struct folder_run *run, const struct adopt_source *here,
                                 const struct adopt_destination *there,
                                 const struct adopt_rules *rules)
{
    if (run->listing.selection == NULL)
        return;
    folder_run_change_states(run, MESSAGE_WANTED, MESSAGE_SENT);
    folder_run_change_states(run, MESSAGE_NOT_SELECTED, MESSAGE_WANTED);
    adopt_match(here, there, rules);
    folder_run_change_states(run, MESSAGE_WANTED, MESSAGE_NOT_SELECTED);
    folder_run_change_states(run, MESSAGE_SENT, MESSAGE_WANTED);
}

void folder_run_log_wanted(const struct folder_run *run)
{
    const struct listing *listing = &run->listing;
    struct uidset set;
    for (size_t i = 0; i < listing->count;) {
        size_t last = SIZE_MAX - 1;
        uidset_init(&set, UIDSET_MAX_BYTES);
        for (; i < listing->count; i++) {
            if (listing->messages[i].state != MESSAGE_WANTED)
                continue;
            if (!uidset_add(&set, listing->messages[i].uid, last + 1 == i))
                break;
            last = i;
        }
        const char *uids = uidset_finish(&set);
        if (uids[0] != '\0')
            log_line(run->pair->log, "folder %s: to be copied: %s", run->name, uids);
        uidset_deinit(&set);
    }
}

/* What took memory only to recognise messages is given back before the copy. */
void folder_run_adopt(struct folder_run *run)
{
    const struct pair *pair = run->pair;
    const struct adopt_rules rules = {&pair->adopt_secret, settings_dates_are_kept(pair->settings),
                                      pair->settings->addheader};
    const struct adopt_source here = listing_as_source(&run->listing);
    const struct adopt_destination there = listing_as_destination(&run->target->listing);
    if (there.count == 0 || here.traits == NULL) {
        folder_run_change_states(run, FOLDER_MEMORY_UNPLACED, MESSAGE_ALREADY);
        return;
    }
    if (here.keys != NULL && run->listing.role.among == NULL)
        adopt_place(&here, &there);
    run_take_known(run, &there);
    run_match_placed_nowhere(run, &here, &there, &rules);
    run_forget_places(run, MESSAGE_ALREADY);
    adopt_match(&here, &there, &rules);
    run_match_unselected(run, &here, &there, &rules);
    run_remember_adopted(run);
}

/* --nosyncduplicates: the copy with the lowest UID stands for all. The first of the rules. */
void folder_run_exclude_duplicates(struct folder_run *run)
{
    const struct adopt_source here = listing_as_source(&run->listing);
    adopt_exclude_duplicates(&here);
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state != MESSAGE_EXCLUDED)
            continue;
        run->pair->figures.duplicates++;
        folder_run_settle_message(
            run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
            "rule: an exact duplicate in the same folder (--nosyncduplicates)");
    }
}

/* More than the destination takes (RFC 7889), unless it is cut before it gets there: it would go
   all the way to be refused. */
static bool size_is_refused(const struct folder_run *run, uint64_t size_bytes, char *text,
                            size_t text_size)
{
    const struct settings *settings = run->pair->settings;
    bool is_set = settings->appendlimit >= 0;
    uint64_t limit = is_set ? (uint64_t)settings->appendlimit : target_append_limit(run->target);
    if (size_bytes <= limit || (settings->truncmess >= 0 && (uint64_t)settings->truncmess <= limit))
        return false;
    (void)snprintf(text, text_size,
                   is_set ? "rule: larger than --appendlimit %llu"
                          : "rule: larger than the %llu bytes that the destination says it takes",
                   (unsigned long long)limit);
    return true;
}

void folder_run_exclude_by_rules(struct folder_run *run)
{
    const struct settings *settings = run->pair->settings;
    char text[128];
    for (size_t i = 0; i < run->listing.count; i++) {
        const struct listed_message *message = &run->listing.messages[i];
        if (message->state != MESSAGE_WANTED)
            continue;
        if (settings->maxsize >= 0 && (int64_t)message->size_bytes > settings->maxsize) {
            (void)snprintf(text, sizeof(text), "rule: larger than --maxsize %lld",
                           (long long)settings->maxsize);
            folder_run_settle_message(run, (uint32_t)i, MESSAGE_TOO_BIG, PROBLEM_TOO_BIG, text);
        } else if (settings->minsize >= 0 && (int64_t)message->size_bytes <= settings->minsize) {
            (void)snprintf(text, sizeof(text), "rule: not larger than --minsize %lld",
                           (long long)settings->minsize);
            folder_run_settle_message(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED, text);
        } else if (size_is_refused(run, message->size_bytes, text, sizeof(text))) {
            folder_run_settle_message(run, (uint32_t)i, MESSAGE_TOO_BIG, PROBLEM_TOO_BIG, text);
        }
    }
}

void folder_run_exclude_dry(struct folder_run *run)
{
    for (size_t i = 0; i < run->listing.count; i++) {
        if (run->listing.messages[i].state == MESSAGE_WANTED)
            folder_run_settle_message(run, (uint32_t)i, MESSAGE_EXCLUDED, PROBLEM_EXCLUDED,
                                      "rule: dry run, it would be copied");
    }
}

void folder_run_give_up_again(struct folder_run *run)
{
    static const enum problem_reason reasons[MESSAGE_STATE_COUNT] = {
        [MESSAGE_EXCLUDED] = PROBLEM_EXCLUDED,
        [MESSAGE_TOO_BIG] = PROBLEM_TOO_BIG,
        [MESSAGE_FAILED] = PROBLEM_FAILED,
        [MESSAGE_UNREADABLE] = PROBLEM_UNREADABLE,
    };
    const struct given_up *given_up = run->pair->environment->given_up;
    const struct given_up_message *message;
    size_t position = 0;
    while ((message = given_up_next(given_up, &position, run->name, run->uidvalidity)) != NULL) {
        ptrdiff_t index = listing_find(&run->listing, message->uid);
        struct listed_message *listed = index < 0 ? NULL : &run->listing.messages[index];
        if (listed == NULL || (listed->state != MESSAGE_WANTED && listed->state != MESSAGE_RETRY))
            continue;
        listed->state = (uint8_t)message->state;
        if (message->state != MESSAGE_RETRY)
            notes_add(&run->notes, (uint32_t)index, reasons[message->state], message->text,
                      message->diagnosis);
    }
}

/* Messages at which the connection was lost again and again: the rest must not wait for them. */
void folder_run_give_up_suspects(struct folder_run *run)
{
    const struct suspects *suspects = run->pair->environment->suspects;
    for (size_t i = 0; suspects != NULL && suspects->count > 0 && i < run->listing.count; i++) {
        if (run->listing.messages[i].state != MESSAGE_WANTED ||
            !suspects_is_given_up(suspects, run->name, run->listing.messages[i].uid))
            continue;
        folder_run_settle_message(
            run, (uint32_t)i, MESSAGE_FAILED, PROBLEM_FAILED,
            "the connection was lost each time this message was on its way; it was given up "
            "so that the rest could go on");
    }
}
