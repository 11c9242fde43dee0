/* SPDX-License-Identifier: MIT */
#include "sync/verify_slice.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/imap/fetch.h"
#include "sync/pair_command.h"
#include "sync/uidset.h"

/* One that is compared, one that is on its way, and a message that is asked for once more. */
#define SLICES_MAX 3

/* What is heard of one side. */
struct ear {
    struct verify_reader *reader;
    int side; /* 0 or 1 */
    /* A body that comes in pieces; whose it is may be known only at its end. */
    struct spool stream;
    bool is_streaming;
    uint32_t stream_uid;
};

struct verify_reader {
    struct pair *pair;
    struct verify_slice *slices[SLICES_MAX];
    struct ear ears[2];
    struct fault fault; /* a file could not be written: FAULT_NONE if that did not happen */
};

static struct session *session_of(struct verify_reader *reader, int side)
{
    return side == 0 ? &reader->pair->source : &reader->pair->destination;
}

static uint32_t uid_of(const struct verify_item *item, int side)
{
    return side == 0 ? item->source_uid : item->destination_uid;
}

/* -- bodies -- */

static void body_init(struct verify_body *body)
{
    memset(body, 0, sizeof(*body));
    buffer_init(&body->held, SESSION_HOLD_MAX_BYTES + 1);
    spool_init(&body->spool);
}

static void body_deinit(struct verify_body *body)
{
    buffer_deinit(&body->held);
    spool_close(&body->spool);
}

const unsigned char *verify_body_bytes(struct verify_body *body, size_t *size_r,
                                       struct fault *fault_r)
{
    const unsigned char *data = (const unsigned char *)"";
    *size_r = body->is_spooled ? body->spool.size : body->held.used;
    if (*size_r == 0)
        return data;
    if (!body->is_spooled)
        return body->held.data;
    if (body->spool.map != NULL)
        return body->spool.map;
    return spool_map(&body->spool, &data, fault_r) ? data : NULL;
}

int verify_body_file(struct verify_body *body, const char *directory, struct fault *fault_r)
{
    if (body->spool.fd < 0 &&
        (!spool_open(&body->spool, directory, fault_r) ||
         !spool_append(&body->spool, body->held.data, body->held.used, fault_r)))
        return -1;
    return body->spool.fd;
}

/* -- what comes -- */

static struct verify_body *slice_find(struct verify_slice *slice, int side, uint32_t uid)
{
    size_t low = 0;
    size_t high = slice->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (uid_of(&slice->items[slice->by_uid[side][middle]], side) < uid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == slice->count || uid_of(&slice->items[slice->by_uid[side][low]], side) != uid)
        return NULL;
    return &slice->bodies[side][slice->by_uid[side][low]];
}

/* The one of that UID that still waits for its body: what was answered waits no more, though the
   same message may be asked for once again. */
static struct verify_body *find_waiting(struct ear *ear, uint32_t uid)
{
    for (size_t i = 0; i < SLICES_MAX; i++) {
        struct verify_slice *slice = ear->reader->slices[i];
        bool is_waiting = uid != 0 && slice != NULL && !slice->answers[ear->side].is_done;
        struct verify_body *body = is_waiting ? slice_find(slice, ear->side, uid) : NULL;
        if (body != NULL && !body->has_come)
            return body;
    }
    return NULL;
}

static enum imap_taken hear_untagged(void *context, const struct imap_response *response)
{
    struct imap_fetch fetch;
    if (!str_iequals_n(response->name, response->name_size, "FETCH") ||
        !imap_fetch_parse(response, &fetch) || !fetch.has_body)
        return IMAP_TAKEN;
    struct verify_body *body = find_waiting(context, fetch.uid);
    if (body != NULL)
        body->has_come = buffer_append(&body->held, fetch.body, fetch.body_size);
    return IMAP_TAKEN;
}

static enum imap_taken hear_begin(void *context, const struct imap_response *partial,
                                  uint64_t literal_bytes)
{
    struct ear *ear = context;
    struct imap_fetch fetch;
    (void)literal_bytes;
    spool_close(&ear->stream);
    bool is_body = str_iequals_n(partial->name, partial->name_size, "FETCH") &&
                   imap_fetch_parse(partial, &fetch) && fetch.ends_in_body;
    ear->stream_uid = is_body ? fetch.uid : 0;
    ear->is_streaming = is_body && ear->reader->fault.code == FAULT_NONE &&
                        spool_open(&ear->stream, ear->reader->pair->settings->tmpdir,
                                   &ear->reader->fault);
    return IMAP_TAKEN;
}

static size_t hear_data(void *context, const unsigned char *data, size_t size)
{
    struct ear *ear = context;
    if (ear->is_streaming && !spool_append(&ear->stream, data, size, &ear->reader->fault))
        ear->is_streaming = false;
    return size;
}

