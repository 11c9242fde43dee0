/* SPDX-License-Identifier: MIT */
#include "sync/delete.h"

#include <string.h>

#include "base/mem.h"
#include "sync/delete_compare.h"
#include "sync/delete_folder.h"
#include "sync/delete_folders.h"

/* -- what is asked for -- */

bool delete_needs_targets(const struct settings *settings)
{
    return settings->delete1 || settings->delete2 || settings->delete2duplicates ||
           settings->expunge2;
}

bool delete_is_wanted(const struct settings *settings)
{
    return delete_needs_targets(settings) || settings->expunge1 || settings->delete1emptyfolders ||
           delete_folders_is_wanted(settings);
}

bool delete_check_settings(const struct settings *settings, struct buffer *faults)
{
    uint64_t limit;
    bool is_fine = true;
    if (settings->delete1 && settings->delete2) {
        buffer_append_str(faults, "delete1 and delete2 are both asked for: together they would "
                                  "empty both sides; choose one\n");
        is_fine = false;
    }
    if (settings->delete1 && settings->copy_placeholders) {
        buffer_append_str(faults, "delete1 and copy-placeholders are both asked for: a placeholder "
                                  "is no copy of the message it stands for; choose one\n");
        is_fine = false;
    }
    if (settings->maxdelete != NULL && !removal_limit(settings->maxdelete, 0, &limit)) {
        buffer_append_str(faults, "maxdelete wants a number of messages, or \"all\"\n");
        is_fine = false;
    }
    return delete_folders_check_settings(settings, faults) && is_fine;
}

/* -- results -- */

void delete_count(struct pair *pair, int side, uint64_t messages)
{
    const struct pair_environment *environment = pair->environment;
    struct fault fault;
    if (messages == 0 || pair->settings->dry)
        return;
    pair->figures.deleted[side - 1] += messages;
    if (!store_job_deleted(environment->store, environment->run_id, environment->row,
                           side == 1 ? messages : 0, side == 2 ? messages : 0, &fault))
        pair_end(pair, &fault);
}

/* -- in one folder -- */

/* The same folder on the side where it is. */
static struct delete_folder folder_of_target(const struct target *target)
{
    struct pair *pair = target->pair;
    return (struct delete_folder){
        .pair = pair,
        .session = &pair->destination,
        .mailbox = target->mailbox,
        .name = target->name,
        .uidvalidity = target->opened.uidvalidity,
        .may_expunge = pair->settings->uidexpunge2 &&
                       imap_client_can(pair->destination.client, IMAP_CAP_UIDPLUS),
    };
}

static struct delete_folder folder_of_source(struct pair *pair, const struct plan_entry *entry,
                                             uint32_t uidvalidity)
{
    return (struct delete_folder){
        .pair = pair,
        .session = &pair->source,
        .mailbox = entry->source->name,
        .name = entry->source_label,
        .uidvalidity = uidvalidity,
        .may_expunge = imap_client_can(pair->source.client, IMAP_CAP_UIDPLUS),
        .is_late = !pair->settings->expungeaftereach,
    };
}

/* What was done counts, however it ended. */
static void folder_end(const struct delete_folder *folder, bool is_fine, const struct fault *fault)
{
    delete_count(folder->pair, folder->session->side, folder->deleted);
    if (!is_fine)
        pair_fail_folder(folder->pair, fault);
}

/* Messages of a folder are not deleted when so many would be that something may be wrong. */
static bool limit_allows(struct pair *pair, const char *name, uint64_t wanted, uint64_t messages,
                         struct fault *fault_r)
{
    uint64_t limit;
    if (removal_limit(pair->settings->maxdelete, messages, &limit) && wanted <= limit)
        return true;
    fault_set(fault_r, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, 2,
              "the folder %s on the destination: %llu of its %llu messages would be deleted, and "
              "more than %llu need leave; none was deleted. Look at them with --dry, then allow it "
              "with --maxdelete %llu or --maxdelete all",
              name, (unsigned long long)wanted, (unsigned long long)messages,
              (unsigned long long)limit, (unsigned long long)wanted);
    return false;
}

/* -- what is marked -- */

/* --expunge1, --expunge2. With UIDPLUS exactly what is logged, else all that is marked by then. */
static bool expunge_open_folder(struct delete_folder *folder, struct fault *fault_r)
{
    struct removal_list marked = {0};
    uint64_t messages = imap_client_mailbox(folder->session->client)->exists;
    folder->may_expunge = imap_client_can(folder->session->client, IMAP_CAP_UIDPLUS);
    bool is_fine = delete_folder_find_marked(folder, &marked, fault_r);
    bool is_allowed = !is_fine || folder->session->side == 1 ||
                      limit_allows(folder->pair, folder->name, marked.count, messages, fault_r);
    if (is_fine && marked.count > 0 && (is_allowed || folder->pair->settings->dry))
        is_fine = delete_folder_remove(folder, &marked, fault_r) &&
                  (folder->may_expunge || delete_folder_expunge(folder, fault_r));
    removal_list_deinit(&marked);
    return is_fine && is_allowed;
}

