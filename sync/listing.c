/* SPDX-License-Identifier: MIT */
#include "sync/listing.h"

#include <string.h>

#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "sync/imap/fetch.h"
#include "sync/messages/header.h"
#include "sync/messages/internaldate.h"
#include "sync/uidset.h"
#include "sync/verdict.h"

/* No folder holds more; memory is not given for what a server merely claims. */
#define LISTING_MAX_MESSAGES ((size_t)10000000)
static_assert(LISTING_MAX_MESSAGES < ADOPT_RECORDS_MAX, "every record has a place");
/* So many are believed at once: the memory is only touched as messages come. */
#define LISTING_BELIEVED_MESSAGES ((uint64_t)1 << 20)

void listing_init(struct listing *listing, struct session *session)
{
    memset(listing, 0, sizeof(*listing));
    listing->session = session;
    listing->first_uid = 1;
}

static void listing_forget_messages(struct listing *listing)
{
    mem_free(listing->messages);
    listing->messages = NULL;
}

void listing_forget_identities(struct listing *listing)
{
    mem_free(listing->traits);
    mem_free(listing->keys);
    mem_free(listing->records);
    listing->traits = NULL;
    listing->keys = NULL;
    listing->records = NULL;
}

void listing_deinit(struct listing *listing)
{
    listing_forget_messages(listing);
    listing_forget_identities(listing);
    mem_free(listing->bare);
    memset(listing, 0, sizeof(*listing));
}

struct adopt_source listing_as_source(const struct listing *listing)
{
    return (struct adopt_source){listing->messages, listing->traits, listing->keys, listing->count};
}

struct adopt_destination listing_as_destination(const struct listing *listing)
{
    return (struct adopt_destination){listing->records,
                                      listing->records == NULL ? 0 : listing->count};
}

size_t listing_memory_bytes(const struct listing *listing)
{
    size_t each = (listing->messages == NULL ? 0 : sizeof(*listing->messages)) +
                  (listing->traits == NULL ? 0 : sizeof(*listing->traits)) +
                  (listing->keys == NULL ? 0 : sizeof(*listing->keys)) +
                  (listing->records == NULL ? 0 : sizeof(*listing->records));
    return each * listing->alloc;
}

/* -- what comes -- */

/* What EXISTS says if it is true, so that no room is left over, and one to spare for sorting. If it
   is not, an eighth at a time. */
static size_t listing_next_alloc(const struct listing *listing)
{
    uint64_t said = listing->first_uid > 1 ? 0
                                           : imap_client_mailbox(listing->session->client)->exists;
    size_t next = listing->alloc + listing->alloc / 8 + 64;
    if (said >= listing->alloc && (said <= LISTING_BELIEVED_MESSAGES || said < next))
        return (size_t)said + 1;
    return next;
}

static void listing_grow(struct listing *listing)
{
    size_t alloc = listing_next_alloc(listing);
    bool is_searched = listing->with_identity && listing->role.is_searched;
    bool is_looked_up = listing->with_identity && !listing->role.is_searched;
    listing->messages = mem_realloc_array(listing->messages, alloc, sizeof(*listing->messages));
    if (is_searched)
        listing->records = mem_realloc_array(listing->records, alloc, sizeof(*listing->records));
    if (is_looked_up)
        listing->traits = mem_realloc_array(listing->traits, alloc, sizeof(*listing->traits));
    if (is_looked_up && listing->role.with_keys)
        listing->keys = mem_realloc_array(listing->keys, alloc, sizeof(*listing->keys));
    listing->alloc = alloc;
}

static int64_t listing_date(const struct imap_fetch *fetch)
{
    int64_t seconds;
    return fetch->internaldate != NULL &&
                   internaldate_parse(fetch->internaldate, fetch->internaldate_size, &seconds)
               ? seconds
               : 0;
}

