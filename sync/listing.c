/* SPDX-License-Identifier: MIT */
#include "sync/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/imap/fetch.h"
#include "sync/messages/header.h"
#include "sync/messages/internaldate.h"
#include "sync/verdict.h"

/* No folder holds more; memory is not given for what a server merely claims. */
#define LISTING_MAX_MESSAGES 10000000

void listing_init(struct listing *listing, struct session *session)
{
    memset(listing, 0, sizeof(*listing));
    listing->session = session;
    listing->first_uid = 1;
}

void listing_deinit(struct listing *listing)
{
    mem_free(listing->messages);
    mem_free(listing->identities);
    memset(listing, 0, sizeof(*listing));
}

static void listing_add_identity(struct listing *listing, const struct imap_fetch *fetch)
{
    struct header_field field;
    char added[IDENTITY_ADDED_FIELD_SIZE];
    size_t added_bytes = 0;
    MEM_GROW(listing->identities, listing->identity_count, listing->identity_alloc);
    struct adopt_message *message = &listing->identities[listing->identity_count++];
    memset(message, 0, sizeof(*message));
    message->strength = identity_from_header(fetch->header, fetch->header_size, &message->identity);
    if (listing->with_added_field && message->strength != IDENTITY_OF_MESSAGE &&
        !header_find(fetch->header, fetch->header_size, "Received", &field)) {
        /* Folders that are merged have the same UIDs, so such an id says little. */
        identity_from_uid(fetch->uid, &message->identity);
        message->strength = IDENTITY_NOTHING;
        added_bytes = identity_added_field(fetch->uid, added);
    }
    message->index = fetch->uid; /* becomes an index once the list is sorted */
    message->size_bytes = fetch->size_bytes + added_bytes;
    if (fetch->internaldate == NULL ||
        !internaldate_parse(fetch->internaldate, fetch->internaldate_size, &message->date_seconds))
        message->date_seconds = 0;
}

/* A server may send a response twice, but not go on for ever. */
static bool listing_is_full(const struct listing *listing)
{
    uint64_t exists = imap_client_mailbox(listing->session->client)->exists;
    return listing->count >= LISTING_MAX_MESSAGES ||
           (listing->count >= 1000 && listing->count / 2 >= exists);
}

static enum imap_taken listing_untagged(void *context, const struct imap_response *response)
{
    struct listing *listing = context;
    struct imap_fetch fetch;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid < listing->first_uid || fetch.uid == 0 ||
        !fetch.has_size || listing_is_full(listing))
        return IMAP_TAKEN;
    if (listing->with_identity) {
        if (!fetch.has_header)
            return IMAP_TAKEN; /* not complete: the count will tell */
        listing_add_identity(listing, &fetch);
    }
    MEM_GROW(listing->messages, listing->count, listing->alloc);
    struct listed_message *message = &listing->messages[listing->count++];
    message->uid = fetch.uid;
    message->size_bytes = fetch.size_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)fetch.size_bytes;
    message->state = MESSAGE_WANTED;
    return IMAP_TAKEN;
}

void listing_send(struct listing *listing, bool with_identity, bool with_added_field)
{
    struct imap_client *client = listing->session->client;
    const char *flags = listing->with_flags ? " FLAGS" : "";
    listing->with_identity = with_identity;
    listing->with_added_field = with_added_field;
    listing->is_sent = true;
    if (!with_identity)
        imap_client_command(client, imap_answer_callback, &listing->answer,
                            "UID FETCH %u:* (UID RFC822.SIZE%s)", listing->first_uid, flags);
    else
        imap_client_command(client, imap_answer_callback, &listing->answer,
                            "UID FETCH %u:* (UID RFC822.SIZE INTERNALDATE%s "
                            "BODY.PEEK[HEADER.FIELDS (" IDENTITY_FIELDS "%s)])",
                            listing->first_uid, flags, with_added_field ? " RECEIVED" : "");
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

static int compare_messages(const void *a, const void *b)
{
    const struct listed_message *left = a;
    const struct listed_message *right = b;
    return left->uid < right->uid ? -1 : left->uid > right->uid;
}

static int compare_identities(const void *a, const void *b)
{
    const struct adopt_message *left = a;
    const struct adopt_message *right = b;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* By UID, each once: a server may send a FETCH response twice. */
static void listing_sort(struct listing *listing)
{
    size_t kept = 0;
    if (listing->count == 0)
        return;
    qsort(listing->messages, listing->count, sizeof(*listing->messages), compare_messages);
    for (size_t i = 0; i < listing->count; i++) {
        if (kept == 0 || listing->messages[kept - 1].uid != listing->messages[i].uid)
            listing->messages[kept++] = listing->messages[i];
    }
    listing->count = kept;
    if (!listing->with_identity)
        return;
    qsort(listing->identities, listing->identity_count, sizeof(*listing->identities),
          compare_identities);
    kept = 0;
    for (size_t i = 0; i < listing->identity_count; i++) {
        if (kept == 0 || listing->identities[kept - 1].index != listing->identities[i].index)
            listing->identities[kept++] = listing->identities[i];
    }
    listing->identity_count = kept;
    for (size_t i = 0; i < kept; i++)
        listing->identities[i].index = (uint32_t)i;
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

bool listing_drop(struct listing *listing, struct fault *fault_r)
{
    struct session *session = listing->session;
    if (!imap_loop_await(session->loop, session->client, &listing->answer, fault_r))
        return false;
    imap_client_set_events(session->client, NULL);
    listing_deinit(listing);
    listing_init(listing, session);
    return true;
}

bool listing_finish(struct listing *listing, const char *name, struct fault *fault_r)
{
    struct session *session = listing->session;
    if (!imap_loop_await(session->loop, session->client, &listing->answer, fault_r))
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
        return true;
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