static uint64_t expunge_folder(struct delete_folder *folder)
{
    struct fault fault;
    bool is_fine = delete_folder_open(folder, &fault) && expunge_open_folder(folder, &fault);
    folder_end(folder, is_fine, &fault);
    return folder->deleted;
}

void delete_expunge_source(struct pair *pair)
{
    if (!pair->settings->expunge1 || pair->settings->retry_problems)
        return;
    for (size_t i = 0; i < pair->plan->count && !pair_is_ended(pair) && !pair_sees_stop(pair);
         i++) {
        const struct plan_entry *entry = &pair->plan->entries[i];
        struct delete_folder folder = folder_of_source(pair, entry, entry->source->uid_validity);
        if (expunge_folder(&folder) > 0 && !pair->settings->dry)
            folder_memory_distrust(&pair->memories[i]);
    }
}

/* -- the destination -- */

/* Where nothing can be expunged, what is marked already need not be marked again. */
static bool leave_out_marked(struct delete_folder *folder, struct removal_list *list,
                             struct fault *fault_r)
{
    struct removal_list marked = {0};
    bool is_fine = folder->may_expunge || delete_folder_find_marked(folder, &marked, fault_r);
    if (is_fine)
        removal_list_subtract(list, &marked);
    removal_list_deinit(&marked);
    return is_fine;
}

static bool refuse_lost(const struct delete_compare *compare, struct fault *fault_r)
{
    fault_set(fault_r, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, 2,
              "the folder %s on the destination: nothing was deleted, because %llu messages that "
              "were copied there can't be recognised (the server has no UIDPLUS)",
              compare->target->name, (unsigned long long)compare->both.lost);
    return false;
}

static bool refuse_without_uidnext(const struct delete_compare *compare, struct fault *fault_r)
{
    fault_set(fault_r, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, 2,
              "the folder %s on the destination: nothing was deleted, because the server does not "
              "say which messages are new (no UIDNEXT)",
              compare->target->name);
    return false;
}

static bool remove_surplus(const struct delete_compare *compare, struct delete_folder *folder,
                           struct removal_list *list, struct fault *fault_r)
{
    struct pair *pair = compare->both.pair;
    if (list->count == 0)
        return true;
    if (compare->both.lost > 0)
        return refuse_lost(compare, fault_r);
    if (!delete_folder_open(folder, fault_r) || !leave_out_marked(folder, list, fault_r))
        return false;
    bool is_allowed = limit_allows(pair, folder->name, list->count, compare->both.listing.count,
                                   fault_r);
    return (!is_allowed && !pair->settings->dry)
               ? false
               : delete_folder_remove(folder, list, fault_r) && is_allowed;
}

static void delete_from_destination(const struct delete_compare *compare)
{
    const struct settings *settings = compare->both.pair->settings;
    const struct adopt_destination there = listing_as_destination(&compare->both.listing);
    const struct removal_rules rules = {
        .secret = &compare->both.pair->adopt_secret,
        .absent = settings->delete2,
        .duplicates = settings->delete2duplicates && compare->both.count == 1,
        .one_is_enough = !settings->syncduplicates,
        .first_new_uid = compare->target->opened.uidnext,
    };
    struct delete_folder folder = folder_of_target(compare->target);
    struct removal_list list = {0};
    struct fault fault;
    bool is_fine;
    if (rules.first_new_uid == 0 && there.count > 0) {
        is_fine = refuse_without_uidnext(compare, &fault);
    } else {
        removal_choose_surplus(&there, &rules, &list);
        is_fine = remove_surplus(compare, &folder, &list, &fault);
    }
    folder_end(&folder, is_fine, &fault);
    removal_list_deinit(&list);
}

/* -- the source -- */

/* Messages that a rule leaves out are none of this run's. */
static void leave_out_by_rules(struct pair *pair, struct compare_source *source)
{
    const struct settings *settings = pair->settings;
    for (size_t i = 0; i < source->listing.count; i++) {
        struct listed_message *message = &source->listing.messages[i];
        int64_t size_bytes = (int64_t)message->size_bytes;
        if ((source->listing.selection != NULL &&
             !selection_holds(source->listing.selection, message->uid)) ||
            (settings->maxsize >= 0 && size_bytes > settings->maxsize) ||
            (settings->minsize >= 0 && size_bytes <= settings->minsize))
            message->state = MESSAGE_EXCLUDED;
    }
}