static void listing_set_identity(struct listing *listing, size_t index,
                                 const struct imap_fetch *fetch)
{
    struct listed_message *message = &listing->messages[index];
    struct identity identity;
    const struct identity_message own = {
        .header = fetch->header == NULL ? (const unsigned char *)"" : fetch->header,
        .size = fetch->header_size,
        .size_bytes = fetch->size_bytes,
        .added_uid = listing->with_added_field ? fetch->uid : 0,
    };
    enum identity_strength strength = identity_make(listing->role.secret->maker, &own, &identity);
    uint64_t key = adopt_key(listing->role.secret, &identity);
    uint32_t date = adopt_date(listing_date(fetch)) & ADOPT_DATE_MAX;
    if (listing->role.is_searched) {
        listing->records[index] = (struct adopt_record){.key = key,
                                                        .date = date & ADOPT_DATE_MAX,
                                                        .size_bytes = message->size_bytes,
                                                        .uid = message->uid};
        return;
    }
    listing->traits[index] = (union adopt_trait){.date = date & ADOPT_DATE_MAX,
                                                 .is_weak = strength == IDENTITY_NOTHING};
    if (listing->keys != NULL)
        listing->keys[index] = key;
    if (listing->role.among != NULL) {
        const struct adopt_destination there = listing_as_destination(listing->role.among);
        message->place = adopt_find(&there, key) & ADOPT_NOWHERE;
    }
}

/* A server may send a response twice, but not go on for ever. */
static bool listing_is_full(const struct listing *listing)
{
    uint64_t exists = imap_client_mailbox(listing->session->client)->exists;
    return listing->count >= LISTING_MAX_MESSAGES ||
           (listing->count >= 1000 && listing->count / 2 >= exists);
}

/* None of the fields is there, or the server can't show single fields. */
static void listing_note_bare(struct listing *listing, const struct imap_fetch *fetch)
{
    struct header_field field;
    size_t position = 0;
    if (!identity_maker_wants_whole(listing->role.secret->maker) ||
        header_next(fetch->header, fetch->header_size, &position, &field))
        return;
    MEM_GROW(listing->bare, listing->bare_count, listing->bare_alloc);
    listing->bare[listing->bare_count++] = fetch->uid;
}

static enum imap_taken listing_untagged(void *context, const struct imap_response *response)
{
    struct listing *listing = context;
    struct imap_fetch fetch;
    /* What comes before anything was asked for, or before the folder is open, is no part of it. */
    if (!listing->is_sent || (listing->opened != NULL && !listing->opened->is_done))
        return IMAP_TAKEN;
    if (listing->selection != NULL)
        selection_take(listing->selection, response);
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0 || fetch.uid < listing->first_uid ||
        !fetch.has_size || listing_is_full(listing))
        return IMAP_TAKEN;
    if (listing->with_identity && !fetch.has_header)
        return IMAP_TAKEN; /* not complete: the count will tell */
    if (listing->count == listing->alloc)
        listing_grow(listing);
    listing->messages[listing->count] = (struct listed_message){
        .uid = fetch.uid,
        .size_bytes = fetch.size_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)fetch.size_bytes,
        .state = MESSAGE_WANTED,
        .place = ADOPT_NOWHERE,
    };
    if (listing->with_identity)
        listing_set_identity(listing, listing->count, &fetch);
    if (listing->with_identity)
        listing_note_bare(listing, &fetch);
    if (listing->selection != NULL)
        selection_take_date(listing->selection, fetch.uid, listing_date(&fetch));
    listing->count++;
    return IMAP_TAKEN;
}

void listing_send(struct listing *listing, bool with_identity, bool with_added_field)
{
    struct imap_client *client = listing->session->client;
    const char *blank = listing->also == NULL ? "" : " ";
    const char *also = listing->also == NULL ? "" : listing->also;
    listing->with_identity = with_identity;
    listing->with_added_field = with_added_field;
    listing->is_sent = true;
    if (listing->selection != NULL)
        selection_send(listing->selection, client, listing->first_uid);
    bool with_dates = listing->selection != NULL && selection_wants_dates(listing->selection);
    if (!with_identity)
        imap_client_command(client, imap_answer_callback, &listing->answer,
                            "UID FETCH %u:* (UID RFC822.SIZE%s%s%s)", listing->first_uid,
                            with_dates ? " INTERNALDATE" : "", blank, also);
    else
        imap_client_command(client, imap_answer_callback, &listing->answer,
                            "UID FETCH %u:* (UID RFC822.SIZE INTERNALDATE%s%s %s)",
                            listing->first_uid, blank, also,
                            identity_maker_item(listing->role.secret->maker, with_added_field));
}

