/* SPDX-License-Identifier: MIT */
#include "sync/delete_compare.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/delete_folder.h"
#include "sync/folders/mutf7.h"

#define PAGE_ROWS 256

/* -- which folders -- */

static void add_source(struct delete_compare *compare, const struct delete_origin *origin)
{
    struct pair *pair = compare->pair;
    struct delete_source *source = &compare->sources[compare->count++];
    source->entry = origin->entry;
    source->memory = origin->memory;
    listing_init(&source->listing, &pair->source);
    if (origin->memory != NULL) {
        source->known = origin->memory->folder;
    } else if (pair->map != NULL) {
        char *name = mutf7_to_display(origin->entry->destination);
        source->known = store_map_folder(pair->map, origin->entry->source_label, name);
        mem_free(name);
    }
}

void delete_compare_init(struct delete_compare *compare, struct pair *pair,
                         const struct target *target, const struct delete_origin *origins,
                         size_t count)
{
    memset(compare, 0, sizeof(*compare));
    compare->pair = pair;
    compare->target = target;
    compare->sources = mem_alloc_array(count, sizeof(*compare->sources));
    listing_init(&compare->listing, &pair->destination);
    for (size_t i = 0; i < count; i++) {
        if (origins[i].target == target)
            add_source(compare, &origins[i]);
    }
    compare->own_count = compare->count;
    for (size_t i = 0; i < count; i++) {
        if (origins[i].target != target)
            add_source(compare, &origins[i]);
    }
}

void delete_compare_deinit(struct delete_compare *compare)
{
    for (size_t i = 0; i < compare->count; i++) {
        listing_deinit(&compare->sources[i].listing);
        selection_deinit(&compare->sources[i].selection);
    }
    mem_free(compare->sources);
    listing_deinit(&compare->listing);
    selection_deinit(&compare->selection);
    memset(compare, 0, sizeof(*compare));
}

/* -- listings -- */

/* The folder is open. What is unanswered when that fails points into the listing. */
static bool list_all(const struct delete_compare *compare, struct listing *listing,
                     const char *name, struct fault *fault_r)
{
    struct session *session = listing->session;
    bool with_added_field = session->side == 1 && compare->pair->settings->addheader;
    listing_send(listing, compare->has_identities, with_added_field);
    listing_listen(listing);
    if (!pair_await_answer(compare->pair, session, &listing->answer, fault_r))
        return false;
    bool is_fine = listing_finish(listing, name, fault_r);
    if (!is_fine && imap_client_is_alive(session->client) &&
        imap_client_pending(session->client) > 0)
        imap_client_fail(session->client, fault_r);
    return is_fine;
}

static void select_if(bool is_wanted, const struct selection_rules *rules,
                      struct selection *selection, struct listing *listing)
{
    selection_deinit(selection);
    if (!is_wanted || !selection_rules_are_given(rules))
        return;
    selection_init(selection, rules);
    listing->selection = selection;
}

static bool refuse_replaced(const char *name, int side, struct fault *fault_r)
{
    fault_set(fault_r, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, side,
              "the folder %s was replaced on the %s (another UIDVALIDITY); nothing was deleted "
              "there, run the same command again",
              name, side == 1 ? "source" : "destination");
    return false;
}

/* Without identities each message is known by its UID alone, which is enough for the map. */
static void make_records(struct listing *listing)
{
    listing->records = mem_alloc_array(listing->count, sizeof(*listing->records));
    for (size_t i = 0; i < listing->count; i++) {
        uint32_t uid = listing->messages[i].uid;
        listing->records[i] = (struct adopt_record){.key = uid, .uid = uid};
    }
}

/* A copy that is marked as deleted is as good as gone: it is no reason to delete its original. */
static bool drop_marked(struct delete_compare *compare, struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    struct listing *listing = &compare->listing;
    struct delete_folder folder = {
        .pair = pair, .session = &pair->destination, .name = compare->target->name};
    struct removal_list marked = {0};
    bool is_fine = delete_folder_find_marked(&folder, &marked, fault_r);
    size_t kept = 0;
    for (size_t i = 0; i < listing->count && listing->records != NULL; i++) {
        if (!removal_list_holds(&marked, listing->records[i].uid))
            listing->records[kept++] = listing->records[i];
    }
    listing->count = kept;
    removal_list_deinit(&marked);
    return is_fine;
}