static void delete_from_source(const struct delete_compare *compare, struct compare_source *source)
{
    struct pair *pair = compare->both.pair;
    const struct adopt_source here = listing_as_source(&source->listing);
    const struct adopt_destination there = listing_as_destination(&compare->both.listing);
    struct delete_folder folder = folder_of_source(pair, source->entry, source->uidvalidity);
    struct removal_list list = {0};
    struct fault fault;
    folder.memory = source->memory;
    leave_out_by_rules(pair, source);
    removal_choose_confirmed(&here, &there, !pair->settings->syncduplicates, &list);
    bool is_fine = list.count == 0 || (delete_folder_open(&folder, &fault) &&
                                       leave_out_marked(&folder, &list, &fault) &&
                                       delete_folder_remove(&folder, &list, &fault));
    uint64_t left = source->listing.count - list.count;
    if (is_fine && left > 0)
        log_line(pair->log,
                 "folder %s: %llu messages stay on the source, because they were not found on the "
                 "destination, a rule leaves them out, or they are marked already",
                 folder.name, (unsigned long long)left);
    folder_end(&folder, is_fine, &fault);
    removal_list_deinit(&list);
}

/* -- all folders -- */

/* Every source folder that goes there was synced to its end, as far as this run syncs it. */
static bool place_is_sound(const struct delete_origin *origins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (origins[i].memory != NULL && !origins[i].memory->is_sound)
            return false;
    }
    return true;
}

static void compare_and_delete(struct pair *pair, const struct target *target,
                               const struct delete_origin *origins, size_t count)
{
    const struct settings *settings = pair->settings;
    struct delete_compare compare;
    struct fault fault;
    delete_compare_init(&compare, pair, target, origins, count);
    if (!delete_compare_run(&compare, &fault)) {
        pair_fail_folder(pair, &fault);
    } else {
        if (settings->delete2 || settings->delete2duplicates)
            delete_from_destination(&compare);
        for (size_t i = 0; settings->delete1 && i < compare.own_count && !pair_is_ended(pair); i++)
            delete_from_source(&compare, &compare.both.sources[i]);
    }
    delete_compare_deinit(&compare);
}

static void delete_in_target(struct pair *pair, const struct target *target,
                             const struct delete_origin *origins, size_t count)
{
    const struct settings *settings = pair->settings;
    if (!target->is_there)
        return;
    if (!place_is_sound(origins, count)) {
        log_line(pair->log, "folder %s: nothing is deleted, since it was not synced to its end",
                 target->name);
        return;
    }
    if (settings->delete1 || settings->delete2 || settings->delete2duplicates)
        compare_and_delete(pair, target, origins, count);
    if (settings->expunge2 && !pair_is_ended(pair)) {
        struct delete_folder folder = folder_of_target(target);
        (void)expunge_folder(&folder);
    }
}

/* Origins of one target stand side by side. */
static void delete_in_place(struct pair *pair, const struct delete_origin *origins, size_t count)
{
    const struct target *last = NULL;
    for (size_t i = 0; i < count && !pair_is_ended(pair) && !pair_sees_stop(pair); i++) {
        if (origins[i].target != NULL && origins[i].target != last)
            delete_in_target(pair, origins[i].target, origins, count);
        last = origins[i].target;
    }
}

static void delete_in_all_places(struct pair *pair)
{
    struct delete_places places;
    struct folder_plan *all;
    struct fault fault;
    if (!delete_folders_plan_all(pair, &all, &fault)) {
        pair_end(pair, &fault);
        return;
    }
    delete_places_init(&places, pair, all);
    for (size_t at = 0; at < places.count && !pair_is_ended(pair);) {
        size_t end = delete_places_end(&places, at);
        delete_in_place(pair, &places.items[at], end - at);
        at = end;
    }
    delete_places_deinit(&places);
    folder_plan_deinit(&all);
}

static void expunge_synced_sources(struct pair *pair)
{
    for (size_t i = 0; pair->settings->expunge1 && i < pair->plan->count && !pair_is_ended(pair);
         i++) {
        const struct plan_entry *entry = &pair->plan->entries[i];
        struct delete_folder folder = folder_of_source(pair, entry, entry->source->uid_validity);
        if (pair->memories[i].is_sound)
            (void)expunge_folder(&folder);
    }
}

void delete_messages(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    if (pair_is_ended(pair) || settings->retry_problems)
        return;
    if (delete_needs_targets(settings))
        delete_in_all_places(pair);
    if (!settings->dry)
        expunge_synced_sources(pair);
}
