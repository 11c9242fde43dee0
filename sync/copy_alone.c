/* SPDX-License-Identifier: MIT
 * A message that is fetched on its own: its flags and date first, then its body. */
#include <string.h>

#include "base/diagnoses.h"
#include "sync/copy_private.h"

#define ALONE_ITEMS         "UID INTERNALDATE RFC822.SIZE"
#define ALONE_ITEMS_HEADERS ALONE_ITEMS " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID RECEIVED)]"
#define ALONE_ITEMS_DATED   ALONE_ITEMS " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID RECEIVED DATE)]"

static void alone_finish(struct copy_source *source)
{
    source->alone.step = ALONE_NONE;
}

/* The message was asked for alone and did not come; `refusal` is the server's, if it gave one. */
static void alone_fail(struct copy_source *source, const struct fault *refusal)
{
    struct copy *copy = source->copy;
    uint32_t index = source->alone.index;
    struct fault fault;
    bool is_last_try = source->alone.is_last_try;
    alone_finish(source);
    if (!is_last_try) {
        copy_retry_alone(copy, index);
        return;
    }
    fault_set(&fault, FAULT_FETCH, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 1,
              "the source server lists message %u of the folder %s but does not give it",
              copy->listing->messages[index].uid, copy->job->source_name);
    const char *words = refusal->server[0] != '\0' ? refusal->server
                                                   : "(OK, but no message came with it)";
    fault_set_server(&fault, words, strlen(words));
    fault.diagnosis = refusal->diagnosis;
    copy_give_up(copy, index, MESSAGE_UNREADABLE, &fault);
}

static const char invented_words[] =
    "Retrieval using the IMAP4 protocol failed (a message that Exchange invents in place of one it "
    "can't show)";

static void alone_body_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy_source *source = context;
    struct copy *copy = source->copy;
    struct copy_alone *alone = &source->alone;
    struct fault fault;
    (void)number;
    copy_request_answered(source);
    copy_unmark_requested(source, alone->requested_bytes);
    if (alone->has_body) {
        alone_finish(source);
        return;
    }
    copy_judge_fetch(copy, reply, &fault);
    if (copy_is_dropping(copy) || reply->status == IMAP_STATUS_NONE) {
        copy_want_again(copy, alone->index);
        alone_finish(source);
        return;
    }
    if (alone->is_invented) {
        fault_set_server(&fault, invented_words, strlen(invented_words));
        fault.diagnosis = diagnosis_by_id("placeholder");
    }
    alone_fail(source, &fault);
}

static void alone_request_body(struct copy_source *source)
{
    struct copy *copy = source->copy;
    source->alone.step = ALONE_BODY;
    copy->requests++;
    source->requests++;
    source->alone.requested_bytes = copy->listing->messages[source->alone.index].size_bytes;
    copy_mark_requested(source, source->alone.index);
    imap_client_command(source->client, alone_body_answered, source,
                        "UID FETCH %u (UID BODY.PEEK[])",
                        copy->listing->messages[source->alone.index].uid);
}

static void alone_metadata_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct copy_source *source = context;
    struct copy *copy = source->copy;
    struct fault fault;
    (void)number;
    copy_request_answered(source);
    copy_judge_fetch(copy, reply, &fault);
    if (copy_is_dropping(copy) || reply->status == IMAP_STATUS_NONE) {
        copy_want_again(copy, source->alone.index);
        alone_finish(source);
    } else if (source->alone.has_metadata) {
        alone_request_body(source);
    } else if (reply->status == IMAP_STATUS_OK && source == copy_first(copy)) {
        fault_set(&fault, FAULT_FETCH, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 1,
                  "message %u of the folder %s vanished from the source during the run",
                  copy->listing->messages[source->alone.index].uid, copy->job->source_name);
        copy_give_up(copy, source->alone.index, MESSAGE_VANISHED, &fault);
        alone_finish(source);
    } else {
        alone_fail(source, &fault);
    }
}

static const char *alone_items(const struct settings *settings)
{
    if (settings->idatefromheader)
        return ALONE_ITEMS_DATED;
    return settings->addheader ? ALONE_ITEMS_HEADERS : ALONE_ITEMS;
}

void copy_request_alone(struct copy_source *source, uint32_t index, bool is_last_try)
{
    struct copy *copy = source->copy;
    struct copy_alone *alone = &source->alone;
    /* Not WANTED any more, or another source might ask for it too. */
    copy_set_state(copy, index, MESSAGE_RETRY);
    alone->step = ALONE_METADATA;
    alone->index = index;
    alone->is_last_try = is_last_try;
    alone->has_metadata = false;
    alone->has_body = false;
    alone->is_invented = false;
    alone->needs_added_field = false;
    alone->date[0] = '\0';
    alone->is_dated = false;
    buffer_clear(&alone->flags);
    alone->item = (struct append_item){index, STORE_FLAGS_UNKNOWN, STORE_FLAGS_UNKNOWN, 0};
    copy->requests++;
    source->requests++;
    imap_client_command(source->client, alone_metadata_answered, source, "UID FETCH %u (%s %s)",
                        copy->listing->messages[index].uid, pair_flag_items(copy->pair),
                        alone_items(copy->pair->settings));
}