static bool list_destination(struct delete_compare *compare, struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    const struct target *target = compare->target;
    if (!pair_open_mailbox(pair, &pair->destination, target->mailbox, target->name, false, fault_r))
        return false;
    compare->uidvalidity = imap_client_mailbox(pair->destination.client)->uidvalidity;
    if (compare->uidvalidity != target->opened.uidvalidity)
        return refuse_replaced(target->name, 2, fault_r);
    compare->listing.role = (struct listing_role){.secret = &pair->adopt_secret,
                                                  .is_searched = true};
    select_if(pair->settings->delete2 || pair->settings->delete2duplicates, &pair->removable,
              &compare->selection, &compare->listing);
    if (!list_all(compare, &compare->listing, target->name, fault_r))
        return false;
    if (!compare->has_identities)
        make_records(&compare->listing);
    return !pair->settings->delete1 || drop_marked(compare, fault_r);
}

static bool source_is_the_same(const struct delete_source *source)
{
    uint32_t told = source->entry->source->uid_validity;
    uint32_t known = source->known == NULL ? 0 : source->known->source.uid_validity;
    return (told == 0 || told == source->uidvalidity) &&
           (known == 0 || known == source->uidvalidity);
}

static bool list_source(struct delete_compare *compare, struct delete_source *source,
                        struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    const char *name = source->entry->source_label;
    if (!pair_open_mailbox(pair, &pair->source, source->entry->source->name, name, false, fault_r))
        return false;
    source->uidvalidity = imap_client_mailbox(pair->source.client)->uidvalidity;
    if (!source_is_the_same(source))
        return refuse_replaced(name, 1, fault_r);
    source->listing.role = (struct listing_role){.secret = &pair->adopt_secret,
                                                 .among = &compare->listing};
    select_if(pair->settings->delete1, &pair->wanted, &source->selection, &source->listing);
    return list_all(compare, &source->listing, name, fault_r);
}

static bool list_both(struct delete_compare *compare, bool with_identities, struct fault *fault_r)
{
    compare->has_identities = with_identities;
    listing_deinit(&compare->listing);
    listing_init(&compare->listing, &compare->pair->destination);
    if (!list_destination(compare, fault_r))
        return false;
    for (size_t i = 0; i < compare->count; i++) {
        listing_deinit(&compare->sources[i].listing);
        listing_init(&compare->sources[i].listing, &compare->pair->source);
        if (!list_source(compare, &compare->sources[i], fault_r))
            return false;
    }
    return true;
}

/* -- the match -- */

/* What the map says of the messages that are there. */
struct known {
    struct removal_known *items;
    size_t count;
    size_t alloc;
    uint32_t *unplaced; /* indices: brought there, and nobody knows where */
    size_t unplaced_count;
    size_t unplaced_alloc;
};

static void known_deinit(struct known *known)
{
    mem_free(known->items);
    mem_free(known->unplaced);
}

static void known_add(struct known *known, const struct listing *listing,
                      const struct store_map_row *row)
{
    ptrdiff_t index = listing_find(listing, row->src_uid);
    if (index < 0 || row->outcome != STORE_OUTCOME_PRESENT)
        return;
    if (row->dst_uid == 0) {
        MEM_GROW(known->unplaced, known->unplaced_count, known->unplaced_alloc);
        known->unplaced[known->unplaced_count++] = (uint32_t)index;
        return;
    }
    MEM_GROW(known->items, known->count, known->alloc);
    known->items[known->count++] = (struct removal_known){row->dst_uid, (uint32_t)index};
}

