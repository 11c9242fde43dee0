/* SPDX-License-Identifier: MIT */
#include "sync/verify_bodies.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/messages/canonical.h"
#include "sync/messages/identity.h"
#include "sync/pair_command.h"
#include "sync/renewal.h"
#include "sync/verdict.h"
#include "sync/verify_slice.h"

/* A body is paid for in pieces of this size, as in a copy. */
#define PAY_BYTES           ((uint64_t)4096)
#define DIFFERENCE_MAX_SIZE ((size_t)512)

struct work {
    struct pair *pair;
    const char *name; /* the folder, for people */
    struct verify_reader *reader;
    const struct verify_item *items;
    size_t count;
    size_t next; /* to be asked for */
    verify_bodies_callback *callback;
    void *context;
    struct transform_scratch scratch;
};

/* -- the budget -- */

/* Waits for it; false: the pair has ended. */
static bool pay(struct pair *pair, uint32_t messages, uint64_t bytes)
{
    const struct gate *gate = pair->environment->gate;
    int64_t until;
    if (gate == NULL)
        return true;
    while ((until = gate->ask(gate->context, clock_mono_nsecs(), messages, bytes)) != 0) {
        if (pair_sees_stop(pair))
            return false;
        if (imap_loop_pump(&pair->loop))
            continue;
        pair->loop.wake_at_nsecs = until;
        imap_loop_wait(&pair->loop);
    }
    return true;
}

static bool pay_for(struct pair *pair, uint64_t size_bytes)
{
    const struct gate *gate = pair->environment->gate;
    struct fault fault;
    if (gate != NULL && gate->refuses != NULL && gate->refuses(gate->context, size_bytes, &fault)) {
        pair_end(pair, &fault);
        return false;
    }
    if (!pay(pair, 1, 0))
        return false;
    for (uint64_t left = size_bytes; left > 0;) {
        uint64_t piece = left < PAY_BYTES ? left : PAY_BYTES;
        if (!pay(pair, 0, piece))
            return false;
        left -= piece;
    }
    return true;
}

/* -- is it the same? -- */

/* A message as it is compared: what came, or what the settings make of it. */
struct version {
    const unsigned char *data;
    size_t size;
    unsigned char digest[CANONICAL_DIGEST_BYTES];
    bool is_understood; /* there is a digest */
};

static bool is_equal(const struct version *one, const struct version *other)
{
    bool has_same_bytes = one->size == other->size &&
                          memcmp(one->data, other->data, one->size) == 0;
    return has_same_bytes || (one->is_understood && other->is_understood &&
                              memcmp(one->digest, other->digest, sizeof(one->digest)) == 0);
}

static void run_digest(int fd, struct version *version, struct buffer *outline)
{
    version->is_understood = fd >= 0 && canonical_digest(fd, version->digest, outline);
}

/* Of bytes that are in memory alone. */
static bool digest_bytes(struct pair *pair, struct version *version)
{
    struct spool spool;
    struct fault fault;
    bool is_fine = spool_open(&spool, pair->settings->tmpdir, &fault) &&
                   spool_append(&spool, version->data, version->size, &fault);
    if (is_fine)
        run_digest(spool.fd, version, NULL);
    else
        pair_end(pair, &fault);
    spool_close(&spool);
    return is_fine;
}

/* A command's result is no longer what it was, or costs too much: its messages differ. */
static enum pipe_outcome run_command(void *context, const char *command, const void *data,
                                     size_t size, struct buffer *output,
                                     char reason_r[PIPE_REASON_SIZE])
{
    struct buffer errors;
    buffer_init(&errors, PIPE_ERRORS_MAX_BYTES);
    enum pipe_outcome outcome = pair_pipe(context, command, data, size, output, &errors, reason_r);
    buffer_deinit(&errors);
    return outcome;
}

/* The copy is what the settings make of the message, for all messages or for refused ones. */
static bool is_changed_on_purpose(struct work *work, const struct verify_item *item,
                                  const struct version *source, const struct version *copy,
                                  bool was_refused)
{
    struct pair *pair = work->pair;
    const struct transform_pipe pipe = {pair, run_command};
    const struct transform_message message = {source->data, source->size, item->source_uid,
                                              was_refused};
    struct transform_result result;
    bool is_same = false;
    if (source->size > TRANSFORM_MAX_BYTES)
        return false;
    transform_run(pair->transform, &message, &pipe, &work->scratch, &result);
    if (result.outcome == TRANSFORM_APPEND && (result.is_own || result.size != source->size)) {
        struct version changed = {.data = result.data, .size = result.size};
        is_same = digest_bytes(pair, &changed) && is_equal(&changed, copy);
    }
    transform_scratch_release(&work->scratch);
    return is_same;
}

