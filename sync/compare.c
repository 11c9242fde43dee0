/* SPDX-License-Identifier: MIT */
#include "sync/compare.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/delete_folder.h"
#include "sync/folders/mutf7.h"
#include "sync/messages/removal.h"
#include "sync/pair_command.h"

#define PAGE_ROWS 256

/* -- which folders -- */

void compare_init(struct compare *compare, struct pair *pair, const char *mailbox, const char *name)
{
    memset(compare, 0, sizeof(*compare));
    compare->pair = pair;
    compare->mailbox = mailbox;
    compare->name = name;
    listing_init(&compare->listing, &pair->destination);
}

void compare_add_source(struct compare *compare, const struct plan_entry *entry,
                        struct folder_memory *memory)
{
    struct pair *pair = compare->pair;
    MEM_GROW(compare->sources, compare->count, compare->alloc);
    struct compare_source *source = &compare->sources[compare->count++];
    memset(source, 0, sizeof(*source));
    source->entry = entry;
    source->memory = memory;
    listing_init(&source->listing, &pair->source);
    if (memory != NULL) {
        source->known = memory->folder;
    } else if (pair->map != NULL) {
        char *name = mutf7_to_display(entry->destination);
        source->known = store_map_folder(pair->map, entry->source_label, name);
        mem_free(name);
    }
}

void compare_deinit(struct compare *compare)
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
static bool list_all(const struct compare *compare, struct listing *listing, const char *name,
                     struct fault *fault_r)
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

static void select_by(const struct selection_rules *rules, struct selection *selection,
                      struct listing *listing)
{
    selection_deinit(selection);
    if (rules == NULL || !selection_rules_are_given(rules))
        return;
    selection_init(selection, rules);
    listing->selection = selection;
}

static bool refuse_replaced(const struct compare *compare, const char *name, int side,
                            struct fault *fault_r)
{
    fault_set(
        fault_r, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, side,
        "the folder %s was replaced on the %s (another UIDVALIDITY); %s, run the same command "
        "again",
        name, side == 1 ? "source" : "destination", compare->replaced);
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

static bool drop_marked(struct compare *compare, struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    struct listing *listing = &compare->listing;
    struct delete_folder folder = {
        .pair = pair, .session = &pair->destination, .name = compare->name};
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

bool compare_open_destination(const struct compare *compare, struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    if (!pair_open_mailbox(pair, &pair->destination, compare->mailbox, compare->name, false,
                           fault_r))
        return false;
    uint32_t uidvalidity = imap_client_mailbox(pair->destination.client)->uidvalidity;
    return compare->uidvalidity == 0 || compare->uidvalidity == uidvalidity ||
           refuse_replaced(compare, compare->name, 2, fault_r);
}

static bool list_destination(struct compare *compare, struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    if (compare->is_absent)
        return true;
    if (!compare_open_destination(compare, fault_r))
        return false;
    compare->uidvalidity = imap_client_mailbox(pair->destination.client)->uidvalidity;
    compare->listing.role = (struct listing_role){.secret = &pair->adopt_secret,
                                                  .is_searched = true};
    select_by(compare->destination_rules, &compare->selection, &compare->listing);
    if (!list_all(compare, &compare->listing, compare->name, fault_r))
        return false;
    if (!compare->has_identities)
        make_records(&compare->listing);
    return !compare->leaves_out_marked || drop_marked(compare, fault_r);
}

static bool source_is_the_same(const struct compare_source *source, uint32_t uidvalidity)
{
    uint32_t told = source->entry->source->uid_validity;
    uint32_t known = source->known == NULL ? 0 : source->known->source.uid_validity;
    return (told == 0 || told == uidvalidity) && (known == 0 || known == uidvalidity) &&
           (source->uidvalidity == 0 || source->uidvalidity == uidvalidity);
}

bool compare_open_source(const struct compare *compare, const struct compare_source *source,
                         struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    const char *name = source->entry->source_label;
    return pair_open_mailbox(pair, &pair->source, source->entry->source->name, name, false,
                             fault_r) &&
           (source_is_the_same(source, imap_client_mailbox(pair->source.client)->uidvalidity) ||
            refuse_replaced(compare, name, 1, fault_r));
}

static bool list_source(struct compare *compare, struct compare_source *source,
                        struct fault *fault_r)
{
    struct pair *pair = compare->pair;
    if (!compare_open_source(compare, source, fault_r))
        return false;
    source->uidvalidity = imap_client_mailbox(pair->source.client)->uidvalidity;
    source->listing.role = (struct listing_role){.secret = &pair->adopt_secret,
                                                 .among = &compare->listing};
    select_by(compare->source_rules, &source->selection, &source->listing);
    return list_all(compare, &source->listing, source->entry->source_label, fault_r);
}

static bool list_both(struct compare *compare, bool with_identities, struct fault *fault_r)
{
    compare->has_identities = with_identities;
    compare->lost = 0;
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

static bool known_read(struct known *known, const struct compare *compare,
                       const struct compare_source *source, struct fault *fault_r)
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
static bool match_by_map(struct compare *compare, struct known *known, struct fault *fault_r)
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

static void match_by_identity(struct compare *compare, const struct known *known)
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

static bool match_all(struct compare *compare, struct fault *fault_r)
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

bool compare_run(struct compare *compare, bool with_identities, struct fault *fault_r)
{
    return list_both(compare, with_identities, fault_r) && match_all(compare, fault_r);
}