void listing_take(struct listing *listing, const struct imap_response *response)
{
    (void)listing_untagged(listing, response);
}

void listing_listen(struct listing *listing)
{
    struct imap_events events = {listing, listing_untagged, NULL, NULL, NULL, NULL};
    imap_client_set_events(listing->session->client, &events);
}

/* -- order -- */

static bool listing_is_less(const void *context, size_t a, size_t b)
{
    const struct listing *listing = context;
    return listing->messages[a].uid < listing->messages[b].uid;
}

/* Copies message `from` with all that is known of it over message `to`. */
static void listing_move(struct listing *listing, size_t to, size_t from)
{
    listing->messages[to] = listing->messages[from];
    if (listing->traits != NULL)
        listing->traits[to] = listing->traits[from];
    if (listing->keys != NULL)
        listing->keys[to] = listing->keys[from];
    if (listing->records != NULL)
        listing->records[to] = listing->records[from];
}

/* By way of the spare one behind the last, see listing_sort(). */
static void listing_swap(void *context, size_t a, size_t b)
{
    struct listing *listing = context;
    listing_move(listing, listing->count, a);
    listing_move(listing, a, b);
    listing_move(listing, b, listing->count);
}

/* By UID, each once: a server may send a FETCH response twice. Nearly all servers list in order. */
static void listing_sort(struct listing *listing)
{
    const struct sort sort = {listing, listing_is_less, listing_swap};
    size_t kept = 0;
    if (!sort_is_done(&sort, listing->count)) {
        if (listing->count == listing->alloc)
            listing_grow(listing);
        sort_in_place(&sort, listing->count);
    }
    for (size_t i = 0; i < listing->count; i++) {
        if (kept == 0 || listing->messages[kept - 1].uid != listing->messages[i].uid)
            listing_move(listing, kept++, i);
    }
    listing->count = kept;
}

/* Mail may arrive and vanish while the list is read; within these bounds it is complete. */
static bool listing_agrees(const struct listing *listing)
{
    const struct imap_mailbox *mailbox = imap_client_mailbox(listing->session->client);
    uint64_t gone = mailbox->expunged;
    uint64_t before = mailbox->exists_at_open;
    uint64_t least = before > gone ? before - gone : 0;
    return mailbox->has_exists && listing->count >= least &&
           listing->count <= mailbox->exists + gone;
}

/* It looks as if that were not there. */
static void listing_forget_unselected(struct listing *listing)
{
    size_t kept = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (selection_holds(listing->selection, listing->messages[i].uid))
            listing_move(listing, kept++, i);
    }
    listing->count = kept;
}

static void listing_make_searchable(struct listing *listing)
{
    if (listing->records == NULL)
        return;
    const struct adopt_destination destination = listing_as_destination(listing);
    listing_forget_messages(listing);
    adopt_sort(&destination);
}

/* -- whole headers -- */

static enum imap_taken whole_untagged(void *context, const struct imap_response *response)
{
    struct listing *listing = context;
    struct imap_fetch fetch;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0 || !fetch.has_header)
        return IMAP_TAKEN;
    ptrdiff_t index = listing_find(listing, fetch.uid);
    if (index >= 0)
        listing_set_identity(listing, (size_t)index, &fetch);
    return IMAP_TAKEN;
}

/* imapsync's --wholeheaderifneeded. What can't be had stays as it is. False: the connection is
   lost. */
