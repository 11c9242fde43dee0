/* SPDX-License-Identifier: MIT
 * What the destination refused, and is tried once more, repaired; what was repaired, kept as it was
 * (see sync/messages/repair.h). */
#include <string.h>

#include "base/diagnoses.h"
#include "base/file.h"
#include "base/mem.h"
#include "sync/copy_private.h"
#include "sync/given_up.h"
#include "sync/messages/identity.h"

#define PATH_MAX_BYTES  ((size_t)8 * 1024)
#define KINDS_MAX_BYTES ((size_t)1024)

/* -- once more -- */

const struct fault *copy_repair_refusal(const struct copy *copy, uint32_t index)
{
    for (size_t i = 0; i < copy->refusal_count; i++) {
        if (copy->refusals[i]->index == index)
            return &copy->refusals[i]->fault;
    }
    return NULL;
}

static void remember(struct copy *copy, uint32_t index, const struct fault *refusal)
{
    MEM_GROW(copy->refusals, copy->refusal_count, copy->refusal_alloc);
    struct copy_refusal *own = mem_alloc(sizeof(*own));
    own->index = index;
    own->fault = *refusal;
    copy->refusals[copy->refusal_count++] = own;
}

/* Sessions end after so many refusals (sync/refusals.h), so the next attempt has to know: else it
   would only collect the same refusals again. */
static void tell_other_attempts(struct copy *copy, uint32_t index, const struct fault *refusal)
{
    const struct given_up_message message = {.folder = copy->job->source_name,
                                             .text = refusal->server[0] != '\0' ? refusal->server
                                                                                : refusal->text,
                                             .diagnosis = diagnosis_id(diagnosis_of_fault(refusal)),
                                             .uidvalidity = copy->uidvalidity,
                                             .uid = copy->listing->messages[index].uid,
                                             .state = MESSAGE_RETRY,
                                             .was_refused = true};
    if (copy->uidvalidity != 0)
        given_up_add(copy->pair->environment->given_up, &message);
    copy->pair->has_given_up = true;
}

/* Only what was refused for its form may help: a message that is too large stays too large. */
bool copy_repair_retry(struct copy *copy, uint32_t index, const struct fault *refusal)
{
    const struct pair *pair = copy->pair;
    if (!transform_is_wanted_for_refused(pair->settings) || refusal->code != FAULT_APPEND ||
        copy->refusal_count >= COPY_REFUSALS_MAX || copy_repair_refusal(copy, index) != NULL)
        return false;
    remember(copy, index, refusal);
    tell_other_attempts(copy, index, refusal);
    log_line(pair->log, "msg %s/%u was refused, and is tried once more, repaired: %s",
             copy->job->source_name, copy->listing->messages[index].uid,
             refusal->server[0] != '\0' ? refusal->server : refusal->text);
    copy_retry_alone(copy, index);
    return true;
}

void copy_repair_recall(struct copy *copy)
{
    const struct given_up_message *message;
    size_t position = 0;
    while ((message = given_up_next(copy->pair->environment->given_up, &position,
                                    copy->job->source_name, copy->uidvalidity)) != NULL) {
        ptrdiff_t index = listing_find(copy->listing, message->uid);
        struct fault fault;
        if (!message->was_refused || index < 0 || copy->refusal_count >= COPY_REFUSALS_MAX ||
            copy->listing->messages[index].state != MESSAGE_RETRY ||
            copy_repair_refusal(copy, (uint32_t)index) != NULL)
            continue;
        fault_set(&fault, FAULT_APPEND, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 2,
                  "the destination server refused a message for the folder %s",
                  copy->job->destination_name);
        fault_set_server(&fault, message->text, strlen(message->text));
        fault.diagnosis = diagnosis_by_id(message->diagnosis);
        remember(copy, (uint32_t)index, &fault);
    }
}

void copy_repair_deinit(struct copy *copy)
{
    for (size_t i = 0; i < copy->refusal_count; i++)
        mem_free(copy->refusals[i]);
    mem_free(copy->refusals);
    copy->refusals = NULL;
    copy->refusal_count = 0;
}

/* -- the account -- */

void copy_repair_note(struct copy *copy, uint32_t index, uint32_t changes)
{
    const struct pair_environment *environment = copy->pair->environment;
    uint32_t repairs = changes & transform_repairs();
    struct buffer kinds;
    struct fault fault;
    if (repairs == 0)
        return;
    buffer_init(&kinds, KINDS_MAX_BYTES);
    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++) {
        if ((repairs & 1u << kind) != 0)
            buffer_printf(&kinds, "%s%s", kinds.used > 0 ? "," : "",
                          change_kind_name((enum change_kind)kind));
    }
    const struct store_repair repair = {copy->job->source_name, copy->listing->messages[index].uid,
                                        buffer_str(&kinds)};
    if (!store_repair_add(environment->store, environment->run_id, environment->row, &repair,
                          &fault))
        pair_end(copy->pair, &fault);
    buffer_deinit(&kinds);
}

/* -- as it was -- */

/* For people, and no two the same: what the safe name leaves out is in the hash. */
static void append_safe(const char *name, struct buffer *path)
{
    struct identity hash;
    identity_hash(name, strlen(name), &hash);
    buffer_append_byte(path, '/');
    (void)file_safe_name(name, path);
    buffer_append_byte(path, '-');
    for (size_t i = 0; i < 8; i++)
        buffer_printf(path, "%02x", hash.bytes[i]);
}

static void append_mailbox(const struct settings_side *side, struct buffer *path)
{
    const char *mailbox = side->shared != NULL ? side->shared : side->user;
    char *name = mem_printf("%s@%s", mailbox == NULL ? "" : mailbox,
                            side->host == NULL ? "" : side->host);
    append_safe(name, path);
    mem_free(name);
}

static bool keep(const struct copy *copy, uint32_t index, const void *data, size_t size,
                 struct buffer *path, struct fault *fault_r)
{
    const struct settings *settings = copy->pair->settings;
    buffer_append_str(path, settings->keep_originals);
    append_mailbox(&settings->side[0], path);
    append_safe(copy->job->source_name, path);
    if (!file_make_dirs(buffer_str(path), fault_r))
        return false;
    buffer_printf(path, "/%u-%u.eml", copy->uidvalidity, copy->listing->messages[index].uid);
    return file_write_atomic(buffer_str(path), data, size, fault_r);
}

bool copy_repair_keep(struct copy *copy, uint32_t index, const void *data, size_t size)
{
    struct buffer path;
    struct fault fault;
    if (copy->pair->settings->keep_originals == NULL)
        return true;
    buffer_init(&path, PATH_MAX_BYTES);
    bool is_kept = keep(copy, index, data, size, &path, &fault);
    if (is_kept)
        log_line(copy->pair->log, "msg %s/%u is kept as it was in %s", copy->job->source_name,
                 copy->listing->messages[index].uid, buffer_str(&path));
    else
        pair_end(copy->pair, &fault);
    buffer_deinit(&path);
    return is_kept;
}