/* --addheader, where nothing else is done to messages. */
static bool has_added_field(struct pair *pair, const struct verify_item *item,
                            const struct version *source, const struct version *copy)
{
    char field[IDENTITY_ADDED_FIELD_SIZE];
    if (!pair->settings->addheader || !identity_needs_added_field(source->data, source->size))
        return false;
    size_t size = identity_added_field(item->source_uid, field);
    return copy->size == size + source->size && memcmp(copy->data, field, size) == 0 &&
           memcmp(copy->data + size, source->data, source->size) == 0;
}

static bool is_explained(struct work *work, const struct verify_item *item,
                         const struct version *source, const struct version *copy)
{
    const struct pair *pair = work->pair;
    if (has_added_field(work->pair, item, source, copy))
        return true;
    if (pair->transform == NULL)
        return false;
    return (transform_is_for_all(pair->transform) &&
            is_changed_on_purpose(work, item, source, copy, false)) ||
           (!pair_is_ended(pair) && transform_is_wanted_for_refused(pair->settings) &&
            is_changed_on_purpose(work, item, source, copy, true));
}

/* -- one message -- */

static void tell(struct work *work, const struct verify_item *item, enum verify_outcome outcome,
                 uint64_t bytes, const char *text)
{
    work->callback(work->context, item, outcome, bytes, text);
}

static void tell_difference(struct work *work, const struct verify_item *item,
                            const struct version versions[2], struct buffer *const outlines[2])
{
    uint64_t bytes = (uint64_t)versions[0].size + versions[1].size;
    struct buffer text;
    buffer_init(&text, DIFFERENCE_MAX_SIZE);
    if (versions[0].is_understood && versions[1].is_understood) {
        canonical_append_differences(buffer_str(outlines[0]), buffer_str(outlines[1]), &text);
        tell(work, item, VERIFY_DIFFERENT, bytes, buffer_str(&text));
    } else {
        buffer_printf(&text, "the %s can't be read as a MIME message, and its bytes differ",
                      versions[0].is_understood ? "copy" : "message");
        tell(work, item, VERIFY_UNREAD, bytes, buffer_str(&text));
    }
    buffer_deinit(&text);
}

/* Both have come. False: the pair has ended. */
static bool judge_both(struct work *work, const struct verify_item *item,
                       struct verify_body *bodies[2])
{
    const char *directory = work->pair->settings->tmpdir;
    struct version versions[2];
    struct buffer outlines[2];
    struct buffer *const outline_list[2] = {&outlines[0], &outlines[1]};
    struct fault fault;
    memset(versions, 0, sizeof(versions));
    for (int side = 0; side < 2; side++) {
        versions[side].data = verify_body_bytes(bodies[side], &versions[side].size, &fault);
        if (versions[side].data == NULL) {
            pair_end(work->pair, &fault);
            return false;
        }
    }
    if (is_equal(&versions[0], &versions[1])) {
        tell(work, item, VERIFY_SAME, (uint64_t)versions[0].size + versions[1].size, "");
        return true;
    }
    for (int side = 0; side < 2; side++) {
        int fd = verify_body_file(bodies[side], directory, &fault);
        if (fd < 0)
            pair_end(work->pair, &fault);
        buffer_init(&outlines[side], CANONICAL_OUTLINE_MAX_BYTES);
        run_digest(fd, &versions[side], &outlines[side]);
    }
    if (!pair_is_ended(work->pair) && (is_equal(&versions[0], &versions[1]) ||
                                       is_explained(work, item, &versions[0], &versions[1])))
        tell(work, item, VERIFY_SAME, (uint64_t)versions[0].size + versions[1].size, "");
    else if (!pair_is_ended(work->pair))
        tell_difference(work, item, versions, outline_list);
    buffer_deinit(&outlines[0]);
    buffer_deinit(&outlines[1]);
    return !pair_is_ended(work->pair);
}

/* -- slices -- */

/* Pays for as many as make a slice, and asks for them. NULL: there are no more, or the pair has
   ended, or is to be renewed when all that is on its way has come. */
static struct verify_slice *send_next(struct work *work)
{
    size_t most = verify_reader_max_items(work->reader);
    size_t count = 0;
    uint64_t bytes = 0;
    if (renewal_is_due(work->pair) || pair_sees_stop(work->pair))
        return NULL;
    while (work->next + count < work->count && count < most) {
        uint64_t size_bytes = work->items[work->next + count].size_bytes;
        if (count > 0 && bytes + size_bytes > VERIFY_SLICE_MAX_BYTES)
            break;
        if (!pay_for(work->pair, size_bytes))
            return NULL;
        bytes += size_bytes;
        count++;
    }
    if (count == 0)
        return NULL;
    work->next += count;
    return verify_slice_send(work->reader, &work->items[work->next - count], count);
}

