/* SPDX-License-Identifier: MIT */
#include "sync/notes.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/imap/fetch.h"
#include "sync/messages/header.h"
#include "sync/messages/internaldate.h"
#include "sync/uidset.h"

void notes_deinit(struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        mem_free(notes->items[i].server_text);
        mem_free(notes->items[i].message_id);
    }
    mem_free(notes->items);
    memset(notes, 0, sizeof(*notes));
}

void notes_add(struct notes *notes, uint32_t index, enum problem_reason reason,
               const char *server_text)
{
    MEM_GROW(notes->items, notes->count, notes->alloc);
    struct note *note = &notes->items[notes->count++];
    memset(note, 0, sizeof(*note));
    note->index = index;
    note->reason = reason;
    note->is_described = reason == PROBLEM_VANISHED; /* nobody can be asked */
    note->server_text = mem_strdup(server_text);
}

static int compare_notes(const void *a, const void *b)
{
    const struct note *left = a;
    const struct note *right = b;
    return left->index < right->index ? -1 : left->index > right->index;
}

struct describing {
    struct notes *notes;
    const struct listing *listing;
    struct imap_answer answer;
};

static struct note *describing_find(const struct describing *describing, uint32_t uid)
{
    ptrdiff_t index = listing_find(describing->listing, uid);
    struct note key;
    if (index < 0)
        return NULL;
    memset(&key, 0, sizeof(key));
    key.index = (uint32_t)index;
    return bsearch(&key, describing->notes->items, describing->notes->count, sizeof(key),
                   compare_notes);
}

static enum imap_taken describing_untagged(void *context, const struct imap_response *response)
{
    struct describing *describing = context;
    struct imap_fetch fetch;
    struct header_field field;
    int64_t seconds;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0)
        return IMAP_TAKEN;
    struct note *note = describing_find(describing, fetch.uid);
    if (note == NULL || note->message_id != NULL)
        return IMAP_TAKEN;
    if (fetch.has_header && header_find(fetch.header, fetch.header_size, "Message-ID", &field)) {
        struct buffer value;
        buffer_init(&value, 1024);
        header_append_normal(&field, &value);
        note->message_id = mem_strdup(buffer_str(&value));
        buffer_deinit(&value);
    }
    if (fetch.internaldate != NULL &&
        internaldate_parse(fetch.internaldate, fetch.internaldate_size, &seconds))
        clock_format(seconds * 1000, note->date);
    return IMAP_TAKEN;
}

/* Asks for as many notes as fit into one command; returns how many were looked at. */
static size_t notes_describe_some(struct describing *describing, size_t from)
{
    struct imap_client *client = describing->listing->session->client;
    struct notes *notes = describing->notes;
    struct uidset set;
    struct fault fault;
    size_t next = from;
    uidset_init(&set);
    for (; next < notes->count && next < from + 2000; next++) {
        struct note *note = &notes->items[next];
        bool follows_last = next > from && notes->items[next - 1].index + 1 == note->index;
        if (note->is_described)
            continue;
        if (!uidset_add(&set, describing->listing->messages[note->index].uid, follows_last))
            break;
        note->is_described = true;
    }
    const char *uids = uidset_finish(&set);
    if (uids[0] != '\0') {
        memset(&describing->answer, 0, sizeof(describing->answer));
        imap_client_command(client, imap_answer_callback, &describing->answer,
                            "UID FETCH %s (UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])",
                            uids);
        if (!imap_loop_await(describing->listing->session->loop, client, &describing->answer,
                             &fault))
            next = notes->count;
    }
    uidset_deinit(&set);
    return next - from;
}

bool notes_want_description(const struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        if (!notes->items[i].is_described)
            return true;
    }
    return false;
}

void notes_describe(struct notes *notes, const struct listing *listing)
{
    struct describing describing = {notes, listing, {0}};
    struct imap_events events = {&describing, describing_untagged, NULL, NULL, NULL, NULL};
    struct imap_client *client = listing->session->client;
    if (notes->count == 0)
        return;
    qsort(notes->items, notes->count, sizeof(*notes->items), compare_notes);
    if (!imap_client_is_alive(client) || imap_client_pending(client) > 0)
        return;
    imap_client_set_events(client, &events);
    for (size_t i = 0; i < notes->count;)
        i += notes_describe_some(&describing, i);
    /* A command that is still unanswered (a stop) would write into `describing`. */
    if (imap_client_pending(client) > 0) {
        struct fault fault;
        fault_set(&fault, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1,
                  "the run was stopped");
        imap_client_fail(client, &fault);
    }
    imap_client_set_events(client, NULL);
}

bool notes_store(const struct notes *notes, const struct listing *listing,
                 const struct pair_environment *environment, const char *folder,
                 struct fault *fault_r)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct note *note = &notes->items[i];
        const struct listed_message *message = &listing->messages[note->index];
        struct store_problem problem = {
            .folder = folder,
            .uid = message->uid,
            .messages = 1,
            .message_id = note->message_id == NULL ? "" : note->message_id,
            .date = note->date,
            .size_bytes = message->size_bytes,
            .reason = note->reason,
            .server_text = note->server_text,
        };
        if (!store_problem_add(environment->store, environment->run_id, environment->row, &problem,
                               fault_r))
            return false;
    }
    return true;
}