static bool listing_ask_whole(struct listing *listing, struct fault *fault_r)
{
    struct session *session = listing->session;
    struct imap_events events = {listing, whole_untagged, NULL, NULL, NULL, NULL};
    bool is_alive = true;
    imap_client_set_events(session->client, &events);
    for (size_t i = 0; i < listing->bare_count && is_alive;) {
        struct uidset set;
        uidset_init(&set, session_uidset_bytes(session));
        while (i < listing->bare_count && uidset_add(&set, listing->bare[i], false))
            i++;
        memset(&listing->answer, 0, sizeof(listing->answer));
        imap_client_command(session->client, imap_answer_callback, &listing->answer,
                            "UID FETCH %s (UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER])",
                            uidset_finish(&set));
        uidset_deinit(&set);
        is_alive = imap_loop_await(session->loop, session->client, &listing->answer, fault_r);
    }
    imap_client_set_events(session->client, NULL);
    mem_free(listing->bare);
    listing->bare = NULL;
    listing->bare_count = listing->bare_alloc = 0;
    return is_alive;
}

/* All messages are there, in order: what is wanted of them? */
static bool listing_settle(struct listing *listing, const char *name, struct fault *fault_r)
{
    struct selection *selection = listing->selection;
    if (listing->bare_count > 0 && !listing_ask_whole(listing, fault_r))
        return false;
    if (selection != NULL &&
        !selection_finish(selection, listing->session, listing->count, name, fault_r))
        return false;
    if (selection != NULL && listing->role.is_searched)
        listing_forget_unselected(listing);
    listing_make_searchable(listing);
    return true;
}

bool listing_drop(struct listing *listing, struct fault *fault_r)
{
    struct session *session = listing->session;
    struct selection *selection = listing->selection;
    if (!imap_loop_await(session->loop, session->client, &listing->answer, fault_r) ||
        (selection != NULL && !selection_await(selection, session, fault_r)))
        return false;
    imap_client_set_events(session->client, NULL);
    struct listing_role role = listing->role;
    listing_deinit(listing);
    listing_init(listing, session);
    listing->role = role;
    listing->selection = selection;
    return true;
}

bool listing_finish(struct listing *listing, const char *name, struct fault *fault_r)
{
    struct session *session = listing->session;
    if (!imap_loop_await(session->loop, session->client, &listing->answer, fault_r) ||
        (listing->selection != NULL && !selection_complete(listing->selection, session, fault_r)))
        return false;
    imap_client_set_events(session->client, NULL);
    const struct imap_mailbox *mailbox = imap_client_mailbox(session->client);
    /* A set of UIDs in an empty mailbox is an error to some servers. */
    if (listing->answer.status != IMAP_STATUS_OK &&
        !(mailbox->has_exists && mailbox->exists == 0 && listing->count == 0)) {
        session_judge(session, VERDICT_FETCH, &listing->answer, name, fault_r);
        if (fault_r->scope == FAULT_SCOPE_MESSAGE) {
            char server[sizeof(fault_r->server)];
            memcpy(server, fault_r->server, sizeof(server));
            fault_set(fault_r, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, session->side,
                      "the folder %s on the %s was not listed to its end; it was left alone", name,
                      session->side == 1 ? "source" : "destination");
            fault_set_server(fault_r, server, strlen(server));
        }
        return false;
    }
    listing_sort(listing);
    /* Of a part nobody says how many they are. */
    if (listing->first_uid > 1 || listing_agrees(listing))
        return listing_settle(listing, name, fault_r);
    fault_set(
        fault_r, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, session->side,
        "the folder %s on the %s was not listed completely: %llu messages said to exist, %llu "
        "listed; it was left alone",
        name, session->side == 1 ? "source" : "destination", (unsigned long long)mailbox->exists,
        (unsigned long long)listing->count);
    return false;
}

ptrdiff_t listing_find(const struct listing *listing, uint32_t uid)
{
    size_t low = 0;
    size_t high = listing->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (listing->messages[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < listing->count && listing->messages[low].uid == uid ? (ptrdiff_t)low : -1;
}