/* What a refusal means for more than the message. `said` is what it means for that. */
static bool judge_answers(struct work *work, const struct verify_slice *slice, struct fault *said,
                          struct fault *fault_r)
{
    said->code = FAULT_NONE;
    for (int side = 1; side >= 0; side--) {
        if (slice->answers[side].status == IMAP_STATUS_OK)
            continue;
        session_judge(side == 0 ? &work->pair->source : &work->pair->destination, VERDICT_FETCH,
                      &slice->answers[side], work->name, said);
        if (said->scope <= FAULT_SCOPE_MESSAGE)
            continue;
        *fault_r = *said;
        if (said->scope >= FAULT_SCOPE_MAILBOX)
            pair_end(work->pair, said);
        return false;
    }
    return true;
}

static void tell_unread(struct work *work, const struct verify_item *item,
                        const struct verify_slice *slice, const struct fault *said)
{
    const char *words = said->code == FAULT_NONE  ? "(OK, but no message came with it)"
                        : said->server[0] != '\0' ? said->server
                                                  : said->text;
    struct buffer text;
    buffer_init(&text, sizeof(said->server) + DIFFERENCE_MAX_SIZE);
    buffer_printf(&text, "the %s server does not give it: %s",
                  slice->bodies[0][0].has_come ? "destination" : "source", words);
    tell(work, item, VERIFY_UNREAD, 0, buffer_str(&text));
    buffer_deinit(&text);
}

/* Alone: a refusal is about this message. */
static bool ask_again(struct work *work, const struct verify_item *item, struct fault *fault_r)
{
    struct verify_slice *slice = verify_slice_send(work->reader, item, 1);
    struct fault said;
    bool is_fine = verify_slice_await(work->reader, slice, fault_r) &&
                   judge_answers(work, slice, &said, fault_r);
    if (is_fine && slice->bodies[0][0].has_come && slice->bodies[1][0].has_come) {
        struct verify_body *bodies[2] = {&slice->bodies[0][0], &slice->bodies[1][0]};
        is_fine = judge_both(work, item, bodies);
    } else if (is_fine) {
        tell_unread(work, item, slice, &said);
    }
    if (is_fine)
        verify_slice_free(work->reader, &slice);
    return is_fine;
}

static bool settle(struct work *work, struct verify_slice *slice, struct fault *fault_r)
{
    struct fault said;
    bool is_fine = verify_slice_await(work->reader, slice, fault_r) &&
                   judge_answers(work, slice, &said, fault_r);
    for (size_t i = 0; i < slice->count && is_fine; i++) {
        struct verify_body *bodies[2] = {&slice->bodies[0][i], &slice->bodies[1][i]};
        if (bodies[0]->has_come && bodies[1]->has_come)
            is_fine = judge_both(work, &slice->items[i], bodies);
        else
            is_fine = ask_again(work, &slice->items[i], fault_r);
    }
    return is_fine;
}

static bool read_all(struct work *work, struct fault *fault_r)
{
    struct verify_slice *on_its_way = send_next(work);
    bool is_fine = true;
    while (on_its_way != NULL && is_fine) {
        struct verify_slice *next = send_next(work);
        struct fault ignored;
        is_fine = settle(work, on_its_way, fault_r);
        /* A slice that is not answered is the reader's: what is in flight points into it. */
        if (is_fine)
            verify_slice_free(work->reader, &on_its_way);
        else if (next != NULL && !pair_is_ended(work->pair))
            (void)verify_slice_await(work->reader, next, &ignored);
        on_its_way = next;
    }
    if (is_fine && work->next < work->count && !pair_is_ended(work->pair))
        renewal_end(work->pair);
    if (pair_is_ended(work->pair))
        *fault_r = work->pair->fault;
    return is_fine && !pair_is_ended(work->pair);
}

bool verify_bodies(struct pair *pair, const char *name, const struct verify_item *items,
                   size_t count, verify_bodies_callback *callback, void *context,
                   struct fault *fault_r)
{
    struct work work = {.pair = pair,
                        .name = name,
                        .items = items,
                        .count = count,
                        .callback = callback,
                        .context = context};
    if (count == 0)
        return true;
    transform_scratch_init(&work.scratch);
    work.reader = verify_reader_init(pair);
    bool is_fine = read_all(&work, fault_r);
    verify_reader_deinit(&work.reader);
    transform_scratch_deinit(&work.scratch);
    return is_fine;
}