static bool known_read(struct known *known, const struct delete_compare *compare,
                       const struct delete_source *source, struct fault *fault_r)
{
    struct store_map_row rows[PAGE_ROWS];
    const struct store_map_folder *folder = source->known;
    uint64_t next_uid = 1;
    size_t count;
    if (folder == NULL || folder->id == 0 ||
        folder->destination.uid_validity != compare->uidvalidity)
        return true;
    do {
        if (!store_map_read_on(compare->pair->map, folder, &next_uid, UINT32_MAX, rows, PAGE_ROWS,
                               &count, fault_r))
            return false;
        for (size_t i = 0; i < count; i++)
            known_add(known, &source->listing, &rows[i]);
    } while (count > 0);
    return true;
}

/* For all folders first: what one of them knows is its own is nobody else's. */
static bool match_by_map(struct delete_compare *compare, struct known *known, struct fault *fault_r)
{
    const struct adopt_destination there = listing_as_destination(&compare->listing);
    for (size_t i = 0; i < compare->count; i++) {
        const struct adopt_source here = listing_as_source(&compare->sources[i].listing);
        if (!known_read(&known[i], compare, &compare->sources[i], fault_r))
            return false;
        removal_match_known(&here, &there, known[i].items, known[i].count);
    }
    return true;
}

static void match_by_identity(struct delete_compare *compare, const struct known *known)
{
    const struct adopt_destination there = listing_as_destination(&compare->listing);
    const struct settings *settings = compare->pair->settings;
    const struct adopt_rules rules = {&compare->pair->adopt_secret,
                                      settings_dates_are_kept(settings), settings->addheader};
    for (size_t i = 0; i < compare->count; i++) {
        const struct adopt_source here = listing_as_source(&compare->sources[i].listing);
        adopt_match(&here, &there, &rules);
        removal_keep_doubtful(&here, &there, &compare->pair->adopt_secret);
        for (size_t k = 0; k < known[i].unplaced_count; k++) {
            uint32_t index = known[i].unplaced[k];
            compare->lost += here.messages[index].state != MESSAGE_ALREADY &&
                             (!here.traits[index].is_weak || settings->addheader);
        }
    }
}

static bool match_all(struct delete_compare *compare, struct fault *fault_r)
{
    struct known *known = mem_alloc_array(compare->count, sizeof(*known));
    bool is_matched = match_by_map(compare, known, fault_r);
    if (is_matched && compare->has_identities)
        match_by_identity(compare, known);
    for (size_t i = 0; i < compare->count; i++)
        known_deinit(&known[i]);
    mem_free(known);
    return is_matched;
}

/* -- is the map enough? -- */

static bool has_stranger(const struct delete_compare *compare)
{
    const struct adopt_destination there = listing_as_destination(&compare->listing);
    for (size_t i = 0; i < there.count; i++) {
        if (!there.records[i].is_matched)
            return true;
    }
    return false;
}

static bool has_unmatched(const struct delete_compare *compare)
{
    for (size_t i = 0; i < compare->own_count; i++) {
        const struct listing *listing = &compare->sources[i].listing;
        for (size_t k = 0; k < listing->count; k++) {
            if (listing->messages[k].state != MESSAGE_ALREADY)
                return true;
        }
    }
    return false;
}

/* Who a message is has to be known only where the map leaves something open. */
static bool needs_identities(const struct delete_compare *compare)
{
    const struct settings *settings = compare->pair->settings;
    bool looks_for_equals = !settings->syncduplicates;
    bool is_open = has_stranger(compare);
    return (settings->delete2 && is_open) ||
           (settings->delete2duplicates && (is_open || looks_for_equals)) ||
           (settings->delete1 && (is_open || looks_for_equals) && has_unmatched(compare));
}

/* By UIDs first, which costs little; with headers if that leaves anything open. */
bool delete_compare_run(struct delete_compare *compare, struct fault *fault_r)
{
    if (compare->pair->map != NULL &&
        (!list_both(compare, false, fault_r) || !match_all(compare, fault_r)))
        return false;
    return (compare->pair->map != NULL && !needs_identities(compare)) ||
           (list_both(compare, true, fault_r) && match_all(compare, fault_r));
}
