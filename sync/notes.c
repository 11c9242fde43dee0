/* SPDX-License-Identifier: MIT */
#include "sync/notes.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "sync/imap/fetch.h"
#include "sync/messages/header.h"
#include "sync/messages/internaldate.h"
#include "sync/messages/mime_library.h"
#include "sync/uidset.h"

/* So many are described and stored at a time. */
#define STEP_MAX_NOTES 2000
/* A text is looked for among the last ones only: rules and refusals repeat themselves. */
#define TEXTS_LOOKED_AT 8
#define TEXTS_MAX       ((size_t)1 << 24)

#define DATE_SIZE       32
#define FIELD_MAX_BYTES ((size_t)1024)

static_assert(sizeof(struct note) == 8, "the notes' memory is counted");

void notes_deinit(struct notes *notes)
{
    for (size_t i = 0; i < notes->text_count; i++)
        mem_free(notes->texts[i].words);
    mem_free(notes->texts);
    mem_free(notes->items);
    memset(notes, 0, sizeof(*notes));
}

static size_t notes_add_text(struct notes *notes, const char *words, const char *diagnosis)
{
    for (size_t back = 1; back <= TEXTS_LOOKED_AT && back <= notes->text_count; back++) {
        const struct note_text *known = &notes->texts[notes->text_count - back];
        if (strcmp(known->words, words) == 0 && strcmp(known->diagnosis, diagnosis) == 0)
            return notes->text_count - back;
    }
    if (notes->text_count == TEXTS_MAX)
        return TEXTS_MAX - 1;
    MEM_GROW(notes->texts, notes->text_count, notes->text_alloc);
    notes->texts[notes->text_count] = (struct note_text){mem_strdup(words), diagnosis};
    return notes->text_count++;
}

void notes_add(struct notes *notes, uint32_t index, enum problem_reason reason,
               const char *server_text, const char *diagnosis)
{
    if (notes->count == notes->alloc) {
        notes->alloc += notes->alloc / 8 + 8;
        notes->items = mem_realloc_array(notes->items, notes->alloc, sizeof(*notes->items));
    }
    notes->items[notes->count++] = (struct note){
        .index = index,
        .text = notes_add_text(notes, server_text, diagnosis) & (TEXTS_MAX - 1),
        .reason = (unsigned int)reason & 0xff,
    };
}

const struct note_text *notes_text(const struct notes *notes, size_t i)
{
    return &notes->texts[notes->items[i].text];
}

/* -- order -- */

static bool note_is_less(const void *context, size_t a, size_t b)
{
    const struct notes *notes = context;
    return notes->items[a].index < notes->items[b].index;
}

static void note_swap(void *context, size_t a, size_t b)
{
    struct notes *notes = context;
    struct note kept = notes->items[a];
    notes->items[a] = notes->items[b];
    notes->items[b] = kept;
}

static void notes_sort(struct notes *notes)
{
    const struct sort sort = {notes, note_is_less, note_swap};
    if (!sort_is_done(&sort, notes->count))
        sort_in_place(&sort, notes->count);
}

/* -- one step -- */

struct detail {
    char *message_id; /* owned, NULL until known */
    char *subject;    /* owned, in UTF-8, or NULL */
    char date[DATE_SIZE];
};

/* The notes [first, end). */
struct step {
    const struct notes *notes;
    const struct listing *listing;
    size_t first;
    size_t end;
    struct detail details[STEP_MAX_NOTES]; /* of note first + i */
    struct imap_answer answer;
};

static struct detail *step_find(struct step *step, uint32_t uid)
{
    ptrdiff_t index = listing_find(step->listing, uid);
    size_t low = step->first;
    size_t high = step->end;
    while (index >= 0 && low < high) {
        size_t middle = low + (high - low) / 2;
        if (step->notes->items[middle].index < (size_t)index)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = index >= 0 && low < step->end && step->notes->items[low].index == (size_t)index;
    return is_found ? &step->details[low - step->first] : NULL;
}

typedef void append_value(const struct header_field *field, struct buffer *value);

/* A field's value in one line; NULL: there is none. */
static char *field_text(const struct imap_fetch *fetch, const char *name, append_value *append)
{
    struct header_field field;
    struct buffer value;
    if (!fetch->has_header || !header_find(fetch->header, fetch->header_size, name, &field))
        return NULL;
    buffer_init(&value, FIELD_MAX_BYTES);
    append(&field, &value);
    char *text = mem_strdup(buffer_str(&value));
    buffer_deinit(&value);
    return text;
}

/* As people read it, if it has encoded words. */
static char *subject_text(const struct imap_fetch *fetch)
{
    char *text = field_text(fetch, "Subject", header_append_text);
    struct buffer words;
    if (text == NULL || strstr(text, "=?") == NULL)
        return text;
    buffer_init(&words, FIELD_MAX_BYTES);
    if (mime_append_words(text, &words)) {
        mem_free(text);
        text = mem_strdup(buffer_str(&words));
    }
    buffer_deinit(&words);
    return text;
}

static enum imap_taken step_untagged(void *context, const struct imap_response *response)
{
    struct step *step = context;
    struct imap_fetch fetch;
    int64_t seconds;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || fetch.uid == 0)
        return IMAP_TAKEN;
    struct detail *detail = step_find(step, fetch.uid);
    if (detail == NULL || detail->message_id != NULL)
        return IMAP_TAKEN;
    detail->message_id = field_text(&fetch, "Message-ID", header_append_normal);
    if (detail->subject == NULL)
        detail->subject = subject_text(&fetch);
    if (fetch.internaldate != NULL &&
        internaldate_parse(fetch.internaldate, fetch.internaldate_size, &seconds))
        clock_format(seconds * 1000, detail->date);
    return IMAP_TAKEN;
}