static void hear_end(void *context, const struct imap_parser *remainder)
{
    struct ear *ear = context;
    struct imap_fetch fetch = {.uid = ear->stream_uid};
    bool is_good = imap_fetch_parse_remainder(remainder, &fetch) && ear->is_streaming;
    struct verify_body *body = is_good ? find_waiting(ear, fetch.uid) : NULL;
    if (body != NULL) {
        body->spool = ear->stream;
        body->is_spooled = body->has_come = true;
        spool_init(&ear->stream);
    }
    ear->is_streaming = false;
    spool_close(&ear->stream);
}

/* -- the reader -- */

struct verify_reader *verify_reader_init(struct pair *pair)
{
    struct verify_reader *reader = mem_alloc(sizeof(*reader));
    reader->pair = pair;
    for (int side = 0; side < 2; side++) {
        struct ear *ear = &reader->ears[side];
        struct imap_events events = {ear, hear_untagged, hear_begin, hear_data, hear_end, NULL};
        ear->reader = reader;
        ear->side = side;
        spool_init(&ear->stream);
        imap_client_set_events(session_of(reader, side)->client, &events);
    }
    return reader;
}

void verify_reader_deinit(struct verify_reader **reader_p)
{
    struct verify_reader *reader = *reader_p;
    struct fault fault;
    if (reader == NULL)
        return;
    *reader_p = NULL;
    for (int side = 0; side < 2; side++) {
        struct imap_client *client = session_of(reader, side)->client;
        if (imap_client_is_alive(client) && imap_client_pending(client) > 0) {
            fault_set(&fault, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, side + 1,
                      "the comparison was broken off");
            imap_client_fail(client, &fault);
        }
        imap_client_set_events(client, NULL);
        spool_close(&reader->ears[side].stream);
    }
    for (size_t i = 0; i < SLICES_MAX; i++) {
        struct verify_slice *slice = reader->slices[i];
        verify_slice_free(reader, &slice);
    }
    mem_free(reader);
}

/* A UID takes ten characters, and a comma; room for two ranges must be left for the last. */
size_t verify_reader_max_items(const struct verify_reader *reader)
{
    size_t source = session_uidset_bytes(&reader->pair->source);
    size_t destination = session_uidset_bytes(&reader->pair->destination);
    size_t fitting = ((source < destination ? source : destination) - 50) / 11;
    return fitting > VERIFY_SLICE_MAX_ITEMS ? VERIFY_SLICE_MAX_ITEMS : fitting;
}

/* -- slices -- */

/* Insertion: there are few, and on the source they are in order. */
static void sort_by_uid(struct verify_slice *slice, int side)
{
    uint8_t *order = slice->by_uid[side];
    for (size_t i = 0; i < slice->count; i++) {
        size_t at = i;
        for (;
             at > 0 && uid_of(&slice->items[order[at - 1]], side) > uid_of(&slice->items[i], side);
             at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

static void send_fetch(struct verify_reader *reader, struct verify_slice *slice, int side)
{
    struct session *session = session_of(reader, side);
    struct uidset set;
    uidset_init(&set, session_uidset_bytes(session));
    for (size_t i = 0; i < slice->count; i++)
        (void)uidset_add(&set, uid_of(&slice->items[slice->by_uid[side][i]], side), false);
    imap_client_command(session->client, imap_answer_callback, &slice->answers[side],
                        "UID FETCH %s (UID BODY.PEEK[])", uidset_finish(&set));
    uidset_deinit(&set);
}

struct verify_slice *verify_slice_send(struct verify_reader *reader,
                                       const struct verify_item *items, size_t count)
{
    struct verify_slice *slice = mem_alloc(sizeof(*slice));
    size_t place = 0;
    slice->items = items;
    slice->count = count;
    while (reader->slices[place] != NULL)
        place++;
    reader->slices[place] = slice;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++)
            body_init(&slice->bodies[side][i]);
        sort_by_uid(slice, side);
        send_fetch(reader, slice, side);
    }
    return slice;
}

bool verify_slice_await(struct verify_reader *reader, struct verify_slice *slice,
                        struct fault *fault_r)
{
    for (int side = 0; side < 2; side++) {
        if (!pair_await_answer(reader->pair, session_of(reader, side), &slice->answers[side],
                               fault_r))
            return false;
    }
    if (reader->fault.code == FAULT_NONE)
        return true;
    *fault_r = reader->fault;
    pair_end(reader->pair, fault_r);
    return false;
}

void verify_slice_free(struct verify_reader *reader, struct verify_slice **slice_p)
{
    struct verify_slice *slice = *slice_p;
    if (slice == NULL)
        return;
    *slice_p = NULL;
    for (size_t i = 0; i < SLICES_MAX; i++) {
        if (reader->slices[i] == slice)
            reader->slices[i] = NULL;
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < slice->count; i++)
            body_deinit(&slice->bodies[side][i]);
    }
    mem_free(slice);
}