/* Asks for as many as fit into one command, and sets `end`. False: the source is lost, or the run
   is to stop. */
static bool step_ask(struct step *step)
{
    struct imap_client *client = step->listing->session->client;
    const struct note *items = step->notes->items;
    struct uidset set;
    struct fault fault;
    bool is_fine = true;
    uidset_init(&set, session_uidset_bytes(step->listing->session));
    for (; step->end < step->notes->count && step->end - step->first < STEP_MAX_NOTES;
         step->end++) {
        const struct note *note = &items[step->end];
        bool follows_last = step->end > step->first && note[-1].index + 1 == note->index;
        if (note->reason != PROBLEM_VANISHED &&
            !uidset_add(&set, step->listing->messages[note->index].uid, follows_last))
            break;
    }
    const char *uids = uidset_finish(&set);
    if (uids[0] != '\0') {
        imap_client_command(
            client, imap_answer_callback, &step->answer,
            "UID FETCH %s (UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID SUBJECT)])", uids);
        is_fine = imap_loop_await(step->listing->session->loop, client, &step->answer, &fault);
    }
    uidset_deinit(&set);
    return is_fine;
}

static bool step_store(const struct step *step, const struct pair_environment *environment,
                       const char *folder, struct fault *fault_r)
{
    for (size_t i = step->first; i < step->end; i++) {
        const struct note *note = &step->notes->items[i];
        const struct listed_message *message = &step->listing->messages[note->index];
        const struct detail *detail = &step->details[i - step->first];
        struct store_problem problem = {
            .folder = folder,
            .uid = message->uid,
            .messages = 1,
            .message_id = detail->message_id == NULL ? "" : detail->message_id,
            .subject = detail->subject,
            .date = detail->date,
            .size_bytes = message->size_bytes,
            .reason = (enum problem_reason)note->reason,
            .server_text = notes_text(step->notes, i)->words,
            .diagnosis = notes_text(step->notes, i)->diagnosis,
        };
        if (!store_problem_add(environment->store, environment->run_id, environment->row, &problem,
                               fault_r))
            return false;
    }
    return true;
}

/* Goes on to the next step. */
static void step_advance(struct step *step)
{
    for (size_t i = 0; i < step->end - step->first; i++) {
        mem_free(step->details[i].message_id);
        mem_free(step->details[i].subject);
    }
    memset(step->details, 0, sizeof(step->details));
    memset(&step->answer, 0, sizeof(step->answer));
    step->first = step->end;
}

/* -- all of them -- */

bool notes_want_description(const struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        if (notes->items[i].reason != PROBLEM_VANISHED) /* nobody could be asked */
            return true;
    }
    return false;
}

/* A command that is still unanswered (a stop) would write into the step. */
static void notes_end_asking(struct imap_client *client)
{
    struct fault fault;
    if (imap_client_pending(client) > 0) {
        fault_set(&fault, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1,
                  "the run was stopped");
        imap_client_fail(client, &fault);
    }
    imap_client_set_events(client, NULL);
}

static bool notes_settle(struct notes *notes, const struct listing *listing, bool may_ask,
                         const struct pair_environment *environment, const char *folder,
                         struct fault *fault_r)
{
    struct step *step = mem_alloc(sizeof(*step));
    struct imap_events events = {step, step_untagged, NULL, NULL, NULL, NULL};
    struct imap_client *client = listing->session->client;
    bool is_stored = true;
    step->notes = notes;
    step->listing = listing;
    notes_sort(notes);
    if (may_ask)
        imap_client_set_events(client, &events);
    for (bool is_asking = may_ask; step->first < notes->count && is_stored;) {
        is_asking = is_asking && step_ask(step);
        if (step->end == step->first)
            step->end = notes->count - step->first < STEP_MAX_NOTES ? notes->count
                                                                    : step->first + STEP_MAX_NOTES;
        is_stored = step_store(step, environment, folder, fault_r);
        step_advance(step);
    }
    if (may_ask)
        notes_end_asking(client);
    mem_free(step);
    notes_deinit(notes);
    return is_stored;
}

bool notes_describe(struct notes *notes, const struct listing *listing,
                    const struct pair_environment *environment, const char *folder,
                    struct fault *fault_r)
{
    struct imap_client *client = listing->session->client;
    if (notes->count == 0 || !imap_client_is_alive(client) || imap_client_pending(client) > 0)
        return true;
    return notes_settle(notes, listing, true, environment, folder, fault_r);
}

bool notes_store(struct notes *notes, const struct listing *listing,
                 const struct pair_environment *environment, const char *folder,
                 struct fault *fault_r)
{
    return notes->count == 0 || notes_settle(notes, listing, false, environment, folder, fault_r);
}
